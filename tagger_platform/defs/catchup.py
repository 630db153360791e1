"""How windows without an answer are asked again.

What belongs here: the sensor that runs a slot again while its audio waits. What does not: who is asked then
(recognitions), and when audio has waited too long (plays). The sensor fetches, `next_slot` decides: one slot at a time,
those that have waited longest first, and only while a provider that has not answered it could be asked. A slot with
audio that nobody waits for any more was killed before its audio was settled: it runs again for that alone. Slots that
the store does not know, because they were too old or a backup is, are passed over; the nightly clean-up drops them.
"""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime

import dagster as dg

from tagger_platform.defs.platform import Platform
from tagger_platform.defs.slots import LATE, WINDOW_SLOTS, Request, SlotRuns, due, runs_of, window_job
from tagger_platform.model import Slot
from tagger_platform.store import slot_reads

CATCHUP_INTERVAL_S = 30
LOOK_AT = 200
"""Slots that are looked at: those at the front rest after a run in vain, but never so many of them."""

CATCHUP = {**LATE, "dagster/priority": "5"}
"""Before other late runs: there is one at a time, and it may have to end before its audio expires."""


@dataclass(frozen=True)
class Waiting:
    """A slot with audio that waits, and the providers that have not answered about it."""

    key: str
    providers: frozenset[str]


def next_slot(
    waiting: Sequence[Waiting], askable: Set[str], runs: Mapping[str, SlotRuns], now: datetime
) -> Request | None:
    """The slot to run again, if one should be now."""
    if any(runs[one.key].in_flight for one in waiting if one.key in runs):
        return None
    for one in waiting:
        known = runs.get(one.key, SlotRuns())
        if due(known, now) and (not one.providers or one.providers & askable):
            return Request(one.key, f"{one.key}#{known.count}", live=False)
    return None


@dg.sensor(
    job=window_job,
    minimum_interval_seconds=CATCHUP_INTERVAL_S,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Runs slots again whose windows still wait for an answer, while providers can be asked.",
)
def catchup_sensor(context: dg.SensorEvaluationContext, platform: dg.ResourceParam[Platform]) -> dg.SensorResult:
    begun = {*platform.spool.claimed(), *platform.spool.ready()}  # those are spool_sensor's
    waits = [key for key in platform.pending.slots() if key not in begun]
    known = slot_reads.known_among(platform.database, [Slot.parse(key) for key in waits])
    keys = [key for key in waits if key in known][:LOOK_AT]
    if not keys:
        return dg.SensorResult()
    waited_for = slot_reads.waited_for(platform.database, [Slot.parse(key) for key in keys])
    waiting = [Waiting(key, waited_for.get(key, frozenset())) for key in keys]
    wanted = next_slot(waiting, platform.may_be_asked_late(), runs_of(context.instance, keys), platform.clock())
    if wanted is None:
        return dg.SensorResult()
    return dg.SensorResult(
        run_requests=[dg.RunRequest(run_key=wanted.run_key, partition_key=wanted.key, tags=CATCHUP)],
        dynamic_partitions_requests=[WINDOW_SLOTS.build_add_request([wanted.key])],
    )
