"""A store of the first version that landed: it is copied, brought up to date, and holds what it held.

`first-schema.duckdb.gz` was written by that version's own code (commit fd26c5b: `radio.day(7, 2.0)`, two streams for
two hours, written and decided slot by slot; one library item, five raw answers).
"""

import gzip
import json
import subprocess
import sys
from datetime import UTC, date
from pathlib import Path

import pytest

from tagger_platform.store import reports
from tagger_platform.store.copies import KEPT, contents
from tagger_platform.store.database import Database, migrations
from tagger_platform.store.library import listed_items

FIXTURE = Path(__file__).with_name("first-schema.duckdb.gz")
HELD = {
    "library_items": 1,
    "play_windows": 74,
    "plays": 35,
    "raw_answers": 5,
    "recognitions": 145,
    "streams": 2,
    "tracks": 19,
    "windows": 240,
}
NEWEST = migrations()[-1][0]


@pytest.fixture
def old(tmp_path: Path) -> Database:
    """A DATA_DIR as the first version left it."""
    path = tmp_path / "tagger.duckdb"
    path.write_bytes(gzip.decompress(FIXTURE.read_bytes()))
    return Database(path)


def held(store: Database) -> tuple[int, dict[str, int]]:
    """The schema, and the rows of the tables of the first version."""
    with store.as_it_is() as connection:
        found = contents(connection)
    return found.schema, {name: count for name, count in found.rows.items() if name in HELD}


def kept(store: Database) -> list[Path]:
    return sorted((store.path.parent / "backups").glob("*"))


def test_the_fixture_is_what_the_first_version_wrote(old: Database) -> None:
    assert held(old) == (1, HELD)


@pytest.mark.parametrize("use", ["migrate", "reading", "writing"])
def test_any_first_use_copies_it_and_brings_it_up_to_date(old: Database, use: str) -> None:
    if use == "migrate":
        assert len(old.migrate()) == NEWEST - 1
    else:
        with getattr(old, use)() as connection:
            assert connection.execute("SELECT count(*) FROM plays WHERE explanation = ''").fetchone() == (35,)
    assert held(old) == (NEWEST, HELD)
    (copy,) = kept(old)
    assert copy.name.startswith(f"before-schema-{NEWEST:04d}-")
    assert copy.name.endswith("-was-0001.duckdb")
    assert held(Database(copy)) == (1, HELD)


def test_what_it_held_reads_as_if_written_today(old: Database) -> None:
    plays = reports.plays_of_day(old, date(2026, 11, 21), UTC).plays
    assert len(plays) == 35
    assert {play.status.value for play in plays} == {"confirmed", "probable"}
    assert all(play.windows and play.track.title for play in plays)
    covered = reports.coverage_of_day(old, date(2026, 11, 21), UTC)
    assert {one.stream: one.expected for one in covered} == {"cafe": 120, "kexp": 120}
    with old.reading() as connection:
        assert [item.title for item in listed_items(connection)] == ["Song"]


def test_it_is_copied_once_and_a_new_store_never(old: Database, tmp_path: Path) -> None:
    for _ in range(3):
        old.migrate()
    assert len(kept(old)) == 1
    new = Database(tmp_path / "new" / "tagger.duckdb")
    new.migrate()
    assert kept(new) == []


def test_the_last_copies_stay(old: Database) -> None:
    folder = old.path.parent / "backups"
    folder.mkdir()
    for day in range(1, 6):
        (folder / f"before-schema-0002-2025010{day}T000000Z-was-0001.duckdb").write_text("")
    (folder / "tagger-nightly-20250101T000000Z.zip").write_text("")
    old.migrate()
    names = [path.name for path in kept(old)]
    assert names.pop() == "tagger-nightly-20250101T000000Z.zip"
    assert len(names) == KEPT
    assert names[-1].startswith(f"before-schema-{NEWEST:04d}")


WITHOUT_ROOM = """
import json, resource, sys
from pathlib import Path
from tagger_platform.errors import DiskFullError
from tagger_platform.store.database import Database

path = Path(sys.argv[1])
resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size // 2,) * 2)
try:
    Database(path).migrate()
except DiskFullError as error:
    print(json.dumps(str(error)))
"""


def test_without_room_for_the_copy_nothing_is_changed(old: Database) -> None:
    done = subprocess.run([sys.executable, "-c", WITHOUT_ROOM, old.path], capture_output=True, text=True)
    assert "there is no room for a copy of the store" in json.loads(done.stdout), done.stderr
    assert (held(old), kept(old)) == ((1, HELD), [])


KILLED = """
import os, signal, sys
from pathlib import Path
from tagger_platform.store.database import Database

def die_at(event, arguments):
    if event == sys.argv[2]:
        os.kill(os.getpid(), signal.SIGKILL)

sys.addaudithook(die_at)
Database(Path(sys.argv[1])).migrate()
"""


@pytest.mark.parametrize("event", ["shutil.copyfile", "os.rename"])
def test_killed_on_the_way_it_is_as_it_was_and_the_next_start_goes_on(old: Database, event: str) -> None:
    done = subprocess.run([sys.executable, "-c", KILLED, old.path, event], capture_output=True, text=True)
    assert done.returncode == -9, done.stderr
    assert held(old) == (1, HELD)
    assert not [path for path in kept(old) if path.suffix == ".duckdb"]
    old.migrate()
    assert held(old) == (NEWEST, HELD)
    assert held(Database([path for path in kept(old) if path.suffix == ".duckdb"][-1])) == (1, HELD)
