"""Every question that people ask of the log. Read only; the pages, the API and the commands all ask here.

What belongs here: one function per question, each one turn at the store. What does not: drawing the answers.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from tagger_platform.decide.coverage import UNACCOUNTED, Coverage, coverage
from tagger_platform.model import CanaryResult, Play
from tagger_platform.store import histograms, library
from tagger_platform.store.art import with_local_art
from tagger_platform.store.canary import newest_canaries
from tagger_platform.store.database import Connection, Database
from tagger_platform.store.expected import unaccounted
from tagger_platform.store.identifications import Identification, known_identification, newest_identifications
from tagger_platform.store.library import Counts, LibraryItem
from tagger_platform.store.library_page import (
    LibraryPage,
    ListedItem,
    Standing,
    Wanted,
    listed,
    page_of_items,
    standing_of_library,
)
from tagger_platform.store.proof import ProofWindow, proof_windows, raw_answer, windows_of_play
from tagger_platform.store.rows import PLAYS, aware, naive, plays_from
from tagger_platform.store.runs import last_runs, schema_since
from tagger_platform.store.stream_stats import StreamStats, stream_stats_until


def day_bounds(day: date, tz: tzinfo) -> tuple[datetime, datetime]:
    """The instants at which a local day begins and ends: 23, 24 or 25 hours apart."""
    start = datetime.combine(day, time(), tz)
    end = datetime.combine(day + timedelta(days=1), time(), tz)
    return start.astimezone(UTC), end.astimezone(UTC)


@dataclass(frozen=True)
class PlaysPage:
    plays: list[Play]
    total: int


def plays_of_day(
    database: Database,
    day: date,
    tz: tzinfo,
    *,
    streams: Sequence[str] = (),
    limit: int | None = None,
    offset: int = 0,
) -> PlaysPage:
    """The plays that began on a local day, oldest first; of all streams when none is named."""
    start, end = day_bounds(day, tz)
    with database.reading() as connection:
        where = " WHERE p.started_at >= $start AND p.started_at < $end AND (len($streams) = 0 OR p.stream IN $streams)"
        values = {"start": naive(start), "end": naive(end), "streams": list(streams)}
        total = _one(connection, "SELECT count(*) FROM plays p" + where, values)
        rows = connection.execute(
            PLAYS + where + " ORDER BY p.started_at, p.stream, p.play_id LIMIT $limit OFFSET $offset",
            {**values, "limit": total if limit is None else limit, "offset": offset},
        ).fetchall()
        return PlaysPage(with_local_art(connection, plays_from(connection, rows)), total)


def _one(connection: Connection, sql: str, values: dict[str, object]) -> int:
    row = connection.execute(sql, values).fetchone()
    return int(row[0]) if row else 0


def count_plays(database: Database, stream: str, start: datetime, end: datetime) -> int:
    """How many plays of a stream begin in [start, end)."""
    with database.reading() as connection:
        where = " WHERE stream = $stream AND started_at >= $start AND started_at < $end"
        values: dict[str, object] = {"stream": stream, "start": naive(start), "end": naive(end)}
        return _one(connection, "SELECT count(*) FROM plays" + where, values)


def latest_plays(database: Database) -> dict[str, Play]:
    """The newest play of every stream."""
    with database.reading() as connection:
        rows = connection.execute(
            "WITH late AS (SELECT max(started_at) - INTERVAL 7 DAY AS since FROM plays)"
            f" {PLAYS} WHERE p.started_at >= (SELECT since FROM late) AND p.play_id IN (SELECT"
            " arg_max(play_id, started_at) FROM plays WHERE started_at >= (SELECT since FROM late) GROUP BY stream)"
        ).fetchall()
        return {play.stream: play for play in with_local_art(connection, plays_from(connection, rows))}


def plays_per_day(
    database: Database, track_ids: Sequence[str], last_day: date, tz: tzinfo, *, days: int = 30
) -> dict[str, list[int]]:
    """How often each of these tracks began on each of the `days` local days up to `last_day`, the oldest first."""
    wanted = [last_day - timedelta(days=shift) for shift in reversed(range(days))]
    bounds = [day_bounds(day, tz) for day in wanted]
    with database.reading() as connection:
        return histograms.plays_between(connection, track_ids, [*(start for start, _ in bounds), bounds[-1][1]])


def stream_titles(database: Database) -> dict[str, str]:
    """Display titles of all streams ever heard, by name."""
    with database.reading() as connection:
        return dict(
            connection.execute(
                "SELECT name, arg_max(title, enabled_from) FROM streams GROUP BY name ORDER BY name"
            ).fetchall()
        )


def total_plays(database: Database) -> int:
    """How many plays the log holds."""
    with database.reading() as connection:
        return _one(connection, "SELECT count(*) FROM plays", {})


def canary_results(database: Database) -> list[CanaryResult]:
    """What became of every provider's last canary."""
    with database.reading() as connection:
        return newest_canaries(connection)


def runs_done(database: Database) -> tuple[dict[str, datetime], datetime]:
    """When what runs again and again last succeeded, by name; and since when there is a store of this schema."""
    with database.reading() as connection:
        return last_runs(connection), schema_since(connection)


def coverage_of_day(database: Database, day: date, tz: tzinfo, *, streams: Sequence[str] = ()) -> list[Coverage]:
    """How much of a local day was heard, per stream; windows belong to the day they begin in."""
    with database.reading() as connection:
        return coverage_within(connection, *day_bounds(day, tz), day, streams)


def coverage_between(database: Database, start: datetime, end: datetime) -> list[Coverage]:
    """The same of any stretch of time; `date` is the day in UTC that it ends on."""
    with database.reading() as connection:
        return coverage_within(connection, start, end, end.date(), ())


