"""Stage 1 after the spool: what was expected of the slot, and what capture says became of it."""

import dagster as dg

from tagger_platform.defs.platform import Platform
from tagger_platform.defs.slots import WINDOW_SLOTS
from tagger_platform.model import CaptureState, Slot
from tagger_platform.observe import tracing
from tagger_platform.store import slot_reads, writes
from tagger_platform.store.expected import write_expected

STORE_RETRY = dg.RetryPolicy(max_retries=3, delay=5, backoff=dg.Backoff.EXPONENTIAL)
"""For infrastructure only (a busy or full disk): what a provider does wrong is data, not an exception."""


@dg.asset(partitions_def=WINDOW_SLOTS, group_name="hot_path", retry_policy=STORE_RETRY)
@tracing.span("windows")
def windows(context: dg.AssetExecutionContext, platform: dg.ResourceParam[Platform]) -> dg.MaterializeResult[None]:
    """Every window that was expected of the slot, each with its audio or the reason why there is none."""
    slot = Slot.parse(context.partition_key)
    live = platform.spool.claim(slot, platform.expected_windows(slot))
    manifests = [*([live] if live else []), *platform.spool.claim_recorded(slot)]
    if not manifests:
        known = slot_reads.windows_of_slot(platform.database, slot)
        if not known:
            raise dg.Failure(
                f"slot {slot.key} is neither in the spool nor in the store: it was never captured, or it has expired",
                allow_retries=False,
            )
        return dg.MaterializeResult(metadata={"expected": len(known), "source": "store"})
    with platform.database.writing() as connection:
        for manifest in manifests:
            writes.write_windows(
                connection, manifest.windows, titles=dict(manifest.titles), source=manifest.source, slot=slot
            )
            write_expected(connection, manifest, hop_s=manifest.hop_s or platform.settings.hop_s)
    told = [window for manifest in manifests for window in manifest.windows]
    captured = sum(window.state is CaptureState.CAPTURED for window in told)
    sources = ", ".join(manifest.source for manifest in manifests)
    return dg.MaterializeResult(metadata={"expected": len(told), "captured": captured, "source": sources})
