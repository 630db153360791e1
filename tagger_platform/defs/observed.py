"""Runs as logs and traces see them: every line with run and slot, and one span around all that a run does.

What belongs here: how a run's process is set up, and Dagster's console in our format. What does not: what is logged and
measured on the way (the stages' own code).
"""

import logging
from collections.abc import Iterator
from functools import cache
from typing import Any

import dagster as dg

from tagger_platform.defs.platform import Platform
from tagger_platform.defs.slots import TRACEPARENT, named
from tagger_platform.observe import tracing
from tagger_platform.observe.logs import bound, make_handler, set_up_logging
from tagger_platform.settings import Settings


def observed(platform: Platform, *, alone: bool) -> dg.ResourceDefinition:
    """The platform as runs and sensors are given it. `alone`: the process is Dagster's own, and set up by us."""

    def given(context: dg.InitResourceContext) -> Iterator[Platform]:
        run = context.run
        if alone:
            _set_up(platform.settings, in_run=run is not None)
        if run is None:  # a sensor
            yield platform
            return
        slot = named(run)
        told = {"job": run.job_name, "run_id": run.run_id, **({"slot": slot} if slot else {})}
        with (
            bound(run_id=run.run_id, slot=slot),
            tracing.span("run", told, parent=run.tags.get(TRACEPARENT)),
        ):
            yield platform
        tracing.flush()

    return dg.ResourceDefinition(given, description="What the settings describe: spool, store, providers.")


@cache
def _set_up(settings: Settings, *, in_run: bool) -> None:
    """Of a process's logging and tracing, once: sensors are many in theirs."""
    set_up_logging(settings.log_level, structured=settings.structured_logs)
    tracing.set_up_tracing(
        settings.otel_endpoint,
        service=settings.otel_service_name,
        process="run" if in_run else "code server",
        ratio=settings.otel_sampler_arg,
        quiet=in_run,  # capture says it; a run has a process of its own and would say it again every time
    )


def console(settings: Settings) -> dg.LoggerDefinition:
    """Dagster's own lines of a run, and those of `context.log`, as all our processes write theirs."""

    @dg.logger(config_schema={"log_level": dg.Field(str, default_value="WARNING")}, description="Our lines, on stderr.")
    def lines(context: dg.InitLoggerContext) -> logging.Logger:
        config: dict[str, Any] = context.logger_config
        logger = logging.getLoggerClass()("dagster", config["log_level"])
        logger.addHandler(make_handler(structured=settings.structured_logs))
        return logger

    return lines
