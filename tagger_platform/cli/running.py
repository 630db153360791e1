"""Which parts of the platform run on a DATA_DIR just now, as far as can be told from outside.

What belongs here: looking. What does not: what must not be done meanwhile (`cli.backup`).
"""

import socket
from collections.abc import Iterator
from datetime import UTC, datetime

from tagger_platform.health.faults import is_locked
from tagger_platform.health.marks import SENSOR, marked_at
from tagger_platform.library.places import Library
from tagger_platform.settings import Settings

TICKING_S = 30.0
"""Seconds since its last tick for which Dagster's sensor, which ticks every 5 s, may still be there."""
ANSWER_S = 0.5


def running(settings: Settings) -> list[str]:
    """What runs, in words; empty where nothing does."""
    return list(_found(settings))


def _found(settings: Settings) -> Iterator[str]:
    if is_locked(settings.spool_dir / "capture.lock"):
        yield "capture"
    if settings.data_dir.exists() and Library(settings).is_worked_on:
        yield "work on the library"
    ticked = marked_at(settings.marks_dir, SENSOR)
    if ticked and (age_s := (datetime.now(UTC) - ticked).total_seconds()) < TICKING_S:
        yield f"Dagster (it ticked {max(age_s, 0):.0f} s ago; after it is stopped wait {TICKING_S:.0f} s)"
    if settings.database_path.exists() and _answers(settings.host, settings.port):
        yield f"the api at port {settings.port}"


def _answers(host: str, port: int) -> bool:
    try:
        with socket.create_connection((host, port), timeout=ANSWER_S):
            return True
    except OSError:
        return False
