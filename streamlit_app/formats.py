"""Times, dates and numbers as the visitor's language and clock write them; times are in TZ, never the browser's zone.

What belongs here: from values to text. What does not: sentences around them.
"""

from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache

from babel.dates import format_date, format_time
from babel.numbers import format_decimal, format_percent

from streamlit_app import preferences
from streamlit_app.preferences import Clock
from streamlit_app.words import _, ngettext

PATTERNS = {Clock.H24: "HH:mm", Clock.H12: "h:mm a"}
SECONDS = {Clock.H24: "HH:mm:ss", Clock.H12: "h:mm:ss a"}
HOURS = {Clock.H24: "HH", Clock.H12: "h a"}


def clock(instant: datetime, tz: tzinfo) -> str:
    """``18:27`` or ``6:27 PM``; with the zone where the clock shows that time twice."""
    return _told_once(instant.astimezone(tz), PATTERNS)


def second(instant: datetime, tz: tzinfo) -> str:
    """``18:27:30`` or ``6:27:30 PM``, for what happens more than once a minute."""
    return _told_once(instant.astimezone(tz), SECONDS)


def hour(instant: datetime, tz: tzinfo) -> str:
    """What the clock says at a full hour, as short as can be: ``18`` or ``6 PM``."""
    return _time(instant.astimezone(tz), HOURS)


def _told_once(local: datetime, patterns: dict[Clock, str]) -> str:
    text = _time(local, patterns)
    other = local.replace(fold=1 - local.fold)
    return text if local.utcoffset() == other.utcoffset() else f"{text} {local:%Z}"


def _time(local: datetime, patterns: dict[Clock, str]) -> str:
    chosen = preferences.current()
    return _time_of_day(local.time().replace(microsecond=0), patterns[chosen.clock], chosen.language)


@lru_cache(maxsize=24 * 60 * 4)
def _time_of_day(shown: time, pattern: str, language: str) -> str:
    return format_time(shown, pattern, locale=language)


def day(value: date) -> str:
    """``20 Nov 2025``, in the order of the language."""
    return format_date(value, "medium", locale=preferences.current().language)


def moment(instant: datetime, tz: tzinfo) -> str:
    """Date and time."""
    return f"{day(instant.astimezone(tz).date())} {clock(instant, tz)}"


def number(value: float) -> str:
    """With the language's separators; at most one digit after the point."""
    return format_decimal(value, "#,##0.#", locale=preferences.current().language)


def percent(share: float) -> str:
    """A share from 0 to 1 as a whole number of percent."""
    return format_percent(share, locale=preferences.current().language)


def milliseconds(value: float | None) -> str:
    """Nothing for nothing."""
    return "" if value is None else _("{number} ms").format(number=number(round(value)))


def length(seconds: float) -> str:
    """``3:07``, or ``1:03:07`` from an hour on."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def ago(instant: datetime, now: datetime | None = None) -> str:
    """How long ago `instant` was, in its largest unit."""
    minutes = max((now or datetime.now(UTC)) - instant, timedelta()) // timedelta(minutes=1)
    if minutes < 60:
        return _("{count} min ago").format(count=max(minutes, 1))
    if minutes < 48 * 60:
        return _("{count} h ago").format(count=minutes // 60)
    return ngettext("{count} day ago", "{count} days ago", minutes // 1440)
