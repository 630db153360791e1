"""The parts of the platform and how each is found to be doing.

What belongs here: one function per part, and the limits from which on it is not well. What does not: what is done about
it (`watch`). Looking changes nothing, but for one byte that is written to DATA_DIR and deleted again.
"""

import shutil
import tempfile
from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from tagger_platform.errors import TaggerError
from tagger_platform.health.marks import SENSOR, marked_at
from tagger_platform.health.report import Part, Report, State, Watched
from tagger_platform.model import LATE_AFTER, CanaryOutcome, CanaryResult, Slot, iso, parse_iso
from tagger_platform.recognize.breaker import State as BreakerState
from tagger_platform.recognize.budget import breakers
from tagger_platform.recognize.providers import budgets
from tagger_platform.spool import Pending, Room, Spool
from tagger_platform.store import reports

FRESH_HOPS = 3
"""Hops without a window of any stream after which capture counts as failing: one may be late, two may be chance."""
NEARLY_FULL = 0.9
"""Share of QUEUE_MAX_SIZE from which on the spool is about to drop audio."""
LOW_DISK = 2.0
"""Times the reserve (DISK_RESERVE_MB): with less than this free, somebody should make room before audio is given up."""
SENSOR_SILENT_S = 120.0
"""Seconds: the sensor ticks every 5 s, and one tick may take up to a minute."""
NIGHTLY = "retention"
"""The run that ends a night."""
NIGHTLY_AFTER = timedelta(hours=26)
"""A night, the run itself, and the hour that a day may be longer."""


def look(watched: Watched) -> Report:
    """Every part as it is now; nothing is raised."""
    return Report(tuple(look_at(name, watched) for name in PARTS))


def look_at(name: str, watched: Watched) -> Part:
    """One part as it is now; nothing is raised."""
    try:
        return PARTS[name](watched)
    except TaggerError as error:
        return Part(name, State.FAILING, str(error))
    except Exception as error:  # whatever keeps a part from being looked at is what the question is about
        return Part(name, State.FAILING, f"{name} cannot be looked at ({type(error).__name__})")


def capture(watched: Watched) -> Part:
    """Whether windows keep coming. One stream that is down is the stream's trouble, and told in the numbers."""
    told = watched.ask_capture()
    streams = [one for one in told.get("streams") or () if one.get("enabled")]
    states = dict(Counter(str(one.get("state")) for one in streams))
    newest = max((str(one["last_window"]) for one in streams if one.get("last_window")), default=None)
    age_s = _age_s(watched.clock(), parse_iso(newest or told["since"]))
    numbers = {"streams": states, "last_window": newest, "age_s": age_s}
    if problems := told.get("problems"):
        return Part("capture", State.FAILING, "; ".join(problems), numbers)
    if streams and age_s > FRESH_HOPS * watched.settings.hop_s:
        return Part("capture", State.FAILING, f"no stream has given a window for {_span(age_s)}", numbers)
    live = f"{states.get('live', 0)} of {len(streams)} streams are live" if streams else "no stream is enabled"
    return Part("capture", State.OK, live, numbers)


def spool(watched: Watched) -> Part:
    """Whether what capture hands over is taken."""
    settings = watched.settings
    found = Spool(settings.spool_dir)
    ready = found.ready()
    age_s = _age_s(watched.clock(), Slot.parse(ready[0]).start) if ready else 0.0
    pending = Pending(settings.spool_dir / "pending", max_bytes=settings.pending_max_mb * 1_000_000)
    numbers = {**found.counts(), "oldest_ready_s": age_s, "pending_slots": len(pending.slots())}
    if numbers["ready_windows"] >= NEARLY_FULL * settings.queue_max_size:
        told = (
            f"{numbers['ready_windows']} windows wait of {settings.queue_max_size} (QUEUE_MAX_SIZE): audio is dropped"
        )
        return Part("spool", State.FAILING, told, numbers)
    if age_s > LATE_AFTER.total_seconds():
        return Part("spool", State.WARNING, f"{len(ready)} slots wait, the oldest for {_span(age_s)}", numbers)
    told = f"{numbers['ready_slots']} slots ready, {numbers['claimed_slots']} under way"
    return Part("spool", State.OK, told, numbers)


