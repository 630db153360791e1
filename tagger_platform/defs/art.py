"""Cover art: pictures that tracks name are fetched once, in runs of their own.

What belongs here: the asset, its job, and the sensor that requests it. What does not: fetching one picture
(recognize.cover_art), what is wanted (store.art). It is no stage of the hot path, not even its tail: the live lane
takes one run at a time, and an image server that hangs would hold up the next slot's plays.
"""

import time
from collections import Counter
from datetime import UTC, datetime

import dagster as dg

from tagger_platform.defs.platform import Platform
from tagger_platform.defs.slots import CONSOLE, IN_FLIGHT, LANE, LONGEST_RUN
from tagger_platform.recognize.cover_art import NoPictureError, keep
from tagger_platform.store.art import Tried, note_tried, wanted

ART = {LANE: "art", "dagster/priority": "-5", "dagster/max_retries": "0", **LONGEST_RUN}
INTERVAL_S = 60
"""A picture may come a minute after its play: a run costs seconds of CPU, and nearly every slot has new tracks."""
MOST_PICTURES = 50
MOST_S = 120.0
"""Pictures and seconds of one run; what is left is the next run's."""


@dg.asset(group_name="art")
def art(platform: dg.ResourceParam[Platform]) -> dg.MaterializeResult[None]:
    """Local copies of cover art, in DATA_DIR/art."""
    began = time.monotonic()
    tried = []
    for url in wanted(platform.database, datetime.now(UTC), MOST_PICTURES):
        if time.monotonic() - began > MOST_S:
            break
        tried.append(_try(platform, url))
    with platform.database.writing() as connection:
        note_tried(connection, tried, datetime.now(UTC))
    counts = Counter(one.detail or "kept" for one in tried)
    return dg.MaterializeResult(metadata={"asked": len(tried), **dict(counts)})


def _try(platform: Platform, url: str) -> Tried:
    try:
        return Tried(url, keep(platform.fetch_picture(url), url, platform.settings.art_dir))
    except NoPictureError as error:
        return Tried(url, detail=str(error), again=error.again)


art_job = dg.define_asset_job(
    "art_job",
    selection=["art"],
    executor_def=dg.in_process_executor,
    config=CONSOLE,
    tags=ART,
    description="Fetches the cover art of new tracks.",
)


@dg.sensor(
    job=art_job,
    minimum_interval_seconds=INTERVAL_S,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Requests a run when tracks name cover art that nobody has asked for yet.",
)
def art_sensor(
    context: dg.SensorEvaluationContext, platform: dg.ResourceParam[Platform]
) -> dg.RunRequest | dg.SkipReason:
    if not platform.settings.shazam_enabled:
        return dg.SkipReason("only Shazam names cover art, and it is not asked")
    version = platform.database.version()
    if version == (context.cursor or "0"):
        return dg.SkipReason("nothing was logged")
    if context.instance.get_run_records(dg.RunsFilter(job_name=art_job.name, statuses=list(IN_FLIGHT)), limit=1):
        return dg.SkipReason("a run is under way")
    context.update_cursor(version)
    return dg.RunRequest() if wanted(platform.database, datetime.now(UTC), 1) else dg.SkipReason("no new cover art")
