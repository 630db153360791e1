"""The library's tables: items with their status, the files they came from, and who is related to whom.

What belongs here: SQL and shapes. What does not: when a status changes (`tagger_platform.library`). Writers take a
connection inside `writing()`, so that what belongs together is one transaction.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from tagger_platform.store.database import Connection
from tagger_platform.store.rows import aware, naive
from tagger_platform.store.writes import insert


class ItemStatus(StrEnum):
    QUEUED = "QUEUED"
    FINGERPRINTING = "FINGERPRINTING"
    READY = "READY"
    FAILED = "FAILED"
    DUPLICATE = "DUPLICATE"
    REMOVED = "REMOVED"
    """Taken out by a person: listed nowhere, and kept so that the watched folder does not bring it back."""


OPEN = (ItemStatus.QUEUED, ItemStatus.FINGERPRINTING)
"""What is still to be done. FINGERPRINTING without a process that does it was left by one that was killed."""
AGAIN = (ItemStatus.READY, ItemStatus.FAILED)
"""What a rebuild reads again. Copies stay copies, and what is queued comes to the new index by itself."""
LAST_ERRORS = 10
"""How many failures `tagger library status` shows."""


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class LibraryItem:
    """One recording of the library and what became of it; its id is that of its file's content.

    `reason` says why it failed or what is odd about it, `duplicate_of` is an item_id, `item_group` the smallest
    item_id among those that are connected with it by shared audio (None: with nobody). `attempts` counts those that
    did not come to an end.
    """

    item_id: str
    path: Path
    title: str
    kind: str = "music"
    artist: str = ""
    album: str = ""
    isrc: str = ""
    label: str = ""
    duration_s: float | None = None
    status: ItemStatus = ItemStatus.QUEUED
    reason: str = ""
    duplicate_of: str | None = None
    item_group: str | None = None
    attempts: int = 0
    added_at: datetime = field(default_factory=_now)
    changed_at: datetime = field(default_factory=_now)

    @property
    def is_open(self) -> bool:
        return self.status in OPEN


COLUMNS = tuple(item.name for item in fields(LibraryItem))
JSON_FIELDS = ("item_id", "path", "title", "artist", "album", "isrc", "kind", "duration_s", "status", "reason")


def library_json(item: LibraryItem) -> dict[str, Any]:
    """A library item as every command and the API write it."""
    shown = {name: getattr(item, name) for name in JSON_FIELDS}
    return {**shown, "path": str(item.path), "duplicate_of": item.duplicate_of, "group": item.item_group}


@dataclass(frozen=True, slots=True)
class FileState:
    """A file as it was when it was last read: its item, its size and when it was modified."""

    item_id: str
    bytes: int
    modified_ns: int


def write_items(connection: Connection, items: Iterable[LibraryItem]) -> None:
    """Note items as they now are."""
    rows = [[_stored(getattr(item, column)) for column in COLUMNS] for item in items]
    insert(connection, f"library_items ({', '.join(COLUMNS)})", rows, known="REPLACE")


def _stored(value: object) -> object:
    if isinstance(value, Path):
        return str(value)
    return naive(value) if isinstance(value, datetime) else value


def forget_items(connection: Connection, item_ids: Collection[str]) -> None:
    """Forget items whose file now holds something else."""
    connection.execute("DELETE FROM library_items WHERE item_id IN (SELECT unnest(?))", [list(item_ids)])
    forget_relatives(connection, item_ids)


def write_files(connection: Connection, files: Mapping[str, FileState]) -> None:
    """Note files by path as they were when they were read."""
    rows = [[path, state.item_id, state.bytes, state.modified_ns] for path, state in files.items()]
    insert(connection, "library_files", rows, known="REPLACE")


def forget_relatives(connection: Connection, item_ids: Collection[str]) -> None:
    values = [list(item_ids), list(item_ids)]
    connection.execute(
        "DELETE FROM library_relatives WHERE item_id IN (SELECT unnest(?)) OR other_id IN (SELECT unnest(?))", values
    )


def write_relatives(connection: Connection, item_id: str, shared: Mapping[str, float]) -> None:
    """Note with whom `item_id` shares how many seconds, instead of what was noted before."""
    forget_relatives(connection, [item_id])
    rows = [[*sorted((item_id, other)), seconds] for other, seconds in shared.items()]
    insert(connection, "library_relatives", rows)


def rewrite_relatives(connection: Connection, shared: Mapping[str, Mapping[str, float]]) -> None:
    """Note all that the keys of `shared` have in common with each other, instead of what was noted before."""
    ids = list(shared)
    connection.execute(
        "DELETE FROM library_relatives WHERE item_id IN (SELECT unnest(?)) AND other_id IN (SELECT unnest(?))",
        [ids, ids],
    )
    pairs = {tuple(sorted((one, two))): seconds for one, others in shared.items() for two, seconds in others.items()}
    insert(connection, "library_relatives", [[*pair, seconds] for pair, seconds in pairs.items()], known="REPLACE")


def related_pairs(connection: Connection) -> list[tuple[str, str]]:
    """All pairs of related items that can be recognised."""
    return connection.execute(
        "SELECT r.item_id, r.other_id FROM library_relatives r JOIN library_items a ON a.item_id = r.item_id"
        " JOIN library_items b ON b.item_id = r.other_id WHERE a.status = 'READY' AND b.status = 'READY'"
    ).fetchall()


def groups(connection: Connection) -> dict[str, str]:
    """The group of every item that has one."""
    found = connection.execute("SELECT item_id, item_group FROM library_items WHERE item_group IS NOT NULL").fetchall()
    return dict(found)


def write_groups(connection: Connection, changed: Mapping[str, str | None]) -> None:
    for item_id, group in changed.items():
        connection.execute("UPDATE library_items SET item_group = ? WHERE item_id = ?", [group, item_id])


def items(connection: Connection, item_ids: Collection[str]) -> dict[str, LibraryItem]:
    """Those of `item_ids` that are known, by id; also those that were removed."""
    found = _selected(connection, "WHERE item_id IN (SELECT unnest(?))", [list(item_ids)])
    return {item.item_id: item for item in found}


def items_at(connection: Connection, paths: Collection[Path]) -> list[LibraryItem]:
    """The items that came from files of these names: more than one where a file was replaced by another."""
    return _selected(connection, "WHERE path IN (SELECT unnest(?))", [[str(path) for path in paths]])


def items_with(connection: Connection, statuses: Collection[ItemStatus], limit: int | None = None) -> list[LibraryItem]:
    """Items in any of these states: those that came into it last first, then by path."""
    where = "WHERE status IN (SELECT unnest(?)) ORDER BY changed_at DESC, path"
    return _selected(connection, where + (f" LIMIT {limit:d}" if limit else ""), [[str(one) for one in statuses]])


def duplicates_of(connection: Connection, item_ids: Collection[str]) -> list[LibraryItem]:
    where = "WHERE status = 'DUPLICATE' AND duplicate_of IN (SELECT unnest(?)) ORDER BY path"
    return _selected(connection, where, [list(item_ids)])


def listed_items(connection: Connection) -> list[LibraryItem]:
    """Every item but those that were removed, by title."""
    return _selected(connection, "WHERE status <> 'REMOVED' ORDER BY title, item_id", [])


def _selected(connection: Connection, rest: str, values: list[Any]) -> list[LibraryItem]:
    rows = connection.execute(f"SELECT {', '.join(COLUMNS)} FROM library_items {rest}", values).fetchall()
    return [_item(dict(zip(COLUMNS, row, strict=True))) for row in rows]


def _item(row: dict[str, Any]) -> LibraryItem:
    read = {"path": Path(row["path"]), "status": ItemStatus(row["status"])}
    return LibraryItem(**{**row, **read, "added_at": aware(row["added_at"]), "changed_at": aware(row["changed_at"])})


def files(connection: Connection, paths: Sequence[str] | None = None) -> dict[str, FileState]:
    """What is known of files by path; of all files where no paths are given."""
    sql, values = "SELECT path, item_id, bytes, modified_ns FROM library_files", []
    if paths is not None:
        sql, values = sql + " WHERE path IN (SELECT unnest(?))", [list(paths)]
    return {path: FileState(*state) for path, *state in connection.execute(sql, values).fetchall()}


@dataclass(frozen=True)
class Counts:
    """How the library stands: items by status, what is being fingerprinted now, and what failed last."""

    by_status: dict[str, int]
    running: list[LibraryItem]
    errors: list[LibraryItem]


def counts(connection: Connection) -> Counts:
    rows = connection.execute(
        "SELECT status, count(*) FROM library_items WHERE status <> 'REMOVED' GROUP BY status ORDER BY status"
    ).fetchall()
    running = items_with(connection, [ItemStatus.FINGERPRINTING])
    return Counts(dict(rows), running, items_with(connection, [ItemStatus.FAILED], LAST_ERRORS))


def open_count(connection: Connection) -> int:
    """How many items are still to be fingerprinted."""
    row = connection.execute(
        "SELECT count(*) FROM library_items WHERE status IN ('QUEUED', 'FINGERPRINTING')"
    ).fetchone()
    return int(row[0]) if row else 0
