"""Audio that waits for an answer, until it is asked again.

What belongs here: the files in `pending`, and which of them have waited too long or take too much room. What does not:
when they are asked again (`defs.catchup`), and what the store is told of those that go.

An empty file is audio that was given up for want of room and of which the store has not been told yet.
"""

import contextlib
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from tagger_platform.files import stat_of_file
from tagger_platform.model import STREAM_NAME, Slot, parts_of

_AUDIO = re.compile(rf"(?P<stream>{STREAM_NAME.pattern})\+(?P<offset>[0-9]{{1,6}})\.flac", re.ASCII)
"""What a window's file is called; what else lies there is not ours."""


class Pending:
    """The folder ``pending/<slot>/<stream>+<offset>.flac``. Every method is safe to call again after a kill."""

    def __init__(self, folder: Path, *, max_bytes: int) -> None:
        self._folder = folder
        self._max_bytes = max_bytes

    def audio(self, window_id: str) -> Path | None:
        """The window's audio; None when it does not wait, or was given up."""
        path = self._path(window_id)
        found = stat_of_file(path)
        return path if found and found.st_size else None

    def keep(self, window_id: str, audio: Path) -> None:
        """Take over the audio of a window that got no answer."""
        target = self._path(window_id)
        target.parent.mkdir(parents=True, exist_ok=True)
        audio.replace(target)

    def slots(self) -> list[str]:
        """Keys of the slots with audio that waits, those that have waited longest first."""
        return [one.key for one in self._waiting()]

    def depth(self) -> int:
        """How many slots have audio that waits, without a look into each."""
        return sum(entry.is_dir() for entry in os.scandir(self._folder)) if self._folder.exists() else 0

    def windows(self, slot_key: str) -> list[str]:
        """Ids of the slot's windows whose audio waits."""
        names = (_AUDIO.fullmatch(path.name) for path in sorted((self._folder / slot_key).glob("*.flac")))
        return [f"{name['stream']}/{slot_key}+{name['offset']}" for name in names if name]

    def overdue(self, before: datetime) -> list[str]:
        """Ids of the windows whose audio was cut before `before` or given up, and of slots above the limit in bytes."""
        slots = self._waiting()
        total = sum(one.bytes for one in slots)
        gone = []
        for one in slots:
            if one.bytes and one.since >= before.timestamp() and total <= self._max_bytes:
                continue
            total -= one.bytes
            gone += self.windows(one.key)
        return gone

    def drop_oldest(self, needed: int) -> int:
        """Give up the audio of the slots that have waited longest until `needed` bytes are free; returns how many."""
        freed = 0
        for one in self._waiting():
            if freed >= needed:
                break
            for path in map(self._path, self.windows(one.key)):
                found = stat_of_file(path)
                with contextlib.suppress(OSError):  # it has just been answered
                    os.truncate(path, 0)
                    freed += found.st_size if found else 0
        return freed

    def forget(self, window_id: str) -> None:
        """The store knows what became of a window without audio: remove what was left to tell it so."""
        path = self._path(window_id)
        found = stat_of_file(path)
        if found and not found.st_size:
            path.unlink(missing_ok=True)

    def drop_empty(self, slot_keys: Iterable[str]) -> None:
        """Remove the folders of those of the slots of which nothing waits any more."""
        for key in slot_keys:
            with contextlib.suppress(OSError):  # it is not empty, or not there
                (self._folder / key).rmdir()

    def _waiting(self) -> list["_Waiting"]:
        folders = (folder for folder in self._folder.glob("*/") if Slot.is_key(folder.name))
        return sorted(filter(None, map(_waiting_in, folders)))

    def _path(self, window_id: str) -> Path:
        stream, slot_key, offset_s = parts_of(window_id)
        return self._folder / slot_key / f"{stream}+{offset_s}.flac"


@dataclass(frozen=True, order=True)
class _Waiting:
    """A slot with audio that waits. `since` is when that was cut, so that an archive does not wait for years."""

    since: float
    key: str
    bytes: int


def _waiting_in(folder: Path) -> _Waiting | None:
    audio = (path for path in folder.glob("*.flac") if _AUDIO.fullmatch(path.name))
    found = [stat for path in audio if (stat := stat_of_file(path))]
    if not found:
        return None
    return _Waiting(min(stat.st_mtime for stat in found), folder.name, sum(stat.st_size for stat in found))
