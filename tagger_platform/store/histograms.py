"""How often tracks were played from time to time.

What belongs here: counting in stretches of time whose ends are given. What does not: where days begin (`reports`).
"""

from collections.abc import Sequence
from datetime import datetime

from tagger_platform.store.database import Connection
from tagger_platform.store.rows import naive


def plays_between(connection: Connection, track_ids: Sequence[str], bounds: Sequence[datetime]) -> dict[str, list[int]]:
    """The plays of each track that began in each stretch [bounds[n], bounds[n+1]), all in one query."""
    found = {track_id: [0] * (len(bounds) - 1) for track_id in track_ids}
    rows = connection.execute(
        "WITH starts AS (SELECT unnest($starts::TIMESTAMP[]) AS start, unnest(range(len($starts))) AS place)"
        " SELECT track_id, place, count(*) FROM plays p ASOF JOIN starts s ON p.started_at >= s.start"
        " WHERE p.started_at >= $first AND p.started_at < $end AND p.track_id IN (SELECT unnest($tracks::VARCHAR[]))"
        " GROUP BY track_id, place",
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
