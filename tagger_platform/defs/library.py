"""The user's own audio: every way in ends here, in `library_sensor -> library -> fingerprints`.

What belongs here: the two assets, their job, and the sensor that requests it. What does not: the work
(`tagger_platform.library`). Nothing is partitioned: a run does whatever is to be done, in batches, for two minutes, and
the sensor requests the next one while anything is left.
"""

import os
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import dagster as dg

from tagger_platform.defs.platform import Platform
from tagger_platform.defs.slots import CONSOLE, IN_FLIGHT, LANE, SENSOR_INTERVAL_S
from tagger_platform.library.intake import take_note
from tagger_platform.library.places import Library
from tagger_platform.library.work import fingerprint_queued

LIBRARY = {LANE: "library", "dagster/priority": "-10", "dagster/max_retries": "0"}
"""Low, and not repeated by Dagster: the sensor requests the next run as long as there is something to do."""
NICE = 10
"""How much a run of its own gives way to others on the same cores: what is on air is not to wait for an archive."""
PAUSE_AFTER_FAILURE = timedelta(minutes=1)
"""A disk that is full stays full for a while."""
ALONE_FOR = timedelta(minutes=1)
"""A run that has started, and does not work on the library after this long, has lost its process: Dagster's launcher
cannot tell, and would keep its place in the lane for ever."""
BETWEEN_STEPS_S = 1.0
"""Between its two steps a run does not hold the lock, for some hundredths of a second."""


@dg.asset(group_name="library")
def library(context: dg.AssetExecutionContext, platform: dg.ResourceParam[Platform]) -> dg.MaterializeResult[None]:
    """The items of the library: what was asked for, and what is new in DATA_DIR/library, is queued."""
    if context.run.tags.get(LANE) == LIBRARY[LANE]:
        os.nice(NICE)  # the process is this run's alone
    return dg.MaterializeResult(metadata={"queued": take_note(platform.library)})


@dg.asset(deps=[library], group_name="library")
def fingerprints(platform: dg.ResourceParam[Platform]) -> dg.MaterializeResult[None]:
    """The index that recognises the library: the queue is worked off, in batches."""
    return dg.MaterializeResult(metadata=dict(fingerprint_queued(platform.library)))


library_job = dg.define_asset_job(
    "library_job",
    selection=["library", "fingerprints"],
    executor_def=dg.in_process_executor,
    config=CONSOLE,
    tags=LIBRARY,
    description="Takes note of new audio and fingerprints it.",
)


@dg.sensor(
    job=library_job,
    minimum_interval_seconds=SENSOR_INTERVAL_S,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Requests a run when audio was added: by name, or to DATA_DIR/library.",
)
def library_sensor(
    context: dg.SensorEvaluationContext, platform: dg.ResourceParam[Platform]
) -> dg.RunRequest | dg.SkipReason:
    if not platform.watch.sees_work():
        return dg.SkipReason("nothing was added")
    now = datetime.now(UTC)
    runs = context.instance.get_run_records(dg.RunsFilter(job_name=library_job.name), limit=2)
    lost = lost_runs(runs, platform.library, now)
    for run in lost:
        context.instance.report_run_failed(run.dagster_run, "the process of this run is gone")
    left = [run for run in runs if run not in lost]
    ended = datetime.fromtimestamp(left[0].end_time or 0, UTC) if left else now
    if reason := why_not([run.dagster_run.status for run in left], now - ended):
        return dg.SkipReason(reason)
    return dg.RunRequest()


def lost_runs(runs: Sequence[dg.RunRecord], library: Library, now: datetime) -> list[dg.RunRecord]:
    """Runs that say they have started, while nobody works on the library."""
    started = [run for run in runs if run.dagster_run.status is dg.DagsterRunStatus.STARTED]
    old = [run for run in started if now - datetime.fromtimestamp(run.start_time or 0, UTC) > ALONE_FOR]
    if not old or library.is_worked_on:
        return []
    time.sleep(BETWEEN_STEPS_S)
    return [] if library.is_worked_on else old


def why_not(latest: Sequence[dg.DagsterRunStatus], since_the_last: timedelta) -> str:
    """Why no run is requested now, given how the latest runs stand, the last one first; empty if there is no reason."""
    if any(status in IN_FLIGHT for status in latest):
        return "a run is under way"
    failed = latest and latest[0] is dg.DagsterRunStatus.FAILURE
    return "the last run failed just now" if failed and since_the_last < PAUSE_AFTER_FAILURE else ""
