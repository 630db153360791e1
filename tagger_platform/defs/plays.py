"""Stage 3: decide again what each stream of the slot was playing around it, and let go of the slot.

Until the plays are in the store the audio lies where capture or an earlier run left it, and a sensor finds it there:
the store first, then the files, and the slot's folder last. So a run that is killed anywhere is finished by the next.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator

import dagster as dg

from tagger_platform.defs import checks
from tagger_platform.defs.platform import Platform
from tagger_platform.defs.recognitions import recognitions
from tagger_platform.defs.slots import MOST_SLOTS, WINDOW_SLOTS, slots_of
from tagger_platform.defs.windows import STORE_RETRY
from tagger_platform.model import Play, Slot, Window
from tagger_platform.observe import tracing
from tagger_platform.spool import settle
from tagger_platform.store import slot_reads, writes
from tagger_platform.store.derivation import derive_plays
from tagger_platform.store.evidence import evidence_among
from tagger_platform.store.runs import note_run


@dg.asset(
    partitions_def=WINDOW_SLOTS,
    deps=[recognitions],
    group_name="hot_path",
    retry_policy=STORE_RETRY,
    backfill_policy=MOST_SLOTS,
    check_specs=checks.SPECS,
)
def plays(
    context: dg.AssetExecutionContext, platform: dg.ResourceParam[Platform]
) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
    """The plays around the slot, as the policies now see them, and whether the day's promises hold.

    The audio behind them is kept, waits, or goes.
    """
    slots = slots_of(context)
    counts = Counter[str](confirmed=0, probable=0, waiting=0, expired=0)
    for slot in slots:
        counts.update(_write(platform, slot))
    yield dg.MaterializeResult(metadata=dict(counts))
    yield from checks.told(platform, slots)


@tracing.span("plays")
def _write(platform: Platform, slot: Slot) -> dict[str, int]:
    platform.spool.hold(slot)
    overdue = platform.pending.overdue(platform.pending_since)
    decided: list[Play] = []
    with platform.database.writing() as connection:
        known = slot_reads.windows_in(connection, [slot])
        for stream in sorted({window.stream for window in known}):
            with tracing.span("decide", {"stream": stream}) as span:
                found = derive_plays(connection, stream, slot, platform.rules)
                span.set({"plays": len(found)})
            decided += found
        writes.mark_expired(connection, overdue)
        waiting = {question.window.window_id for question in slot_reads.open_questions_in(connection, [slot])}
        evidence = evidence_among(connection, [*(window.window_id for window in known), *overdue])
        note_run(connection, "hot_path", platform.clock())
    settle_audio(platform, known, overdue, waiting=waiting.difference(overdue), evidence=evidence)
    platform.spool.finish(slot)
    confirmed = sum(play.status == "confirmed" for play in decided)
    return {
        "confirmed": confirmed,
        "probable": len(decided) - confirmed,
        "waiting": len(waiting),
        "expired": len(overdue),
    }


def settle_audio(
    platform: Platform,
    known: Iterable[Window],
    overdue: Iterable[str],
    *,
    waiting: Collection[str],
    evidence: Collection[str],
) -> None:
    """Put the audio of these windows where it belongs; of those that are overdue nobody is asked again."""
    kept = evidence if platform.settings.clip_retain_days else ()
    places = {window_id: platform.pending.audio(window_id) for window_id in overdue}
    places |= {window.window_id: platform.audio(window) for window in known}
    settle([*places.items()], waiting=waiting, evidence=kept, pending=platform.pending, clips=platform.clips)
