"""The parts of the platform and how each is found to be doing.

What belongs here: one function per part, and the limits from which on it is not well. What does not: what comes by
itself now and then (`nightly`), what is done about it (`watch`). Looking changes nothing, but for one byte that is
written to DATA_DIR and deleted again.
"""

import shutil
import tempfile
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

from tagger_platform.errors import TaggerError
from tagger_platform.health.marks import SENSOR, marked_at
from tagger_platform.health.nightly import nightly
from tagger_platform.health.report import Code, Finding, Part, Report, State, Watched
from tagger_platform.model import LATE_AFTER, CanaryOutcome, CanaryResult, Slot, iso, parse_iso
from tagger_platform.recognize.breaker import Breaker
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


def look(watched: Watched) -> Report:
    """Every part as it is now; nothing is raised."""
    return Report(tuple(look_at(name, watched) for name in PARTS))


def look_at(name: str, watched: Watched) -> Part:
    """One part as it is now; nothing is raised."""
    try:
        return PARTS[name](watched)
    except TaggerError as error:
        return _part(name, State.FAILING, Code.REFUSED, str(error), why=str(error))
    except Exception as error:  # whatever keeps a part from being looked at is what the question is about
        told = f"{name} cannot be looked at ({type(error).__name__})"
        return _part(name, State.FAILING, Code.NOT_LOOKED_AT, told, why=type(error).__name__)


def _part(
    name: str,
    state: State,
    code: Code,
    sentence: str,
    numbers: Mapping[str, Any] = MappingProxyType({}),
    **details: object,
) -> Part:
    """A part of which there is one thing to say."""
    return Part(name, state, (Finding(code, sentence, details),), numbers)


def capture(watched: Watched) -> Part:
    """Whether windows keep coming. One stream that is down is the stream's trouble, and told in the numbers."""
    try:
        told = watched.ask_capture()
    except TaggerError as error:
        return _part("capture", State.FAILING, Code.CAPTURE_SILENT, str(error), why=str(error))
    streams = [one for one in told.get("streams") or () if one.get("enabled")]
    states = dict(Counter(str(one.get("state")) for one in streams))
    newest = max((str(one["last_window"]) for one in streams if one.get("last_window")), default=None)
    age_s = _age_s(watched.clock(), parse_iso(newest or told["since"]))
    numbers = {"streams": states, "last_window": newest, "age_s": age_s}
    if problems := told.get("problems"):
        found = tuple(Finding(Code.CAPTURE_TROUBLE, problem, {"why": problem}) for problem in problems)
        return Part("capture", State.FAILING, found, numbers)
    if streams and age_s > FRESH_HOPS * watched.settings.hop_s:
        late = f"no stream has given a window for {_span(age_s)}"
        return _part("capture", State.FAILING, Code.NO_WINDOWS, late, numbers, age_s=age_s)
    if not streams:
        return _part("capture", State.OK, Code.NO_STREAMS, "no stream is enabled", numbers)
    live, of = states.get("live", 0), len(streams)
    told_live = f"{live} of {of} streams are live"
    return _part("capture", State.OK, Code.STREAMS_LIVE, told_live, numbers, live=live, streams=of)


def spool(watched: Watched) -> Part:
    """Whether what capture hands over is taken."""
    settings = watched.settings
    found = Spool(settings.spool_dir)
    waiting = found.waiting()
    age_s = _age_s(watched.clock(), Slot.parse(waiting[0]).start) if waiting else 0.0
    pending = Pending(settings.spool_dir / "pending", max_bytes=settings.pending_max_mb * 1_000_000)
    numbers = {**found.counts(), "oldest_waits_s": age_s, "pending_slots": len(pending.slots())}
    windows, most = numbers["ready_windows"], settings.queue_max_size
    if windows >= NEARLY_FULL * most:
        told = f"{windows} windows wait of {most} (QUEUE_MAX_SIZE): audio is dropped"
        return _part("spool", State.FAILING, Code.SPOOL_FULL, told, numbers, windows=windows, most=most)
    if age_s > LATE_AFTER.total_seconds():
        told = f"{len(waiting)} slots wait, the oldest for {_span(age_s)}"
        return _part("spool", State.WARNING, Code.SLOTS_WAIT, told, numbers, slots=len(waiting), age_s=age_s)
    claimed = numbers["ready_slots"] + numbers["claimed_slots"] - len(waiting)
    told = f"{len(waiting)} slots wait, {claimed} under way"
    return _part("spool", State.OK, Code.SLOTS_TAKEN, told, numbers, slots=len(waiting), claimed=claimed)


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
    found = [_of_breaker(name, breaker) for name, breaker in known.items()]
    if troubled:
        told = "the windows wait and are asked again by themselves"
        found.append(Finding(Code.WINDOWS_WAIT, told))
    wrong = [_of_canary(one) for one in canaries.values() if one.outcome.is_trouble]
    nobody = Finding(Code.NOBODY_ASKED, "nobody outside this machine was asked yet")
    state = State.WARNING if troubled or wrong else State.OK
    return Part("providers", state, (*found, *wrong) or (nobody,), numbers)


