"""The manifest: capture's account of one slot.

What belongs here: its content, and how it is written as JSON. What does not: the folders it travels in (handover).
"""

import json
from dataclasses import dataclass
from typing import Any

from tagger_platform.errors import NewerVersionError
from tagger_platform.model import CaptureState, Slot, Window

MANIFEST = "manifest.json"
MANIFEST_VERSION = 1

CAPTURE = "capture"
"""The source of what is heard live. A recording is a source of its own."""


@dataclass(frozen=True)
class Manifest:
    """Capture's account of one slot: every expected window of every enabled stream."""

    slot: Slot
    source: str
    hop_s: int
    windows: tuple[Window, ...]
    titles: tuple[tuple[str, str], ...] = ()
    traceparent: str | None = None

    def to_json(self) -> str:
        content = {
            "version": MANIFEST_VERSION,
            "slot": self.slot.key,
            "source": self.source,
            "hop_s": self.hop_s,
            "titles": dict(self.titles),
            "traceparent": self.traceparent,
            "windows": [_window_to_dict(window) for window in self.windows],
        }
        return json.dumps(content, indent=1, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> "Manifest":
        """Raises ValueError when cut short or not a manifest, NewerVersionError when from a newer tagger."""
        content = json.loads(text)
        if not isinstance(content, dict) or not isinstance(content.get("version"), int):
            raise ValueError("not a manifest")
        if content["version"] > MANIFEST_VERSION:
            raise NewerVersionError(
                f"the manifest has version {content['version']}, this tagger knows {MANIFEST_VERSION}: upgrade tagger"
            )
        try:
            slot = Slot.parse(content["slot"])
            return cls(
                slot=slot,
                source=content["source"],
                hop_s=content["hop_s"],
                windows=tuple(_window_from_dict(slot, item) for item in content["windows"]),
                titles=tuple(content["titles"].items()),
                traceparent=content["traceparent"],
            )
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"the manifest lacks or garbles {error}") from error


def _window_to_dict(window: Window) -> dict[str, Any]:
    return {
        "stream": window.stream,
        "offset": window.offset_s,
        "length": window.length_s,
        "state": window.state,
        "detail": window.detail,
        "level_dbfs": window.level_dbfs,
        "icy_title": window.icy_title,
    }


def _window_from_dict(slot: Slot, item: dict[str, Any]) -> Window:
    return Window(
        stream=item["stream"],
        slot=slot,
        offset_s=item["offset"],
        length_s=item["length"],
        state=CaptureState(item["state"]),
        detail=item["detail"],
        level_dbfs=item["level_dbfs"],
        icy_title=item["icy_title"],
    )
