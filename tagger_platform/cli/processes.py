"""`tagger up`, `demo`, `prepare`, `capture` and `api`: the processes, alone or all together."""

import asyncio
from contextlib import AbstractContextManager

import click

from tagger_platform.errors import RequestError
from tagger_platform.observe.logs import set_up_logging
from tagger_platform.observe.tracing import traced
from tagger_platform.settings import Settings


@click.command()
def capture() -> int:
    """Listen to the streams and cut windows into the spool."""
    from tagger_platform.capture.service import run

    settings = _ready_settings()
    with _traced(settings, "capture"):
        return run(settings)


@click.command()
def api() -> int:
    """Serve the HTTP API."""
    from tagger_platform.api.app import run

    settings = _logging(Settings.load())
    with _traced(settings, "api"):
        return run(settings)


@click.command()
def up() -> int:
    """Run the whole platform on this machine; one Ctrl-C ends it."""
    from tagger_platform.cli.platform import processes
    from tagger_platform.cli.supervisor import supervise

    settings = _ready_settings()
    return asyncio.run(supervise(processes(settings), addresses=_addresses(settings), logs=settings.logs_dir))


@click.command()
def prepare() -> None:
    """Make DATA_DIR ready for the processes, as `up` does: once, before they are started one by one."""
    from tagger_platform.cli import platform

    platform.prepare(_logging(Settings.load()))


@click.command()
def demo() -> int:
    """Run the whole platform on built-in demo streams, offline."""
    from tagger_platform.cli.demo import prepare
    from tagger_platform.cli.platform import processes
    from tagger_platform.cli.supervisor import supervise

    settings, radio = prepare()
    _logging(settings)
    addresses = {**_addresses(settings), "commands": f"are the demo's where they are run in {settings.data_dir}"}
    return asyncio.run(supervise([radio, *processes(settings)], addresses=addresses, logs=settings.logs_dir))


def _ready_settings() -> Settings:
    settings = _logging(Settings.load())
    if not settings.enabled_streams:
        raise RequestError(
            f"there is no stream to listen to: set STREAM_1_NAME and STREAM_1_URL, or list streams in "
            f"{settings.streams_file} (see .env.example); 'tagger demo' needs neither"
        )
    return settings


def _logging(settings: Settings) -> Settings:
    set_up_logging(settings.log_level, structured=settings.structured_logs)
    return settings


def _traced(settings: Settings, process: str) -> AbstractContextManager[None]:
    endpoint, ratio = settings.otel_endpoint, settings.otel_sampler_arg
    return traced(endpoint, service=settings.otel_service_name, process=process, ratio=ratio)


def _addresses(settings: Settings) -> dict[str, str]:
    return {
        "On air": f"http://{settings.host}:{settings.ui_port}/",
        "API": f"http://{settings.host}:{settings.port}/api/plays",
        "Dagster": f"http://127.0.0.1:{settings.dagster_port}/",
    }
