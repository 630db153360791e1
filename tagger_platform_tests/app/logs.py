"""The logs that every page must cope with, by name: `write("25 h", database)`, then look at `DAYS["25 h"]`.

What belongs here: small logs. The big one is `big_log`.
"""

from collections.abc import Callable
from datetime import date, timedelta

from tagger_platform.store.database import Database
from tagger_platform.store.reports import day_bounds
from tagger_platform_tests import samples

DAYS = {
    "empty": samples.DAY,
    "one play": samples.DAY,
    "busy": samples.DAY,
    "23 h": samples.SHORT_DAY,
    "25 h": samples.LONG_DAY,
}
"""The local day on which each log has what it has."""


def write(name: str, database: Database) -> list[samples.Play]:
    """Make the log; returns its plays."""
    return _WRITERS[name](database, DAYS[name])


def _empty(database: Database, _: date) -> list[samples.Play]:
    database.migrate()
    return []


def _one_play(database: Database, day: date) -> list[samples.Play]:
    plays = [samples.play("kexp", samples.noon(day))]
    samples.write_plays(database, plays)
    return plays


def _every_hour(database: Database, day: date) -> list[samples.Play]:
    """One play in each of the day's hours, and one on either side of it."""
    start, end = day_bounds(day, samples.TZ)
    hours = round((end - start) / timedelta(hours=1))
    plays = [samples.play("kexp", start + timedelta(hours=hour, minutes=30)) for hour in range(-1, hours + 1)]
    samples.write_plays(database, plays)
    return plays


_WRITERS: dict[str, Callable[[Database, date], list[samples.Play]]] = {
    "empty": _empty,
    "one play": _one_play,
    "busy": samples.write_day,
    "23 h": _every_hour,
    "25 h": _every_hour,
}
