"""Keeping the disk from filling up: which audio is given up, and when, so that the log never is.

What belongs here: the rule. What does not: how each kind of audio goes (`clips`, `pending`, `bounds`), and telling
people (`health.parts`).

::

    free space below the reserve        the oldest clips go
    below half of it                    the audio that has waited longest for an answer goes (`expired`: the next slot's
                                        run tells the store), then that of the oldest slots on which no run works, their
                                        manifests stay (`dropped`); and no window is written (`disk_full`)

The lower half is what the store, manifests and Dagster need to go on. Everything comes back by itself with the room.
"""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tagger_platform.spool.clips import shed_clips
from tagger_platform.spool.handover import Spool
from tagger_platform.spool.pending import Pending


def free_bytes(folder: Path) -> int:
    """What may still be written where `folder` lies."""
    return shutil.disk_usage(folder).free


@dataclass(frozen=True)
class Room:
    """The free space where `folder` lies, and the reserve in bytes; 0 gives up nothing."""

    folder: Path
    reserve: int
    free: Callable[[Path], int] = free_bytes

    @property
    def floor(self) -> int:
        """Below this just the log is written."""
        return self.reserve // 2


@dataclass(frozen=True)
class Shedding:
    """Gives up audio where it must."""

    room: Room
    clips: Path
    pending: Pending
    spool: Spool

    def __call__(self) -> str:
        """Make room; returns why no window may be written now, and nothing where it may.

        It asks for the free space once and then counts what it deletes: some file systems free it only later.
        """
        free = self.room.free(self.room.folder)
        if free >= self.room.reserve:
            return ""
        free += shed_clips(self.clips, self.room.reserve - free)
        for waiting in (self.pending, self.spool):
            if free < self.room.floor:
                free += waiting.drop_oldest(self.room.floor - free)
        if free >= self.room.floor:
            return ""
        return (
            f"less than {self.room.floor / 1e6:.0f} MB are free, which are kept for the log (half of DISK_RESERVE_MB): "
            f"make room"
        )