def coverage_within(
    connection: Connection, start: datetime, end: datetime, day: date, streams: Sequence[str]
) -> list[Coverage]:
    """The same for who has a turn at the store already; `date` is `day`."""
    rows = connection.execute(
        "SELECT stream, started_at, ended_at, state FROM windows WHERE started_at >= $start AND started_at < $end"
        " AND (len($streams) = 0 OR stream IN $streams) ORDER BY stream, started_at",
        {"start": naive(start), "end": naive(end), "streams": list(streams)},
    ).fetchall()
    by_stream: dict[str, list[tuple[datetime, datetime, str]]] = {}
    for stream, started, ended, state in rows:
        by_stream.setdefault(stream, []).append((aware(started), aware(ended), state))
    for due in unaccounted(connection, start, end, streams):
        by_stream.setdefault(due.stream, []).append((due.start, due.end, UNACCOUNTED))
    return [coverage(windows, stream=stream, date=day) for stream, windows in sorted(by_stream.items())]


def stream_stats(database: Database, end: datetime) -> dict[str, StreamStats]:
    """How much of each stream was heard and named in the 24 hours and the 7 days before `end`."""
    with database.reading() as connection:
        return stream_stats_until(connection, end)


@dataclass(frozen=True)
class LastWindow:
    """The newest window of a stream that the store knows: when it began and what became of it."""

    started_at: datetime
    state: str
    detail: str


def last_windows(database: Database) -> dict[str, LastWindow]:
    """The newest window of every stream."""
    with database.reading() as connection:
        rows = connection.execute(
            "SELECT stream, max(started_at), arg_max(state, started_at), arg_max(detail, started_at)"
            " FROM windows GROUP BY stream"
        ).fetchall()
    return {stream: LastWindow(aware(started), state, detail) for stream, started, state, detail in rows}


@dataclass(frozen=True)
class KnownWindow:
    """A window that the store knows: who told of it, and its state."""

    window_id: str
    source: str
    state: str


def windows_between(database: Database, stream: str, start: datetime, end: datetime) -> list[KnownWindow]:
    """The windows of a stream that begin in [start, end), by start."""
    with database.reading() as connection:
        rows = connection.execute(
            "SELECT window_id, source, state FROM windows WHERE stream = ? AND started_at >= ? AND started_at < ?"
            " ORDER BY started_at, window_id",
            [stream, naive(start), naive(end)],
        ).fetchall()
    return [KnownWindow(*row) for row in rows]


def library_items(database: Database) -> list[LibraryItem]:
    """Every item of the user's own library, by title."""
    with database.reading() as connection:
        return library.listed_items(connection)


def library_page(database: Database, wanted: Wanted, *, page: int, page_items: int, now: datetime) -> LibraryPage:
    """Some items of the library with when each was last heard, those that were added last first."""
    with database.reading() as connection:
        return page_of_items(connection, wanted, page, page_items, now)


def listed_items(database: Database, item_ids: Sequence[str], now: datetime) -> dict[str, ListedItem]:
    """Those of `item_ids` that are in the library, with when each was last heard."""
    with database.reading() as connection:
        return listed(connection, item_ids, now)


def library_standing(database: Database, now: datetime) -> Standing:
    """How the library stands, and how much of it was heard in the 30 days before `now`."""
    with database.reading() as connection:
        return standing_of_library(connection, now)


def library_counts(database: Database) -> Counts:
    """How many items of the library are in which state, what is being fingerprinted, and what failed last."""
    with database.reading() as connection:
        return library.counts(connection)


def library_item(database: Database, item_id: str) -> LibraryItem | None:
    """One item of the library, None for one that is unknown or was removed."""
    with database.reading() as connection:
        item = library.items(connection, [item_id]).get(item_id)
    return None if item is None or item.status is library.ItemStatus.REMOVED else item


def identifications(database: Database, *, limit: int, offset: int = 0) -> list[Identification]:
    """What people asked about by hand, the newest first."""
    with database.reading() as connection:
        return newest_identifications(connection, limit, offset)


def identification(database: Database, identification_id: str) -> tuple[Identification, Play | None] | None:
    """One of them, and when the track that it names was last heard; None where there is no such identification."""
    with database.reading() as connection:
        found = known_identification(connection, identification_id)
        return None if found is None else (found, _last_play(connection, found.answer["track_id"]))


def last_play(database: Database, track_id: str) -> Play | None:
    """When a track was last heard."""
    with database.reading() as connection:
        return _last_play(connection, track_id)


def _last_play(connection: Connection, track_id: str | None) -> Play | None:
    """Also one that shows another provider's track, where this one was found in its windows."""
    rows = connection.execute(
        f"{PLAYS} WHERE p.track_id = $track OR p.play_id IN (SELECT w.play_id FROM play_windows w"
        " JOIN recognitions r USING (window_id) WHERE r.track_id = $track AND r.status = 'match')"
        " ORDER BY p.started_at DESC, p.play_id LIMIT 1",
        {"track": track_id},
    ).fetchall()
    return next(iter(with_local_art(connection, plays_from(connection, rows))), None)


def proof_of_play(database: Database, play_id: str) -> list[ProofWindow] | None:
    """The windows that made a play and what was said of each; None where there is no such play."""
    with database.reading() as connection:
        windows = windows_of_play(connection, play_id)
        return None if windows is None else proof_windows(connection, windows)


def raw_words(database: Database, window_id: str, provider: str) -> bytes | None:
    """A provider's own words about a window; None where none are kept."""
    with database.reading() as connection:
        return raw_answer(connection, window_id, provider)
