"""`tagger doctor` on a machine where things are odd: every one is a line of its own, and none ends the list."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import NoReturn

import pytest

from tagger_platform.health.faults import FAULTS, Fault
from tagger_platform_tests.cli.test_commands import Tagger, lines


@pytest.mark.parametrize("program", ["exit 1", "exit 0", "echo hello", "kill -9 $$"])
def test_the_doctor_says_that_a_program_is_no_ffmpeg(
    tagger: Tagger, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, program: str
) -> None:
    odd = tmp_path / "odd"
    odd.write_text(f"#!/bin/sh\n{program}\n")
    odd.chmod(0o700)
    monkeypatch.setenv("FFMPEG_PATH", str(odd))
    code, out, _ = tagger("doctor", "--json")
    wrong = [row for row in lines(out) if not row["ok"]]
    assert (code, [row["check"] for row in wrong]) == (1, ["ffmpeg"])
    assert f"{odd} does not say its version" in wrong[0]["detail"]
    assert "FFMPEG_PATH" in wrong[0]["detail"]


@pytest.mark.parametrize("name", ["history/runs.db", "history/runs/index.db", "schedules/schedules.db"])
def test_the_doctor_says_that_a_database_of_dagsters_is_damaged(tagger: Tagger, tmp_path: Path, name: str) -> None:
    path = tmp_path / "data" / "dagster" / name
    path.parent.mkdir(parents=True)

    def told() -> tuple[bool, str]:
        _, out, _ = tagger("doctor", "--json")
        (row,) = [row for row in lines(out) if row["check"] == "dagster"]
        return row["ok"], row["detail"]

    assert told() == (True, "it has not run yet")
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE runs (id INTEGER)")
    assert told() == (True, "1 databases are sound")
    path.write_bytes(b"garbage" * 3000)
    ok, detail = told()
    assert not ok
    assert f"Dagster cannot use {path}" in detail
    assert "move that file away" in detail


def test_a_check_that_fails_as_nobody_foresaw_is_a_finding_and_the_others_go_on(
    tagger: Tagger, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [row["check"] for row in lines(tagger("doctor", "--json")[1])]

    def broken(*_: object) -> NoReturn:
        raise KeyError("rtsp://me:hidden-word@host/x")

    for name in FAULTS:
        monkeypatch.setitem(FAULTS, name, broken)
    for name in ("_ffmpeg", "_part", "_catalogue", "_acoustid", "_dagster", "_notifications"):
        monkeypatch.setattr(f"tagger_platform.cli.doctor.{name}", broken)
    code, out, _ = tagger("doctor", "--json")
    found = lines(out)
    assert (code, [row["check"] for row in found]) == (1, names)
    assert {row["detail"].partition(":")[0] for row in found if not row["ok"]} == {"this could not be looked at"}
    assert "hidden-word" not in out


def test_a_mend_that_fails_as_nobody_foresaw_is_a_finding_and_the_others_go_on(
    tagger: Tagger, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> NoReturn:
        raise ValueError("no such thing")

    monkeypatch.setitem(FAULTS, "slots", lambda _: iter([Fault("one", broken), Fault("two", lambda: "done")]))
    code, out, _ = tagger("doctor", "--repair", "--json")
    found = [(row["ok"], row["detail"]) for row in lines(out) if row["check"] == "slots"]
    assert (code, found) == (1, [(False, "one, and could not be mended: no such thing"), (True, "two: done")])
