"""The canary's Dagster path: once an hour, in a lane of its own, every enabled provider hears a clip that it knows.

What belongs here: the op, its job and its schedule, and choosing the clip. What does not: asking (recognize.canary). It
is no asset: it says how the providers are, and nothing of what was played.
"""

import asyncio
from datetime import timedelta

import dagster as dg

from tagger_platform.defs.platform import Platform
from tagger_platform.defs.slots import LANE, LONGEST_RUN
from tagger_platform.model import CanaryResult
from tagger_platform.recognize import canary
from tagger_platform.recognize.base import Recognizer
from tagger_platform.recognize.catalogue import CatalogueRecognizer
from tagger_platform.store.canary import note_canaries, windows_known_to

CANARY = {LANE: "canary", "dagster/priority": "-20", "dagster/max_retries": "0", **LONGEST_RUN}
HOURLY = "17 * * * *"
"""Not at the full hour, when everybody does something."""
NOTHING_YET = "nothing to ask yet: no confirmed play that it has matched has a clip"


@dg.op(out=dg.Out(dg.Nothing), description="Asks every enabled provider about a clip that it knows.")
def send_canaries(context: dg.OpExecutionContext, platform: dg.ResourceParam[Platform]) -> None:
    results = asyncio.run(_send(platform))
    with platform.database.writing() as connection:
        note_canaries(connection, results)
    context.add_output_metadata({one.provider: f"{one.outcome} {one.detail}".strip() for one in results})


async def _send(platform: Platform) -> list[CanaryResult]:
    return await asyncio.gather(*(_send_to(platform, recognizer) for recognizer in platform.panel()))


async def _send_to(platform: Platform, recognizer: Recognizer) -> CanaryResult:
    if isinstance(recognizer, CatalogueRecognizer):
        return await canary.send_to_catalogue(platform.clock)
    clip = known_clip(platform, recognizer.name)
    if clip is None:
        return canary.not_asked(recognizer.name, platform.clock(), NOTHING_YET)
    return await canary.send(recognizer, clip, platform.clock)


def known_clip(platform: Platform, provider: str) -> canary.Clip | None:
    """The clip of the last confirmed play that the provider has matched itself; None while there is none."""
    kept = timedelta(days=platform.settings.clip_retain_days)
    with platform.database.reading() as connection:
        known = windows_known_to(connection, provider, platform.clock(), kept)
    clips = ((platform.clips.audio(window_id), track) for window_id, track in known)
    return next((canary.Clip(path, track) for path, track in clips if path), None)


@dg.job(
    name="canary_job",
    executor_def=dg.in_process_executor,
    tags=CANARY,
    description="Tells a provider that is broken from a time in which nothing was played.",
)
def canary_job() -> None:
    send_canaries()


@dg.schedule(
    job=canary_job,
    cron_schedule=HOURLY,
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Sends the canaries once an hour.",
)
def canary_schedule() -> dg.RunRequest:
    return dg.RunRequest()
