"""How often tracks were played from time to time.

What belongs here: counting in stretches of time whose ends are given. What does not: where days begin (`reports`).
"""

from collections.abc import Sequence
from datetime import datetime

from tagger_platform.store.database import Connection
from tagger_platform.store.rows import naive

STRETCH = "len(list_filter($starts::TIMESTAMP[], lambda start: start <= started_at)) - 1"
"""The stretch of which a play is, in SQL that is told when they start."""


def plays_between(connection: Connection, track_ids: Sequence[str], bounds: Sequence[datetime]) -> dict[str, list[int]]:
    """The plays of each track that began in each stretch [bounds[n], bounds[n+1]), all in one query."""
    found = {track_id: [0] * (len(bounds) - 1) for track_id in track_ids}
    rows = connection.execute(
        f"SELECT track_id, {STRETCH}, count(*)"
        " FROM plays WHERE started_at >= $first AND started_at < $end AND track_id IN $tracks GROUP BY ALL",
        {
            "starts": [naive(bound) for bound in bounds[:-1]],
            "first": naive(bounds[0]),
            "end": naive(bounds[-1]),
            "tracks": list(found),
        },
    ).fetchall()
    for track_id, place, count in rows:
        found[track_id][place] = count
    return found
