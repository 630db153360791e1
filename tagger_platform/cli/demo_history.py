"""The demo's made-up history in the store, and what the night would have made of it.

What belongs here: writing it, once, and embedding and mapping it now instead of at night. What does not: what is in
it (`demo.history`), and the work itself, which is that of `tagger embed-backfill` and `clusters-recompute`.
"""

import subprocess
import sys
from datetime import UTC, datetime

import click

from tagger_platform.demo.history import STREAM, STREAM_TITLE, plays, tracks
from tagger_platform.insight.index import sync
from tagger_platform.model import Slot
from tagger_platform.settings import Settings
from tagger_platform.store import reports
from tagger_platform.store.clusters import last_map
from tagger_platform.store.database import Database
from tagger_platform.store.derivation import replace_plays
from tagger_platform.store.search_index import SearchIndex
from tagger_platform.store.writes import make_known, write_tracks

AT_ONCE = 500
"""Plays of one statement."""
COMMANDS = ("embed-backfill", "clusters-recompute")


def make_history(settings: Settings) -> None:
    """Write the made-up history to the store, unless it is there, and make it findable by its words."""
    database = Database(settings.database_path)
    database.migrate()
    if STREAM not in reports.stream_titles(database):
        history = plays(datetime.now(UTC))
        with database.writing() as connection:
            make_known(connection, {STREAM: STREAM_TITLE}, Slot.containing(history[0].started_at, settings.hop_s))
            write_tracks(connection, tracks())
            for start in range(0, len(history), AT_ONCE):
                replace_plays(connection, [], history[start : start + AT_ONCE])
    sync(SearchIndex(settings.search_index_path), database)


def map_history(settings: Settings) -> None:
    """Embed the tracks and draw the sound map, unless there is one: in processes of their own, for torch is large."""
    with Database(settings.database_path).reading() as connection:
        if last_map(connection):
            return
    for command in COMMANDS:
        done = subprocess.run([sys.executable, "-m", "tagger_platform", command], capture_output=True, text=True)
        if done.returncode:
            click.echo(f"the sound map stays empty until tonight: tagger {command}: {done.stderr.strip()}", err=True)
            return
