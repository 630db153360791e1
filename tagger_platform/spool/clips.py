"""Evidence: the audio of the windows behind the plays.

What belongs here: the files in `clips`, how they are named and when they are too old. What does not: which windows are
evidence (`store.evidence`).
"""

from datetime import datetime
from pathlib import Path

from tagger_platform.files import stat_of_file
from tagger_platform.model import parts_of


class Clips:
    """The folder ``clips/<stream>/<slot>+<offset>.flac``, with a slot's colons as dashes, which every disk takes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def audio(self, window_id: str) -> Path | None:
        """The window's clip; None when there is none. An empty one was given up at the moment at which it was kept."""
        path = self._path(window_id)
        found = stat_of_file(path)
        return path if found and found.st_size else None

    def keep(self, window_id: str, audio: Path) -> None:
        """Take over the audio of a window that is evidence of a play."""
        target = self._path(window_id)
        target.parent.mkdir(parents=True, exist_ok=True)
        audio.replace(target)

    def _path(self, window_id: str) -> Path:
        stream, slot_key, offset_s = parts_of(window_id)
        return self._folder / stream / f"{slot_key.replace(':', '-')}+{offset_s}.flac"


def expire_clips(folder: Path, *, before: datetime, most_bytes: int) -> int:
    """Delete the clips cut before `before`, and of the others the oldest until they fit; returns how many.

    What counts is when a clip was cut, and not when it was on air: a recording's lie in the past from the beginning.
    """
    clips = _oldest_first(folder)
    left, gone = sum(size for _, _, size in clips), 0
    for cut_at, path, size in clips:
        if cut_at >= before.timestamp() and left <= most_bytes:
            break
        path.unlink(missing_ok=True)
        left -= size
        gone += 1
    return gone


def shed_clips(folder: Path, needed: int) -> int:
    """Delete clips, those that were cut first, until `needed` bytes are free; returns how many bytes they had."""
    freed = 0
    for _, path, size in _oldest_first(folder):
        if freed >= needed:
            break
        path.unlink(missing_ok=True)
        freed += size
    return freed


def _oldest_first(folder: Path) -> list[tuple[float, Path, int]]:
    """When each clip was cut (Unix time), where it is, and its bytes. What else lies there, people or a NAS left."""
    return sorted(
        (stat.st_mtime, path, stat.st_size) for path in folder.glob("*/*.flac") if (stat := stat_of_file(path))
    )
