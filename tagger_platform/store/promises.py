"""What the log promises, asked of the log itself: each function returns what breaks a promise.

What belongs here: questions about a stretch of time, so that asking costs the same however long the log is. What does
not: who asks when (`defs.checks`).
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from tagger_platform.decide.coverage import STATES
from tagger_platform.store.database import Connection
from tagger_platform.store.derivation import LONGEST_RANGE
from tagger_platform.store.expected import unaccounted, unexpected
from tagger_platform.store.rows import aware, naive


@dataclass(frozen=True)
class Account:
    """How a stream's windows of some time add up. `expected` comes from manifests, `states` from the windows.

    The other three are what does not fit: starts of expected windows that have no state, windows that no manifest
    named, and states that there are none of.
    """

    stream: str
    expected: int
    states: dict[str, int]
    unaccounted: tuple[datetime, ...]
    unexpected: tuple[str, ...]
    unknown: tuple[str, ...]

    @property
    def adds_up(self) -> bool:
        return not (self.unaccounted or self.unexpected or self.unknown)


def accounts(connection: Connection, start: datetime, end: datetime, *, waiting: Collection[str] = ()) -> list[Account]:
    """Every stream's account of the windows that begin in [start, end). Slots in `waiting` may still come."""
    rows = connection.execute(
        "SELECT stream, state, count(*) FROM windows WHERE started_at >= ? AND started_at < ? GROUP BY ALL",
        [naive(start), naive(end)],
    ).fetchall()
    lost = [due for due in unaccounted(connection, start, end) if due.slot.key not in waiting]
    strange = unexpected(connection, start, end)
    found = []
    for stream in sorted({*(row[0] for row in rows), *(due.stream for due in lost)}):
        states = {state: count for name, state, count in sorted(rows) if name == stream}
        missing = tuple(due.start for due in lost if due.stream == stream)
        extra = tuple(window_id for window_id in strange if window_id.startswith(f"{stream}/"))
        unknown = tuple(state for state in states if state not in STATES)
        expected = sum(states.values()) - len(extra) + len(missing)
        found.append(Account(stream, expected, states, missing, extra, unknown))
    return found


def overlapping_plays(connection: Connection, start: datetime, end: datetime) -> list[tuple[str, str, datetime]]:
    """(stream, track, start) of each play that begins in [start, end) while the same track is still playing there."""
    rows = connection.execute(
        "SELECT stream, track_id, started_at FROM (SELECT *, max(ended_at) OVER (PARTITION BY stream, track_id"
        " ORDER BY started_at, play_id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS busy_until FROM plays"
        " WHERE started_at >= $since AND started_at < $end)"
        " WHERE started_at >= $start AND started_at < busy_until ORDER BY ALL",
        {"since": naive(start - LONGEST_RANGE), "start": naive(start), "end": naive(end)},
    ).fetchall()
    return [(stream, track_id, aware(started)) for stream, track_id, started in rows]


def orphan_tracks(connection: Connection, start: datetime, end: datetime) -> list[str]:
    """Ids of tracks that plays and answers of [start, end) name, and that the store does not have."""
    rows = connection.execute(
        "WITH named AS (SELECT track_id, started_at FROM plays UNION ALL"
        " SELECT track_id, started_at FROM recognitions UNION ALL SELECT track_id, started_at FROM further_matches)"
        " SELECT DISTINCT track_id FROM named ANTI JOIN tracks USING (track_id)"
        " WHERE started_at >= ? AND started_at < ? AND track_id IS NOT NULL ORDER BY 1",
        [naive(start), naive(end)],
    ).fetchall()
    return [track_id for (track_id,) in rows]
