"""Stage 3: decide again what each stream of the slot was playing around it, and let go of the slot."""

from collections.abc import Iterator

import dagster as dg

from tagger_platform.defs import checks
from tagger_platform.defs.platform import Platform
from tagger_platform.defs.recognitions import recognitions
from tagger_platform.defs.slots import WINDOW_SLOTS
from tagger_platform.defs.windows import STORE_RETRY
from tagger_platform.model import Slot
from tagger_platform.store import reports, writes
from tagger_platform.store.derivation import derive_plays


@dg.asset(
    partitions_def=WINDOW_SLOTS,
    deps=[recognitions],
    group_name="hot_path",
    retry_policy=STORE_RETRY,
    check_specs=checks.SPECS,
)
def plays(
    context: dg.AssetExecutionContext, platform: dg.ResourceParam[Platform]
) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
    """The plays around the slot, as the policies now see them, and whether the day's promises hold."""
    slot = Slot.parse(context.partition_key)
    known = reports.windows_of_slot(platform.database, slot)
    expired = platform.waits_no_longer(slot.start)
    decided = []
    with platform.database.writing() as connection:
        for stream in sorted({window.stream for window in known}):
            decided += derive_plays(connection, stream, slot, platform.rules)
        writes.mark_expired(connection, platform.spool.waiting_since(expired))
    platform.spool.expire_pending(expired)
    platform.spool.finish(slot)
    confirmed = sum(play.status == "confirmed" for play in decided)
    yield dg.MaterializeResult(metadata={"confirmed": confirmed, "probable": len(decided) - confirmed})
    yield from checks.told(platform, slot)
