"""A fair reader/writer lock between processes, made of two flock files.

What belongs here: the lock alone. A gate is taken by everyone first and held only until the data lock is had,
so a writer that waits at the data lock keeps new readers behind the gate: nobody starves. The kernel frees both
when their holder dies, however it dies.
"""

import errno
import fcntl
import os
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tagger_platform.errors import RequestError, StoreBusyError

LONGEST_POLL_S = 0.02
"""How long to sleep at most between two tries; a turn at the store takes tens of milliseconds."""


@contextmanager
def turn(path: Path, *, exclusive: bool, timeout_s: float) -> Iterator[None]:
    """Hold the lock beside `path`, shared or alone. Raises StoreBusyError after `timeout_s` seconds."""
    deadline = time.monotonic() + timeout_s
    gate = _opened(path.with_suffix(".gate"))
    try:
        data = _opened(path.with_suffix(".lock"))
    except RequestError:
        os.close(gate)
        raise
    try:
        _lock(gate, fcntl.LOCK_EX, deadline, path)
        _lock(data, fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH, deadline, path)
        fcntl.flock(gate, fcntl.LOCK_UN)
        yield
    finally:
        os.close(data)
        os.close(gate)


def _opened(path: Path) -> int:
    """On a file system that is read-only now, the log can still be read: such files are locked too."""
    try:
        try:
            return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
        except OSError as error:
            if error.errno != errno.EROFS:
                raise
            return os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        raise RequestError(f"the store's lock {path} cannot be opened: {error.strerror}; check DATA_DIR") from error


def _lock(descriptor: int, kind: int, deadline: float, path: Path) -> None:
    pause = 0.001
    while True:
        try:
            fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise StoreBusyError(
                    f"the store {path} was busy for too long; is a process using it that hangs? "
                    f"'lsof {path}' names who has it open"
                ) from None
            time.sleep(pause * random.uniform(0.5, 1))  # noqa: S311 - spreads the waiting, guards nothing
            pause = min(pause * 2, LONGEST_POLL_S)
        else:
            return
