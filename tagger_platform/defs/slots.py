"""How finished slots become partitions and runs.

What belongs here: the partitions, the job of the hot path and the sensor that requests it. The sensor fetches,
`requests` decides. A slot is requested again, under a new run key, as long as it lies in the spool and no run of
it is under way: a run that was killed in between is finished by the next one.
"""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import dagster as dg

from tagger_platform.defs.platform import Platform
from tagger_platform.health.marks import SENSOR, leave_mark
from tagger_platform.model import LATE_AFTER, Slot
from tagger_platform.observe import tracing

WINDOW_SLOTS = dg.DynamicPartitionsDefinition(name="window_slots")

SENSOR_INTERVAL_S = 5
MOST_RUNS = 50
"""Runs of late slots under way at most; what is on air never waits for them."""
RETRY_PAUSE = timedelta(seconds=30)
"""After a run of a slot failed, wait this long times the number of its runs before the next (at most an hour)."""
LONGEST_RETRY_PAUSE = timedelta(hours=1)

LANE = "tagger/lane"
LONGEST_RUN = {"dagster/max_runtime": "300"}
"""Seconds after which a run is given up, and the slot requested again. It takes about ten, and a minute when it has to
wait. Dagster's launcher cannot tell that a run has lost its process: without this a code server that is killed would
leave the live lane taken for ever."""
LIVE = {LANE: "live", "dagster/priority": "10", **LONGEST_RUN}
LATE = {LANE: "late", "dagster/priority": "0", **LONGEST_RUN}
BACKFILL = LATE | {"dagster/max_runtime": "3600"}
"""Of runs that people launch: they may be of many slots."""
MOST_SLOTS = dg.BackfillPolicy.multi_run(max_partitions_per_run=60)
"""A run of one slot costs 4 CPU-s for its process and 0.07 for the slot: a month's backfill with a run for each would
take a day. Sixty slots of a thousand streams (45 CPU-s each) fit into the hour that a run may take."""
warnings.filterwarnings("ignore", "Parameter `backfill_policy`")  # in beta; every process would say so three times
TRACEPARENT = "tagger/traceparent"
"""Tag of a run that goes on with the trace which capture began."""
PARTITION = "dagster/partition"
RANGE_START, RANGE_END = "dagster/asset_partition_range_start", "dagster/asset_partition_range_end"
CONSOLE: dict[str, Any] = {"loggers": {"console": {}}}
"""Config of jobs that need no other: without it a run's lines are in Dagster's own format (`observed.console`)."""

IN_FLIGHT = (
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
)

window_job = dg.define_asset_job(
    "window_job",
    selection=["windows", "recognitions", "plays"],
    executor_def=dg.in_process_executor,
    config=CONSOLE,
    tags=BACKFILL,
    description="Everything that happens to a slot after the spool.",
)


def slots_of(context: dg.AssetExecutionContext) -> list[Slot]:
    """The slots that a run is of, oldest first: one, or the range of a backfill."""
    return [Slot.parse(key) for key in sorted(context.partition_keys)]


@dataclass(frozen=True)
class SlotRuns:
    """What Dagster knows of a slot's runs."""

    count: int = 0
    in_flight: bool = False
    last_ended: datetime | None = None


@dataclass(frozen=True)
class Request:
    """A run to request: of which slot, under which run key, and in which lane."""

    key: str
    run_key: str
    live: bool


def span_of(run: dg.DagsterRun) -> tuple[str, str] | None:
    """The keys of a run's first and last slot; None for a run of something else."""
    one = run.tags.get(PARTITION)
    first, last = run.tags.get(RANGE_START, one), run.tags.get(RANGE_END, one)
    return (first, last) if first and last else None


def named(run: dg.DagsterRun) -> str | None:
    """A run's slot, or its first and last as Dagster writes a range: ``first...last``."""
    return "...".join(dict.fromkeys(span_of(run) or ())) or None


def requests(waiting: Sequence[str], runs: Mapping[str, SlotRuns], now: datetime) -> list[Request]:
    """The runs to request, oldest slot first: of all live slots, and of late ones while there is room.

    Slots that rest after a failure take nobody's place: those behind them go on.
    """
    wanted = []
    room = MOST_RUNS - sum(known.in_flight for known in runs.values())
    for key in waiting:
        known = runs.get(key, SlotRuns())
        live = now - Slot.parse(key).start < LATE_AFTER
        if not due(known, now) or (not live and room <= 0):
            continue
        wanted.append(Request(key, f"{key}#{known.count}", live))
        room -= not live
    return wanted


def due(known: SlotRuns, now: datetime) -> bool:
    """Whether a slot may be requested: no run of it is under way, and it has rested since the last one.

    A run that ended in the future ended before the clock was set back: nobody waits for that hour again.
    """
    pause = min(RETRY_PAUSE * known.count, LONGEST_RETRY_PAUSE)
    return not known.in_flight and (known.last_ended is None or not timedelta(0) <= now - known.last_ended < pause)


def runs_of(instance: dg.DagsterInstance, keys: Sequence[str]) -> dict[str, SlotRuns]:
    """What Dagster knows of the runs of these slots."""
    found: dict[str, SlotRuns] = {}
    if not keys:
        return found
    for record in instance.get_run_records(dg.RunsFilter(tags={PARTITION: list(keys)})):
        run = record.dagster_run
        key = run.tags[PARTITION]
        known = found.get(key, SlotRuns())
        ended = datetime.fromtimestamp(record.end_time, UTC) if record.end_time else None
        found[key] = SlotRuns(
            count=known.count + 1,
            in_flight=known.in_flight or run.status in IN_FLIGHT,
            last_ended=max(filter(None, (known.last_ended, ended)), default=None),
        )
    return found


@dg.sensor(
    job=window_job,
    minimum_interval_seconds=SENSOR_INTERVAL_S,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Turns each finished slot of the spool into a partition and a run.",
)
def spool_sensor(context: dg.SensorEvaluationContext, platform: dg.ResourceParam[Platform]) -> dg.SensorResult:
    leave_mark(platform.settings.marks_dir, SENSOR, datetime.now(UTC))
    waiting = sorted({*platform.spool.claimed(), *platform.spool.ready(), *platform.spool.recorded()})
    wanted = requests(waiting, runs_of(context.instance, waiting), datetime.now(UTC))
    return dg.SensorResult(
        run_requests=[
            dg.RunRequest(run_key=one.run_key, partition_key=one.key, tags=_tags(platform, one)) for one in wanted
        ],
        dynamic_partitions_requests=[WINDOW_SLOTS.build_add_request([one.key for one in wanted])] if wanted else [],
    )


def _tags(platform: Platform, request: Request) -> dict[str, str]:
    """The run's lane, and the trace it goes on with, if capture began one."""
    lane = LIVE if request.live else LATE
    if tracing.provider() is None:
        return lane
    slot = Slot.parse(request.key)
    begun = (manifest.traceparent for manifest in platform.spool.waiting_manifests(slot, slot))
    parent = next(filter(None, begun), None)
    if parent is None:
        return lane
    with tracing.span("sensor", {"slot": request.key}, parent=parent):
        return {**lane, TRACEPARENT: tracing.traceparent() or parent}
