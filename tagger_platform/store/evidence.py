"""Which windows are behind the plays, and when they were answered.

What belongs here: looking up evidence by window. What does not: which plays the evidence makes (`decide`), and what
becomes of its audio (`spool`).
"""

from collections.abc import Sequence
from dataclasses import replace

from tagger_platform.model import LATE_AFTER, Play, window_start
from tagger_platform.store.database import Connection
from tagger_platform.store.rows import naive


def evidence_among(connection: Connection, window_ids: Sequence[str]) -> frozenset[str]:
    """Those of the windows that are evidence of a play."""
    if not window_ids:
        return frozenset()
    starts = [naive(window_start(window_id)) for window_id in window_ids]
    rows = connection.execute(
        "SELECT DISTINCT window_id FROM play_windows"
        " WHERE started_at BETWEEN ? AND ? AND window_id IN (SELECT unnest(?))",
        [min(starts), max(starts), list(window_ids)],
    ).fetchall()
    return frozenset(window_id for (window_id,) in rows)


def known_among(connection: Connection, window_ids: Sequence[str]) -> frozenset[str]:
    """Those of the windows that the log still has."""
    if not window_ids:
        return frozenset()
    starts = [naive(window_start(window_id)) for window_id in window_ids]
    rows = connection.execute(
        "SELECT window_id FROM windows WHERE started_at BETWEEN ? AND ? AND window_id IN (SELECT unnest(?))",
        [min(starts), max(starts), list(window_ids)],
    ).fetchall()
    return frozenset(window_id for (window_id,) in rows)


def with_lateness(connection: Connection, plays: Sequence[Play]) -> list[Play]:
    """`plays` marked late where a window of theirs had no match until LATE_AFTER after it was on air."""
    late = _late_among(connection, [window_id for play in plays for window_id in play.windows])
    return [replace(play, late=not late.isdisjoint(play.windows)) for play in plays]


def _late_among(connection: Connection, window_ids: Sequence[str]) -> frozenset[str]:
    if not window_ids:
        return frozenset()
    starts = [naive(window_start(window_id)) for window_id in window_ids]
    rows = connection.execute(
        "SELECT window_id FROM recognitions"
        " WHERE started_at BETWEEN $first AND $last AND window_id IN (SELECT unnest($windows)) AND status = 'match'"
        " GROUP BY window_id HAVING min(asked_at - started_at) > $late",
        {"first": min(starts), "last": max(starts), "windows": list(window_ids), "late": LATE_AFTER},
    ).fetchall()
    return frozenset(window_id for (window_id,) in rows)
