"""`tagger export`: analysts get all of the log, whole, and keep nobody waiting."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from tagger_platform.settings import Settings
from tagger_platform.store.database import Database
from tagger_platform_tests import samples

Tagger = Callable[..., tuple[int, str, str]]
PLAYS = "SELECT title, stream, status FROM {plays} JOIN {tracks} USING (track_id)"


@pytest.fixture
def log(settings: Settings) -> Database:
    database = Database(settings.database_path)
    samples.write_plays(database, [samples.play("kexp", datetime(2026, 11, 20, 4, 0, tzinfo=UTC))])
    return database


@pytest.mark.parametrize("kind", ["parquet", "csv"])
def test_every_table_is_a_file_of_its_own(tagger: Tagger, log: Database, tmp_path: Path, kind: str) -> None:
    code, out, err = tagger("export", "--to", str(tmp_path / "new" / "log"), "--format", kind)
    assert (code, out.strip()) == (0, str(tmp_path / "new" / "log")), err
    assert err.startswith("1 plays, 1 tracks, ")
    files = {table: f"'{tmp_path}/new/log/{table}.{kind}'" for table in ("plays", "tracks")}
    with log.reading() as connection:
        expected = connection.execute(PLAYS.format(plays="plays", tracks="tracks")).fetchall()
        tables = {name for (name,) in connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()}
    assert duckdb.sql(PLAYS.format(**files)).fetchall() == expected != []
    assert {path.stem for path in (tmp_path / "new" / "log").glob(f"*.{kind}")} == tables
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["log"]


def test_a_copy_that_is_open_keeps_nobody_from_the_log(tagger: Tagger, log: Database, tmp_path: Path) -> None:
    code, out, _ = tagger("export", "--to", str(tmp_path / "log.duckdb"), "--format", "duckdb", "--json")
    told = json.loads(out)
    assert (code, told["path"], told["rows"]["plays"]) == (0, str(tmp_path / "log.duckdb"), 1)
    with duckdb.connect(tmp_path / "log.duckdb") as analyst:
        assert analyst.execute("SELECT count(*) FROM plays").fetchone() == (1,)
        samples.write_plays(log, [samples.play("nova", datetime(2026, 11, 20, 5, 0, tzinfo=UTC))])
        assert analyst.execute("SELECT count(*) FROM plays").fetchone() == (1,)


def test_what_is_there_stays(tagger: Tagger, log: Database, tmp_path: Path) -> None:
    (tmp_path / "log").write_text("mine")
    code, _, err = tagger("export", "--to", str(tmp_path / "log"))
    assert (code, err) == (2, f"{tmp_path / 'log'} is there already: name another place, or delete it\n")
    assert (tmp_path / "log").read_text() == "mine"


def test_a_place_that_cannot_be_made_is_told(tagger: Tagger, log: Database, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    code, _, err = tagger("export", "--to", str(tmp_path / "file" / "log"))
    assert (code, err) == (2, f"{tmp_path / 'file'} cannot be written: File exists\n")


def test_what_a_killed_one_left_is_thrown_away(tagger: Tagger, log: Database, tmp_path: Path) -> None:
    left = tmp_path / ".log.part" / "tables"
    left.mkdir(parents=True)
    code, _, _ = tagger("export", "--to", str(tmp_path / "log"))
    assert (code, left.parent.exists(), (tmp_path / "log" / "plays.parquet").exists()) == (0, False, True)
