"""Signs of life: a file that somebody touches whenever it has done its work, and how old that is.

What belongs here: touching and reading. What does not: how old is too old (`parts`). Dagster's processes leave theirs
here, because nobody else may ask Dagster, and because a sensor that ticks proves more than a daemon that is there.
"""

import contextlib
import os
from datetime import UTC, datetime
from pathlib import Path

SENSOR = "sensor"
"""The mark of a tick of the spool's sensor."""


def leave_mark(folder: Path, name: str, at: datetime) -> None:
    """Note that `name` did its work at `at`. A disk that is full keeps nobody from working."""
    with contextlib.suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / name
        path.touch()
        os.utime(path, (at.timestamp(), at.timestamp()))


def marked_at(folder: Path, name: str) -> datetime | None:
    """When `name` last did its work; None if it never has."""
    try:
        return datetime.fromtimestamp((folder / name).stat().st_mtime, UTC)
    except FileNotFoundError:
        return None
