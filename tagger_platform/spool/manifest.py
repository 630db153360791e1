"""The manifest: capture's account of one slot.

What belongs here: its content, and how it is written as JSON into its slot's folder. What does not: that folder's way
(`handover`).
"""

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tagger_platform.errors import NewerVersionError
from tagger_platform.files import sync, write_durably
from tagger_platform.model import STREAM_NAME, CaptureState, Slot, Window

MANIFEST = "manifest.json"
MANIFEST_VERSION = 1
DAY_S = 86_400

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
        try:
            content = json.loads(text)
        except RecursionError:
            raise ValueError("it is nested too deeply") from None
        if not isinstance(content, dict) or not isinstance(content.get("version"), int):
            raise ValueError("not a manifest")
        if content["version"] > MANIFEST_VERSION:
            raise NewerVersionError(
                f"the manifest has version {str(content['version'])[:20]}, this tagger knows {MANIFEST_VERSION}: "
                "upgrade tagger"
            )
        try:
            return _manifest(content)
        except (KeyError, TypeError, AttributeError, OverflowError) as error:
            raise ValueError(f"the manifest lacks or garbles {error}") from error


def read_manifest(folder: Path) -> Manifest:
    """The account of the slot in this folder. Raises as `from_json` does, and FileNotFoundError."""
    return Manifest.from_json((folder / MANIFEST).read_text(encoding="utf-8"))


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Put the account of a slot into its folder, whole or not at all."""
    temporary = folder / f"{MANIFEST}.tmp"
    write_durably(temporary, manifest.to_json().encode())
    temporary.replace(folder / MANIFEST)
    sync(folder)


def _manifest(content: dict[str, Any]) -> Manifest:
    """Every field is looked at: what is wrong here would stop each run of the slot later, or lead to other files."""
    key = _text(content["slot"])
    if not Slot.is_key(key):
        raise ValueError("its slot is none")
    slot = Slot.parse(key)
    windows = tuple(_window_from_dict(slot, item) for item in content["windows"])
    if len({window.window_id for window in windows}) < len(windows):
        raise ValueError("it names a window twice")
    return Manifest(
        slot=slot,
        source=_text(content["source"]),
        hop_s=_whole(content["hop_s"], 0, DAY_S),
        windows=windows,
        titles=tuple((_stream(name), _text(title)) for name, title in content["titles"].items()),
        traceparent=_text_or_none(content["traceparent"]),
    )


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
        stream=_stream(item["stream"]),
        slot=slot,
        offset_s=_whole(item["offset"], 0, DAY_S),
        length_s=_whole(item["length"], 1, DAY_S),
        state=CaptureState(_text(item["state"])),
        detail=_text(item["detail"]),
        level_dbfs=_level(item["level_dbfs"]),
        icy_title=_text_or_none(item["icy_title"]),
    )


def _stream(value: object) -> str:
    if not STREAM_NAME.fullmatch(_text(value)):
        raise ValueError("it names a stream as none is called")
    return str(value)


def _whole(value: object, low: int, high: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise ValueError(f"it has something else where a whole number from {low} to {high} belongs")
    return value


def _level(value: object) -> float | None:
    if value is None or (isinstance(value, int | float) and math.isfinite(value)):
        return value
    raise ValueError("it has a level that is no number")


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("it has something else where text belongs")
    value.encode()  # half a character, which JSON can hold and the store cannot, is a ValueError
    return value


def _text_or_none(value: object) -> str | None:
    return None if value is None else _text(value)
