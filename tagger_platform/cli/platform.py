"""Which processes make up the platform, in the order in which they start."""

import logging
import sys
from importlib import resources
from pathlib import Path

import dagster as dg
import yaml

from streamlit_app import command as page_command
from tagger_platform.backup.make import SCHEDULES
from tagger_platform.backup.restore import finish
from tagger_platform.cli.supervisor import Process
from tagger_platform.defs.schedule_state import imported
from tagger_platform.errors import RequestError
from tagger_platform.settings import Settings
from tagger_platform.store.database import Database

log = logging.getLogger("tagger.prepare")
LOCATION = "tagger_platform"
CODE_MODULE = "tagger_platform.definitions"
CODE_SERVER_GRACE_S = 3
"""Seconds that Dagster's code server waits for open calls when it is ended; its own default is a minute."""


def processes(settings: Settings) -> list[Process]:
    """Everything of `tagger up`. Prepares DATA_DIR first."""
    workspace = prepare(settings)
    dagster = {"DAGSTER_HOME": str(settings.dagster_home)}
    quiet = ["--log-level", "warning", *(["--log-format", "json"] if settings.structured_logs else [])]
    python = [sys.executable, "-m"]
    location = ["--location-name", LOCATION]
    return [
        Process(
            "capture", [*python, "tagger_platform", "capture"], settings.capture_port, "CAPTURE_PORT", reloads=True
        ),
        Process("api", [*python, "tagger_platform", "api"], settings.port, "PORT"),
        Process("pages", page_command(settings), settings.ui_port, "UI_PORT"),
        Process(
            "code server",
            [*python, "dagster", "api", "grpc", "-m", CODE_MODULE, *location, *_listening(settings.code_port), *quiet],
            settings.code_port,
            "CODE_PORT",
            environ={**dagster, "DAGSTER_GRPC_SHUTDOWN_GRACE_PERIOD": str(CODE_SERVER_GRACE_S)},
        ),
        Process("daemon", [*python, "dagster._daemon", "run", "-w", workspace, *quiet], None, environ=dagster),
        Process(
            "Dagster UI",
            [*python, "dagster_webserver", "-w", workspace, *_listening(settings.dagster_port), *quiet],
            settings.dagster_port,
            "DAGSTER_PORT",
            environ=dagster,
        ),
    ]


def prepare(settings: Settings) -> str:
    """Make DATA_DIR ready: the store's schema, the watched folder and Dagster's home; returns its workspace's path.

    A restore that was killed is brought to its end first.
    """
    finish(settings.data_dir)
    Database(settings.database_path).migrate()
    settings.library_dir.mkdir(parents=True, exist_ok=True)
    return _prepare_dagster(settings)


def _listening(port: int) -> list[str]:
    """Dagster's processes have no login: they stay on loopback whatever HOST says."""
    return ["-h", "127.0.0.1", "-p", str(port)]


def _prepare_dagster(settings: Settings) -> str:
    """Write DAGSTER_HOME/dagster.yaml and the workspace that points at our code server; returns its path."""
    home = settings.dagster_home
    try:
        home.mkdir(parents=True, exist_ok=True)
        config = (resources.files("tagger_platform.defs") / "dagster.yaml").read_text(encoding="utf-8")
        (home / "dagster.yaml").write_text(config, encoding="utf-8")
        workspace = home / "workspace.yaml"
        server = {"host": "127.0.0.1", "port": settings.code_port, "location_name": LOCATION}
        workspace.write_text(yaml.safe_dump({"load_from": [{"grpc_server": server}]}), encoding="utf-8")
    except OSError as error:
        raise RequestError(f"DATA_DIR: {home} cannot be written: {error.strerror}") from error
    # Dagster's processes would all create their tables at the first start, and trip over each other.
    with dg.DagsterInstance.from_config(str(home)) as instance:
        instance.get_runs(limit=1)
        instance.all_instigator_state()
        _take_over_schedules(instance, settings.data_dir / SCHEDULES)
    return str(workspace)


def _take_over_schedules(instance: dg.DagsterInstance, restored: Path) -> None:
    """What a restore brought of Dagster's state; without what cannot be taken over the platform starts all the same."""
    if not restored.exists():
        return
    try:
        imported(instance, restored.read_text(encoding="utf-8"))
    except Exception as error:  # whatever another version of Dagster raises at its own words
        aside = restored.parent / "restored" / restored.name
        aside.parent.mkdir(mode=0o700, exist_ok=True)
        restored.replace(aside)
        log.warning(
            "what was switched on and off in Dagster could not be restored (%s): schedules and sensors are as they "
            "come; switch them in Dagster, what the backup says of them is in %s",
            type(error).__name__,
            aside,
        )
    else:
        restored.unlink()
