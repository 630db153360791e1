"""When what runs again and again last came to its end.

What belongs here: the table `last_runs`. What does not: how old is too old (`health.parts`).
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
