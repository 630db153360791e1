"""How much of each stream was heard lately, and how much of that was named.

What belongs here: counting windows by stream and hour. What does not: which windows a single day lost, and why
(`decide.coverage`).
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from tagger_platform.decide.coverage import HEARD
from tagger_platform.model import Status
from tagger_platform.store.database import Connection
from tagger_platform.store.expected import unaccounted
from tagger_platform.store.rows import naive

DAY, WEEK = timedelta(days=1), timedelta(days=7)
HOURS = 24


@dataclass(frozen=True)
class Period:
    """The windows of a stream in some time: `expected` without those that nobody had to ask, `named` of `heard`."""

    expected: int = 0
    heard: int = 0
    silent: int = 0
    named: int = 0

    @property
    def coverage(self) -> float | None:
        """As `decide.coverage` counts it; None where nothing was expected."""
        return (self.heard + self.silent) / self.expected if self.expected else None

    @property
    def hit_rate(self) -> float | None:
        """The share of heard windows in which some provider named a track; None where nothing was heard."""
        return self.named / self.heard if self.heard else None

    def __add__(self, other: "Period") -> "Period":
        return Period(
            self.expected + other.expected,
            self.heard + other.heard,
            self.silent + other.silent,
            self.named + other.named,
        )


@dataclass(frozen=True)
class StreamStats:
    """The last 24 hours, each of these hours from the oldest on, and the last 7 days."""

    day: Period
    hours: tuple[Period, ...]
    week: Period


def stream_stats_until(connection: Connection, end: datetime) -> dict[str, StreamStats]:
    """Of every stream with a window in the 7 days before `end`, by name."""
    by_hour = _by_hour(connection, end)
    for due in unaccounted(connection, end - WEEK, end):
        hour = max((due.start - (end - DAY)) // timedelta(hours=1), -1)
        hours = by_hour.setdefault(due.stream, {})
        known = hours.get(hour, Period())
        hours[hour] = replace(known, expected=known.expected + 1)
    return {stream: _stats(hours) for stream, hours in by_hour.items()}


def _by_hour(connection: Connection, end: datetime) -> dict[str, dict[int, Period]]:
    """The hours before the last 24 are one, numbered -1."""
    rows = connection.execute(
        "WITH named AS (SELECT DISTINCT window_id FROM recognitions"
        " WHERE started_at >= $week AND started_at < $end AND status = 'match')"
        " SELECT stream, greatest(floor((epoch(w.started_at) - epoch($day::TIMESTAMP)) / 3600), -1)::INTEGER AS hour,"
        " count(*), count(*) FILTER (state = $heard), count(*) FILTER (state = $silent), count(n.window_id)"
        " FROM windows w LEFT JOIN named n USING (window_id)"
        " WHERE w.started_at >= $week AND w.started_at < $end AND state <> $not_needed GROUP BY ALL",
        {
            "week": naive(end - WEEK),
            "day": naive(end - DAY),
            "end": naive(end),
            "heard": HEARD,
            "silent": Status.SILENT,
            "not_needed": Status.NOT_NEEDED,
        },
    ).fetchall()
    found: dict[str, dict[int, Period]] = {}
    for stream, hour, *counts in rows:
        found.setdefault(stream, {})[hour] = Period(*counts)
    return found


def _stats(by_hour: dict[int, Period]) -> StreamStats:
    hours = tuple(by_hour.get(hour, Period()) for hour in range(HOURS))
    return StreamStats(_sum(hours), hours, _sum(by_hour.values()))


def _sum(periods: Collection[Period]) -> Period:
    return sum(periods, Period())
