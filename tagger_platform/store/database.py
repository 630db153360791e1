"""The only `duckdb.connect` of the project.

What belongs here: opening the store in turn, migrations, and the version file that pages cache by. What does
not: any other SQL. DuckDB lets one process write and shuts everyone else out meanwhile, so no connection is
ever kept: `reading()` and `writing()` open, work and close within milliseconds, under a fair lock.
"""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from importlib import resources
from pathlib import Path

import duckdb

from tagger_platform.errors import DiskFullError, NewerVersionError, RequestError
from tagger_platform.observe import tracing
from tagger_platform.store import copies
from tagger_platform.store.lock import turn

TIMEOUT_S = 60.0
"""Longest wait for a turn: many times what a busy store was measured to need (p99 1 s)."""
READ_THREADS = 1
"""More threads make small queries dearer, and there may be many processes."""
NO_ROOM = ("No space left on device", "Disk quota exceeded", "File too large")
"""How DuckDB's errors say that the disk is full: with the system's words for `copies.FULL`."""
DAMAGED = ("Corrupt database file", "Could not read enough bytes")
"""How DuckDB's errors say that a block is not what was written, or is missing; some have no class but the base's."""
RESTORING = "restore.ready"
"""Folder beside the store with what is to take its place: a restore that was killed while it did that."""
INTERRUPTED = "Query interrupted"
"""What DuckDB puts, as a RuntimeError, in the place of the exception that a signal's handler raised."""

Connection = duckdb.DuckDBPyConnection


class Database:
    """The store's file. Cheap to make; whoever first opens it, or opens an older tagger's, brings it up to date."""

    def __init__(self, path: Path, *, timeout_s: float = TIMEOUT_S) -> None:
        self.path = path
        self._timeout_s = timeout_s
        self._version_file = path.with_suffix(".version")

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A read-only connection, in turn with writers. Raises StoreBusyError when no turn came."""
        if not self.path.exists():
            self.migrate()
        with self.as_it_is() as connection:
            if not _is_older(connection):
                yield connection
                return
        self.migrate()
        with self.as_it_is() as connection:
            yield connection

    @contextmanager
    def as_it_is(self) -> Iterator[Connection]:
        """As `reading`, but a file that an older tagger wrote stays what it is."""
        with turn(self.path, exclusive=False, timeout_s=self._timeout_s):
            connection = self._connect(read_only=True)
            try:
                with _damage_told(self.path), _interruptible():
                    _refuse_newer(connection, self.path)
                    yield connection
            finally:
                connection.close()

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A connection with one open transaction: committed at the end of the block, rolled back by any error."""
        if not self.path.exists():
            self.migrate()
        with tracing.span("store write"), self._alone() as connection:
            _refuse_newer(connection, self.path)
            if not _is_older(connection):
                connection.begin()
                yield connection
                connection.commit()
                return
        self.migrate()
        with tracing.span("store write"), self._alone() as connection:
            connection.begin()
            yield connection
            connection.commit()

    def migrate(self) -> list[str]:
        """Apply the migrations that the file lacks; returns their names. Safe to call at every start.

        A file that an older tagger wrote is copied first (`copies`). Raises DiskFullError where there is no room to.
        """
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise RequestError(f"{self.path.parent} cannot be made: {error.strerror}; check DATA_DIR") from error
        with turn(self.path, exclusive=True, timeout_s=self._timeout_s):
            with self._opened() as connection:
                _refuse_newer(connection, self.path)
                applied = _applied(connection)
            if 0 < applied < _newest():
                copies.keep_before_migration(self.path, applied, _newest())
            with self._opened() as connection:
                names = _migrate_at_once(connection, self.path)
            self._publish_version()
        return names

    @contextmanager
    def replacing(self) -> Iterator[tuple[Connection, Path]]:
        """A connection without a transaction, and a path: a file that lies there after the block becomes the store.

        Nobody else has a turn meanwhile. Whoever is killed in it leaves the old store or the new one, whole.
        """
        draft = self.path.with_suffix(".draft")
        self.migrate()
        with self._alone() as connection:
            copies.remove(draft)
            try:
                yield connection, draft
                connection.close()
                if draft.exists():
                    copies.take_the_place(draft, self.path)
            finally:
                connection.close()
                copies.remove(draft)

    def copy_to(self, target: Path) -> float:
        """Copy the file to `target`, as the last commit left it; returns for how many seconds writers had to wait.

        Most of the work is done out of turn. Raises StoreBusyError when no turn came, DiskFullError.
        """
        copies.copy_file(self.path, target)
        with turn(self.path, exclusive=False, timeout_s=self._timeout_s):
            began = time.monotonic()
            copies.bring_up_to_date(self.path, target)
            return time.monotonic() - began

    def version(self) -> str:
        """Changes with every commit; what was read from the store stays true while this stays the same."""
        try:
            stat = self._version_file.stat()
        except FileNotFoundError:
            return "0"
        return f"{stat.st_mtime_ns}-{stat.st_ino}"

    @contextmanager
    def _alone(self) -> Iterator[Connection]:
        with turn(self.path, exclusive=True, timeout_s=self._timeout_s):
            with self._opened() as connection:
                yield connection
            self._publish_version()

    @contextmanager
    def _opened(self) -> Iterator[Connection]:
        """The file to write to, for who has the turn."""
        try:
            connection = self._connect(read_only=False)
            try:
                with _damage_told(self.path), _interruptible():
                    yield connection
            finally:
                connection.close()
        except duckdb.Error as error:
            if not any(words in str(error) for words in NO_ROOM):
                raise
            raise DiskFullError(f"the disk is full, the store {self.path} took no change: make room") from error

    def _connect(self, *, read_only: bool) -> Connection:
        if (self.path.parent / RESTORING).exists():
            raise RequestError(
                f"a restore into {self.path.parent} was interrupted: `tagger prepare`, `tagger up` or the same "
                f"`tagger restore` again brings it to its end"
            )
        try:
            with _damage_told(self.path):
                return duckdb.connect(str(self.path), read_only=read_only, config={"threads": READ_THREADS})
        except duckdb.IOException as error:
            if not read_only and any(words in str(error) for words in NO_ROOM):
                raise
            raise RequestError(f"the store {self.path} cannot be opened: {error}; check DATA_DIR") from error

    def _publish_version(self) -> None:
        temporary = self._version_file.with_suffix(".version.tmp")
        try:
            temporary.write_text("", encoding="utf-8")
            temporary.replace(self._version_file)
        except OSError:  # a full disk, on which the commit itself may still have found room
            os.utime(self._version_file)


