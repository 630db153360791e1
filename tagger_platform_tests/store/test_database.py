"""The store's file: migrations, transactions, the version, and what is left when its users are killed."""

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from tagger_platform.errors import DiskFullError, NewerVersionError, RequestError
from tagger_platform.store import database as module
from tagger_platform.store.copies import contents
from tagger_platform.store.database import Connection, Database
from tagger_platform.store.runs import schema_since
from tagger_platform_tests import samples

ONE = (1, "0001_one.sql", "CREATE TABLE one (n INTEGER);")
TWO = (2, "0002_two.sql", "CREATE TABLE two (n INTEGER); INSERT INTO two SELECT count(*) FROM one;")
BROKEN = (3, "0003_broken.sql", "CREATE TABLE three (n INTEGER); SELECT nonsense;")
Know = Callable[..., None]


@pytest.fixture
def store(tmp_path: Path) -> Database:
    return Database(tmp_path / "data" / "tagger.duckdb", timeout_s=30)


@pytest.fixture
def know(monkeypatch: pytest.MonkeyPatch) -> Know:
    """Makes this tagger know just the given migrations."""
    return lambda *found: monkeypatch.setattr(module, "migrations", lambda: list(found))


def ask(store: Database, sql: str) -> list[tuple[object, ...]]:
    with store.reading() as connection:
        return connection.execute(sql).fetchall()


# migrations


def test_migrations_are_numbered_from_one_without_a_gap() -> None:
    found = module.migrations()
    assert [number for number, _, _ in found] == list(range(1, len(found) + 1))
    assert all(name.startswith(f"{number:04d}_") for number, name, _ in found)


def test_migrations_run_once_and_in_order(store: Database, know: Know) -> None:
    know(ONE, TWO)
    assert store.migrate() == ["0001_one.sql", "0002_two.sql"]
    assert store.migrate() == []
    assert ask(store, "SELECT version, name FROM schema_migrations ORDER BY version") == [
        (1, "0001_one.sql"),
        (2, "0002_two.sql"),
    ]
    assert ask(store, "SELECT n FROM two") == [(0,)]


def test_a_file_of_an_older_tagger_gets_what_it_lacks(store: Database, know: Know) -> None:
    know(ONE)
    store.migrate()
    know(ONE, TWO)
    assert store.migrate() == ["0002_two.sql"]


@pytest.mark.parametrize("use", ["reading", "writing"])
def test_any_use_brings_a_file_of_an_older_tagger_up_to_date(store: Database, know: Know, use: str) -> None:
    know(ONE)
    store.migrate()
    know(ONE, TWO)
    with getattr(store, use)() as connection:
        assert connection.execute("SELECT n FROM two").fetchall() == [(0,)]


def test_the_time_of_a_migration_is_kept_in_utc_wherever_the_machine_is(store: Database) -> None:
    code = (
        "import pathlib, sys\n"
        "from tagger_platform.store.database import Database\n"
        "Database(pathlib.Path(sys.argv[1])).migrate()"
    )
    subprocess.run([sys.executable, "-c", code, store.path], check=True, env={**os.environ, "TZ": "Asia/Tokyo"})
    with store.reading() as connection:
        assert abs(datetime.now(UTC) - schema_since(connection)) < timedelta(minutes=5)


def test_a_migration_that_fails_leaves_the_file_as_it_was(store: Database, know: Know) -> None:
    know(ONE)
    store.migrate()
    know(ONE, TWO, BROKEN)
    with pytest.raises(duckdb.Error):
        store.migrate()
    know(ONE)
    assert ask(store, "SELECT max(version) FROM schema_migrations") == [(1,)]
    assert ("two",) not in ask(store, "SELECT table_name FROM duckdb_tables()")


def use_it(store: Database, use: str) -> None:
    if use == "migrate":
        store.migrate()
        return
    with getattr(store, use)():
        pytest.fail("opened")


