"""Stage 1 after the spool: what was expected of the slot, and what capture says became of it."""

from collections.abc import Iterable
from dataclasses import dataclass

import dagster as dg

from tagger_platform.defs.platform import Platform
from tagger_platform.defs.slots import MOST_SLOTS, WINDOW_SLOTS, slots_of
from tagger_platform.model import CaptureState, Slot, Window
from tagger_platform.observe import tracing
from tagger_platform.store import slot_reads, writes
from tagger_platform.store.expected import write_expected

STORE_RETRY = dg.RetryPolicy(max_retries=3, delay=5, backoff=dg.Backoff.EXPONENTIAL)
"""For infrastructure only (a busy or full disk): what a provider does wrong is data, not an exception."""


@dg.asset(partitions_def=WINDOW_SLOTS, group_name="hot_path", retry_policy=STORE_RETRY, backfill_policy=MOST_SLOTS)
@tracing.span("windows")
def windows(context: dg.AssetExecutionContext, platform: dg.ResourceParam[Platform]) -> dg.MaterializeResult[None]:
    """Every window that was expected of the slot, each with its audio or the reason why there is none."""
    slots = slots_of(context)
    found = {slot.key: told for slot in slots if (told := _told(platform, slot))}
    if not found:
        named = " to ".join(dict.fromkeys([slots[0].key, slots[-1].key]))
        raise dg.Failure(
            f"{named}: neither in the spool nor in the store; never captured, or expired", allow_retries=False
        )
    sources = {source for told in found.values() for source in told.sources}
    return dg.MaterializeResult(
        metadata={
            "slots": len(found),
            "expected": sum(told.expected for told in found.values()),
            "captured": sum(told.captured for told in found.values()),
            "source": ", ".join(sorted(sources)),
        }
    )


@dataclass(frozen=True)
class Told:
    """What is known of a slot: its windows, those with audio, and who says so."""

    expected: int
    captured: int
    sources: tuple[str, ...]


def _told(platform: Platform, slot: Slot) -> Told | None:
    """Take a slot's windows from the spool into the store; None if neither knows the slot."""
    live = platform.spool.claim(slot, platform.expected_windows(slot))
    manifests = [*([live] if live else []), *platform.spool.claim_recorded(slot)]
    if not manifests:
        known = slot_reads.windows_of_slot(platform.database, slot)
        return Told(len(known), _captured(known), ("store",)) if known else None
    with platform.database.writing() as connection:
        for manifest in manifests:
            writes.write_windows(
                connection, manifest.windows, titles=dict(manifest.titles), source=manifest.source, slot=slot
            )
            write_expected(connection, manifest, hop_s=manifest.hop_s or platform.settings.hop_s)
    told = [window for manifest in manifests for window in manifest.windows]
    return Told(len(told), _captured(told), tuple(manifest.source for manifest in manifests))


def _captured(told: Iterable[Window]) -> int:
    return sum(window.state is CaptureState.CAPTURED for window in told)
