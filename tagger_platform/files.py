"""Files beside which others work: a look at one that may go at any moment, and making one last.

What belongs here: what every part of the platform needs of them. What does not: which files are ours.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from stat import S_ISREG
from typing import BinaryIO


def stat_of_file(path: Path) -> os.stat_result | None:
    """What is known of a regular file; None for a folder (a NAS leaves some) and for what has just gone."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found if S_ISREG(found.st_mode) else None


def sync(path: Path) -> None:
    """Make a file, or what a folder lists, outlive a power cut."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def durable(path: Path) -> Iterator[BinaryIO]:
    """A new file to write into, whose content is on the disk after the block."""
    with path.open("wb") as file:
        yield file
        file.flush()
        os.fsync(file.fileno())


def write_durably(path: Path, content: bytes) -> None:
    """Write `content` and wait until it is on the disk."""
    with durable(path) as file:
        file.write(content)
