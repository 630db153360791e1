"""`tagger plays` and `tagger coverage`: what is printed, and the exit codes."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from tagger_platform import cli
from tagger_platform.settings import Settings
from tagger_platform.store.database import Database
from tagger_platform_tests.samples import play, track, write_outage, write_plays
from tagger_platform_tests.store.test_reports import HEADER

DAY = date(2026, 11, 20)
EVENING = datetime(2026, 11, 21, 3, 30, tzinfo=UTC)
Tagger = Callable[..., tuple[int, str, str]]


@pytest.fixture
def log(settings: Settings) -> None:
    """An evening with two plays and an outage."""
    store = Database(settings.database_path)
    plays = [play("kexp", EVENING, of=track(1), confidence=0.925), play("cafe", EVENING, of=track(2), confidence=0.5)]
    write_plays(store, plays)
    write_outage(store, "downtown", EVENING, datetime(2026, 11, 21, 3, 34, tzinfo=UTC) - EVENING)


@pytest.mark.usefixtures("log")
def test_plays_as_a_table(tagger: Tagger) -> None:
    code, out, err = tagger("plays", "--date", "2026-11-20")
    assert (code, err) == (0, "")
    assert out.splitlines()[0].split() == ["time", "stream", "title", "artist", "status", "confidence", "by"]
    assert [line.split()[:2] for line in out.splitlines()[1:]] == [["19:30:00", "cafe"], ["19:30:00", "kexp"]]


@pytest.mark.usefixtures("log")
def test_plays_as_json_is_one_object_a_line(tagger: Tagger) -> None:
    code, out, err = tagger("plays", "--date", "2026-11-20", "--stream", "kexp", "--json")
    (row,) = [json.loads(line) for line in out.splitlines()]
    assert (code, err) == (0, "")
    assert (row["stream"], row["started_at"], row["confidence"]) == ("kexp", "2026-11-21T03:30:00Z", 0.925)


@pytest.mark.usefixtures("log")
def test_plays_as_csv(tagger: Tagger) -> None:
    code, out, _ = tagger("plays", "--date", "2026-11-20", "--csv")
    assert code == 0
    assert out.splitlines()[0] == HEADER
    assert out.splitlines()[1].startswith("2026-11-20T19:30:00-08:00,2026-11-21T03:30:00Z,")
    assert len(out.splitlines()) == 3


@pytest.mark.usefixtures("log")
def test_coverage_as_a_table_and_as_json(tagger: Tagger) -> None:
    code, out, _ = tagger("coverage", "--date", "2026-11-20", "--stream", "downtown")
    assert code == 0
    assert out.splitlines()[1].split() == ["downtown", "2", "0", "0", "0", "0.0%", "reconnecting", "2"]
    code, out, _ = tagger("coverage", "--date", "2026-11-20", "--json")
    rows = {row["stream"]: row for row in map(json.loads, out.splitlines())}
    keys = ("stream", "date", "expected", "heard", "silent", "not_needed", "states", "ratio", "gaps")
    assert tuple(rows["kexp"]) == keys
    assert (rows["kexp"]["ratio"], rows["downtown"]["ratio"]) == (1.0, 0.0)
    assert {gap["reason"] for gap in rows["downtown"]["gaps"]} == {"reconnecting"}


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["plays", "--date", "2026-11-20"], "No plays on 2026-11-20.\n"),
        (["plays", "--date", "2026-11-20", "--json"], ""),
        (["plays", "--date", "2026-11-20", "--csv"], HEADER + "\n"),
        (["coverage", "--date", "2026-11-20"], "No windows on 2026-11-20.\n"),
        (["coverage", "--date", "2026-11-20", "--json"], ""),
        (["plays", "--date", "2026-11-20", "--stream", "kexp", "--json"], ""),
    ],
)
def test_an_empty_log_says_so(tagger: Tagger, arguments: list[str], says: str) -> None:
    assert tagger(*arguments) == (0, says, "")


@pytest.mark.parametrize("command", ["plays", "coverage"])
@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        pytest.param(
            ["--date", "2026-11-20", "--stream", "nope"], "no stream is called 'nope'; known are: ", id="stream"
        ),
        pytest.param(["--date", "yesterday"], "--date must be a day such as", id="no date"),
        pytest.param(["--date", "2026-02-30"], "--date must be a day such as", id="no such day"),
        pytest.param(["--date", "20261120"], "--date must be a day such as", id="another format"),
        pytest.param(["--date", "0001-01-01"], "--date must be a day such as", id="the first day"),
        pytest.param(["--date", "9999-12-31"], "--date must be a day such as", id="the last day"),
        pytest.param([], "--date", id="no day"),
        pytest.param(["--date", "2026-11-20", "--nonsense"], "--nonsense", id="no such option"),
    ],
)
def test_a_wrong_request_is_one_sentence_and_exit_code_2(
    tagger: Tagger, command: str, arguments: list[str], says: str
) -> None:
    code, out, err = tagger(command, *arguments)
    assert (code, out) == (2, "")
    assert says in err
    assert "Traceback" not in err


def test_wrong_settings_are_all_named_and_exit_code_2(tagger: Tagger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "x")
    monkeypatch.setenv("TZ", "Mars")
    code, out, err = tagger("plays", "--date", "2026-11-20")
    assert (code, out) == (2, "")
    assert [line.split()[0] for line in err.splitlines()] == ["PORT", "TZ"]


def test_a_busy_store_is_exit_code_1(tagger: Tagger, monkeypatch: pytest.MonkeyPatch) -> None:
    from tagger_platform.errors import StoreBusyError
    from tagger_platform.store import reports

    def busy(*_: object) -> None:
        raise StoreBusyError("the store was busy for too long")

    monkeypatch.setattr(reports, "plays_of_day", lambda *_, **__: busy())
    assert tagger("plays", "--date", "2026-11-20") == (1, "", "the store was busy for too long\n")


def test_an_unwritable_data_dir_is_exit_code_2(tagger: Tagger, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "file" / "data"))
    code, _, err = tagger("plays", "--date", "2026-11-20")
    assert code == 2
    assert "DATA_DIR" in err


def test_dot_env_is_read_and_the_environment_wins(
    tagger: Tagger, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".env").write_text("PORT=not-a-port\nLOG_LEVEL=LOUD\n")
    monkeypatch.setenv("LOG_LEVEL", "INFO")
    monkeypatch.setenv("PORT", "")  # so that what .env sets goes away again after the test
    monkeypatch.delenv("PORT")
    code, _, err = tagger("plays", "--date", "2026-11-20")
    assert (code, err) == (2, "PORT must be a whole number from 1 to 65535, not 'not-a-port'\n")


def test_help_and_version_are_exit_code_0(tagger: Tagger) -> None:
    for arguments in (["--help"], ["plays", "--help"], ["--version"]):
        code, out, err = tagger(*arguments)
        assert (code, err) == (0, ""), arguments
        assert out


@pytest.mark.parametrize("command", sorted(cli.COMMANDS))
def test_every_command_has_help(tagger: Tagger, command: str) -> None:
    code, out, _ = tagger(command, "--help")
    assert code == 0
    assert len(out.splitlines()) > 3


def test_an_unknown_command_is_exit_code_2(tagger: Tagger) -> None:
    code, _, err = tagger("frobnicate")
    assert code == 2
    assert "frobnicate" in err
