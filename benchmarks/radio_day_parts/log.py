"""The platform's log of a programme, made by the real path: `tag-recording` into a DATA_DIR, and what it says then.

What belongs here: settings, calling tagger, reading its plays. What does not: judging them (`judge`).
"""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from radio_day_parts.air import Recorded
from tagger_platform.cli.library_add import add_files
from tagger_platform.cli.recording_work import tag
from tagger_platform.model import Play, PlayStatus, iso
from tagger_platform.settings import Settings
from tagger_platform.store import reports
from tagger_platform.store.database import Database

FIRST_DAY = datetime(2025, 1, 6, 6, tzinfo=UTC)
"""Each stream has a day of its own, so that its slots hold nobody else's windows."""
POLICIES = "catalogue_two_hit,catalogue_single"


@dataclass(frozen=True)
class Logged:
    """A confirmed play, in seconds from the beginning of its stream."""

    title: str
    start_s: float
    end_s: float


def settings_for(data_dir: Path, offsets: str) -> Settings:
    environ = {
        "DATA_DIR": str(data_dir),
        "STREAMS_FILE": str(data_dir / "none.yaml"),
        "SHAZAM_ENABLED": "false",
        "TZ": "UTC",
        "WINDOW_OFFSETS": offsets,
        "DECISION_POLICY": POLICIES,
        "CLIP_RETAIN_DAYS": "0",  # the evidence of a day is gigabytes
    }
    return Settings.load(environ)


def fill_catalogue(settings: Settings, files: Sequence[Path]) -> None:
    """Every item, none of which is another's copy."""
    items = add_files(settings, files, kind=None, progress=False)
    if odd := [f"{item.title} is {item.status}: {item.reason}" for item in items if item.status != "READY"]:
        raise SystemExit("\n".join(odd))


def with_catalogue_of(settings: Settings, offsets: str) -> Settings:
    """Another DATA_DIR with the same catalogue and an empty log."""
    other = settings_for(settings.data_dir.with_name(f"data-{offsets}"), offsets)
    shutil.copytree(settings.data_dir, other.data_dir)
    return other


def begins(number: int, phase_s: float) -> datetime:
    """When the stream with this number begins; slots do not begin with it."""
    return FIRST_DAY + timedelta(days=number, seconds=phase_s)


def logged(settings: Settings, stream: str, start: datetime, recordings: Sequence[Recorded]) -> list[Logged]:
    """What the log says after all recordings of the stream were tagged."""
    for recorded in recordings:
        began = start + timedelta(seconds=recorded.start_s)
        tag(settings, recorded.path, stream=stream, start=iso(began))
    database = Database(settings.database_path)
    plays = reports.plays_of_day(database, start.date(), settings.tz, streams=[stream]).plays
    return [_logged(play, start) for play in plays if play.status is PlayStatus.CONFIRMED]


def coverage(settings: Settings, stream: str, start: datetime) -> Mapping[str, int]:
    """What became of the stream's windows."""
    (found,) = reports.coverage_of_day(Database(settings.database_path), start.date(), settings.tz, streams=[stream])
    return found.states


def _logged(play: Play, start: datetime) -> Logged:
    return Logged(play.track.title, (play.started_at - start).total_seconds(), (play.ended_at - start).total_seconds())
