"""Sound maps in the store: which tracks are on tonight's, and the maps of all nights.

What belongs here: the table `track_clusters`, and reading and writing it. What does not: making a map (`insight`).
"""

from dataclasses import dataclass
from datetime import date, datetime

from tagger_platform.store.database import Connection
from tagger_platform.store.embeddings import ModelName
from tagger_platform.store.rows import naive
from tagger_platform.store.writes import insert

NIGHTS_KEPT = 30
INSERTED_AT_ONCE = 1000
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


@dataclass(frozen=True)
class NightMap:
    """The sound map of a night, a local day: the model whose vectors it was made of, and its tracks by track_id."""

    night: date
    name: ModelName
    places: tuple[Place, ...]


def played(connection: Connection, *, since: datetime, at_least: int) -> list[Played]:
    """Tracks with so many plays since `since`, by track_id."""
    rows = connection.execute(
        "SELECT track_id, title, artist, count(*) FROM plays JOIN tracks USING (track_id) WHERE started_at >= ?"
        " GROUP BY ALL HAVING count(*) >= ? ORDER BY track_id",
        [naive(since), at_least],
    ).fetchall()
    return [Played(*row) for row in rows]


def write_map(connection: Connection, drawn: NightMap) -> None:
    """Put a night's map in the place of the one it had, and forget nights from long ago."""
    connection.execute("DELETE FROM track_clusters WHERE night = ?", [drawn.night])
    of = [drawn.night, drawn.name.model, drawn.name.revision]
    rows = [[*of, one.track_id, one.x, one.y, one.cluster, one.label, one.reason] for one in drawn.places]
    for start in range(0, len(rows), INSERTED_AT_ONCE):
        insert(connection, "track_clusters", rows[start : start + INSERTED_AT_ONCE])
    connection.execute(
        "DELETE FROM track_clusters WHERE night NOT IN"
        " (SELECT DISTINCT night FROM track_clusters ORDER BY night DESC LIMIT ?)",
        [NIGHTS_KEPT],
    )


def last_map(connection: Connection, *, before: date = date.max) -> NightMap | None:
    """The newest map before the night `before` on which a track has a place; None if there is none."""
    rows = connection.execute(
        "SELECT night, model, revision, track_id, x, y, cluster, label, reason FROM track_clusters WHERE night ="
        " (SELECT max(night) FROM track_clusters WHERE night < ? AND x IS NOT NULL) ORDER BY track_id",
        [before],
    ).fetchall()
    if not rows:
        return None
    night, model, revision, *_ = rows[0]
    return NightMap(night, ModelName(model, revision), tuple(Place(*row[3:]) for row in rows))
