"""What the page On air shows: its address, understood, and the address of what a visitor chooses next.

What belongs here: from the address to a day, streams, hours, a page of the list and a play, and back. What does not:
drawing, asking for plays.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from streamlit_app import address, day_reads, reads, stream_reads
from streamlit_app.timeline import Day
from streamlit_app.ui import theme
from streamlit_app.words import _
from tagger_platform.store.airtime import Stretch
from tagger_platform.store.reports import day_bounds

DATE, PLAY = "date", "play"
LAST_PAGE = 9_999
ONE_DAY, TICK = timedelta(days=1), timedelta(microseconds=1)


@dataclass(frozen=True)
class Shown:
    """The day and what of it is shown; `hours` since midnight, None for all; `titles` and `colours` are by stream."""

    wanted: date
    streams: tuple[str, ...]
    hours: tuple[float, float] | None
    page: int
    play: str
    problems: list[str]
    today: date
    version: str
    titles: dict[str, str]
    colours: dict[str, str]

    @property
    def day(self) -> Day:
        return _day(self.wanted)

    @property
    def names(self) -> tuple[str, ...]:
        """The streams that are shown: those that were chosen, or all."""
        return self.streams or tuple(self.titles)

    @property
    def whole(self) -> Stretch:
        """All hours of the day."""
        return Stretch(self.day.start, self.day.end, self.streams)

    @property
    def stretch(self) -> Stretch:
        """The hours that were chosen."""
        if self.hours is None:
            return self.whole
        start, end = (min(self.day.start + timedelta(hours=hour), self.day.end) for hour in self.hours)
        return Stretch(start, end, self.streams)

    @property
    def filters(self) -> dict[str, address.Filter]:
        """The parameters of an address that asks for these hours and streams on any day: today is named too."""
        return dict([(DATE, self.wanted), _parameter("streams", self.streams), _parameter("hours", self.hours)])

    def day_before(self, now: datetime) -> Stretch:
        """The same hours of the day before, by the clock; of a day that is not over, those that are."""
        day, before, shown = self.day, _day(self.wanted - ONE_DAY), self.stretch
        end = max(shown.start, min(shown.end, now)) if day.start <= now < day.end else shown.end
        return replace(
            shown,
            start=before.start if shown.start == day.start else before.first_at(day.wall(shown.start) - ONE_DAY),
            # What ends as the clock goes back an hour ends at the later of the two times that it could tell.
            end=before.end if end == day.end else before.first_at(day.wall(end - TICK) + TICK - ONE_DAY),
        )


def go(**chosen: Any) -> None:  # noqa: ANN401 (whatever `Shown` has)
    """Have the address ask for what was chosen, by the names that it has in `Shown`, and for all else as it does now:
    parts of the page are drawn alone, and what they were drawn for may be old."""
    asked = address.asked_now()
    if asked.text(PLAY) and not asked.text(DATE):  # a play's own day, which stays when the play goes
        chosen = {"wanted": shown_now().wanted} | chosen
    address.change(**dict(_parameter(name, value) for name, value in chosen.items()))


def _parameter(name: str, value: Any) -> tuple[str, address.Filter]:  # noqa: ANN401 (see `go`)
    """Today needs no date, so that a bookmark stays on today."""
    match name:
        case "wanted":
            return DATE, None if value == reads.today() else value
        case "streams":
            return "stream", value
        case "hours":
            return name, f"{value[0]:g}-{value[1]:g}" if value else None
    return name, value


def shown_now() -> Shown:
    """What the page's address asks for now."""
    return shown_for(address.asked_now())


def shown_for(asked: address.Asked) -> Shown:
    """What an address asks for. A play without a date brings its own day along."""
    today, version = reads.today(), reads.version()
    titles = stream_reads.titles(version)
    play = asked.text(PLAY)
    found = day_reads.play(version, play) if play else None
    if play and found is None:
        asked.problems.append(_("The log has no such play, or no longer."))
    if found and not asked.text(DATE):
        wanted = found.started_at.astimezone(reads.settings().tz).date()
    else:
        wanted = asked.day(today)
    day = _day(wanted)
    return Shown(
        wanted=wanted,
        streams=asked.streams(list(titles)),
        hours=asked.hours(day.hours(day.end)),
        page=asked.number("page", 1, LAST_PAGE, 1),
        play=play if found else "",
        problems=asked.problems,
        today=today,
        version=version,
        titles=titles,
        colours=theme.palette().of_streams(list(titles)),
    )


def _day(day: date) -> Day:
    tz = reads.settings().tz
    return Day(*day_bounds(day, tz), tz)
