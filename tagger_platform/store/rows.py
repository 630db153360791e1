"""How rows of the store become the project's values, and how those leave it as JSON and CSV.

What belongs here: shapes. What does not: choosing which rows (`reports`, `derivation`).
"""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import fields
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

from tagger_platform.decide.coverage import Coverage
from tagger_platform.model import UNANSWERED, Play, PlayStatus, Track, iso
from tagger_platform.store.database import Connection


def naive(instant: datetime) -> datetime:
    """How the store writes an instant: UTC without a zone."""
    return instant.astimezone(UTC).replace(tzinfo=None)


def aware(instant: datetime) -> datetime:
    """An instant as the store returned it, with its zone again."""
    return instant.replace(tzinfo=UTC)


WAITING = ", ".join(f"'{status}'" for status in sorted(UNANSWERED))
"""Statuses that another request may still turn into an answer, for SQL."""

TRACK_FIELDS = tuple(item.name for item in fields(Track))

EVIDENCE_MARGIN = timedelta(minutes=2)
"""A window of a play can begin before the play does, or end after it, by its own length."""

PLAYS = (
    "SELECT p.play_id, p.stream, p.started_at, p.ended_at, p.uncertainty_s, p.status, p.confidence, p.policy, p.late,"
    " p.explanation, "
    + ", ".join(f"t.{name}" for name in TRACK_FIELDS)
    + " FROM plays p JOIN tracks t USING (track_id)"
)
"""The SELECT that `plays_from` understands; callers add WHERE and ORDER BY."""

CSV_COLUMNS = (
    "started_at_local",
    "started_at",
    "ended_at",
    "stream",
    "title",
    "artist",
    "album",
    "isrc",
    "label",
    "status",
    "confidence",
    "provider",
    "link",
    "play_id",
)


def last_page(page: int, total: int, page_rows: int) -> int:
    """`page`, or the last page there is of `total` rows; the first is 1, and always there."""
    return max(1, min(page, -(-total // page_rows)))


def track_from(values: Sequence[Any]) -> Track:
    """A track from its columns in the order of TRACK_FIELDS."""
    return Track(**dict(zip(TRACK_FIELDS, values, strict=True)))


def plays_from(connection: Connection, rows: Sequence[Sequence[Any]]) -> list[Play]:
    """Plays, with their evidence, from rows that PLAYS selected in this connection."""
    if not rows:
        return []
    evidence: dict[str, list[str]] = {}
    found = connection.execute(
        "SELECT play_id, window_id FROM play_windows WHERE play_id IN (SELECT unnest($ids))"
        " AND started_at BETWEEN $start AND $end ORDER BY play_id, position",
        {
            "ids": [row[0] for row in rows],
            "start": min(row[2] for row in rows) - EVIDENCE_MARGIN,
            "end": max(row[3] for row in rows) + EVIDENCE_MARGIN,
        },
    ).fetchall()
    for play_id, window_id in found:
        evidence.setdefault(play_id, []).append(window_id)
    return [_play_from(row, tuple(evidence.get(row[0], ()))) for row in rows]


def _play_from(row: Sequence[Any], windows: tuple[str, ...]) -> Play:
    play_id, stream, started, ended, uncertainty, status, confidence, policy, late, explanation, *track = row
    return Play(
        play_id=play_id,
        stream=stream,
        started_at=aware(started),
        ended_at=aware(ended),
        uncertainty_s=uncertainty,
        status=PlayStatus(status),
        track=track_from(track),
        confidence=confidence,
        policy=policy,
        windows=windows,
        late=late,
        explanation=explanation,
    )


def play_json(play: Play) -> dict[str, Any]:
    """A play as every command and the API write it."""
    track = play.track
    return {
        "play_id": play.play_id,
        "stream": play.stream,
        "started_at": iso(play.started_at),
        "ended_at": iso(play.ended_at),
        "uncertainty_s": round(play.uncertainty_s, 3),
        "status": play.status,
        "track_id": track.track_id,
        "provider": track.provider,
        "provider_track_id": track.provider_track_id,
        "title": track.title,
        "artist": track.artist,
        "album": track.album,
        "isrc": track.isrc,
        "label": track.label,
        "artwork": track.artwork,
        "link": track.link,
        "confidence": round(play.confidence, 4),
        "policy": play.policy,
        "windows": list(play.windows),
        "late": play.late,
        "explanation": play.explanation,
    }


def coverage_json(found: Coverage) -> dict[str, Any]:
    """A stream's day as every command and the API write it."""
    return {
        "stream": found.stream,
        "date": found.date.isoformat(),
        "expected": found.expected,
        "heard": found.heard,
        "silent": found.silent,
        "not_needed": found.not_needed,
        "states": dict(found.states),
        "ratio": None if found.ratio is None else round(found.ratio, 6),
        "gaps": [gap.as_json() for gap in found.gaps],
    }


def plays_csv(plays: Iterable[Play], tz: tzinfo) -> str:
    """Plays as CSV with a header line; `started_at_local` is in `tz` with its offset."""
    out = io.StringIO()
    writer = csv.DictWriter(out, CSV_COLUMNS, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    for play in plays:
        local = play.started_at.astimezone(tz).isoformat(timespec="seconds")
        writer.writerow({**play_json(play), "started_at_local": local})
    return out.getvalue()
