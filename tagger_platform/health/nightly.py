"""What has to come by itself, night by night or more rarely, and which of it is late.

What belongs here: how late is too late, and what is said then. What does not: doing it (`defs`, which notes every
success in the store), and telling people (`watch`).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from tagger_platform.health.report import SEVERITY, Code, Finding, Part, State, Watched
from tagger_platform.model import iso
from tagger_platform.settings import Settings
from tagger_platform.store import reports

RETENTION, BACKUP, DRILL, UPKEEP = "retention", "backup", "restore_drill", "upkeep"
"""The names under which the store knows when they last succeeded."""


@dataclass(frozen=True)
class Work:
    """What comes by itself: how it is called, the Dagster job that does it, and from when on it is late."""

    name: str
    called: str
    job: str
    late_after: timedelta
    state: State = State.WARNING
    """Of the platform while it is late."""


A_NIGHT = timedelta(hours=26)
"""A night, the run itself, and the hour that a day may be longer."""
WORKS = (
    Work(RETENTION, "the clean-up", "retention_job", A_NIGHT, State.FAILING),
    Work(BACKUP, "the backup", "backup_job", A_NIGHT),
    Work(DRILL, "the trial restore of a backup", "restore_drill_job", timedelta(days=32)),
    Work(UPKEEP, "the upkeep of the store's file", "upkeep_job", timedelta(days=8)),
)


def nightly(watched: Watched) -> Part:
    """Whether all of it comes when it should. What was never done counts from when the store got its schema."""
    done, since = reports.runs_done(watched.database)
    ended, now = done.get(RETENTION), watched.clock()
    numbers = {"last_run": iso(ended) if ended else None}
    late = [one for one in _expected(watched.settings) if now - done.get(one.name, since) > one.late_after]
    if late:
        found = tuple(_overdue(one, done.get(one.name)) for one in late)
        return Part("nightly", max((one.state for one in late), key=SEVERITY.index), found, numbers)
    if ended is None:
        return Part("nightly", State.OK, (Finding(Code.NO_NIGHT, "none yet"),), numbers)
    told = f"the last nightly run ended at {iso(ended)}"
    return Part("nightly", State.OK, (Finding(Code.NIGHT_ENDED, told, {"ended_at": iso(ended)}),), numbers)


def _expected(settings: Settings) -> list[Work]:
    """Without backups there is nothing to try to restore."""
    return [one for one in WORKS if settings.backup_retain_days or one.name not in (BACKUP, DRILL)]


def _overdue(work: Work, ended: datetime | None) -> Finding:
    to_do = f"the runs of {work.job} in Dagster tell why; start it again there"
    figures = {"run": work.name, "job": work.job}
    if ended is None:
        return Finding(Code.RUN_NEVER, f"{work.called} is overdue and was never done: {to_do}", figures)
    told = f"{work.called} is overdue, it was last done at {iso(ended)}: {to_do}"
    return Finding(Code.RUN_OVERDUE, told, {**figures, "ended_at": iso(ended)})
