"""What a night makes for search and the sound map: `track_embeddings -> track_clusters`.

What belongs here: the two assets, their job and its schedule. What does not: the work (`tagger_platform.insight`). Both
are safe to run twice, and take each other's turn. Their libraries are heavy, and come with the first thing to do.
"""

import base64
import os
from dataclasses import asdict
from typing import Any

import dagster as dg

from tagger_platform.defs.platform import Platform
from tagger_platform.defs.slots import CONSOLE, LANE
from tagger_platform.errors import TaggerError
from tagger_platform.insight.embedding import embed_tracks
from tagger_platform.settings import Settings

NIGHTLY = {LANE: "nightly", "dagster/priority": "-10", "dagster/max_retries": "0", "dagster/max_runtime": "14400"}
"""A million tracks of a new model take an hour; what was done until then is kept."""
NICE = 10
"""How much it gives way to what is on air."""
AT = "30 3 * * *"
"""In TZ: after the night's last listeners, and before retention."""


@dg.asset(group_name="insight")
def track_embeddings(
    context: dg.AssetExecutionContext, platform: dg.ResourceParam[Platform]
) -> dg.MaterializeResult[None]:
    """A vector of every track, in the store and as a matrix in DATA_DIR/search: only what is new or changed is made."""
    _give_way(context)
    settings = platform.settings
    try:
        done = embed_tracks(
            platform.database,
            settings.search_dir,
            platform.make_embedder(settings),
            clock=platform.clock,
            tell=context.log.info,
        )
    except TaggerError as error:
        raise dg.Failure(str(error), allow_retries=False) from error
    return dg.MaterializeResult(metadata=asdict(done))


@dg.asset(deps=[track_embeddings], group_name="insight")
def track_clusters(
    context: dg.AssetExecutionContext, platform: dg.ResourceParam[Platform]
) -> dg.MaterializeResult[None]:
    """The sound map of tonight: where each track that is played lies, and in which cluster."""
    from tagger_platform.insight.clusters import draw_map
    from tagger_platform.insight.map_picture import picture

    _give_way(context)
    settings = platform.settings
    try:
        drawn = draw_map(
            platform.database, settings.search_dir, clock=platform.clock, tz=settings.tz, tell=context.log.info
        )
    except TaggerError as error:
        raise dg.Failure(str(error), allow_retries=False) from error
    encoded = base64.b64encode(picture(drawn.map.places)).decode()
    metadata: dict[str, Any] = {
        **drawn.as_json(),
        "map": dg.MetadataValue.md(f"![the sound map](data:image/png;base64,{encoded})"),
    }
    return dg.MaterializeResult(metadata=metadata)


def _give_way(context: dg.AssetExecutionContext) -> None:
    if context.run.tags.get(LANE) == NIGHTLY[LANE]:  # the process is this run's alone
        os.nice(NICE - os.nice(0))


def insight_assets(settings: Settings) -> list[dg.AssetsDefinition]:
    return [track_embeddings, *([track_clusters] if settings.clusters_enabled else [])]


def insight_schedule(settings: Settings) -> dg.ScheduleDefinition:
    """The nightly job of these assets, and when it runs."""
    job = dg.define_asset_job(
        "insight_job",
        selection=[asset.key.to_user_string() for asset in insight_assets(settings)],
        executor_def=dg.in_process_executor,
        config=CONSOLE,
        tags=NIGHTLY,
        description="Embeds new tracks and draws the sound map.",
    )
    return dg.ScheduleDefinition(
        name="insight_schedule",
        job=job,
        cron_schedule=AT,
        execution_timezone=settings.tz.key,
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Every night at 03:30 in TZ.",
    )
