"""When what runs again and again last came to its end.

What belongs here: the table `last_runs`, and since when there could be anything in it. What does not: how old is too
old (`health.nightly`).
"""

from datetime import datetime

from tagger_platform.store.database import Connection
from tagger_platform.store.rows import aware, naive
from tagger_platform.store.writes import insert


def note_run(connection: Connection, name: str, ended_at: datetime) -> None:
    """Note that `name` has come to its end."""
    insert(connection, "last_runs", [[name, naive(ended_at)]], known="REPLACE")


def last_runs(connection: Connection) -> dict[str, datetime]:
    """When each last did, by name."""
    rows = connection.execute("SELECT name, ended_at FROM last_runs ORDER BY name").fetchall()
    return {name: aware(ended_at) for name, ended_at in rows}


def schema_since(connection: Connection) -> datetime:
    """When the store got its newest migration: what never ran since has had so long to."""
    ((at,),) = connection.execute("SELECT max(applied_at) FROM schema_migrations").fetchall()
    return aware(at)
