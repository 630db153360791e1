"""What people ask about the sound map: the newest one, with the names of its tracks and how often they were played.

What belongs here: one function per question, each one turn at the store. What does not: writing maps (`clusters`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta, tzinfo
from typing import NamedTuple

from tagger_platform.store.clusters import NO_CLUSTER
from tagger_platform.store.database import Connection, Database
from tagger_platform.store.reports import day_bounds
from tagger_platform.store.rows import naive

DAYS = 90
"""Up to the night of the map, for which the plays of its tracks are counted."""


class Dot(NamedTuple):
    """A track that has a place on the map; `cluster` is -1 where it is in none."""

    track_id: str
    title: str
    artist: str
    x: float
    y: float
    cluster: int
    plays: int


@dataclass(frozen=True)
class SoundMap:
    """The map of a night: its dots, those played most first, and the names of clusters by number.

    `nowhere` is how many tracks have no place, by reason. There are no dots while no map could be drawn.
    """

    night: date
    dots: Sequence[Dot]
    names: Mapping[int, str]
    nowhere: Mapping[str, int]


def map_version(database: Database) -> str:
    """Changes when the newest map does; empty while there is none. Much dearer to read is the map itself."""
    with database.reading() as connection:
        night = _newest(connection)
        rows = connection.execute(
            "SELECT night, count(*), count(x), sum(x), sum(y), sum(cluster) FROM track_clusters WHERE night = ?"
            " GROUP BY night",
            [night],
        ).fetchall()
    return " ".join(map(str, rows[0])) if rows else ""


def sound_map(database: Database, tz: tzinfo) -> SoundMap | None:
    """The newest map on which a track has a place, else the newest of all; None while there is none."""
    with database.reading() as connection:
        night = _newest(connection)
        if night is None:
            return None
        since, until = day_bounds(night - timedelta(days=DAYS), tz)[0], day_bounds(night, tz)[1]
        dots = connection.execute(
            "SELECT track_id, title, artist, round(x, 3), round(y, 3), cluster, coalesce(plays, 0) AS plays"
            " FROM track_clusters JOIN tracks USING (track_id) LEFT JOIN (SELECT track_id, count(*) AS plays FROM plays"
            " WHERE started_at >= ? AND started_at < ? GROUP BY track_id) USING (track_id)"
            " WHERE night = ? AND x IS NOT NULL ORDER BY plays DESC, track_id",
            [naive(since), naive(until), night],
        ).fetchall()
        names = connection.execute(
            "SELECT DISTINCT cluster, label FROM track_clusters WHERE night = ? AND cluster <> ?", [night, NO_CLUSTER]
        ).fetchall()
        nowhere = connection.execute(
            "SELECT reason, count(*) FROM track_clusters WHERE night = ? AND x IS NULL GROUP BY reason ORDER BY reason",
            [night],
        ).fetchall()
    return SoundMap(night, [Dot(*row) for row in dots], dict(names), dict(nowhere))


def _newest(connection: Connection) -> date | None:
    row = connection.execute(
        "SELECT coalesce(max(night) FILTER (x IS NOT NULL), max(night)) FROM track_clusters"
    ).fetchone()
    return row[0] if row else None
