"""Stage 1 after the spool: what was expected of the slot, and what capture says became of it."""

import dagster as dg

from tagger_platform.defs.platform import Platform
from tagger_platform.defs.slots import MOST_SLOTS, WINDOW_SLOTS, slots_of
from tagger_platform.model import CaptureState, Slot
from tagger_platform.observe import tracing
from tagger_platform.spool import Manifest
from tagger_platform.store import slot_reads, writes
from tagger_platform.store.expected import write_expected

STORE_RETRY = dg.RetryPolicy(max_retries=3, delay=5, backoff=dg.Backoff.EXPONENTIAL)
"""For infrastructure only (a busy or full disk): what a provider does wrong is data, not an exception."""


@dg.asset(partitions_def=WINDOW_SLOTS, group_name="hot_path", retry_policy=STORE_RETRY, backfill_policy=MOST_SLOTS)
@tracing.span("windows")
def windows(context: dg.AssetExecutionContext, platform: dg.ResourceParam[Platform]) -> dg.MaterializeResult[None]:
    """Every window that was expected of the slot, each with its audio or the reason why there is none."""
    slots = slots_of(context)
    taken = {slot: manifests for slot in slots if (manifests := _take(platform, slot))}
    known = slot_reads.windows_of(platform.database, [slot for slot in slots if slot not in taken])
    if not taken and not known:
        named = " to ".join(dict.fromkeys([slots[0].key, slots[-1].key]))
        raise dg.Failure(
            f"{named}: neither in the spool nor in the store; never captured, or expired", allow_retries=False
        )
    told = [*known, *(window for manifests in taken.values() for one in manifests for window in one.windows)]
    sources = {one.source for manifests in taken.values() for one in manifests}
    return dg.MaterializeResult(
        metadata={
            "slots": len({window.slot for window in told}),
            "expected": len(told),
            "captured": sum(window.state is CaptureState.CAPTURED for window in told),
            "source": ", ".join(sorted({*sources, *(["store"] if known else [])})),
        }
    )


def _take(platform: Platform, slot: Slot) -> list[Manifest]:
    """Take what is told of a slot from the spool into the store; nothing where the spool does not know it."""
    live = platform.spool.claim(slot, platform.expected_windows(slot))
    manifests = [*([live] if live else []), *platform.spool.claim_recorded(slot)]
    if not manifests:
        return []
    with platform.database.writing() as connection:
        for manifest in manifests:
            writes.write_windows(
                connection, manifest.windows, titles=dict(manifest.titles), source=manifest.source, slot=slot
            )
            write_expected(connection, manifest, hop_s=manifest.hop_s or platform.settings.hop_s)
    return manifests
