"""Slots whose manifest is missing, cut short or garbled, and the account that can still be given of them.

What belongs here: finding them, and the manifest that stands in. What does not: the folders' way (`handover`).
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from tagger_platform.errors import NewerVersionError
from tagger_platform.model import CaptureState, Slot, Window
from tagger_platform.spool.manifest import CAPTURE, MANIFEST, Manifest

HANDED_OVER = ("ready", "claimed", "recorded")
MOST_TOLD = 200
"""Characters of what is wrong with a manifest that are kept with every window of it."""


def unreadable(root: Path) -> Iterator[tuple[Path, str]]:
    """Every folder of a slot that was handed over and has no readable manifest, and why.

    What else somebody left there is no slot: nobody looks at it, here as elsewhere.
    """
    for place in HANDED_OVER:
        for folder in sorted((root / place).glob("*/")):
            if not Slot.is_key(folder.name.partition("@")[0]):
                continue
            try:
                Manifest.from_json((folder / MANIFEST).read_text(encoding="utf-8"))
            except NewerVersionError:
                continue
            except FileNotFoundError:
                if folder.exists():  # Dagster may take or finish a slot at any moment
                    yield folder, "it is missing"
            except ValueError as error:
                yield folder, str(error)


def stand_in(folder: Path, slot: Slot, expected: Sequence[Window], problem: str) -> Manifest:
    """What the folder's audio tells: of the windows that are expected, those that lie there are captured."""
    detail = f"the slot's manifest is unreadable: {problem[:MOST_TOLD]}"
    windows = []
    for window in expected:
        found = (folder / f"{window.stream}+{window.offset_s}.flac").exists()
        state = CaptureState.CAPTURED if found else CaptureState.CORRUPT
        # The level is unknown; 0 dBFS makes sure that the window is asked and not taken for silence.
        windows.append(replace(window, state=state, detail=detail, level_dbfs=0.0 if found else None))
    return Manifest(slot=slot, source=CAPTURE, hop_s=0, windows=tuple(windows))
