"""Where the library of one DATA_DIR lives, and whose turn it is to work on it.

DATA_DIR/library/          the watched folder: what people drop here is added
DATA_DIR/library-asked/    requests for files that lie elsewhere (`asking`)
DATA_DIR/catalogue/        the index of fingerprints
DATA_DIR/library.lock      flock: held by the one process that takes note or fingerprints
"""

import errno
import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import IO

from tagger_platform.capture.ffmpeg import find_ffmpeg
from tagger_platform.errors import DiskFullError, RequestError
from tagger_platform.settings import Settings
from tagger_platform.store.database import Database

NUMPY_IS_CUT_SHORT = "requested and"
"""numpy says "N requested and M written" when the disk is full, and gives no errno."""


@dataclass(frozen=True)
class Library:
    """The doors to everything that the library keeps."""

    settings: Settings

    @cached_property
    def database(self) -> Database:
        return Database(self.settings.database_path)

    @cached_property
    def ffmpeg(self) -> str:
        return find_ffmpeg(self.settings.ffmpeg_path)

    @property
    def watched(self) -> Path:
        return self.settings.library_dir

    @property
    def asked(self) -> Path:
        return self.settings.data_dir / "library-asked"

    @property
    def catalogue(self) -> Path:
        return self.settings.catalogue_dir

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait until no other process works on the library, and keep them from it. The kernel frees it at our death."""
        with self._lock_file() as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    @contextmanager
    def room(self) -> Iterator[None]:
        """Say in plain words when the disk turns out to be full in the block: raises DiskFullError."""
        try:
            yield
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT) and NUMPY_IS_CUT_SHORT not in str(error):
                raise
            place = error.filename or self.settings.data_dir
            raise DiskFullError(f"the disk is full ({place}): make room, and it goes on") from error

    @property
    def is_worked_on(self) -> bool:
        """Whether some process works on the library just now."""
        with self._lock_file() as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
        return False

    def _lock_file(self) -> IO[str]:
        path = self.settings.data_dir / "library.lock"
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            return path.open("w")
        except OSError as error:
            raise RequestError(f"{path} cannot be opened: {error.strerror}; check DATA_DIR") from error
