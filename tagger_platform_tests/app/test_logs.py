"""The logs that pages are tested with are what they say they are."""

from datetime import UTC, datetime, timedelta

import pytest

from tagger_platform.store import reports
from tagger_platform.store.clusters import last_map
from tagger_platform.store.database import Database
from tagger_platform_tests import samples
from tagger_platform_tests.app import logs
from tagger_platform_tests.big_log import Extent, write_big_log


@pytest.mark.parametrize(("name", "plays"), [("empty", 0), ("one play", 1), ("23 h", 23), ("25 h", 25)])
def test_a_small_log_has_what_its_name_says(tmp_path, name, plays):
    database = Database(tmp_path / "tagger.duckdb")
    logs.write(name, database)
    assert reports.plays_of_day(database, logs.DAYS[name], samples.TZ).total == plays


def test_a_big_log_answers_what_pages_ask_whatever_its_size(tmp_path):
    database = Database(tmp_path / "tagger.duckdb")
    until = datetime(2025, 11, 21, 8, tzinfo=UTC)
    extent = Extent(6000, 500, samples.STREAMS, 180, until, windows_for=timedelta(days=1))
    write_big_log(database, extent)
    page = reports.plays_of_day(database, samples.DAY, samples.TZ)
    assert page.total == 5 * 24 * 3600 // 180
    assert {len(play.windows) for play in page.plays} == {2}
    coverage = reports.coverage_of_day(database, samples.DAY, samples.TZ)
    assert {one.stream: one.expected for one in coverage} == dict.fromkeys(samples.STREAMS, 720)
    assert all(0.9 < (one.ratio or 0) <= 1 for one in coverage)
    proof = reports.proof_of_play(database, page.plays[0].play_id)
    assert proof
    assert {answer.provider for window in proof for answer in window.answers} == {"catalogue"}
    with database.reading() as connection:
        drawn = last_map(connection)
    assert drawn
    assert len(drawn.places) == 500
