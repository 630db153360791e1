"""What a page's address asks for: the day and the streams, as ``?date=2026-11-20&stream=kexp,nova``.

What belongs here: reading those parameters, however damaged, and writing them. What does not: widgets. Pure.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from tagger_platform.model import STREAM_NAME

FIRST_DAY = date(2000, 1, 1)


@dataclass(frozen=True)
class Wanted:
    """The day and the streams to show (none named: all of them), and sentences on what was not understood."""

    day: date
    streams: tuple[str, ...]
    problems: tuple[str, ...] = ()


def read(day: str, streams: str, *, today: date, known: Sequence[str]) -> Wanted:
    """What the parameters ask for; today and all streams stand in for what cannot be used."""
    wanted_day, day_problem = _day(day, today)
    wanted_streams, stream_problem = _streams(streams, known)
    return Wanted(wanted_day, wanted_streams, tuple(text for text in (day_problem, stream_problem) if text))


def write(day: date, streams: Sequence[str], *, today: date) -> Mapping[str, str]:
    """The parameters for an address; today and all streams need none, so that a bookmark stays on today."""
    values = {"date": "" if day == today else day.isoformat(), "stream": ",".join(streams)}
    return {name: value for name, value in values.items() if value}


def _day(text: str, today: date) -> tuple[date, str]:
    if not text:
        return today, ""
    try:
        day = date.fromisoformat(text) if re.fullmatch(r"\d{4}-\d\d-\d\d", text) else None
    except ValueError:
        day = None
    if day is None:
        return today, "The date in the address is not a day such as 2026-11-20, so this is today."
    if not FIRST_DAY <= day <= today:
        return today, f"{day.isoformat()} is not a day of the log, so this is today."
    return day, ""


def _streams(text: str, known: Sequence[str]) -> tuple[tuple[str, ...], str]:
    names = [name.strip() for name in text.split(",") if name.strip()]
    wanted = tuple(name for name in known if name in names)
    strange = [name for name in names if name not in known]
    if not strange:
        return wanted, ""
    which = f"a stream called {strange[0]}" if STREAM_NAME.fullmatch(strange[0]) else "such a stream"
    return wanted, f"The address asks for {which}, which does not exist{'' if wanted else '; these are all streams'}."
