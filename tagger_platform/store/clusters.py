"""Sound maps in the store: which tracks are on tonight's, and the maps of all nights.

What belongs here: the table `track_clusters`, and reading and writing it. What does not: making a map (`insight`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from tagger_platform.store.database import Connection
from tagger_platform.store.rows import naive
from tagger_platform.store.writes import insert

NIGHTS_KEPT = 30
NO_CLUSTER = -1


@dataclass(frozen=True)
class Played:
    """A track that was played often enough to be on the map."""

    track_id: str
    title: str
    artist: str
    plays: int


@dataclass(frozen=True)
class Place:
    """Where a track is on a night's map, and in which cluster. Without x and y, `reason` says why it has no place."""

    track_id: str
    x: float | None
    y: float | None
    cluster: int = NO_CLUSTER
    label: str = ""
    reason: str = ""


def played(connection: Connection, *, since: datetime, at_least: int) -> list[Played]:
    """Tracks with so many plays since `since`, by track_id."""
    rows = connection.execute(
        "SELECT track_id, title, artist, count(*) FROM plays JOIN tracks USING (track_id) WHERE started_at >= ?"
        " GROUP BY ALL HAVING count(*) >= ? ORDER BY track_id",
        [naive(since), at_least],
    ).fetchall()
    return [Played(*row) for row in rows]


def write_night(connection: Connection, night: date, places: Sequence[Place]) -> None:
    """Put a night's map in the place of the one it had, and forget nights from long ago."""
    connection.execute("DELETE FROM track_clusters WHERE night = ?", [night])
    rows = [[night, one.track_id, one.x, one.y, one.cluster, one.label, one.reason] for one in places]
    for start in range(0, len(rows), 1000):
        insert(connection, "track_clusters", rows[start : start + 1000])
    connection.execute(
        "DELETE FROM track_clusters WHERE night NOT IN"
        " (SELECT DISTINCT night FROM track_clusters ORDER BY night DESC LIMIT ?)",
        [NIGHTS_KEPT],
    )


def map_of(connection: Connection, night: date) -> list[Place]:
    """A night's map, by track_id; empty where there is none."""
    rows = connection.execute(
        "SELECT track_id, x, y, cluster, label, reason FROM track_clusters WHERE night = ? ORDER BY track_id", [night]
    ).fetchall()
    return [Place(*row) for row in rows]


def last_night(connection: Connection, *, before: date = date.max) -> date | None:
    """The newest night before `before` whose map has places; None if there is none."""
    row = connection.execute(
        "SELECT max(night) FROM track_clusters WHERE night < ? AND x IS NOT NULL", [before]
    ).fetchone()
    return row[0] if row else None
