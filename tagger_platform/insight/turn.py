"""Whose turn it is to make what search and the sound map need.

What belongs here: the lock. What does not: the work. The nightly run, a run by hand and the commands would do the same
work side by side; the kernel frees the lock at its holder's death.
"""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Wait until no other process embeds or draws the map, and keep them from it."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "nightly.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
