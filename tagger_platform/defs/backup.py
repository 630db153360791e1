"""The nightly backup, and the monthly proof that it can be restored.

What belongs here: the two ops, their jobs and schedules. What does not: the work (`tagger_platform.backup`). They are
no assets: nothing is made from a backup.
"""

import os

import dagster as dg

from tagger_platform.defs.insight import NIGHTLY
from tagger_platform.defs.platform import Platform
from tagger_platform.errors import TaggerError
from tagger_platform.health.nightly import BACKUP, DRILL
from tagger_platform.settings import Settings
from tagger_platform.store.runs import note_run

AT = "0 5 * * *"
"""In TZ: after retention, so that nothing is saved that would have been deleted."""
DRILL_AT = "30 5 1 * *"


@dg.op(out=dg.Out(dg.Nothing), description="One file with everything, read back once; old ones go.")
def make_backup(context: dg.OpExecutionContext, platform: dg.ResourceParam[Platform]) -> None:
    from tagger_platform.backup import file, make, rotation
    from tagger_platform.defs.schedule_state import exported

    settings, folder = platform.settings, platform.settings.backup_folder
    if settings.backup_retain_days == 0:
        context.add_output_metadata({"made": "none: BACKUP_RETAIN_DAYS is 0"})
        return
    try:
        made = make.make(
            settings,
            folder,
            at=platform.clock(),
            environ=os.environ,
            schedules=exported(context.instance),
            named=make.NIGHTLY,
        )
        with file.reading(made.path) as found:
            found.check()
    except TaggerError as error:
        raise dg.Failure(str(error), allow_retries=False) from error
    gone = rotation.outdated(folder.iterdir(), platform.clock(), settings.backup_retain_days)
    for path in gone:
        path.unlink(missing_ok=True)
    with platform.database.writing() as connection:
        note_run(connection, BACKUP, platform.clock())
    context.add_output_metadata(
        {
            "path": str(made.path),
            "bytes": made.path.stat().st_size,
            "writers_waited_s": round(made.writers_waited_s, 3),
            "rows": sum(made.manifest.rows.values()),
            "deleted": len(gone),
        }
    )


@dg.op(out=dg.Out(dg.Nothing), description="Restores the newest nightly backup into an empty folder and compares.")
def restore_newest(context: dg.OpExecutionContext, platform: dg.ResourceParam[Platform]) -> None:
    from tagger_platform.backup.drill import drill
    from tagger_platform.backup.rotation import dated

    folder = platform.settings.backup_folder
    nightly = dated(folder.iterdir() if folder.exists() else (), platform.clock())
    if not nightly:
        context.add_output_metadata({"restored": "none: there is no nightly backup"})
        return
    _, newest = nightly[-1]
    try:
        found = drill(newest, platform.settings.data_dir)
    except TaggerError as error:
        raise dg.Failure(str(error), allow_retries=False) from error
    with platform.database.writing() as connection:
        note_run(connection, DRILL, platform.clock())
    context.add_output_metadata({"restored": str(newest), "rows": sum(found.rows.values()), "tracks": found.tracks})


@dg.job(
    executor_def=dg.in_process_executor, tags=NIGHTLY, description="Makes the nightly backup, and deletes old ones."
)
def backup_job() -> None:
    make_backup()


@dg.job(
    executor_def=dg.in_process_executor,
    tags=NIGHTLY,
    description="Proves that the newest backup brings back what was saved.",
)
def restore_drill_job() -> None:
    restore_newest()


def backup_schedules(settings: Settings) -> list[dg.ScheduleDefinition]:
    """When they run."""
    whens = {
        "backup_schedule": (backup_job, AT, "Every night at 05:00 in TZ."),
        "restore_drill_schedule": (restore_drill_job, DRILL_AT, "At 05:30 in TZ on the first of each month."),
    }
    return [
        dg.ScheduleDefinition(
            name=name,
            job=job,
            cron_schedule=cron,
            execution_timezone=settings.tz.key,
            default_status=dg.DefaultScheduleStatus.RUNNING,
            description=told,
        )
        for name, (job, cron, told) in whens.items()
    ]
