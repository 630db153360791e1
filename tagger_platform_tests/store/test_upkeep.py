"""Looking after the store's file: it shrinks, nothing in it changes, and a kill leaves the old one or the new one."""

from datetime import timedelta
from pathlib import Path

import duckdb
import pytest

from tagger_platform.errors import TransientError
from tagger_platform.store.database import Database
from tagger_platform.store.reports import day_bounds
from tagger_platform.store.upkeep import look_after
from tagger_platform_tests import samples

ROWS = 60_000
START = day_bounds(samples.DAY, samples.TZ)[0]


@pytest.fixture
def store(tmp_path: Path) -> Database:
    """Some plays, and tables one of which was emptied before the other came, so that its space is amid the file."""
    found = Database(tmp_path / "it's data" / "tagger.duckdb")
    samples.write_plays(found, [samples.play("kexp", START + timedelta(minutes=5 * number)) for number in range(50)])
    for sql in (
        f"CREATE TABLE spent AS SELECT i, md5(i::VARCHAR) AS text FROM range({3 * ROWS}) t(i)",
        f"CREATE TABLE later AS SELECT i, md5(i::VARCHAR) AS text FROM range({ROWS}) t(i)",
        "DELETE FROM spent",
    ):
        with found.writing() as connection:
            connection.execute(sql)
    return found


def content(database: Database) -> dict[str, object]:
    """All rows, and all that the schema says."""
    with database.reading() as connection:
        tables = connection.execute("SELECT table_name FROM duckdb_tables() ORDER BY 1").fetchall()
        rows = {name: connection.execute(f"FROM {name} ORDER BY ALL").fetchall() for (name,) in tables}
        constraints = "SELECT table_name, constraint_type, constraint_text FROM duckdb_constraints() ORDER BY ALL"
        columns = "SELECT table_name, column_name, data_type, column_default, is_nullable FROM duckdb_columns()"
        return rows | {what: connection.execute(what).fetchall() for what in (constraints, f"{columns} ORDER BY ALL")}


def test_dead_space_goes_and_nothing_else_changes(store: Database) -> None:
    before, version = content(store), store.version()
    done = look_after(store, smallest_bytes=0)
    assert done.left_because == ""
    assert done.dead_share > 1 / 3
    assert done.bytes_after < done.bytes_before
    assert content(store) == before
    assert store.version() != version
    assert [path.name for path in store.path.parent.glob("*.draft*")] == []


def test_keys_and_checks_hold_afterwards(store: Database) -> None:
    look_after(store, smallest_bytes=0)
    for sql, error in (
        ("INSERT INTO tracks FROM tracks LIMIT 1", "Duplicate key"),
        ("UPDATE plays SET confidence = 2", "CHECK constraint failed"),
        ("UPDATE plays SET stream = NULL", "NOT NULL constraint failed"),
    ):
        with pytest.raises(duckdb.ConstraintException, match=error), store.writing() as connection:
            connection.execute(sql)


def test_a_file_with_little_to_win_is_left(store: Database) -> None:
    inode = store.path.stat().st_ino
    assert look_after(store).left_because == "there is little to win"
    look_after(store, smallest_bytes=0)
    assert store.path.stat().st_ino != inode
    assert look_after(store, smallest_bytes=0).left_because == "there is little to win"


def test_a_copy_that_takes_too_long_is_given_up(store: Database) -> None:
    before = content(store)
    done = look_after(store, smallest_bytes=0, longest_s=0.0)
    assert done.left_because.startswith("a copy takes longer than 0 s")
    assert done.bytes_after == done.bytes_before
    assert content(store) == before
    assert list(store.path.parent.glob("*.draft*")) == []


def begin_and_fail(store: Database, error: type[BaseException]) -> None:
    with store.replacing() as (_, draft):
        draft.write_bytes(b"half a file")
        raise error


@pytest.mark.parametrize("error", [KeyboardInterrupt, ZeroDivisionError])
def test_a_block_that_fails_leaves_the_old_file(store: Database, error: type[BaseException]) -> None:
    before = content(store)
    with pytest.raises(error):
        begin_and_fail(store, error)
    assert content(store) == before
    assert list(store.path.parent.glob("*.draft*")) == []


def leave_a_log(store: Database) -> None:
    with store.replacing() as (_, draft):
        draft.write_bytes(b"")
        draft.with_name(f"{draft.name}.wal").write_bytes(b"")


def test_a_log_of_changes_that_is_left_keeps_the_file_from_being_replaced(store: Database) -> None:
    before = content(store)
    with pytest.raises(TransientError, match="was not replaced: "):
        leave_a_log(store)
    assert content(store) == before
