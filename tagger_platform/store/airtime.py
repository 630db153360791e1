"""What was on air in a stretch of time: every play as a span to draw, its numbers, and its plays page by page.

What belongs here: the questions of the page On air, each fast on a log of millions. What does not: what is behind a
play (`proof`).
"""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from tagger_platform.decide.coverage import Coverage
from tagger_platform.model import Play, PlayStatus
from tagger_platform.store.art import with_local_art
from tagger_platform.store.database import Connection, Database
from tagger_platform.store.reports import coverage_within
from tagger_platform.store.rows import PLAYS, last_page, naive, plays_from

NEWEST_FIRST = "ORDER BY p.started_at DESC, p.stream DESC, p.play_id"
WITHIN = " WHERE p.started_at >= $start AND p.started_at < $end AND (len($streams) = 0 OR p.stream IN $streams)"


@dataclass(frozen=True)
class Stretch:
    """The plays that begin in [start, end) on `streams`; on all of them where none is named."""

    start: datetime
    end: datetime
    streams: tuple[str, ...] = ()

    @property
    def values(self) -> dict[str, object]:
        return {"start": naive(self.start), "end": naive(self.end), "streams": list(self.streams)}


class Span(NamedTuple):
    """A play as it is drawn, in seconds since its stretch began: a day can have ten thousand."""

    stream: str
    start_s: int
    end_s: int
    probable: bool
    title: str
    artist: str


@dataclass(frozen=True)
class Drawn:
    """What is drawn of a stretch."""

    plays: list[Span]
    coverage: list[Coverage]


@dataclass(frozen=True)
class Numbers:
    """A stretch in four numbers; `artist` is whose music was played most, empty where none is named."""

    plays: int
    tracks: int
    artist: str
    confidence: float | None


@dataclass(frozen=True)
class Listed:
    """Page `page`, from 1, of the plays of a stretch, the newest first; its numbers, and those of another."""

    plays: list[Play]
    page: int
    numbers: Numbers
    others: Numbers


def drawn(database: Database, stretch: Stretch) -> Drawn:
    """Every play of a stretch, the oldest first, and how much of it was heard (`date`: as `coverage_between`)."""
    with database.reading() as connection:
        rows = connection.execute(
            "SELECT p.stream, date_diff('second', $start, p.started_at), date_diff('second', $start, p.ended_at),"
            " p.status = $probable, t.title, t.artist"
            f" FROM plays p JOIN tracks t USING (track_id){WITHIN} ORDER BY p.started_at, p.stream, p.play_id",
            {**stretch.values, "probable": PlayStatus.PROBABLE},
        ).fetchall()
        coverage = coverage_within(connection, stretch.start, stretch.end, stretch.end.date(), stretch.streams)
    return Drawn([Span(*row) for row in rows], coverage)


def listed(database: Database, stretch: Stretch, other: Stretch, *, page: int, page_plays: int) -> Listed:
    """A page of the plays of a stretch, the last one where there are not so many, and the numbers of both."""
    with database.reading() as connection:
        numbers = _numbers(connection, stretch)
        page = last_page(page, numbers.plays, page_plays)
        rows = connection.execute(
            f"WITH page AS (SELECT p.play_id FROM plays p{WITHIN} {NEWEST_FIRST} LIMIT $limit OFFSET $offset)"
            f" {PLAYS}{WITHIN} AND p.play_id IN (SELECT play_id FROM page) {NEWEST_FIRST}",
            {**stretch.values, "limit": page_plays, "offset": page_plays * (page - 1)},
        ).fetchall()
        plays = with_local_art(connection, plays_from(connection, rows))
        return Listed(plays, page, numbers, _numbers(connection, other))


def plays_within(database: Database, stretch: Stretch) -> list[Play]:
    """Every play of a stretch with all that is known of it, the oldest first."""
    with database.reading() as connection:
        rows = connection.execute(
            f"{PLAYS}{WITHIN} ORDER BY p.started_at, p.stream, p.play_id", stretch.values
        ).fetchall()
        return plays_from(connection, rows)


def play_with_id(database: Database, play_id: str) -> Play | None:
    """One play; None where there is no such play."""
    with database.reading() as connection:
        rows = connection.execute(PLAYS + " WHERE p.play_id = ?", [play_id]).fetchall()
        return next(iter(with_local_art(connection, plays_from(connection, rows))), None)


def _numbers(connection: Connection, stretch: Stretch) -> Numbers:
    rows = connection.execute(
        f"WITH heard AS MATERIALIZED (SELECT p.track_id, p.confidence FROM plays p{WITHIN}),"
        " played AS MATERIALIZED (SELECT track_id, count(*) AS times FROM heard GROUP BY 1)"
        " SELECT count(*), (SELECT count(*) FROM played), coalesce((SELECT artist FROM played JOIN tracks"
        " USING (track_id) WHERE artist <> '' AND kind = 'music' GROUP BY artist"
        " ORDER BY sum(times) DESC, artist LIMIT 1), ''),"
        " median(confidence) FROM heard",
        stretch.values,
    ).fetchall()
    return Numbers(*rows[0])
