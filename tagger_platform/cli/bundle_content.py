"""What is in a support bundle: file name -> content, before secrets are taken out.

What belongs here: gathering. What does not: hiding secrets and writing the zip (`support_bundle`). Whatever cannot be
had is told in its place: a bundle is made when something is broken.
"""

import platform as machine
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from importlib import metadata
from typing import Any

import dagster as dg

from tagger_platform import __version__
from tagger_platform.api.health import watched
from tagger_platform.cli.doctor import findings
from tagger_platform.cli.log_file import log_files
from tagger_platform.defs.slots import named
from tagger_platform.health.parts import look
from tagger_platform.model import iso
from tagger_platform.settings import Settings, shown
from tagger_platform.store import reports
from tagger_platform.store.database import Database
from tagger_platform.store.rows import coverage_json

COVERAGE_DAYS = 7
RUNS = 100
NO_LOGS = (
    "There is no log file: only `tagger up` writes one. Take what the processes say from where they were started, "
)
NO_LOGS += "such as `docker compose logs`, but look for passwords in it first.\n"


def gathered(settings: Settings) -> dict[str, object]:
    """Everything, by name; text for names that end in .log or .txt, else what JSON can hold."""
    parts: dict[str, Callable[[Settings], object]] = {
        "versions.json": _versions,
        "settings.json": _settings,
        "health.json": lambda settings: look(watched(settings)).as_json(),
        "doctor.json": lambda settings: [asdict(one) for one in findings(settings)],
        "coverage.json": _coverage,
        "runs.json": _runs,
    }
    return {name: _told(part, settings) for name, part in parts.items()} | _logs(settings)


def _told(part: Callable[[Settings], object], settings: Settings) -> object:
    try:
        return part(settings)
    except Exception as error:  # the bundle is for finding out why
        return {"error": f"{type(error).__name__}: {error}"}


def _versions(settings: Settings) -> dict[str, Any]:
    return {
        "made_at": iso(datetime.now(UTC)),
        "tagger": __version__,
        "python": sys.version,
        "platform": machine.platform(),
        "packages": {
            one.name: one.version for one in sorted(metadata.distributions(), key=lambda one: one.name.lower())
        },
    }


def _settings(settings: Settings) -> dict[str, Any]:
    streams = [
        {"name": one.name, "title": one.title, "kind": one.kind, "enabled": one.enabled} for one in settings.streams
    ]
    return {"variables": shown(settings), "streams": streams}


def _coverage(settings: Settings) -> list[dict[str, Any]]:
    database, today = Database(settings.database_path), datetime.now(settings.tz).date()
    days = [today - timedelta(days=back) for back in range(COVERAGE_DAYS)]
    return [coverage_json(one) for day in days for one in reports.coverage_of_day(database, day, settings.tz)]


def _runs(settings: Settings) -> list[dict[str, Any]] | str:
    home = settings.dagster_home
    if not (home / "history").exists():
        return "Dagster has not run here yet"
    with dg.DagsterInstance.from_config(str(home)) as instance:
        return [_run(instance, record) for record in instance.get_run_records(limit=RUNS)]


def _run(instance: dg.DagsterInstance, record: dg.RunRecord) -> dict[str, Any]:
    run = record.dagster_run
    times = {"created": record.create_timestamp.timestamp(), "started": record.start_time, "ended": record.end_time}
    return {
        "run_id": run.run_id,
        "job": run.job_name,
        "status": run.status.value,
        "partition": named(run),
        "lane": run.tags.get("tagger/lane"),
        **{name: at and iso(datetime.fromtimestamp(at, UTC)) for name, at in times.items()},
        "errors": list(_errors(instance, run.run_id)) if run.status is dg.DagsterRunStatus.FAILURE else [],
    }


def _errors(instance: dg.DagsterInstance, run_id: str) -> Iterator[str]:
    kinds = {dg.DagsterEventType.STEP_FAILURE, dg.DagsterEventType.RUN_FAILURE}
    for entry in instance.all_logs(run_id, of_type=kinds):
        data = entry.dagster_event.event_specific_data if entry.dagster_event else None
        error = getattr(data, "error", None)
        yield error.to_string() if error else entry.user_message or entry.message


def _logs(settings: Settings) -> dict[str, str]:
    found = log_files(settings.logs_dir)
    if not found:
        return {"logs/none.txt": NO_LOGS}
    return {f"logs/{path.name}": path.read_text(encoding="utf-8", errors="replace") for path in found}
