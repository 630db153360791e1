"""What the providers were asked and said: page by page, in numbers by the hour, and what still waits for an answer.

What belongs here: the questions that the page Diagnostics asks of the log, each one turn at the store. What does not:
the proof of a play (`proof`), counters since the log began (`totals`).
"""

from dataclasses import dataclass
from datetime import datetime

from tagger_platform.model import Status, window_start
from tagger_platform.store.database import Connection, Database
from tagger_platform.store.proof import Answer, proof_windows
from tagger_platform.store.rows import WAITING, aware, naive

HOUR_S = 3600
SLOWEST_SHARE = 0.95
"""Of the answers, this share came faster than the latency that is told."""


@dataclass(frozen=True)
class Span:
    """The windows that begin in [start, end), of these streams; of all where none is named."""

    start: datetime
    end: datetime
    streams: tuple[str, ...] = ()


@dataclass(frozen=True)
class Page:
    """`limit` questions of a span from `offset` on, of these providers and statuses; of all where none is named."""

    span: Span
    providers: tuple[str, ...]
    statuses: tuple[str, ...]
    limit: int
    offset: int


@dataclass(frozen=True)
class Hour:
    """How many questions of an hour, counted from the span's start, went so with a provider."""

    hour: int
    provider: str
    status: Status
    count: int


@dataclass(frozen=True)
class Asked:
    """One question to one provider, and what became of it; title and artist are empty where no track was named."""

    window_id: str
    provider: str
    status: Status
    started_at: datetime
    latency_ms: float | None
    title: str
    artist: str


@dataclass(frozen=True)
class Waiting:
    """How many windows wait for a provider, why, and when the oldest of them began."""

    provider: str
    status: Status
    windows: int
    oldest: datetime


@dataclass(frozen=True)
class Numbers:
    """A span in numbers; `slow_ms` is the 95th percentile of latency, by provider and hour, or None for all hours."""

    hours: tuple[Hour, ...]
    slow_ms: dict[tuple[str, int | None], float]


def numbers(database: Database, span: Span) -> Numbers:
    """Every question of the span, counted."""
    with database.reading() as connection:
        return Numbers(_hours(connection, span), _slow_ms(connection, span))


def asked(database: Database, page: Page) -> list[Asked]:
    """The questions of the page, those about the newest window first."""
    values = {**_values(page.span), "providers": list(page.providers), "statuses": list(page.statuses)}
    with database.reading() as connection:
        rows = connection.execute(
            "WITH page AS (SELECT window_id, provider, status, started_at, latency_ms, track_id"
            f" FROM recognitions{_IN_SPAN}"
            " AND (len($providers) = 0 OR provider IN $providers) AND (len($statuses) = 0 OR status IN $statuses)"
            " ORDER BY started_at DESC, window_id, provider LIMIT $limit OFFSET $offset)"
            " SELECT p.window_id, p.provider, p.status, p.started_at, p.latency_ms, coalesce(t.title, ''),"
            " coalesce(t.artist, '') FROM page p LEFT JOIN tracks t USING (track_id)"
            " ORDER BY p.started_at DESC, p.window_id, p.provider",
            {**values, "limit": page.limit, "offset": page.offset},
        ).fetchall()
    return [Asked(window, who, Status(what), aware(at), *rest) for window, who, what, at, *rest in rows]


def answer(database: Database, window_id: str, provider: str) -> Answer | None:
    """What the provider said of the window; None where the log holds nothing of it."""
    try:
        window_start(window_id)
    except (ValueError, OverflowError):  # no window has such an id
        return None
    with database.reading() as connection:
        (window,) = proof_windows(connection, [window_id])
    return next((one for one in window.answers if one.provider == provider), None)


def waiting(database: Database) -> list[Waiting]:
    """Every window that nobody has answered yet and somebody still may, by provider and reason."""
    with database.reading() as connection:
        rows = connection.execute(
            f"SELECT provider, status, count(*), min(started_at) FROM recognitions WHERE status IN ({WAITING})"
            " GROUP BY ALL ORDER BY ALL"
        ).fetchall()
    return [Waiting(provider, Status(status), count, aware(oldest)) for provider, status, count, oldest in rows]


_IN_SPAN = (
    " WHERE started_at >= $start AND started_at < $end"
    " AND (len($streams) = 0 OR split_part(window_id, '/', 1) IN $streams)"
)
_HOUR = f"(epoch(started_at - $start)::BIGINT // {HOUR_S})::INTEGER"


def _values(span: Span) -> dict[str, object]:
    return {"start": naive(span.start), "end": naive(span.end), "streams": list(span.streams)}


def _hours(connection: Connection, span: Span) -> tuple[Hour, ...]:
    rows = connection.execute(
        f"SELECT {_HOUR} AS hour, provider, status, count(*) FROM recognitions{_IN_SPAN} GROUP BY ALL ORDER BY ALL",
        _values(span),
    ).fetchall()
    return tuple(Hour(hour, provider, Status(status), count) for hour, provider, status, count in rows)


def _slow_ms(connection: Connection, span: Span) -> dict[tuple[str, int | None], float]:
    rows = connection.execute(
        f"SELECT provider, hour, quantile_cont(latency_ms, {SLOWEST_SHARE})"
        f" FROM (SELECT provider, {_HOUR} AS hour, latency_ms FROM recognitions{_IN_SPAN} AND latency_ms IS NOT NULL)"
        " GROUP BY GROUPING SETS ((provider, hour), (provider)) ORDER BY ALL",
        _values(span),
    ).fetchall()
    return {(provider, hour): slow for provider, hour, slow in rows}
