"""What the store's file needs now and then: fresh statistics, and to be written anew when much of it is dead space.

What belongs here: looking after the file. What does not: when (`defs.upkeep`), exchanging it (`database`). DuckDB uses
the space of deleted rows again, but gives back only what lies at the end of the file: where a year was forgotten, the
file stays nearly as large as it was.
"""

import shutil
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Timer

from tagger_platform.errors import TransientError
from tagger_platform.store.database import Connection, Database

DEAD_SHARE = 1 / 3
"""Of the file, from which on it is written anew."""
SMALLEST_BYTES = 20_000_000
"""A file below this is left as it is: there is nothing to win."""
LONGEST_S = 20.0
"""Seconds after which writing anew is given up: nobody has a turn meanwhile, and after 60 s they raise errors."""


@dataclass(frozen=True)
class Upkeep:
    """Bytes of the file before and after, how much of it was dead (0 to 1), and why it was left where it was."""

    bytes_before: int
    bytes_after: int
    dead_share: float
    left_because: str


def look_after(database: Database, *, smallest_bytes: int = SMALLEST_BYTES, longest_s: float = LONGEST_S) -> Upkeep:
    """ANALYZE and CHECKPOINT, and a copy takes the file's place where a third of it is dead.

    Raises StoreBusyError, DiskFullError, TransientError; the store is as it was then.
    """
    with database.replacing() as (connection, draft):
        connection.execute("ANALYZE")
        connection.execute("CHECKPOINT")
        size = database.path.stat().st_size
        dead_share = 1 - min(1.0, _used_bytes(connection) / size)
        left = _reason_to_leave(database.path, size, dead_share, smallest_bytes)
        if not left and not _copied(connection, draft, longest_s):
            left = f"a copy takes longer than {longest_s:.0f} s, and everybody waits for it"
    return Upkeep(size, database.path.stat().st_size, round(dead_share, 3), left)


def _reason_to_leave(path: Path, size: int, dead_share: float, smallest_bytes: int) -> str:
    if dead_share < DEAD_SHARE or size < smallest_bytes:
        return "there is little to win"
    if shutil.disk_usage(path.parent).free < 2 * size:
        return "there is no room for a copy"
    return ""


def _used_bytes(connection: Connection) -> int:
    row = connection.execute("SELECT block_size * used_blocks FROM pragma_database_size()").fetchone()
    return int(row[0]) if row else 0


def _copied(connection: Connection, draft: Path, longest_s: float) -> bool:
    """Write the store to `draft`; False, and the connection is closed, where that takes too long."""
    late = Event()

    def give_up() -> None:
        late.set()
        connection.interrupt()

    timer = Timer(longest_s, give_up)
    timer.start()
    try:
        _copy(connection, draft)
    except Exception:
        if not late.is_set():
            raise
    finally:
        timer.cancel()
    if late.is_set():
        connection.close()
        draft.unlink(missing_ok=True)
    return not late.is_set()


def _copy(connection: Connection, draft: Path) -> None:
    (name,) = connection.execute("SELECT current_database()").fetchone() or ("",)
    file = str(draft).replace("'", "''")
    connection.execute(f"ATTACH '{file}' AS draft")
    connection.execute(f"COPY FROM DATABASE {_quoted(name)} TO draft")
    if _content(connection, name) != _content(connection, "draft"):
        raise TransientError(f"a copy of {name} turned out otherwise than the store, which stays as it is")
    connection.execute("DETACH draft")


def _content(connection: Connection, name: str) -> list[tuple[object, ...]]:
    """Every table of a database with its columns, its constraints, its indexes and its number of rows."""
    tables = connection.execute(
        "SELECT table_name, sql, index_count FROM duckdb_tables() WHERE database_name = ? ORDER BY table_name", [name]
    ).fetchall()
    counts = [
        connection.execute(f"SELECT count(*) FROM {_quoted(name)}.{_quoted(table)}").fetchone() for table, *_ in tables
    ]
    return [(*table, count) for table, count in zip(tables, counts, strict=True)]


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
