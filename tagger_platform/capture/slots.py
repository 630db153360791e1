"""Which slots begin and which were missed: a UTC clock that follows the monotonic one, and the schedule on it.

What belongs here: arithmetic on two clock readings, and nothing that reads a clock. What does not: the windows of
a slot (`supervisor`). A slot is told once, in order, and never again: neither after a step of the wall clock nor,
given the last slot of the process before, after a restart.
"""

import math
from dataclasses import dataclass
from datetime import UTC, datetime

from tagger_platform.model import CaptureState, Slot

STEP_S = 2.0
"""seconds: more than this between wall clock and monotonic clock is a step; less is drift, taken up in silence"""
MISSED_LIMIT_S = 7 * 86_400
"""seconds of missed slots that are accounted for one by one; a clock that was years off must not make millions"""


@dataclass(frozen=True)
class Begun:
    """A slot to listen for; `at` is its start on the monotonic clock."""

    slot: Slot
    at: float


@dataclass(frozen=True)
class Missed:
    """Slots that nobody listened for, oldest first, and why."""

    slots: tuple[Slot, ...]
    state: CaptureState
    detail: str


@dataclass(frozen=True)
class Stepped:
    """The wall clock was set: what is being listened for now has no certain time."""

    detail: str


Event = Begun | Missed | Stepped


class Schedule:
    """Feed it both clocks; it tells what begins. `last` is the newest slot ever published, if there is one."""

    def __init__(self, hop_s: int, last: Slot | None, wall: float, mono: float) -> None:
        self._hop_s = hop_s
        self._wall_minus_mono = wall - mono
        self._next = _first_from(last, hop_s, wall)

    def utc(self, mono: float) -> float:
        """Seconds since the epoch at an instant of the monotonic clock."""
        return mono + self._wall_minus_mono

    @property
    def next_slot(self) -> Slot:
        """The next slot that will begin."""
        return self._next

    def advance(self, wall: float, mono: float) -> list[Event]:
        """What has happened up to now."""
        error = wall - self.utc(mono)
        if abs(error) > STEP_S:
            return self._step(wall, mono, error)
        if self._next.start.timestamp() > self.utc(mono):
            return []
        now = self.utc(mono)
        events = self._missed(_running(self._hop_s, now), CaptureState.CAPTURE_DOWN, "capture was not running")
        # Drift is taken up between slots, so that all windows of a slot are cut by one clock.
        self._wall_minus_mono = wall - mono
        begun = Begun(self._next, self._next.start.timestamp() - self._wall_minus_mono)
        self._next = self._next.next(self._hop_s)
        return [*events, begun]

    def _step(self, wall: float, mono: float, error: float) -> list[Event]:
        self._wall_minus_mono = wall - mono
        way = "forward" if error > 0 else "back"
        detail = f"the computer's clock went {way} by {abs(error):.0f} s"
        beyond = _running(self._hop_s, wall).next(self._hop_s)
        return [Stepped(detail), *self._missed(beyond, CaptureState.CLOCK_STEPPED, detail)]

    def _missed(self, until: Slot, state: CaptureState, detail: str) -> list[Event]:
        """All slots from the next one up to `until`, which becomes the next one. None when `until` lies before."""
        if until <= self._next:
            return []
        first, end = self._next.start.timestamp(), until.start.timestamp()
        first = max(first, end - MISSED_LIMIT_S // self._hop_s * self._hop_s)
        self._next = until
        return [Missed(tuple(_slot(s) for s in range(int(first), int(end), self._hop_s)), state, detail)]


def _slot(seconds: float) -> Slot:
    return Slot(datetime.fromtimestamp(seconds, UTC))


def _running(hop_s: int, now: float) -> Slot:
    return _slot(now // hop_s * hop_s)


def _first_from(last: Slot | None, hop_s: int, now: float) -> Slot:
    """The first slot to account for: all since `last`; where there was none, the first that is still to begin."""
    if last is None:
        return _slot(math.ceil(now / hop_s) * hop_s)
    return _slot((last.start.timestamp() // hop_s + 1) * hop_s)
