"""The same hours of the day before, by the clock: on ordinary days, and around those of 23 and of 25 hours."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from streamlit_app.shown_day import Shown
from streamlit_app.timeline import Day
from tagger_platform.store.reports import day_bounds
from tagger_platform_tests import samples
from tagger_platform_tests.app.opening import forget

ONE = timedelta(days=1)
SPRING, AUTUMN = samples.SHORT_DAY, samples.LONG_DAY
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


@pytest.fixture(autouse=True)
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in samples.environ(tmp_path).items():
        monkeypatch.setenv(name, value)
    forget()


def before(day: date, hours: tuple[float, float] | None, now: datetime = LONG_AGO) -> str:
    shown = Shown(day, ("kexp",), hours, 1, "", [], day, "", {}, {})
    found = shown.day_before(now)
    assert found.streams == ("kexp",)
    start, end = (one.astimezone(samples.TZ) for one in (found.start, found.end))
    return f"{start:%d %H:%M %Z} to {end:%d %H:%M %Z}"


@pytest.mark.parametrize(
    ("day", "hours", "same"),
    [
        pytest.param(samples.DAY, (6, 12), "19 06:00 PST to 19 12:00 PST", id="an ordinary day"),
        pytest.param(samples.DAY, None, "19 00:00 PST to 20 00:00 PST", id="all of it"),
        pytest.param(SPRING, (5, 11), "08 06:00 PST to 08 12:00 PST", id="6 to 12 of the day of 23 hours"),
        pytest.param(SPRING, (1, 2), "08 01:00 PST to 08 02:00 PST", id="until the clock leaps"),
        pytest.param(SPRING, (2, 3), "08 03:00 PST to 08 04:00 PST", id="from its leap on"),
        pytest.param(SPRING, (2, 23), "08 03:00 PST to 09 00:00 PST", id="from its leap to the end"),
        pytest.param(SPRING, None, "08 00:00 PST to 09 00:00 PST", id="all of the day of 23 hours"),
        pytest.param(SPRING + ONE, (6, 12), "09 06:00 PDT to 09 12:00 PDT", id="6 to 12 of the day after it"),
        pytest.param(SPRING + ONE, (0, 6), "09 00:00 PST to 09 06:00 PDT", id="0 to 6 of the day after it"),
        pytest.param(SPRING + ONE, (2, 3), "09 03:00 PDT to 09 03:00 PDT", id="an hour that was left out"),
        pytest.param(SPRING + ONE, (1, 2.5), "09 01:00 PST to 09 03:00 PDT", id="into it"),
        pytest.param(SPRING + ONE, (2.5, 4), "09 03:00 PDT to 09 04:00 PDT", id="out of it"),
        pytest.param(SPRING + ONE, None, "09 00:00 PST to 10 00:00 PDT", id="all of the day after it"),
        pytest.param(AUTUMN, (7, 13), "01 06:00 PDT to 01 12:00 PDT", id="6 to 12 of the day of 25 hours"),
        pytest.param(AUTUMN, (1, 2), "01 01:00 PDT to 01 02:00 PDT", id="the hour that comes twice"),
        pytest.param(AUTUMN, (2, 3), "01 01:00 PDT to 01 02:00 PDT", id="the hour that comes again"),
        pytest.param(AUTUMN, (0, 25), "01 00:00 PDT to 02 00:00 PDT", id="all of the day of 25 hours"),
        pytest.param(AUTUMN + ONE, (6, 12), "02 06:00 PST to 02 12:00 PST", id="6 to 12 of the day after that"),
        pytest.param(AUTUMN + ONE, (1, 2), "02 01:00 PDT to 02 02:00 PST", id="an hour that came twice"),
        pytest.param(AUTUMN + ONE, (18, 24), "02 18:00 PST to 03 00:00 PST", id="until midnight"),
    ],
)
def test_the_same_hours_are_those_that_the_clock_calls_so(day, hours, same):
    assert before(day, hours) == same


@pytest.mark.parametrize(
    ("day", "hours", "until"),
    [
        (samples.DAY, None, "19 00:00 PST to 19 12:00 PST"),
        (samples.DAY, (6, 18), "19 06:00 PST to 19 12:00 PST"),
        (samples.DAY, (6, 9), "19 06:00 PST to 19 09:00 PST"),
        (samples.DAY, (15, 18), "19 15:00 PST to 19 15:00 PST"),
        (SPRING, None, "08 00:00 PST to 08 12:00 PST"),
        (SPRING + ONE, None, "09 00:00 PST to 09 12:00 PDT"),
        (AUTUMN, None, "01 00:00 PDT to 01 12:00 PDT"),
        (AUTUMN + ONE, None, "02 00:00 PDT to 02 12:00 PST"),
    ],
)
def test_at_noon_yesterday_by_now_is_yesterday_until_noon(day, hours, until):
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=samples.TZ)
    assert before(day, hours, noon.astimezone(UTC)) == until


def test_at_midnight_there_is_no_yesterday_by_now():
    start, _end = day_bounds(samples.DAY, samples.TZ)
    assert before(samples.DAY, None, start) == "19 00:00 PST to 19 00:00 PST"


@pytest.mark.parametrize("day", [SPRING, AUTUMN, samples.DAY])
def test_what_the_clock_says_at_a_minute_is_found_again_at_that_minute_or_the_first_that_says_so(day):
    shown = Day(*day_bounds(day, samples.TZ), samples.TZ)
    said: dict[datetime, datetime] = {}
    for minute in range((shown.end - shown.start) // timedelta(minutes=1)):
        instant = shown.start + timedelta(minutes=minute)
        first = said.setdefault(shown.wall(instant), instant)
        assert shown.first_at(shown.wall(instant)) == first
