"""Once a week the store's file and the search index are looked after.

What belongs here: the ops, their job and its schedule. What does not: the work (`store.upkeep`, `insight.index`).
"""

from dataclasses import asdict

import dagster as dg

from tagger_platform.defs.insight import NIGHTLY
from tagger_platform.defs.platform import Platform
from tagger_platform.health.nightly import UPKEEP
from tagger_platform.insight.index import sync
from tagger_platform.settings import Settings
from tagger_platform.store.runs import note_run
from tagger_platform.store.upkeep import look_after

AT = "30 4 * * 0"
"""Sunday in TZ, after the night's clean-up, which has deleted by then what need not be copied."""


@dg.op(out=dg.Out(dg.Nothing), description="Fresh statistics, and a copy in the file's place when a third is dead.")
def look_after_store(context: dg.OpExecutionContext, platform: dg.ResourceParam[Platform]) -> None:
    context.add_output_metadata(asdict(look_after(platform.database)))


@dg.op(out=dg.Out(dg.Nothing), description="The search index holds the store's tracks and no others, in one piece.")
def look_after_search_index(context: dg.OpExecutionContext, platform: dg.ResourceParam[Platform]) -> None:
    done = sync(platform.search_index, platform.database)
    with platform.search_index.writing() as writer:
        if writer:
            writer.optimise()
    context.add_output_metadata(asdict(done))


@dg.op(
    ins={"store": dg.In(dg.Nothing), "search_index": dg.In(dg.Nothing)},
    out=dg.Out(dg.Nothing),
    description="Notes that both were looked after.",
)
def note_upkeep(platform: dg.ResourceParam[Platform]) -> None:
    with platform.database.writing() as connection:
        note_run(connection, UPKEEP, platform.clock())


@dg.job(
    name="upkeep_job",
    executor_def=dg.in_process_executor,
    tags=NIGHTLY,
    description="Looks after the store's file and the search index.",
)
def upkeep_job() -> None:
    note_upkeep(store=look_after_store(), search_index=look_after_search_index())


def upkeep_schedule(settings: Settings) -> dg.ScheduleDefinition:
    return dg.ScheduleDefinition(
        name="upkeep_schedule",
        job=upkeep_job,
        cron_schedule=AT,
        execution_timezone=settings.tz.key,
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Sundays at 04:30 in TZ.",
    )
