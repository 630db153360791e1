"""Stage 2: ask the panel about every window of the slot that has no final answer yet."""

import asyncio
from collections import Counter
from datetime import UTC, datetime

import dagster as dg

from tagger_platform.audio import readable_window
from tagger_platform.defs.platform import Platform
from tagger_platform.defs.slots import WINDOW_SLOTS
from tagger_platform.defs.windows import STORE_RETRY, windows
from tagger_platform.errors import AudioError
from tagger_platform.model import UNANSWERED, Slot, Window
from tagger_platform.recognize.panel import ask_slot
from tagger_platform.store import reports, writes


@dg.asset(partitions_def=WINDOW_SLOTS, deps=[windows], group_name="hot_path", retry_policy=STORE_RETRY)
def recognitions(context: dg.AssetExecutionContext, platform: dg.ResourceParam[Platform]) -> dg.MaterializeResult:
    """One answer per window and provider, or the reason why there is none."""
    slot = Slot.parse(context.partition_key)
    readable, corrupt, lost = _sorted_by_audio(platform, reports.unanswered_windows(platform.database, slot))
    earlier = reports.heard_before(platform.database, slot, platform.rules)
    asked_at = datetime.now(UTC)
    given = asyncio.run(
        ask_slot(
            readable,
            platform.panel(),
            earlier=earlier,
            hop_s=platform.settings.hop_s,
            tolerance=platform.settings.two_hit_hop_tolerance,
            global_inflight=platform.settings.global_max_inflight,
            per_provider_inflight=platform.settings.per_provider_max_inflight,
        )
    )
    with platform.database.writing() as connection:
        writes.write_recognitions(connection, [window for window, _ in readable], given, asked_at=asked_at)
        for window, problem in corrupt:
            writes.mark_corrupt(connection, window, problem)
        writes.mark_expired(connection, [window.window_id for window in lost])
    unanswered = {answer.window_id for answer in given if answer.status in UNANSWERED}
    for window, _ in readable:
        if window.window_id in unanswered:
            platform.spool.keep_pending(window)
        else:
            platform.spool.forget(window)
    counts = Counter(f"{answer.provider}: {answer.status}" for answer in given)
    return dg.MaterializeResult(
        metadata={"asked": len(readable), "corrupt": len(corrupt), "lost": len(lost), **dict(counts)}
    )
