"""Deleting what is too old.

What belongs here: deletion, and the rule that it makes no counter fall. What does not: how old is too old, and when
(`settings`, `defs`).
"""

from datetime import datetime

from tagger_platform.model import UNANSWERED
from tagger_platform.store import totals
from tagger_platform.store.database import Connection
from tagger_platform.store.rows import naive
from tagger_platform.store.writes import mark_expired

AGE = {
    "windows": "started_at",
    "recognitions": "started_at",
    "further_matches": "started_at",
    "expected_windows": "slot",
    "plays": "started_at",
    "play_windows": "started_at",
}
"""By which column a table's rows are old."""


def forget(connection: Connection, table: str, before: datetime) -> int:
    """Delete the rows of `table` from before `before`; returns how many. Runs inside one `writing()` block.

    What is deleted is in `totals` first: rows are counted when they come, and windows that were still waiting for an
    answer count as expired now.
    """
    too_old, values = f"{AGE[table]} < ?", [naive(before)]
    if table == "windows":
        states = ", ".join(f"'{state}'" for state in sorted(UNANSWERED))
        waiting = connection.execute(
            f"SELECT window_id FROM windows WHERE {too_old} AND state IN ({states})", values
        ).fetchall()
        mark_expired(connection, [window_id for (window_id,) in waiting])
    row = connection.execute(f"DELETE FROM {table} WHERE {too_old}", values).fetchone()
    deleted = int(row[0]) if row else 0
    totals.add(connection, {(totals.DELETED, table, ""): deleted})
    return deleted