@pytest.mark.parametrize("use", ["reading", "writing", "migrate"])
def test_a_file_of_a_newer_tagger_is_refused_with_a_sentence(store: Database, know: Know, use: str) -> None:
    know(ONE, TWO)
    store.migrate()
    know(ONE)
    with pytest.raises(NewerVersionError, match=r"has schema 2, this tagger knows schema 1: upgrade tagger"):
        use_it(store, use)


@pytest.mark.parametrize("use", ["reading", "writing"])
def test_the_first_use_makes_the_file(store: Database, use: str) -> None:
    with getattr(store, use)() as connection:
        assert connection.execute("SELECT count(*) FROM plays").fetchone() == (0,)


# transactions


@pytest.fixture
def table(store: Database, know: Know) -> Database:
    know(ONE)
    store.migrate()
    return store


def write_and_fail(store: Database, error: type[BaseException]) -> None:
    with store.writing() as connection:
        connection.execute("INSERT INTO one VALUES (1)")
        raise error


def test_a_full_disk_is_a_sentence_and_nothing_is_committed(table: Database) -> None:
    class FullError(duckdb.IOException):
        def __str__(self) -> str:
            return 'Could not write file "tagger.duckdb.wal": No space left on device'

    with pytest.raises(DiskFullError, match="took no change: make room"):
        write_and_fail(table, FullError)
    assert ask(table, "SELECT count(*) FROM one") == [(0,)]


def test_a_block_is_one_transaction(table: Database) -> None:
    with table.writing() as connection:
        connection.execute("INSERT INTO one VALUES (1), (2)")
    assert ask(table, "SELECT count(*) FROM one") == [(2,)]


@pytest.mark.parametrize("error", [ZeroDivisionError, KeyboardInterrupt, SystemExit])
def test_a_block_that_fails_leaves_nothing_behind(table: Database, error: type[BaseException]) -> None:
    with pytest.raises(error):
        write_and_fail(table, error)
    assert ask(table, "SELECT count(*) FROM one") == [(0,)]
    with table.writing() as connection:  # and the next has its turn
        connection.execute("INSERT INTO one VALUES (2)")


@pytest.mark.parametrize("use", ["reading", "writing"])
def test_ctrl_c_within_a_statement_is_ctrl_c(table: Database, use: str) -> None:
    def work(connection: Connection) -> None:
        threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT)).start()
        connection.execute("SELECT sum(sin(a)) FROM range(1_000_000_000_000) numbers(a)").fetchall()

    with pytest.raises(KeyboardInterrupt), getattr(table, use)() as connection:
        work(connection)
    with table.reading() as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_who_reads_cannot_write(table: Database) -> None:
    with pytest.raises(duckdb.Error, match=r"read-only"), table.reading() as connection:
        connection.execute("INSERT INTO one VALUES (1)")


def test_the_version_changes_with_each_commit_and_not_otherwise(table: Database) -> None:
    seen = [table.version()]
    ask(table, "SELECT 1")
    with pytest.raises(ZeroDivisionError):
        write_and_fail(table, ZeroDivisionError)
    assert table.version() == seen[0]
    for number in range(5):
        with table.writing() as connection:
            connection.execute("INSERT INTO one VALUES (?)", [number])
            assert table.version() == seen[-1]
        seen.append(table.version())
    assert len(set(seen)) == 6


def test_a_store_that_was_never_written_has_a_version_too(store: Database) -> None:
    before = store.version()
    store.migrate()
    assert store.version() != before


# what is wrong with DATA_DIR


