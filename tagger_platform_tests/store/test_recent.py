"""What the providers were asked: in numbers by the hour, page by page, and what waits."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tagger_platform.model import Status
from tagger_platform.store import recent
from tagger_platform.store.database import Database
from tagger_platform.store.recent import Page, Span
from tagger_platform.store.reports import day_bounds
from tagger_platform_tests import samples
from tagger_platform_tests.app.questions import write_questions

TODAY = Span(*day_bounds(samples.DAY, samples.TZ))
EVERYTHING = Page(TODAY, (), (), 10_000, 0)


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Database:
    """A day of 240 questions, and the long day of 25 hours."""
    made = Database(tmp_path_factory.mktemp("data") / "tagger.duckdb")
    assert write_questions(made, samples.DAY) == 240
    assert write_questions(made, samples.LONG_DAY) == 250
    return made


def test_every_question_is_counted_in_its_hour(database):
    told = recent.numbers(database, TODAY)
    assert sum(one.count for one in told.hours) == 240
    assert {one.hour for one in told.hours} == set(range(24))
    assert sum(one.count for one in told.hours if one.hour == 5) == 10
    assert sum(one.count for one in told.hours if one.status is Status.TIMEOUT) == 120 // 7


def test_a_day_of_25_hours_has_25(database):
    told = recent.numbers(database, Span(*day_bounds(samples.LONG_DAY, samples.TZ)))
    assert {one.hour for one in told.hours} == set(range(25))


def test_the_slowest_answers_are_told_by_provider_and_hour(database):
    slow = recent.numbers(database, TODAY).slow_ms
    assert 70 < slow["catalogue", None] <= 79
    assert 1800 < slow["shazam", None] <= 2100
    assert {hour for provider, hour in slow if provider == "shazam"} == {None, *range(24)}


def test_streams_are_parted_from_each_other(database):
    of_two = Span(TODAY.start, TODAY.end, ("kexp", "nova"))
    assert sum(one.count for one in recent.numbers(database, of_two).hours) == 2 * 48
    rows = recent.asked(database, Page(of_two, (), (), 1000, 0))
    assert {row.window_id.partition("/")[0] for row in rows} == {"kexp", "nova"}


def test_pages_follow_each_other_newest_first_and_hold_every_question_once(database):
    pages = [recent.asked(database, Page(TODAY, (), (), 50, offset)) for offset in range(0, 250, 50)]
    assert [len(page) for page in pages] == [50, 50, 50, 50, 40]
    rows = [row for page in pages for row in page]
    assert len({(row.window_id, row.provider) for row in rows}) == 240
    assert [row.started_at for row in rows] == sorted((row.started_at for row in rows), reverse=True)
    assert rows == recent.asked(database, EVERYTHING)


@pytest.mark.parametrize(
    ("providers", "statuses"),
    [(("shazam",), ()), ((), ("timeout", "bad_answer")), (("catalogue",), ("match",)), (("acoustid",), ())],
)
def test_filters_leave_what_they_name(database, providers, statuses):
    everything = recent.asked(database, EVERYTHING)
    wanted = [
        row
        for row in everything
        if (not providers or row.provider in providers) and (not statuses or row.status in statuses)
    ]
    assert recent.asked(database, Page(TODAY, providers, statuses, 10_000, 0)) == wanted


def test_an_answer_names_its_track_and_says_whether_its_words_are_kept(database):
    match = recent.asked(database, Page(TODAY, ("shazam",), ("match",), 1, 0))[0]
    found = recent.answer(database, match.window_id, "shazam")
    assert found is not None
    assert (found.status, found.title, found.has_raw) == (Status.MATCH, match.title, True)
    assert match.title


@pytest.mark.parametrize(
    "window_id", ["", "kexp", "kexp/2025-11-20T20:00:01Z+0", "kexp/2025-11-20T20:00:00Z+" + "9" * 30, "a/b+c", "\x00"]
)
def test_there_is_no_answer_about_what_is_no_window(database, window_id):
    assert recent.answer(database, window_id, "shazam") is None


def test_what_waits_is_told_with_its_reason_and_its_oldest_window(database):
    waits = {(one.provider, one.status): one for one in recent.waiting(database)}
    assert set(waits) == {("shazam", status) for status in (Status.TIMEOUT, Status.THROTTLED, Status.BAD_ANSWER)}
    assert waits["shazam", Status.TIMEOUT].windows == 120 // 7 + 125 // 7
    assert waits["shazam", Status.TIMEOUT].oldest < datetime(2025, 11, 3, tzinfo=UTC)


def test_an_empty_log_has_no_questions(tmp_path: Path):
    empty = Database(tmp_path / "tagger.duckdb")
    assert recent.numbers(empty, TODAY) == recent.Numbers((), {})
    assert (recent.asked(empty, EVERYTHING), recent.waiting(empty)) == ([], [])
    assert recent.answer(empty, f"kexp/{(TODAY.start + timedelta(hours=1)).isoformat()}+0", "shazam") is None
