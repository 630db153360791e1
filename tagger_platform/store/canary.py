"""Canaries in the store: what became of them, and the clips that can serve as one.

What belongs here: the table `canary_results`, and looking up windows that a provider is sure to know. What does not:
asking (`recognize.canary`).
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from tagger_platform.model import CanaryOutcome, CanaryResult, Track
from tagger_platform.store.database import Connection
from tagger_platform.store.rows import TRACK_FIELDS, aware, naive, track_from
from tagger_platform.store.writes import insert

KEPT = 168
"""Results of each provider: a week of hours."""
CANDIDATES = 20
"""Windows to choose from: the newest may be without their clips."""


def note_canaries(connection: Connection, results: Sequence[CanaryResult]) -> None:
    """Note what became of canaries, and forget the oldest."""
    rows = [[one.provider, naive(one.asked_at), one.outcome, one.latency_ms, one.detail] for one in results]
    insert(connection, "canary_results", rows, known="REPLACE")
    connection.execute(
        "DELETE FROM canary_results WHERE (provider, asked_at) IN (SELECT (provider, asked_at) FROM canary_results"
        " QUALIFY row_number() OVER (PARTITION BY provider ORDER BY asked_at DESC) > ?)",
        [KEPT],
    )


def newest_canaries(connection: Connection) -> list[CanaryResult]:
    """The newest result of every provider, by provider."""
    rows = connection.execute(
        "SELECT provider, asked_at, outcome, latency_ms, detail FROM canary_results"
        " QUALIFY row_number() OVER (PARTITION BY provider ORDER BY asked_at DESC) = 1 ORDER BY provider"
    ).fetchall()
    return [CanaryResult(who, aware(at), CanaryOutcome(what), ms, detail) for who, at, what, ms, detail in rows]


def windows_known_to(connection: Connection, provider: str, now: datetime, since: timedelta) -> list[tuple[str, Track]]:
    """Windows of confirmed plays that the provider has matched itself, with what it named, the newest first."""
    fields = ", ".join(f"t.{name}" for name in TRACK_FIELDS)
    rows = connection.execute(
        f"SELECT r.window_id, {fields} FROM recognitions r JOIN play_windows w USING (window_id)"
        " JOIN plays p USING (play_id) JOIN tracks t ON t.track_id = r.track_id"
        " WHERE r.provider = $provider AND r.status = 'match' AND p.status = 'confirmed'"
        " AND r.started_at >= $since AND w.started_at >= $since ORDER BY r.started_at DESC, r.window_id LIMIT $most",
        {"provider": provider, "since": naive(now - since), "most": CANDIDATES},
    ).fetchall()
    return [(window_id, track_from(values)) for window_id, *values in rows]
