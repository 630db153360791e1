"""Evidence: the audio of the windows behind the plays.

What belongs here: the files in `clips`, how they are named and when they are too old. What does not: which windows are
evidence (`store.evidence`).
"""

import os
from pathlib import Path

from tagger_platform.model import Slot, parts_of


class Clips:
    """The folder ``clips/<stream>/<slot>+<offset>.flac``, with a slot's colons as dashes, which every disk takes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def audio(self, window_id: str) -> Path | None:
        """The window's clip; None when there is none."""
        path = self._path(window_id)
        return path if path.exists() else None

    def keep(self, window_id: str, audio: Path) -> None:
        """Take over the audio of a window that is evidence of a play."""
        target = self._path(window_id)
        target.parent.mkdir(parents=True, exist_ok=True)
        audio.replace(target)

    def _path(self, window_id: str) -> Path:
        stream, slot_key, offset_s = parts_of(window_id)
        return self._folder / stream / f"{_named(slot_key)}+{offset_s}.flac"


def expire_clips(folder: Path, before: Slot) -> int:
    """Delete the clips of slots before `before`; returns how many."""
    oldest, gone = _named(before.key), 0
    if not folder.exists():
        return gone
    for stream in folder.iterdir():
        # Names sort by time. There may be many, and this runs with every slot: no more is made of them than needed.
        for name in [entry.name for entry in os.scandir(stream) if entry.name < oldest]:
            (stream / name).unlink(missing_ok=True)
            gone += 1
    return gone


def _named(slot_key: str) -> str:
    return slot_key.replace(":", "-")