def _of_breaker(provider: str, breaker: Breaker) -> Finding:
    told = f"{provider} {breaker.describe()}"
    if breaker.state is BreakerState.CLOSED:
        return Finding(Code.ANSWERS, told, {"provider": provider})
    until = iso(breaker.tried_at)
    return Finding(Code.LEFT_ALONE, told, {"provider": provider, "until": until, "why": breaker.reason})


def _canary_numbers(one: CanaryResult) -> dict[str, Any]:
    return {"canary": one.outcome, "canary_at": iso(one.asked_at), "canary_latency_ms": one.latency_ms}


def _of_canary(one: CanaryResult) -> Finding:
    at = iso(one.asked_at)
    what = "does not know a clip that it should" if one.outcome is CanaryOutcome.NO_MATCH else one.outcome
    told = f"{one.provider}'s canary of {at}: {what}" + (f" ({one.detail})" if one.detail else "")
    details = {"provider": one.provider, "asked_at": at, "outcome": one.outcome, "why": one.detail}
    return Finding(Code.CANARY_NOT_NAMED, told, details)


def store(watched: Watched) -> Part:
    """Whether the log can be read, and its folder written."""
    plays = reports.total_plays(watched.database)
    folder = str(watched.settings.data_dir)
    if why := unwritable(watched.settings.data_dir):
        told = f"DATA_DIR {folder} cannot be written: {why}"
        return _part("store", State.FAILING, Code.NOT_WRITABLE, told, folder=folder, why=why)
    numbers = {"plays": plays, "version": watched.database.version()}
    path = str(watched.database.path)
    return _part("store", State.OK, Code.LOG_READ, f"{path}, {plays} plays", numbers, path=path, plays=plays)


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
    state, code = disk_state(usage.free, room)
    folder = str(watched.settings.data_dir)
    told = f"{usage.free / 1e9:.1f} GB free where DATA_DIR {folder} lies" + MAKE_ROOM.get(code, "")
    numbers = {"free_bytes": usage.free, "total_bytes": usage.total, "reserve_bytes": room.reserve}
    return _part("disk", state, code, told, numbers, free_bytes=usage.free, folder=folder)


MAKE_ROOM = {
    Code.DISK_LOW: ": make room",
    Code.DISK_SHEDS_CLIPS: ": make room; the oldest clips are given up",
    Code.DISK_FULL: ": make room; windows are not kept, clips and the oldest audio that waits are given up",
}


def disk_state(free_bytes: int, room: Room) -> tuple[State, Code]:
    """What so much free space is worth, and what comes of it because it is so little."""
    if free_bytes < room.floor:
        return State.FAILING, Code.DISK_FULL
    if free_bytes < room.reserve:
        return State.WARNING, Code.DISK_SHEDS_CLIPS
    return (State.WARNING, Code.DISK_LOW) if free_bytes < LOW_DISK * room.reserve else (State.OK, Code.DISK_FREE)


def dagster(watched: Watched) -> Part:
    """Whether Dagster's daemon ticks, and its code server answers it."""
    at = marked_at(watched.settings.marks_dir, SENSOR)
    if at is None:
        told = "Dagster's sensor has never ticked: is its daemon running?"
        return _part("dagster", State.FAILING, Code.NEVER_TICKED, told)
    age_s = _age_s(watched.clock(), at)
    numbers = {"last_tick": iso(at), "age_s": age_s}
    if age_s > SENSOR_SILENT_S:
        told = f"Dagster's sensor has not ticked for {_span(age_s)}: its daemon or code server is down"
        return _part("dagster", State.FAILING, Code.TICKS_NO_MORE, told, numbers, age_s=age_s)
    return _part("dagster", State.OK, Code.TICKS, "Dagster's sensor ticks", numbers)


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