@contextmanager
def _damage_told(path: Path) -> Iterator[None]:
    try:
        yield
    except duckdb.Error as error:
        if not any(words in str(error) for words in DAMAGED):
            raise
        raise RequestError(
            f"the store {path} is damaged, or its disk is: {error}; look at the disk, and `tagger restore` the last "
            f"backup from before"
        ) from error


@contextmanager
def _interruptible() -> Iterator[None]:
    """Ctrl-C within a statement is Ctrl-C again."""
    try:
        yield
    except RuntimeError as error:
        if str(error) != INTERRUPTED:
            raise
        raise KeyboardInterrupt from error


@cache
def migrations() -> list[tuple[int, str, str]]:
    """(number, name, SQL) of every migration this tagger knows, in order."""
    found = []
    for entry in (resources.files(__package__) / "migrations").iterdir():
        if entry.name.endswith(".sql"):
            number = int(entry.name.partition("_")[0])
            found.append((number, entry.name, entry.read_text(encoding="utf-8")))
    return sorted(found)


def _applied(connection: Connection) -> int:
    try:
        row = connection.execute("SELECT max(version) FROM schema_migrations").fetchone()
    except duckdb.CatalogException:
        return 0
    return int(row[0] or 0) if row else 0


def _newest() -> int:
    return migrations()[-1][0]


def _refuse_newer(connection: Connection, path: Path) -> None:
    known, applied = _newest(), _applied(connection)
    if applied > known:
        raise NewerVersionError(
            f"the store {path} has schema {applied}, this tagger knows schema {known}: "
            f"upgrade tagger, or point DATA_DIR at another folder"
        )


def _is_older(connection: Connection) -> bool:
    return _applied(connection) < _newest()


def _migrate_at_once(connection: Connection, path: Path) -> list[str]:
    """All missing migrations in a transaction of their own, or none of them."""
    connection.begin()
    applied = _migrate(connection, path)
    connection.commit()
    return applied


def _migrate(connection: Connection, path: Path) -> list[str]:
    connection.execute(
        "CREATE TABLE IF NOT EXISTS schema_migrations (version INTEGER PRIMARY KEY, name VARCHAR, applied_at TIMESTAMP)"
    )
    _refuse_newer(connection, path)
    done, now = _applied(connection), datetime.now(UTC).replace(tzinfo=None)
    names = []
    for number, name, sql in migrations():
        if number > done:
            connection.execute(sql)
            connection.execute("INSERT INTO schema_migrations VALUES (?, ?, ?)", [number, name, now])
            names.append(name)
    return names
