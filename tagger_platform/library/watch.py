"""Is there anything to do? Asked every few seconds, for ever, so it must cost next to nothing.

What belongs here: looking cheaply. What does not: doing something about it (`intake`, `work`).
"""

import time
from collections.abc import Mapping
from pathlib import Path

from tagger_platform.library.asking import requests_wait
from tagger_platform.library.intake import differing
from tagger_platform.library.places import Library
from tagger_platform.store import library as store
from tagger_platform.store.library import FileState

LOOK_SHARE = 0.02
"""Share of one core that looking at the watched folder may take: the more files, the more seldom it is looked at.
100,000 files take 0.6 CPU-s, so among them a new one is seen within half a minute. A tick between two such looks takes
0.01 CPU-ms."""


class Watch:
    """Remembers between two looks what was known, so that a quiet library costs a look at the folder and two stats."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._version = ""
        self._open = 0
        self._known: Mapping[str, FileState] | None = None
        self._next_look = 0.0

    def sees_work(self) -> bool:
        """Whether something is asked for, queued, or new in the watched folder."""
        return requests_wait(self._library) or self._is_queued() or self._sees_new_file()

    def _is_queued(self) -> bool:
        version = self._library.database.version()
        if version != self._version:
            with self._library.database.reading() as connection:
                self._open = store.open_count(connection)
            self._version = version
        return self._open > 0

    def _sees_new_file(self) -> bool:
        began = time.monotonic()
        if began < self._next_look:
            return False
        self._library.watched.mkdir(parents=True, exist_ok=True)
        new = self._first_new() is not None
        self._next_look = time.monotonic() + (time.monotonic() - began) / LOOK_SHARE
        return new

    def _first_new(self) -> Path | None:
        """A file that is not known as it is; what is known is read again only when there seems to be one."""
        found = self._differing(self._known) if self._known is not None else None
        if found is None and self._known is not None:
            return None
        with self._library.database.reading() as connection:
            self._known = store.files(connection)
        return self._differing(self._known)

    def _differing(self, known: Mapping[str, FileState]) -> Path | None:
        return next(differing(self._library.watched, known, time.time()), None)
