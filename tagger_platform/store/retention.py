"""Deleting what is too old from the log.

What belongs here: deletion, what counts as old, and the rule that it makes no counter fall. What does not: when it
happens (`defs.retention`), audio (`spool`).

A day is a local day, and days go whole: `kept_since` is a midnight. What began at that very instant or later stays,
what began before goes. A window goes with everything that was said about it and with its place in the slot's account,
also where a slot has windows on both sides. The windows of a recording of long ago stay until the recording was last
asked about before that midnight: its days count from when it was tagged. A play is by its own start, and takes the list
of its windows (`play_windows`) along: as long as it stays, that stays. A play of a recording stays at least as long as
the recording's windows.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any

from tagger_platform.files import stat_of_file
from tagger_platform.model import UNANSWERED, Slot
from tagger_platform.spool import CAPTURE
from tagger_platform.store import totals
from tagger_platform.store.database import Connection, Database
from tagger_platform.store.reports import day_bounds
from tagger_platform.store.rows import EVIDENCE_MARGIN, aware, naive
from tagger_platform.store.writes import mark_expired

_OLD_PLAY = (
    "started_at < $before AND play_id NOT IN (SELECT play_id FROM play_windows e JOIN windows w USING (window_id)"
    " WHERE e.started_at < $soon AND w.started_at < $soon AND source <> $capture)"
)
_OF_NO_WINDOW = "started_at < $before AND window_id NOT IN (SELECT window_id FROM windows WHERE started_at < $before)"

IS_OLD = {
    "windows": "started_at < $before AND source NOT IN (SELECT unnest($kept))",
    "expected_windows": "slot < $before AND slot + to_seconds(coalesce(list_max(offsets), 0)) < $before"
    " AND source NOT IN (SELECT unnest($kept))",
    "raw_answers": f"window_id IN (SELECT window_id FROM recognitions WHERE {_OF_NO_WINDOW})",
    "recognitions": _OF_NO_WINDOW,
    "further_matches": _OF_NO_WINDOW,
    "play_windows": f"play_id IN (SELECT play_id FROM plays WHERE {_OLD_PLAY})",
    "plays": _OLD_PLAY,
    "identifications": "asked_at < $before",
    "tracks": "track_id NOT IN (SELECT track_id FROM plays"
    " UNION SELECT track_id FROM recognitions WHERE track_id IS NOT NULL UNION SELECT track_id FROM further_matches)",
    "art": "url NOT IN (SELECT artwork FROM tracks)",
}
"""Of every table: which rows go, in an order in which each finds what it goes by."""

_ACROSS = (
    "slot < $before AND slot + to_seconds(list_min(offsets)) < $before"
    " AND slot + to_seconds(list_max(offsets)) >= $before AND source NOT IN (SELECT unnest($kept))"
)
"""Accounts of slots of which just some windows go."""

OF_WINDOWS = ("windows", "expected_windows", "raw_answers", "recognitions", "further_matches")
OF_PLAYS = ("play_windows", "plays")
ASKED_BY_PEOPLE = ("identifications",)
NAMED_BY_NOBODY = ("tracks", "art")


def kept_since(now: datetime, days: int, tz: tzinfo) -> datetime:
    """Since when things are kept for `days` days: the local midnight with which the day began that many days ago."""
    return day_bounds(now.astimezone(tz).date() - timedelta(days=days), tz)[0]


def forget_old(database: Database, *, windows_before: datetime, plays_before: datetime | None) -> Counter[str]:
    """Delete what is from before these instants (None: no plays), and the tracks and pictures that nothing names then.

    Returns how many rows of each table. A day at a time, so that others have their turns in between.
    """
    done: Counter[str] = Counter()
    for dated, tables, before in (("windows", OF_WINDOWS, windows_before), ("plays", OF_PLAYS, plays_before)):
        if before is None:
            continue
        for step in _steps(database, dated, before):
            done += _forget_together(database, tables, step, before)
    return done + _forget_together(database, (*ASKED_BY_PEOPLE, *NAMED_BY_NOBODY), windows_before, windows_before)


def _steps(database: Database, table: str, before: datetime) -> list[datetime]:
    """The ends of the days (UTC) of which rows are to be deleted; the last is `before`."""
    with database.reading() as connection:
        rows = connection.execute(
            f"SELECT DISTINCT date_trunc('day', started_at) + INTERVAL 1 DAY AS day FROM {table}"
            f" WHERE {IS_OLD[table]} ORDER BY day",
            _values(connection, IS_OLD[table], before, before),
        ).fetchall()
    return [*(aware(day) for (day,) in rows[:-1]), *([before] if rows else [])]


def _forget_together(database: Database, tables: Iterable[str], step: datetime, before: datetime) -> Counter[str]:
    with database.writing() as connection:
        return Counter({table: forget(connection, table, step, asked_before=before) for table in tables})


def forget(connection: Connection, table: str, before: datetime, *, asked_before: datetime | None = None) -> int:
    """Delete the rows of `table` that are old at `before`; returns how many. Runs inside one `writing()` block.

    Recordings stay that were asked about since `asked_before`, or else `before`: on the way there in steps, a step
    does not see what was asked of later days.

    What is deleted is in `totals` first: rows are counted when they come, and windows that were still waiting for an
    answer count as expired now.
    """
    is_old = IS_OLD[table]
    values = _values(connection, is_old, before, asked_before or before)
    if table == "windows":
        states = ", ".join(f"'{state}'" for state in sorted(UNANSWERED))
        waiting = connection.execute(
            f"SELECT window_id FROM windows WHERE {is_old} AND state IN ({states})", values
        ).fetchall()
        mark_expired(connection, [window_id for (window_id,) in waiting])
    if table == "expected_windows":
        connection.execute(
            "UPDATE expected_windows SET offsets = [one FOR one IN offsets IF slot + to_seconds(one) >= $before]"
            f" WHERE {_ACROSS}",
            values,
        )
    row = connection.execute(f"DELETE FROM {table} WHERE {is_old}", values).fetchone()
    deleted = int(row[0]) if row else 0
    note_deleted(connection, {table: deleted})
    return deleted


def _values(connection: Connection, condition: str, before: datetime, asked_before: datetime) -> dict[str, Any]:
    """Of the parameters of IS_OLD those that the condition names."""
    known: dict[str, Callable[[], Any]] = {
        "before": lambda: naive(before),
        "soon": lambda: naive(before + EVIDENCE_MARGIN),
        "kept": lambda: _kept_recordings(connection, asked_before),
        "capture": lambda: CAPTURE,
    }
    return {name: value() for name, value in known.items() if f"${name}" in condition}


def note_deleted(connection: Connection, deleted: Mapping[str, int]) -> None:
    """Add to the totals of what was deleted: rows of tables, or files."""
    totals.add(connection, {(totals.DELETED, what, ""): count for what, count in deleted.items()})


def _kept_recordings(connection: Connection, before: datetime) -> list[str]:
    """The recordings that were asked about since `before`, or that a run is just about to ask about."""
    rows = connection.execute(
        "SELECT source FROM windows w LEFT JOIN recognitions r ON r.window_id = w.window_id AND r.started_at < $before"
        " WHERE source <> $capture AND w.started_at < $before GROUP BY source"
        " HAVING max(asked_at) >= $before OR bool_or(state = 'pending' AND r.window_id IS NULL)",
        {"capture": CAPTURE, "before": naive(before)},
    ).fetchall()
    return [source for (source,) in rows]


def slots_before(database: Database, before: datetime) -> list[str]:
    """Keys of the slots before `before` of which the log has windows: those of recordings."""
    with database.reading() as connection:
        rows = connection.execute("SELECT DISTINCT slot FROM windows WHERE slot < ?", [naive(before)]).fetchall()
    return [Slot(aware(slot)).key for (slot,) in rows]


def delete_unneeded_art(database: Database, folder: Path, before: datetime) -> int:
    """Delete the pictures from before `before` that the log does not know; returns how many."""
    with database.reading() as connection:
        needed = {name for (name,) in connection.execute("SELECT name FROM art").fetchall()}
    others = (path for path in folder.glob("*") if path.name not in needed)
    unneeded = [path for path in others if (stat := stat_of_file(path)) and stat.st_mtime < before.timestamp()]
    for path in unneeded:
        path.unlink(missing_ok=True)
    return len(unneeded)
