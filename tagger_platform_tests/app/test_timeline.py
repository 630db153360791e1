"""The day as a chart: where spans, gaps, labels and the line of now stand."""

from datetime import UTC, date, datetime, timedelta

import pytest

from streamlit_app import timeline
from streamlit_app.timeline import Row
from streamlit_app.ui.theme import DARK
from tagger_platform.decide.coverage import Gap
from tagger_platform.store.airtime import Span
from tagger_platform.store.reports import day_bounds
from tagger_platform_tests import samples

ROWS = [Row("kexp", "KEXP 90.3", "#F5A524"), Row("nova", "Nova Jazz", "#4CC3F0")]
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def day_of(day: date) -> timeline.Day:
    return timeline.Day(*day_bounds(day, samples.TZ), samples.TZ)


def span(stream, start, *, seconds=200, probable=False):
    since_s = (start - day_of(start.date()).start) // timedelta(seconds=1)
    return Span(stream, since_s, since_s + seconds, probable, "Crying Over Again", "Lonely Motel")


def series_of(option, name):
    return next(series for series in option["series"] if series.get("name") == name and series["data"])


@pytest.mark.parametrize(
    ("day", "hours", "labels"),
    [
        (date(2025, 11, 20), 24, ["00", "01", "02", "03", "04"]),
        (date(2025, 11, 2), 25, ["00", "01", "01", "02", "03"]),
        (date(2025, 3, 9), 23, ["00", "01", "03", "04", "05"]),
    ],
)
def test_labels_follow_the_clock_of_the_day(day, hours, labels):
    shown = day_of(day)
    option = timeline.option(shown, ROWS, [], {}, LONG_AGO, DARK)
    assert option["xAxis"][0]["max"] == hours
    assert len(option["xAxis"][1]["data"]) == hours + 1
    assert option["xAxis"][1]["data"][:5] == labels
    assert option["xAxis"][1]["data"][-1] == "00"


def test_a_play_stands_at_its_hours_in_its_streams_row():
    shown = day_of(date(2025, 11, 2))
    noon = span("nova", datetime(2025, 11, 2, 12, tzinfo=samples.TZ), seconds=360)
    spans = series_of(timeline.option(shown, ROWS, [noon], {}, LONG_AGO, DARK), "Nova Jazz")["data"]
    assert spans == [((13.0, 1), (13.1, 1), "Crying Over Again\nLonely Motel", "12:00–12:06")]


def test_a_probable_play_is_faded_and_says_so():
    shown = day_of(samples.DAY)
    start = datetime(2025, 11, 20, 12, tzinfo=samples.TZ)
    play = span("kexp", start, probable=True)
    drawn = series_of(timeline.option(shown, ROWS, [play], {}, LONG_AGO, DARK), "KEXP 90.3")
    assert drawn["lineStyle"]["opacity"] < 1
    assert drawn["data"][0][-1].endswith("probable")


def test_a_play_over_midnight_ends_with_the_day_and_a_short_one_can_be_seen():
    shown = day_of(samples.DAY)
    late = span("kexp", datetime(2025, 11, 20, 23, 58, tzinfo=samples.TZ), seconds=600)
    short = span("kexp", datetime(2025, 11, 20, 6, tzinfo=samples.TZ), seconds=1)
    data = series_of(timeline.option(shown, ROWS, [late, short], {}, LONG_AGO, DARK), "KEXP 90.3")["data"]
    assert data[0][1] == (24.0, 0)
    assert data[1][1][0] - data[1][0][0] == pytest.approx(timeline.SHORTEST_H, abs=1e-3)


def test_a_gap_is_hatched_with_its_reason():
    shown = day_of(samples.DAY)
    gap = Gap(shown.start + timedelta(hours=7), shown.start + timedelta(hours=8), "reconnecting")
    gaps = series_of(timeline.option(shown, ROWS, [], {"nova": [gap], "unseen": [gap]}, LONG_AGO, DARK), "gaps")
    ((*coords, told),) = gaps["data"]
    assert coords == [(7.0, 1), (8.0, 1)]
    assert "not heard: reconnecting" in told
    assert isinstance(gaps["lineStyle"]["type"], list)


@pytest.mark.parametrize(("hour", "marks"), [(18.5, [18.5]), (-1, []), (25, [])])
def test_the_line_of_now_stands_only_on_its_day(hour, marks):
    shown = day_of(samples.DAY)
    option = timeline.option(shown, ROWS, [], {}, shown.start + timedelta(hours=hour), DARK)
    assert [s["markLine"]["data"][0]["xAxis"] for s in option["series"] if "markLine" in s] == marks


def test_a_time_that_the_clock_shows_twice_names_its_zone():
    shown = day_of(date(2025, 11, 2))
    assert [shown.clock(shown.start + timedelta(hours=hour)) for hour in (0, 1, 2, 3)] == [
        "00:00",
        "01:00 PDT",
        "01:00 PST",
        "02:00",
    ]
