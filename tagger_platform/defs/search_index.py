"""The search index in Dagster: kept up by every slot's run, and made whole from the store by an asset.

What belongs here: when. What does not: how (`insight.index`). The hot path never fails because of the index: it can be
made again, the log cannot.
"""

import logging
import sqlite3
from collections.abc import Iterable

import dagster as dg

from tagger_platform.defs.platform import Platform
from tagger_platform.defs.slots import CONSOLE, LANE
from tagger_platform.errors import StoreBusyError
from tagger_platform.insight.index import keep_up, sync
from tagger_platform.model import Recognition
from tagger_platform.observe import tracing

NIGHTLY = {LANE: "nightly", "dagster/priority": "-10", "dagster/max_retries": "0"}
"""Not the live lane: a million tracks take minutes."""

log = logging.getLogger(__name__)


@tracing.span("search index")
def make_findable(platform: Platform, given: Iterable[Recognition]) -> None:
    """The tracks that were named can be searched for, before anybody can see what they were heard on."""
    named = [answer.track for one in given for answer in (one, *one.further) if answer.track]
    if not named:
        return
    try:
        keep_up(platform.search_index, platform.database, named)
    except (OSError, sqlite3.Error, StoreBusyError) as error:
        log.warning("new tracks cannot be found by search until the asset search_index has run: %s", error)


@dg.asset(group_name="insight")
def search_index(platform: dg.ResourceParam[Platform]) -> dg.MaterializeResult[None]:
    """Full text of all tracks, in DATA_DIR/search: what it lacks is added from the store, what is gone is taken out."""
    done = sync(platform.search_index, platform.database)
    return dg.MaterializeResult(metadata={"tracks": done.tracks, "written": done.written, "removed": done.removed})


search_index_job = dg.define_asset_job(
    "search_index_job",
    selection=["search_index"],
    executor_def=dg.in_process_executor,
    config=CONSOLE,
    tags=NIGHTLY,
    description="Makes the search index whole again from the store.",
)
