"""Assembles the one `Definitions` object, everything listed by name. No stage is implemented here."""

import dagster as dg

from tagger_platform.defs.art import art, art_job, art_sensor
from tagger_platform.defs.backup import backup_job, backup_schedules, restore_drill_job
from tagger_platform.defs.canary import canary_job, canary_schedule
from tagger_platform.defs.catchup import catchup_sensor
from tagger_platform.defs.checks import freshness
from tagger_platform.defs.code_server import keep_looking_for_dead_runs
from tagger_platform.defs.decide_again import decide_job
from tagger_platform.defs.insight import insight_assets, insight_schedule
from tagger_platform.defs.library import fingerprints, library, library_job, library_sensor
from tagger_platform.defs.observed import console, observed
from tagger_platform.defs.platform import Platform
from tagger_platform.defs.plays import plays
from tagger_platform.defs.recognitions import recognitions
from tagger_platform.defs.retention import retention_job, retention_schedule
from tagger_platform.defs.search_index import search_index, search_index_job
from tagger_platform.defs.slots import spool_sensor, window_job
from tagger_platform.defs.upkeep import upkeep_job, upkeep_schedule
from tagger_platform.defs.windows import windows
from tagger_platform.settings import Settings


def build(settings: Settings, *, platform: Platform | None = None) -> dg.Definitions:
    """The definitions for these settings; tests pass a `platform` with stand-ins."""
    keep_looking_for_dead_runs()
    policy = freshness(settings)
    fresh = windows.map_asset_specs(lambda spec: spec.replace_attributes(freshness_policy=policy))
    nightly = insight_schedule(settings)
    return dg.Definitions(
        assets=[fresh, recognitions, plays, art, library, fingerprints, search_index, *insight_assets(settings)],
        jobs=[
            window_job,
            art_job,
            library_job,
            decide_job,
            canary_job,
            search_index_job,
            nightly.job,
            backup_job,
            restore_drill_job,
            retention_job,
            upkeep_job,
        ],
        sensors=[spool_sensor, catchup_sensor, art_sensor, library_sensor],
        schedules=[
            canary_schedule,
            nightly,
            retention_schedule(settings),
            upkeep_schedule(settings),
            *backup_schedules(settings),
        ],
        resources={"platform": observed(platform or Platform(settings), alone=platform is None)},
        loggers={"console": console(settings)},
        executor=dg.in_process_executor,
    )


defs = build(Settings.load())
