"""Keeping the disk from filling up: which audio is given up, and when, so that the log never is.

What belongs here: the rule. What does not: telling people (`health.parts`), and what the store is told of audio that
waited (`defs.plays`).

::

    free space below the reserve        the oldest clips go
    below half of it                    the audio of the oldest slots that nobody has claimed goes, their manifests stay
                                        (`dropped`); what waits for an answer goes with the next slot's run (`expired`);
                                        and no window is written (`disk_full`)

The lower half is what the store, manifests and Dagster need to go on. Everything comes back by itself with the room.
"""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tagger_platform.spool.clips import shed_clips
from tagger_platform.spool.handover import Spool


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

    def missing_above_floor(self) -> int:
        """Bytes to be freed before windows may be written again."""
        return max(0, self.floor - self.free(self.folder))


@dataclass(frozen=True)
class Shedding:
    """Gives up audio where it must."""

    room: Room
    clips: Path
    spool: Spool

    def __call__(self) -> str:
        """Make room; returns why no window may be written now, and nothing where it may.

        It asks for the free space once and then counts what it deletes: some file systems free it only later.
        """
        free = self.room.free(self.room.folder)
        if free >= self.room.reserve:
            return ""
        free += shed_clips(self.clips, self.room.reserve - free)
        if free < self.room.floor:
            free += self.spool.drop_oldest(self.room.floor - free)
        if free >= self.room.floor:
            return ""
        return (
            f"less than {self.room.floor / 1e6:.0f} MB are free, which are kept for the log (half of DISK_RESERVE_MB): "
            f"make room"
        )