def test_a_data_dir_that_cannot_be_made_is_a_wrong_request(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for folder in (tmp_path / "file", tmp_path / "file" / "data", Path("/proc/nowhere")):
        with pytest.raises(RequestError, match=r"check DATA_DIR"):
            Database(folder / "tagger.duckdb").migrate()


@pytest.mark.parametrize("use", ["reading", "writing"])
def test_a_file_that_is_no_store_is_a_wrong_request(store: Database, use: str) -> None:
    store.path.parent.mkdir()
    store.path.write_bytes(b"this is not a database" * 1000)
    with pytest.raises(RequestError, match=r"cannot be opened.*check DATA_DIR"), getattr(store, use)():
        pytest.fail("opened")


@pytest.mark.parametrize("use", ["reading", "as_it_is", "writing"])
def test_a_damaged_block_is_told_in_a_sentence(store: Database, use: str) -> None:
    samples.write_day(store)
    samples.damage(store.path)
    with pytest.raises(RequestError, match=r"is damaged.*`tagger restore`"), getattr(store, use)() as connection:
        connection.execute("SELECT * FROM plays").fetchall()


@pytest.mark.parametrize("at", [12288 + 100, 4096 + 20], ids=["in the block that is read first", "in a header"])
def test_a_file_that_is_too_damaged_to_be_opened_is_a_wrong_request(store: Database, at: int) -> None:
    store.migrate()
    content = bytearray(store.path.read_bytes())
    for header in {at, at + 4096 if at < 12288 else at}:  # of two headers the newer counts
        content[header] ^= 0xFF
    store.path.write_bytes(content)
    with pytest.raises(RequestError, match=r"is damaged|cannot be opened"):
        ask(store, "SELECT * FROM plays")


def test_a_file_that_was_cut_short_is_told_in_a_sentence(store: Database) -> None:
    samples.write_day(store)
    content = store.path.read_bytes()
    store.path.write_bytes(content[: len(content) // 2])
    with pytest.raises(RequestError, match="is damaged"), store.reading() as connection:
        contents(connection)


# killed, and under load

HEAD = """
import sys, time
from pathlib import Path
from tagger_platform.store.database import Database
store = Database(Path(sys.argv[1]))
"""
WRITER = (
    HEAD
    + """
number, end = int(sys.argv[2]), int(sys.argv[3])
while number < end:
    with store.writing() as connection:
        for part in range(3):
            connection.execute("INSERT INTO parts VALUES (?, ?)", [str(number), part])
    print(number, flush=True)
    number += 2
"""
)
READER = (
    HEAD
    + """
rows, seen = int(sys.argv[2]), 0
while seen < rows:
    with store.reading() as connection:
        torn = connection.execute(
            "SELECT name FROM parts GROUP BY name HAVING count(*) <> 3").fetchall()
        count = connection.execute("SELECT count(*) FROM parts").fetchone()[0]
    assert not torn, torn
    assert count >= seen, (count, seen)
    seen = count
    time.sleep(0.01)
print(seen)
"""
)


def start(script: str, *arguments: object) -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", script, *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.fixture
def parts(store: Database) -> Database:
    """A store with a table for transactions of three rows each."""
    with store.writing() as connection:
        connection.execute("CREATE TABLE parts (name VARCHAR, part INTEGER, PRIMARY KEY (name, part))")
    return store


def test_writers_killed_in_the_middle_lose_and_tear_nothing(parts: Database) -> None:
    chance, acknowledged = random.Random(3), []
    for round_ in range(20):
        writer = start(WRITER, parts.path, round_ * 10_000, (round_ + 1) * 10_000)
        assert writer.stdout
        acknowledged.append(writer.stdout.readline().strip())
        time.sleep(chance.random() * 0.08)
        writer.kill()
        out, err = writer.communicate()
        assert acknowledged[-1], err
        acknowledged += out.split()
    rows = ask(parts, "SELECT name, count(*) FROM parts GROUP BY name")
    assert {count for _, count in rows} == {3}
    assert set(acknowledged) <= {name for name, _ in rows}
    assert len(rows) - len(acknowledged) <= 20  # at most the one under way when each was killed


def test_two_writers_and_three_readers_get_on(parts: Database) -> None:
    each = 50  # transactions; the readers read eagerly until they have seen all of them
    writers = [start(WRITER, parts.path, first, 2 * each) for first in (0, 1)]
    readers = [start(READER, parts.path, 2 * each * 3) for _ in range(3)]
    outputs = [process.communicate(timeout=60) for process in (*writers, *readers)]
    assert [process.returncode for process in (*writers, *readers)] == [0] * 5, outputs
    written = [set(out.split()) for out, _ in outputs[:2]]
    assert list(map(len, written)) == [each, each]
    assert {name for (name,) in ask(parts, "SELECT name FROM parts")} == written[0] | written[1]
