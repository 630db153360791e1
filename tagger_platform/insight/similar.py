"""Tracks like a track: those whose names are nearest to its own in meaning.

What belongs here: asking the matrix. What does not: the names of what it finds (`store.track_reports`).
"""

from bisect import bisect_left

import numpy as np

from tagger_platform.insight.vectors import Vectors


def similar_tracks(vectors: Vectors, track_id: str, most: int) -> list[tuple[str, float]] | None:
    """The ids of at most `most` other tracks and their cosines, the nearest first; None if the track has no vector."""
    row = bisect_left(vectors.track_ids, track_id)
    if row == len(vectors.track_ids) or vectors.track_ids[row] != track_id:
        return None
    cosines = vectors.matrix @ vectors.matrix[row]
    cosines[row] = -np.inf
    count = min(most, len(cosines) - 1)
    if not count:
        return []
    nearest = np.argpartition(-cosines, count - 1)[:count]
    ranked = sorted((-float(cosines[other]), vectors.track_ids[other]) for other in nearest)
    return [(other, -minus) for minus, other in ranked]
