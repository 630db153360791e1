"""The nightly clean-up: what is older than the settings allow goes, from the log, the disk and Dagster's history.

What belongs here: the ops, their job and its schedule. What does not: what counts as old and how it is deleted
(`store.retention`, `spool`, `store.leftovers`, `history`). It may come twice, or be killed anywhere: the next night
does what was left. One part that fails keeps no other from its work, but the night then does not count as done.
"""

import shutil
from collections import Counter
from datetime import timedelta

import dagster as dg

from tagger_platform.defs.insight import NIGHTLY
from tagger_platform.defs.platform import Platform
from tagger_platform.defs.plays import settle_audio
from tagger_platform.health.nightly import RETENTION as NAME
from tagger_platform.model import parts_of
from tagger_platform.settings import Settings
from tagger_platform.spool import expire_clips
from tagger_platform.store import retention, slot_reads, writes
from tagger_platform.store.copies import forget_copies
from tagger_platform.store.evidence import evidence_among
from tagger_platform.store.leftovers import sweep
from tagger_platform.store.runs import note_run

UNFINISHED_FOR = timedelta(days=1)
"""How old a file must be to count as left by a process that is dead: no download and no copy of ours takes a day."""


@dg.op(out=dg.Out(dg.Nothing), description="Windows with what was said of them, plays, tracks that nothing names.")
def forget_log(context: dg.OpExecutionContext, platform: dg.ResourceParam[Platform]) -> None:
    settings, now = platform.settings, platform.clock()
    plays_days = settings.retain_plays_days
    done = retention.forget_old(
        platform.database,
        windows_before=retention.kept_since(now, settings.retain_recognitions_days, settings.tz),
        plays_before=None if plays_days < 0 else retention.kept_since(now, plays_days, settings.tz),
    )
    context.add_output_metadata(dict(done))


@dg.op(
    ins={"log": dg.In(dg.Nothing)},
    out=dg.Out(dg.Nothing),
    description="Evidence too old or too much, audio nobody answers any more, unneeded art, old copies, leftovers.",
)
def forget_files(context: dg.OpExecutionContext, platform: dg.ResourceParam[Platform]) -> None:
    settings, now = platform.settings, platform.clock()
    unfinished_since = now - UNFINISHED_FOR
    clips = expire_clips(
        settings.clips_dir,
        before=retention.kept_since(now, settings.clip_retain_days, settings.tz),
        most_bytes=int(settings.clip_disk_share * shutil.disk_usage(settings.data_dir).total),
    )
    art = retention.delete_unneeded_art(platform.database, settings.art_dir, unfinished_since)
    copies = forget_copies(
        settings.database_path, retention.kept_since(now, settings.retain_recognitions_days, settings.tz)
    )
    waiting, unknown = _expire_waiting(platform)
    if unknown:
        context.log.warning(
            "the audio of %d windows was dropped: it waited for an answer, and the log has these windows no more",
            unknown,
        )
    leftovers = sweep(settings, unfinished_since)
    with platform.database.writing() as connection:
        retention.note_deleted(connection, {"clips": clips, "pictures": art})
    done = {"clips": clips, "pictures": art, "copies": copies, "expired": waiting, "leftovers": leftovers}
    context.add_output_metadata(done)


def _expire_waiting(platform: Platform) -> tuple[int, int]:
    """What every slot's run does too; here it is done where no slot runs any more, and where log and audio do not
    match: one of both is older than the other after a restore, or people took files away.

    Returns how many windows nobody can answer any more, and of how many just the audio was there.
    """
    pending = platform.pending
    overdue = pending.overdue(platform.pending_since)
    waiting = [window_id for key in pending.slots() for window_id in pending.windows(key)]
    unknown = slot_reads.unknown_among(platform.database, waiting)
    expired = {*overdue, *_without_audio(platform)}
    gone = sorted({*expired, *unknown})
    if gone:
        with platform.database.writing() as connection:
            writes.mark_expired(connection, gone)
            evidence = evidence_among(connection, gone)
        settle_audio(platform, (), gone, waiting=(), evidence=evidence)
    return len(expired), len(unknown)


def _without_audio(platform: Platform) -> list[str]:
    """Windows that the log waits for, and no audio does. The log is read first: the audio of a slot that a run finishes
    meanwhile is then in `pending`, if anybody still waits for it."""
    waited_for = slot_reads.waiting_windows(platform.database)
    begun = {*platform.spool.recorded(), *platform.spool.ready(), *platform.spool.claimed()}  # in this order they move
    return [
        window_id
        for window_id in waited_for
        if parts_of(window_id)[1] not in begun and platform.pending.audio(window_id) is None
    ]


@dg.op(
    ins={"log": dg.In(dg.Nothing)},
    out=dg.Out(dg.Nothing),
    description="Runs, their events and folders, and partitions, of what is no longer in the log.",
)
def forget_history(context: dg.OpExecutionContext, platform: dg.ResourceParam[Platform]) -> None:
    from tagger_platform.defs.history import prune  # brings SQLAlchemy, which definitions do without

    settings, spool = platform.settings, platform.spool
    before = retention.kept_since(platform.clock(), settings.retain_recognitions_days, settings.tz)
    waiting = {*spool.ready(), *spool.claimed(), *spool.recorded(), *platform.pending.slots()}
    done = prune(context.instance, before, needed=waiting.union(retention.slots_before(platform.database, before)))
    context.add_output_metadata(Counter(runs=done.runs, partitions=done.partitions, leftovers=done.leftovers))


@dg.op(
    ins={"files": dg.In(dg.Nothing), "history": dg.In(dg.Nothing)},
    out=dg.Out(dg.Nothing),
    description="Notes that the night is done, for health.",
)
def note_the_night(platform: dg.ResourceParam[Platform]) -> None:
    with platform.database.writing() as connection:
        note_run(connection, NAME, platform.clock())


@dg.job(
    name="retention_job",
    executor_def=dg.in_process_executor,
    tags=NIGHTLY,
    description="Deletes what is older than RETAIN_RECOGNITIONS_DAYS, RETAIN_PLAYS_DAYS and CLIP_RETAIN_DAYS allow.",
)
def retention_job() -> None:
    log = forget_log()
    note_the_night(files=forget_files(log), history=forget_history(log))


def retention_schedule(settings: Settings) -> dg.ScheduleDefinition:
    at = settings.retention_cleanup_localtime
    return dg.ScheduleDefinition(
        name="retention_schedule",
        job=retention_job,
        cron_schedule=f"{at.minute} {at.hour} * * *",
        execution_timezone=settings.tz.key,
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Every night at RETENTION_CLEANUP_LOCALTIME in TZ.",
    )
