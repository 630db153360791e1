"""Copies of the store's file: for a backup, and before a migration changes it.

What belongs here: copying the file as the last commit left it, putting a copy in its place, and reading all of it. What
does not: whose turn it is (`database`), what else is in a backup and how it is kept (`tagger_platform.backup`).
"""

import errno
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from tagger_platform.errors import DiskFullError, TransientError
from tagger_platform.files import stat_of_file, sync

if TYPE_CHECKING:  # `database` copies through this module
    from tagger_platform.store.database import Connection

KEPT = 3
"""Copies from before a migration that are kept: upgrades are rare, and who needs an old one needs one of the last."""
CHUNK = 1 << 20
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""What a full disk is called, by a quota too, and by a file system that cannot hold a file so large."""


@dataclass(frozen=True)
class Contents:
    """What a store holds: its schema, and of each table how many rows, and a sum that other values would change.

    The sums are those of one version of DuckDB; another may hash otherwise.
    """

    schema: int
    rows: dict[str, int]
    sums: dict[str, str]
    duckdb: str


def log_of(path: Path) -> Path:
    """DuckDB's write-ahead log of a file; there is one after a crash only."""
    return path.with_name(f"{path.name}.wal")


def copy_file(path: Path, target: Path) -> None:
    """Copy the file itself. Raises DiskFullError, with nothing left behind."""
    with _room(target):
        shutil.copyfile(path, target)


def bring_up_to_date(path: Path, target: Path) -> None:
    """Make a copy that was begun earlier what the store is now, while nobody writes to it. Raises DiskFullError.

    Every byte is compared, so it does not matter what was written while the copy was made. To compare is many times
    faster than to write, and just what differs is written.
    """
    with _room(target):
        with path.open("rb") as source, target.open("r+b") as copy:
            while chunk := source.read(CHUNK):
                at = copy.tell()
                if copy.read(len(chunk)) != chunk:
                    copy.seek(at)
                    copy.write(chunk)
            copy.truncate(source.tell())
        if log_of(path).exists():
            shutil.copyfile(log_of(path), log_of(target))


def keep_before_migration(path: Path, applied: int, newest: int) -> Path:
    """Copy the store beside itself, as ``backups/before-schema-<newest>-<time>.duckdb``; the last KEPT stay."""
    folder = path.parent / "backups"
    name = f"before-schema-{newest:04d}-{datetime.now(UTC):%Y%m%dT%H%M%SZ}-was-{applied:04d}.duckdb"
    draft = folder / f"{name}.part"
    with _room(draft):
        folder.mkdir(exist_ok=True)
    copy_file(path, draft)
    bring_up_to_date(path, draft)
    with _room(draft):
        sync(draft)
    if log_of(draft).exists():
        log_of(draft).replace(log_of(folder / name))
    draft.replace(folder / name)
    for old in sorted(folder.glob("before-schema-*.duckdb"))[:-KEPT]:
        remove(old)
    return folder / name


def forget_copies(path: Path, before: datetime) -> int:
    """Delete the copies from before migrations that were made before `before`; returns how many.

    What is in them is older still, and no longer to be kept.
    """
    found = [(copy, stat_of_file(copy)) for copy in (path.parent / "backups").glob("before-schema-*.duckdb")]
    old = [copy for copy, stat in found if stat and stat.st_mtime < before.timestamp()]
    for copy in old:
        remove(copy)
    return len(old)


def take_the_place(draft: Path, path: Path) -> None:
    """Put the file `draft` in the place of the store, by one rename; both are closed. Raises TransientError."""
    # A log of changes beside either file would be taken for the new one's.
    if left := [one for one in (log_of(draft), log_of(path)) if one.exists()]:
        raise TransientError(f"the store {path} was not replaced: {left[0]} is left")
    draft.chmod(path.stat().st_mode)
    sync(draft)
    draft.replace(path)
    sync(path.parent)


def remove(copy: Path) -> None:
    """Delete a copy and its log, as far as they are there."""
    for path in (copy, log_of(copy)):
        path.unlink(missing_ok=True)


def contents(connection: "Connection") -> Contents:
    """All of an open store, read value by value: a million plays take less than a second.

    Counting alone would not do: DuckDB knows the counts without looking at a row.
    """
    names = connection.execute("SELECT table_name FROM duckdb_tables() ORDER BY table_name").fetchall()
    rows, sums = {}, {}
    for (name,) in names:
        quoted = name.replace('"', '""')
        ((count, total),) = connection.execute(f'SELECT count(*), sum(hash(t)) FROM "{quoted}" AS t').fetchall()
        rows[name], sums[name] = int(count), str(total or 0)
    ((schema, duckdb),) = connection.execute("SELECT max(version), version() FROM schema_migrations").fetchall()
    return Contents(int(schema or 0), rows, sums, duckdb)


@contextmanager
def _room(target: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        remove(target)
        if error.errno not in FULL:
            raise
        raise DiskFullError(f"there is no room for a copy of the store at {target}: make room") from error
