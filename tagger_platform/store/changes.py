"""What deciding a day again changes, as it leaves the store: as JSON, and as rows of a table that a person can read.

What belongs here: shapes, the same for the command and for Dagster. What does not: finding changes (`decide_again`).
"""

from collections.abc import Sequence
from datetime import datetime, tzinfo
from typing import Any

from tagger_platform.model import Play
from tagger_platform.store.decide_again import DayDecided
from tagger_platform.store.rows import play_json

COLUMNS = ("change", "stream", "start", "end", "title", "artist", "status", "policy", "play_id")


def change_rows(found: Sequence[DayDecided], tz: tzinfo) -> list[list[str]]:
    """One row in COLUMNS for each change, by stream and start. Times are local; what differs is written old > new."""
    rows: list[tuple[str, datetime, list[str]]] = []
    for decided in found:
        changes = decided.difference
        told: list[tuple[str, Sequence[Play]]] = [("added", [play]) for play in changes.added]
        told += [("removed", [play]) for play in changes.removed]
        told += [("moved", pair) for pair in changes.moved]
        told += [("changed", pair) for pair in changes.changed]
        rows += [(decided.stream, plays[-1].started_at, [change, *_cells(plays, tz)]) for change, plays in told]
    return [cells for _, _, cells in sorted(rows)]


def summary(decided: DayDecided) -> str:
    """One sentence about a stream's day."""
    changes = decided.difference
    counts = {
        "added": len(changes.added),
        "removed": len(changes.removed),
        "moved": len(changes.moved),
        "changed": len(changes.changed),
        "unchanged": changes.unchanged,
    }
    told = ", ".join(f"{count} {name}" for name, count in counts.items())
    return f"{decided.stream} on {decided.date} under {', '.join(decided.policies)}: {told}"


def changes_json(decided: DayDecided) -> dict[str, Any]:
    """A stream's day as the command writes it."""
    changes = decided.difference
    return {
        "stream": decided.stream,
        "date": decided.date.isoformat(),
        "policies": list(decided.policies),
        "applied": decided.applied,
        "added": [play_json(play) for play in changes.added],
        "removed": [play_json(play) for play in changes.removed],
        "moved": [{"before": play_json(old), "after": play_json(new)} for old, new in changes.moved],
        "changed": [{"before": play_json(old), "after": play_json(new)} for old, new in changes.changed],
        "unchanged": changes.unchanged,
    }


def _cells(plays: Sequence[Play], tz: tzinfo) -> list[str]:
    return [
        " > ".join(dict.fromkeys(values))
        for values in (
            [play.stream for play in plays],
            [_clock(play.started_at, tz) for play in plays],
            [_clock(play.ended_at, tz) for play in plays],
            [play.track.title for play in plays],
            [play.track.artist for play in plays],
            [str(play.status) for play in plays],
            [play.policy for play in plays],
            [play.play_id for play in plays],
        )
    ]


def _clock(instant: datetime, tz: tzinfo) -> str:
    return instant.astimezone(tz).strftime("%H:%M:%S")
