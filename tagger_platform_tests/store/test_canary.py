"""Canaries in the store: a bounded number of results, and the windows that can serve as clips."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tagger_platform.model import CanaryOutcome, CanaryResult, PlayStatus, Recognition, Status
from tagger_platform.store import reports
from tagger_platform.store.canary import KEPT, note_canaries, windows_known_to
from tagger_platform.store.database import Database
from tagger_platform.store.writes import write_recognitions
from tagger_platform_tests import samples

NOW = datetime(2026, 11, 21, 3, 17, tzinfo=UTC)


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return Database(tmp_path / "tagger.duckdb")


def result(hours: int, provider: str = "shazam") -> CanaryResult:
    return CanaryResult(provider, NOW + timedelta(hours=hours), CanaryOutcome.WRONG, 12.5, "named another")


def test_the_newest_result_of_every_provider_is_told(database: Database):
    assert reports.canary_results(database) == []
    with database.writing() as connection:
        note_canaries(connection, [result(1), result(0), result(0, "catalogue")])
    assert reports.canary_results(database) == [result(0, "catalogue"), result(1)]


def test_no_more_results_are_kept_than_a_week_of_hours_has(database: Database):
    with database.writing() as connection:
        note_canaries(connection, [result(hour) for hour in range(KEPT + 30)] + [result(0, "catalogue")])
        note_canaries(connection, [result(KEPT + 30)])
    with database.reading() as connection:
        kept = connection.execute("SELECT provider, count(*), max(asked_at) FROM canary_results GROUP BY 1 ORDER BY 1")
        newest = (NOW + timedelta(hours=KEPT + 30)).replace(tzinfo=None)
        assert kept.fetchall() == [("catalogue", 1, NOW.replace(tzinfo=None)), ("shazam", KEPT, newest)]


def write_play(database: Database, minutes: int, number: int, status: PlayStatus = PlayStatus.CONFIRMED) -> str:
    """A play with one window that Shazam matched; returns the window's id."""
    made = samples.play("kexp", NOW - timedelta(minutes=minutes), of=samples.track(number), status=status)
    samples.write_plays(database, [made])
    given = Recognition(made.windows[0], "shazam", Status.MATCH, samples.track(number))
    with database.writing() as connection:
        write_recognitions(connection, [], [given], asked_at=NOW)
    return made.windows[0]


def known(database: Database, provider: str = "shazam") -> list[tuple[str, str]]:
    with database.reading() as connection:
        found = windows_known_to(connection, provider, NOW, timedelta(days=30))
    return [(window_id, track.track_id) for window_id, track in found]


def test_windows_of_confirmed_plays_that_the_provider_matched_can_serve_the_newest_first(database: Database):
    older, newer = write_play(database, 600, 2), write_play(database, 60, 4)
    write_play(database, 30, 6, PlayStatus.PROBABLE)
    write_play(database, 60 * 24 * 40, 8)
    assert known(database) == [(newer, "shazam:4"), (older, "shazam:2")]
    assert known(database, "acoustid") == []
