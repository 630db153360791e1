"""What people ask about tracks: which were heard most, and all about one of them.

What belongs here: one function per question, each one turn at the store. What does not: finding tracks by their names
(`search_index`), the log of a day (`reports`).
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo

from tagger_platform.model import PlayStatus, Track
from tagger_platform.store.art import tracks_with_local_art
from tagger_platform.store.database import Connection, Database
from tagger_platform.store.histograms import STRETCH, plays_between
from tagger_platform.store.reports import day_bounds
from tagger_platform.store.rows import TRACK_FIELDS, aware, last_page, naive, track_from


@dataclass(frozen=True)
class HeardTrack:
    """A track, and how often it was played on each of the last local days, the oldest first."""

    track: Track
    plays_by_day: Sequence[int]


@dataclass(frozen=True)
class Airing:
    """A play of a track that is known already."""

    play_id: str
    stream: str
    started_at: datetime
    ended_at: datetime
    status: PlayStatus
    confidence: float


@dataclass(frozen=True)
class TrackStory:
    """All about a track that was played: `by_stream` are its plays by stream, most first; `by_day` as above.

    `airings` are those of page `page`, the first being 1, the newest first.
    """

    track: Track
    plays: int
    first: datetime
    last: datetime
    by_stream: Mapping[str, int]
    by_day: Sequence[int]
    airings: Sequence[Airing]
    page: int


def most_heard(database: Database, last_day: date, tz: tzinfo, *, days: int, most: int) -> list[HeardTrack]:
    """The tracks with the most plays on the `days` local days up to `last_day`, most first."""
    bounds = _day_bounds(last_day, tz, days)
    with database.reading() as connection:
        rows = connection.execute(
            "SELECT track_id FROM plays WHERE started_at >= ? AND started_at < ?"
            " GROUP BY track_id ORDER BY count(*) DESC, track_id LIMIT ?",
            [naive(bounds[0]), naive(bounds[-1]), most],
        ).fetchall()
        tracks = _tracks(connection, [track_id for (track_id,) in rows])
        plays = plays_between(connection, list(tracks), bounds)
    return [HeardTrack(track, plays[track_id]) for track_id, track in tracks.items()]


def known_tracks(database: Database, track_ids: Sequence[str]) -> dict[str, Track]:
    """Those of these tracks that the log knows, by id, in the order asked for."""
    with database.reading() as connection:
        return _tracks(connection, track_ids)


def track_story(
    database: Database, track_id: str, last_day: date, tz: tzinfo, *, days: int, page: int, page_plays: int
) -> TrackStory | None:
    """All about a track; None where none is logged.

    Its plays are counted on the `days` local days up to `last_day`; after its last page the last one is shown.
    """
    bounds = _day_bounds(last_day, tz, days)
    with database.reading() as connection:
        counted = _counted(connection, track_id, bounds)
        track = _tracks(connection, [track_id]).get(track_id)
        if track is None or not counted:
            return None
        by_stream, by_day = Counter[str](), Counter[int | None]()
        for stream, day, count, _, _ in counted:
            by_stream[stream] += count
            by_day[day] += count
        page = last_page(page, by_stream.total(), page_plays)
        airings = _airings(connection, track_id, limit=page_plays, offset=page_plays * (page - 1))
    return TrackStory(
        track,
        by_stream.total(),
        aware(min(first for _, _, _, first, _ in counted)),
        aware(max(last for _, _, _, _, last in counted)),
        dict(sorted(by_stream.items(), key=lambda one: (-one[1], one[0]))),
        [by_day[day] for day in range(days)],
        airings,
        page,
    )


def _counted(
    connection: Connection, track_id: str, bounds: Sequence[datetime]
) -> list[tuple[str, int | None, int, datetime, datetime]]:
    """A track's plays by stream and day, None on any other day: how many, and the first and last of them."""
    rows: list[tuple[str, int | None, int, datetime, datetime]] = connection.execute(
        f"SELECT stream, CASE WHEN started_at >= $first AND started_at < $end THEN {STRETCH} END,"
        " count(*), min(started_at), max(started_at) FROM plays WHERE track_id = $track GROUP BY ALL",
        {
            "starts": [naive(bound) for bound in bounds[:-1]],
            "first": naive(bounds[0]),
            "end": naive(bounds[-1]),
            "track": track_id,
        },
    ).fetchall()
    return rows


def _airings(connection: Connection, track_id: str, *, limit: int, offset: int) -> list[Airing]:
    """The plays of a track, newest first."""
    rows = connection.execute(
        "SELECT play_id, stream, started_at, ended_at, status, confidence FROM plays WHERE track_id = ?"
        " ORDER BY started_at DESC, play_id LIMIT ? OFFSET ?",
        [track_id, limit, offset],
    ).fetchall()
    return [
        Airing(play_id, stream, aware(start), aware(end), PlayStatus(status), confidence)
        for play_id, stream, start, end, status, confidence in rows
    ]


def _tracks(connection: Connection, track_ids: Sequence[str]) -> dict[str, Track]:
    rows = connection.execute(
        f"SELECT {', '.join(TRACK_FIELDS)} FROM tracks WHERE track_id IN (SELECT unnest(?))", [list(track_ids)]
    ).fetchall()
    found = {track.track_id: track for track in tracks_with_local_art(connection, [track_from(row) for row in rows])}
    return {track_id: found[track_id] for track_id in track_ids if track_id in found}


def _day_bounds(last_day: date, tz: tzinfo, days: int) -> list[datetime]:
    """The instants at which these local days begin, and at which the last one ends."""
    wanted = [last_day - timedelta(days=shift) for shift in reversed(range(days))]
    return [*(day_bounds(day, tz)[0] for day in wanted), day_bounds(last_day, tz)[1]]