def providers(watched: Watched) -> Part:
    """Whether those that are asked answer. Never failing: what they owe waits and is asked again by itself."""
    now, metered = watched.clock().timestamp(), budgets(watched.settings)
    known = {name: one for name, one in breakers(watched.settings.budget_path).items() if name in metered}
    canaries = {one.provider: one for one in reports.canary_results(watched.database)}
    numbers: dict[str, dict[str, Any]] = {name: _canary_numbers(one) for name, one in canaries.items()}
    for name, breaker in known.items():
        left = replace(metered[name], clock=lambda: now).remaining()
        numbers[name] = {"breaker": breaker.state, "budget_left": left, **numbers.get(name, {})}
    troubled = [name for name, breaker in known.items() if breaker.state is not BreakerState.CLOSED]
    told = [f"{name} {breaker.describe()}" for name, breaker in known.items()]
    wrong = [_canary_sentence(one) for one in canaries.values() if one.outcome.is_trouble]
    if troubled:
        told.append("the windows wait and are asked again by themselves")
    state = State.WARNING if troubled or wrong else State.OK
    return Part("providers", state, "; ".join(told + wrong) or "nobody was asked yet", numbers)


def _canary_numbers(one: CanaryResult) -> dict[str, Any]:
    return {"canary": one.outcome, "canary_at": iso(one.asked_at), "canary_latency_ms": one.latency_ms}


def _canary_sentence(one: CanaryResult) -> str:
    what = "does not know a clip that it should" if one.outcome is CanaryOutcome.NO_MATCH else one.outcome
    return f"{one.provider}'s canary of {iso(one.asked_at)}: {what}" + (f" ({one.detail})" if one.detail else "")


def store(watched: Watched) -> Part:
    """Whether the log can be read, and its folder written."""
    plays = reports.total_plays(watched.database)
    if why := unwritable(watched.settings.data_dir):
        return Part("store", State.FAILING, f"DATA_DIR {watched.settings.data_dir} cannot be written: {why}")
    numbers = {"plays": plays, "version": watched.database.version()}
    return Part("store", State.OK, f"{watched.database.path}, {plays} plays", numbers)


def unwritable(folder: Path) -> str:
    """Why nothing can be written to the folder; empty where it can. A turn at the store would tell every page anew."""
    try:
        with tempfile.TemporaryFile(dir=folder) as probe:
            probe.write(b"x")
    except OSError as error:
        return error.strerror or type(error).__name__
    return ""


def disk(watched: Watched) -> Part:
    """Whether there is room where DATA_DIR lies, and what is given up where there is not."""
    usage = shutil.disk_usage(watched.settings.data_dir)
    room = Room(watched.settings.data_dir, watched.settings.disk_reserve_bytes)
    state, given_up = disk_state(usage.free, room)
    told = f"{usage.free / 1e9:.1f} GB free where DATA_DIR {watched.settings.data_dir} lies"
    numbers = {"free_bytes": usage.free, "total_bytes": usage.total, "reserve_bytes": room.reserve}
    return Part("disk", state, told if state is State.OK else f"{told}: make room{given_up}", numbers)


def disk_state(free_bytes: int, room: Room) -> tuple[State, str]:
    """What so much free space is worth, and what is given up because it is so little."""
    if free_bytes < room.floor:
        return State.FAILING, "; windows are not kept, clips and the oldest audio that waits are given up"
    if free_bytes < room.reserve:
        return State.WARNING, "; the oldest clips are given up"
    return (State.WARNING if free_bytes < LOW_DISK * room.reserve else State.OK), ""


def dagster(watched: Watched) -> Part:
    """Whether Dagster's daemon ticks, and its code server answers it."""
    at = marked_at(watched.settings.marks_dir, SENSOR)
    if at is None:
        return Part("dagster", State.FAILING, "Dagster's sensor has never ticked: is its daemon running?")
    age_s = _age_s(watched.clock(), at)
    numbers = {"last_tick": iso(at), "age_s": age_s}
    if age_s > SENSOR_SILENT_S:
        told = f"Dagster's sensor has not ticked for {_span(age_s)}: its daemon or code server is down"
        return Part("dagster", State.FAILING, told, numbers)
    return Part("dagster", State.OK, "Dagster's sensor ticks", numbers)


def nightly(watched: Watched) -> Part:
    """Whether the nightly run comes every night."""
    at = reports.last_run(watched.database, NIGHTLY)
    if at is None:
        return Part("nightly", State.OK, "none yet", {"last_run": None})
    late = watched.clock() - at > NIGHTLY_AFTER
    told = f"the last nightly run ended at {iso(at)}" + (": the next is overdue" if late else "")
    return Part("nightly", State.FAILING if late else State.OK, told, {"last_run": iso(at)})


PARTS = {
    "capture": capture,
    "spool": spool,
    "providers": providers,
    "store": store,
    "disk": disk,
    "dagster": dagster,
    "nightly": nightly,
}
"""By name, in the order of the path."""


def _age_s(now: datetime, then: datetime) -> float:
    """Seconds since `then`; a clock that stepped back makes nothing old."""
    return max(0.0, round((now - then).total_seconds(), 1))


def _span(seconds: float) -> str:
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.0f} h"
