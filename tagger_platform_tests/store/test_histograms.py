"""Plays per local day: every play on its day, whatever the clocks do."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from tagger_platform.store import reports
from tagger_platform.store.database import Database
from tagger_platform_tests.samples import TZ, play, track, write_plays

SPRING, AUTUMN = date(2026, 3, 8), date(2026, 11, 1)
ONE, OTHER = track(1), track(2)


@pytest.fixture
def store(tmp_path: Path) -> Database:
    return Database(tmp_path / "tagger.duckdb")


def per_day(store: Database, last_day: date, *, days: int = 30) -> list[int]:
    return reports.plays_per_day(store, [ONE.track_id], last_day, TZ, days=days)[ONE.track_id]


@pytest.mark.parametrize(
    ("last_day", "expected"),
    [
        pytest.param(SPRING + timedelta(days=1), [24, 23, 24], id="spring"),
        pytest.param(AUTUMN + timedelta(days=1), [24, 25, 24], id="autumn"),
        pytest.param(date(2026, 3, 1), [24, 24, 24], id="end of February"),
        pytest.param(date(2027, 1, 1), [24, 24, 24], id="end of the year"),
    ],
)
def test_a_play_every_hour_is_as_many_as_the_day_has_hours(
    store: Database, last_day: date, expected: list[int]
) -> None:
    first, _ = reports.day_bounds(last_day - timedelta(days=4), TZ)
    write_plays(store, [play("kexp", first + timedelta(hours=hour), of=ONE) for hour in range(24 * 7)])
    assert per_day(store, last_day, days=3) == expected


@pytest.mark.parametrize("last_day", [SPRING, AUTUMN, date(2026, 3, 30), date(2026, 12, 1)])
def test_every_day_counts_the_plays_that_the_log_shows_on_it(store: Database, last_day: date) -> None:
    first, end = reports.day_bounds(last_day - timedelta(days=32), TZ)[0], reports.day_bounds(last_day, TZ)[1]
    moments = [first + timedelta(minutes=53 * number) for number in range(int((end - first) / timedelta(minutes=53)))]
    write_plays(store, [play("kexp", moment, of=ONE) for moment in moments])
    days = [last_day - timedelta(days=shift) for shift in reversed(range(30))]
    by_date = Counter(moment.astimezone(TZ).date() for moment in moments)
    assert per_day(store, last_day) == [by_date[day] for day in days]


@pytest.mark.parametrize(
    ("seconds", "expected"), [(-1, [1, 0]), (0, [0, 1]), (86_399, [0, 1]), (86_400, [0, 0])], ids=str
)
def test_a_day_ends_where_the_next_begins(store: Database, seconds: int, expected: list[int]) -> None:
    midnight, _ = reports.day_bounds(date(2026, 11, 20), TZ)
    write_plays(store, [play("kexp", midnight + timedelta(seconds=seconds), of=ONE)])
    assert per_day(store, date(2026, 11, 20), days=2) == expected


def test_all_tracks_are_counted_at_once_and_apart(store: Database) -> None:
    noon = datetime(2026, 11, 20, 20, tzinfo=UTC)
    both = [play("kexp", noon, of=ONE), play("nova", noon, of=ONE), play("playa", noon, of=OTHER)]
    write_plays(store, [*both, play("kexp", noon - timedelta(days=400), of=OTHER)])
    found = reports.plays_per_day(store, [ONE.track_id, OTHER.track_id, "shazam:none"], date(2026, 11, 20), TZ)
    assert {track_id: (len(days), sum(days), days[-1]) for track_id, days in found.items()} == {
        ONE.track_id: (30, 2, 2),
        OTHER.track_id: (30, 1, 1),
        "shazam:none": (30, 0, 0),
    }


def test_no_tracks_and_an_empty_store_have_no_plays(store: Database) -> None:
    assert reports.plays_per_day(store, [], date(2026, 11, 20), TZ) == {}
    assert per_day(store, date(2026, 11, 20)) == [0] * 30
