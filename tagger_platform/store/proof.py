"""The proof of a play: the windows that made it, what every provider said of them, in its own words too.

What belongs here: looking it up by play or by window. What does not: the audio (`spool.clips`).
"""

from dataclasses import dataclass
from datetime import datetime

from tagger_platform.model import Status, window_start
from tagger_platform.store.database import Connection
from tagger_platform.store.rows import PLAYS, aware, naive, plays_from


@dataclass(frozen=True)
class Answer:
    """What a provider said of a window. `title` and `artist` are of the track it named; `has_raw`: its words are kept.

    `offset_s` is where in the track the window begins, `speed` how fast it was played.
    """

    provider: str
    status: Status
    asked_at: datetime
    title: str
    artist: str
    offset_s: float | None
    speed: float | None
    confidence: float | None
    latency_ms: float | None
    detail: str
    has_raw: bool


@dataclass(frozen=True)
class ProofWindow:
    """A window behind a play and the answers about it; none where they have expired."""

    window_id: str
    started_at: datetime
    answers: tuple[Answer, ...]


def windows_of_play(connection: Connection, play_id: str) -> list[str] | None:
    """The windows behind a play, in order; None where there is no such play."""
    rows = connection.execute(PLAYS + " WHERE p.play_id = ?", [play_id]).fetchall()
    plays = plays_from(connection, rows)
    return list(plays[0].windows) if plays else None


def proof_windows(connection: Connection, window_ids: list[str]) -> list[ProofWindow]:
    """The answers about each of these windows, by provider."""
    answers = _answers(connection, window_ids) if window_ids else {}
    return [ProofWindow(one, window_start(one), tuple(answers.get(one, ()))) for one in window_ids]


def _answers(connection: Connection, window_ids: list[str]) -> dict[str, list[Answer]]:
    starts = [naive(window_start(window_id)) for window_id in window_ids]
    rows = connection.execute(
        "SELECT r.window_id, r.provider, r.status, r.asked_at, coalesce(t.title, ''), coalesce(t.artist, ''),"
        " r.offset_s, r.speed, r.confidence, r.latency_ms, r.detail, raw.window_id IS NOT NULL"
        " FROM recognitions r LEFT JOIN tracks t USING (track_id)"
        " LEFT JOIN raw_answers raw ON raw.window_id = r.window_id AND raw.provider = r.provider"
        " WHERE r.started_at BETWEEN $first AND $last AND r.window_id IN (SELECT unnest($ids))"
        " ORDER BY r.window_id, r.provider",
        {"first": min(starts), "last": max(starts), "ids": window_ids},
    ).fetchall()
    found: dict[str, list[Answer]] = {}
    for window_id, provider, status, asked_at, *rest in rows:
        found.setdefault(window_id, []).append(Answer(provider, Status(status), aware(asked_at), *rest))
    return found


def raw_answer(connection: Connection, window_id: str, provider: str) -> bytes | None:
    """The provider's own words about a window; None where none are kept."""
    row = connection.execute(
        "SELECT raw FROM raw_answers WHERE window_id = ? AND provider = ?", [window_id, provider]
    ).fetchone()
    return bytes(row[0]) if row else None
