"""DATA_DIR/logs/tagger.log: what the processes of `tagger up` say, kept on disk within bounds.

What belongs here: the file and its turning over. What does not: what is said, and keeping secrets out of it
(`observe.logs`). A disk that is full stops nobody from saying it on stderr.
"""

import asyncio
import codecs
import contextlib
import logging
import os
import sys
from pathlib import Path

from tagger_platform.observe.logs import redact

NAME = "tagger.log"
MOST_BYTES = 2_000_000
"""Of one file: days of a platform that is well."""
CHUNK_BYTES = 65_536
OLDER_KEPT = 2
"""Files besides the one that is written, called tagger.log.1 and .2."""


class LogFile:
    """Appends text, and begins a new file where one is full. It can stand in for a stream of `logging`."""

    def __init__(self, folder: Path, *, most_bytes: int = MOST_BYTES) -> None:
        self._path = folder / NAME
        self._most_bytes = most_bytes
        with contextlib.suppress(OSError):
            folder.mkdir(parents=True, exist_ok=True)

    def write(self, text: str) -> None:
        with contextlib.suppress(OSError):
            if self._path.exists() and self._path.stat().st_size >= self._most_bytes:
                self._turn_over()
            with self._path.open("a", encoding="utf-8", errors="replace") as out:
                out.write(text)

    def flush(self) -> None:
        """Nothing is held back."""

    def _turn_over(self) -> None:
        for number in range(OLDER_KEPT, 0, -1):
            newer = self._path.with_name(f"{NAME}.{number - 1}") if number > 1 else self._path
            with contextlib.suppress(FileNotFoundError):
                newer.replace(self._path.with_name(f"{NAME}.{number}"))


class Said:
    """One pipe into which all processes speak: what comes out of it goes to stderr and to the file.

    Not a pipe for each, because processes that outlive the one we started would keep it open, and us waiting.
    """

    def __init__(self, log_file: LogFile) -> None:
        self._log_file = log_file
        self._ear, self.mouth = os.pipe()
        os.set_blocking(self._ear, False)
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def listen(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        loop.add_reader(self._ear, self._hear)

    def close(self) -> None:
        """Hear what is left. stdout is not touched: it is for what scripts wait for, `ready` and the addresses."""
        self._loop.remove_reader(self._ear)
        while self._hear():
            pass
        os.close(self._ear)
        os.close(self.mouth)

    def handler(self) -> logging.Handler:
        """For our own lines, which go to stderr already: writes them to the file, as they look there."""
        handler = logging.StreamHandler(self._log_file)
        for shown in logging.getLogger().handlers[:1]:
            handler.setFormatter(shown.formatter)
        return handler

    def _hear(self) -> bool:
        try:
            text = self._decoder.decode(os.read(self._ear, CHUNK_BYTES))
        except BlockingIOError:
            return False
        with contextlib.suppress(OSError):  # whoever read our stderr has gone; the processes must not block
            sys.stderr.write(text)
            sys.stderr.flush()
        self._log_file.write(redact(text))
        return True


def log_files(folder: Path) -> list[Path]:
    """The files there are, the newest first."""
    return sorted(folder.glob(f"{NAME}*"))
