"""`tagger backup` and `tagger restore`: what they print, their exit codes, and that nothing runs meanwhile."""

import fcntl
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tagger_platform.health.marks import SENSOR, leave_mark
from tagger_platform.settings import Settings
from tagger_platform.store.database import Database
from tagger_platform_tests import samples

Tagger = Callable[..., tuple[int, str, str]]


@pytest.fixture
def saved(tagger: Tagger, settings: Settings, tmp_path: Path) -> Path:
    """A log with one play, and its backup."""
    play = samples.play("kexp", datetime(2026, 11, 20, 4, 0, tzinfo=UTC))
    samples.write_plays(Database(settings.database_path), [play])
    code, out, err = tagger("backup", "--to", str(tmp_path / "backups"))
    assert (code, "writers waited" in err) == (0, True)
    return Path(out.strip())


def titles(tagger: Tagger) -> list[str]:
    _, out, _ = tagger("plays", "--date", "2026-11-19", "--json")
    return [json.loads(line)["title"] for line in out.splitlines()]


def test_one_file_is_written_and_its_path_printed(tagger: Tagger, saved: Path, tmp_path: Path) -> None:
    assert list((tmp_path / "backups").iterdir()) == [saved]
    code, out, _ = tagger("backup", "--to", str(tmp_path / "others"), "--clips", "--json")
    (told,) = map(json.loads, out.splitlines())
    assert (code, told["rows"] > 0, told["tracks"], told["clips"]) == (0, True, 0, True)
    assert Path(told["path"]).stat().st_size == told["bytes"]


def test_a_log_comes_back_into_an_empty_folder(
    tagger: Tagger, saved: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = titles(tagger)
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "new"))
    code, out, _ = tagger("restore", str(saved))
    assert code == 0
    assert "Fill in again: the password in the URL of stream cafe" in out
    assert "user:secret" not in out
    assert titles(tagger) == before != []


def test_a_log_that_is_there_is_kept_aside_when_it_is_replaced(tagger: Tagger, saved: Path) -> None:
    code, _, err = tagger("restore", str(saved))
    assert (code, "--replace" in err) == (2, True)
    code, out, _ = tagger("restore", str(saved), "--replace", "--json")
    (told,) = map(json.loads, out.splitlines())
    assert code == 0
    assert (Path(told["replaced"]) / "tagger.duckdb").exists()
    assert told["fill_in"] == ["the password in the URL of stream cafe"]


def test_while_anything_runs_nothing_is_restored(tagger: Tagger, saved: Path, settings: Settings) -> None:
    settings.spool_dir.mkdir()
    with (settings.spool_dir / "capture.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        leave_mark(settings.marks_dir, SENSOR, datetime.now(UTC))
        code, _, err = tagger("restore", str(saved), "--replace")
    assert code == 2
    assert "stop the platform first (capture, Dagster (it ticked 0 s ago" in err


def test_a_file_that_is_no_backup_is_a_wrong_request(tagger: Tagger, tmp_path: Path) -> None:
    (tmp_path / "text.zip").write_text("hello")
    code, _, err = tagger("restore", str(tmp_path / "text.zip"))
    assert code == 2
    assert "is no backup, or not all of it" in err
