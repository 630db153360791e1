"""Coverage and hit rate of the last day and week, held against the windows themselves and against a day's coverage."""

from datetime import timedelta
from pathlib import Path

import pytest

from tagger_platform.model import CaptureState, Slot, Status, Window
from tagger_platform.spool import Manifest
from tagger_platform.store import reports
from tagger_platform.store.database import Database
from tagger_platform.store.expected import write_expected
from tagger_platform_tests.store import radio

HOURS = 30
END = radio.START.start + timedelta(hours=HOURS)


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Database:
    return Database(tmp_path_factory.mktemp("data") / "tagger.duckdb")


@pytest.fixture(scope="module")
def heard(database: Database) -> list[radio.Heard]:
    """Every hour a slot, of which some were lost."""
    slots = dict(list(radio.day(7, HOURS).items())[::30])
    with database.writing() as connection:
        for slot, windows in slots.items():
            radio.write_slot(connection, slot, windows)
    return [window for windows in slots.values() for window in windows]


def test_coverage_is_that_of_the_same_time(database: Database, heard: list[radio.Heard]):
    stats = reports.stream_stats(database, END)
    for length, period in ((timedelta(days=1), "day"), (timedelta(days=7), "week")):
        whole = {one.stream: one for one in reports.coverage_between(database, END - length, END)}
        assert {stream: getattr(one, period).coverage for stream, one in stats.items()} == {
            stream: one.ratio for stream, one in whole.items()
        }


def test_a_named_window_is_one_that_a_provider_matched(database: Database, heard: list[radio.Heard]):
    for stream, found in reports.stream_stats(database, END).items():
        own = [given[0].status for window, given in heard if window.stream == stream and given]
        matched, answered = own.count(Status.MATCH), own.count(Status.MATCH) + own.count(Status.NO_MATCH)
        assert (found.week.named, found.week.heard) == (matched, answered)
        assert found.week.hit_rate == matched / answered


def test_the_hours_are_the_day_and_the_last_is_now(database: Database, heard: list[radio.Heard]):
    last_hour = END - timedelta(hours=1)
    for stream, found in reports.stream_stats(database, END).items():
        assert sum(hour.named for hour in found.hours) == found.day.named < found.week.named
        own = [
            given[0].status
            for window, given in heard
            if given and window.stream == stream and window.start >= last_hour
        ]
        assert found.hours[-1].named == own.count(Status.MATCH)


def test_what_nobody_told_of_counts_as_expected(tmp_path: Path):
    database = Database(tmp_path / "tagger.duckdb")
    slot = Slot(END - timedelta(minutes=10))
    window = Window("kexp", slot, 0, 12, CaptureState.CAPTURED)
    with database.writing() as connection:
        write_expected(connection, Manifest(slot, "capture", 120, (window,)), hop_s=120)
    found = reports.stream_stats(database, END)["kexp"]
    assert (found.day.coverage, found.day.hit_rate, found.hours[-1].expected) == (0.0, None, 1)


def test_of_streams_that_were_not_heard_for_a_week_there_is_nothing(database: Database, heard: list[radio.Heard]):
    assert reports.stream_stats(database, END + timedelta(days=8)) == {}
