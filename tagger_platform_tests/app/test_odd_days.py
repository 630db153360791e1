"""The days of 23 and of 25 hours on every page that counts by days or hours; On air has its own tests of them."""

from datetime import date, timedelta
from pathlib import Path
from urllib.parse import unquote

import pytest
from streamlit.testing.v1 import AppTest

from streamlit_app import histogram
from streamlit_app.ui.theme import DARK
from tagger_platform.store import reports
from tagger_platform.store.database import Database
from tagger_platform.store.reports import day_bounds
from tagger_platform.store.track_reports import most_heard, track_story
from tagger_platform_tests import samples
from tagger_platform_tests.api.capture_standin import CaptureStandIn
from tagger_platform_tests.app.opening import opened, words
from tagger_platform_tests.app.questions import write_questions

SPRING, AUTUMN = samples.SHORT_DAY, samples.LONG_DAY
ONE, HALF_HOUR, HOUR = timedelta(days=1), timedelta(minutes=30), timedelta(hours=1)
SONG = samples.track(1)
QUESTIONS_AN_HOUR = 2 * len(samples.STREAMS)

odd_days = pytest.mark.parametrize(("day", "hours"), [(SPRING, 23), (AUTUMN, 25)], ids=["23 h", "25 h"])


@pytest.fixture
def api(standin: CaptureStandIn) -> CaptureStandIn:
    standin.health = {"parts": {}}
    return standin


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return Database(tmp_path / "tagger.duckdb")


def play_every_hour(database: Database, day: date) -> None:
    """Half an hour after every full hour of the day, and once on either side of it."""
    start, end = day_bounds(day, samples.TZ)
    hours = range(-1, (end - start) // HOUR + 1)
    samples.write_plays(
        database, [samples.play("kexp", start + hour * HOUR + HALF_HOUR, of=SONG, seconds=60) for hour in hours]
    )


@odd_days
def test_search_and_a_tracks_own_page_count_its_plays_on_the_day_they_were(database: Database, day: date, hours: int):
    play_every_hour(database, day)
    (most,) = most_heard(database, day + ONE, samples.TZ, days=30, most=50)
    found = reports.plays_per_day(database, [SONG.track_id], day + ONE, samples.TZ)[SONG.track_id]
    story = track_story(database, SONG.track_id, day + ONE, samples.TZ, days=90, page=1, page_plays=1)
    assert story
    for by_day in (most.plays_by_day, found, story.by_day):
        assert list(by_day[-4:]) == [0, 1, hours, 1]


@odd_days
def test_the_histogram_names_every_day_once(database: Database, day: date, hours: int):
    play_every_hour(database, day)
    story = track_story(database, SONG.track_id, day + ONE, samples.TZ, days=90, page=1, page_plays=1)
    assert story
    chart = histogram.option(story.by_day, day + ONE, DARK)
    bars = dict(zip(chart["xAxis"]["data"], chart["series"][0]["data"], strict=True))
    assert len(bars) == 90
    assert bars[f"{day:%b} {day.day}"] == hours


def test_a_track_lists_both_plays_of_the_hour_that_comes_twice(api: CaptureStandIn, database: Database):
    play_every_hour(database, AUTUMN)
    shown = [row["moment"] for row in rows(opened("track", id=SONG.track_id)) if "01:30" in str(row["moment"])]
    assert shown == ["Nov 2, 2025 01:30 PST", "Nov 2, 2025 01:30 PDT"]


def rows(page: AppTest) -> list[dict[str, object]]:
    return page.dataframe[0].value.to_dict("records")


@odd_days
def test_diagnostics_counts_the_day_and_has_a_bar_for_every_hour(
    api: CaptureStandIn, database: Database, day: date, hours: int
):
    for wanted in (day - ONE, day, day + ONE):
        write_questions(database, wanted)
    page = opened("diagnostics", date=day.isoformat())
    figures = next(
        unquote(element.proto.body) for element in page.get("html") if 'class="figures"' in element.proto.body
    )
    asked = figures.partition("</p>")[0]
    assert f"<b>{hours * QUESTIONS_AN_HOUR}</b>" in asked
    assert asked.count("&lt;rect") == hours
    assert f"Page 1 of 3: {hours * QUESTIONS_AN_HOUR} questions" in words(page)


@pytest.mark.parametrize(
    ("day", "nights"),
    [
        (SPRING, ["00:00:00", "01:00:00", "03:00:00"]),
        (AUTUMN, ["00:00:00", "01:00:00 PDT", "01:00:00 PST", "02:00:00"]),
    ],
    ids=["23 h", "25 h"],
)
def test_diagnostics_tells_the_hours_of_the_night_apart(
    api: CaptureStandIn, database: Database, day: date, nights: list[str]
):
    write_questions(database, day)
    oldest = rows(opened("diagnostics", date=day.isoformat(), page="3"))
    told = list(dict.fromkeys(str(row["time"]) for row in reversed(oldest)))
    assert told[: len(nights)] == nights


@odd_days
@pytest.mark.parametrize("shift", [-1, 0, 1])
def test_diagnostics_steps_from_day_to_day(api: CaptureStandIn, database: Database, day: date, hours: int, shift: int):
    write_questions(database, day)
    page = opened("diagnostics", date=(day - shift * ONE).isoformat())
    if shift:
        page.button(key="day_after" if shift > 0 else "day_before").click().run()
    assert page.query_params["date"] == day.isoformat()
    assert f": {hours * QUESTIONS_AN_HOUR} questions" in words(page)


@odd_days
def test_the_last_24_hours_and_7_days_of_a_stream_are_as_long_as_ever(database: Database, day: date, hours: int):
    for shift in range(-7, 8):
        write_questions(database, day + shift * ONE)
    midnight = day_bounds(day, samples.TZ)[1]
    for end in (midnight, midnight + 12 * HOUR, midnight + 5 * ONE):
        for stats in reports.stream_stats(database, end).values():
            assert [hour.expected for hour in stats.hours] == [1] * 24, end
            assert (stats.day.expected, stats.week.expected) == (24, 7 * 24), end
            assert stats.day.coverage == 1, end
