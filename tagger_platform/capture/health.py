"""How a stream is doing: the watchdog, the backoff and the condition that windows and logs quote. Virtual time.

What belongs here: small state machines that are fed seconds of the monotonic clock. What does not: doing anything
about it (`listener`).
"""

import logging
import math
import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from tagger_platform.model import CaptureState

logger = logging.getLogger(__name__)

BLANK_S = 60.0
"""seconds of digital silence after which a connection counts as blank: longer than any pause in a programme"""
BLANK_MOST_S = 600.0
"""seconds: a station that is off air for hours is reconnected this often, not every minute"""
FAST_S = (1.0, 60.0)
"""seconds to the first retry, and the most: an outage is often short, and a retry storm helps nobody"""
SLOW_S = (60.0, 300.0)
"""seconds, where retrying soon cannot help (wrong password, no such stream): cameras lock out who insists"""
GOOD_S = 30.0
"""seconds of good audio after which the next failure counts as the first"""
REMIND_S = 600.0
"""seconds between two reminders that a stream is still down, and over which LINES_MOST counts"""
LINES_MOST = 10
"""lines a stream may log in REMIND_S seconds: one that flaps must not fill the disk"""
TROUBLES_KEPT = 50
"""troubles remembered, so that a window can name its own; those of the last minutes are enough"""


class Watchdog:
    """Watches one connection for what looks alive and is not: no bytes, or bytes without sound."""

    def __init__(self, mono: float, first_byte_s: float, silent_s: float, blank_s: float) -> None:
        self._silent_s = silent_s
        self._blank_s = blank_s
        self._overdue_at = mono + first_byte_s
        self._blank_since: float | None = None

    def fed(self, mono: float, *, blank: bool) -> None:
        self._overdue_at = mono + self._silent_s
        if not blank:
            self._blank_since, self._blank_s = None, BLANK_S  # the station is on air again: patience is the usual one
        elif self._blank_since is None:
            self._blank_since = mono

    def verdict(self, mono: float) -> CaptureState | None:
        """STALLED, BLANK, or None while nothing is wrong."""
        if mono >= self._overdue_at:
            return CaptureState.STALLED
        if self._blank_since is not None and mono - self._blank_since >= self._blank_s:
            return CaptureState.BLANK
        return None


class Backoff:
    """Seconds to wait before the next attempt: doubling, with jitter, slow where hurry cannot help."""

    def __init__(self, jitter: Callable[[], float] = random.random) -> None:
        self._jitter = jitter
        self._failures = 0

    def failed(self, *, slow: bool) -> float:
        first, most = SLOW_S if slow else FAST_S
        delay = min(first * 2.0 ** min(self._failures, 20), most)
        self._failures += 1
        return delay * (0.75 + 0.5 * self._jitter())

    @property
    def failures(self) -> int:
        """Failures in a row."""
        return self._failures

    def good(self) -> None:
        self._failures = 0


@dataclass
class Trouble:
    """A span without audio and its reason; `until` is None while it lasts."""

    state: CaptureState
    detail: str
    since: float
    until: float | None = None

    def overlap(self, start: float, end: float) -> float:
        return min(end, end if self.until is None else self.until) - max(start, self.since)


class Condition:
    """The state of one stream as everybody sees it: now, in the windows of the last minutes, and in the log."""

    def __init__(self, name: str, mono: float) -> None:
        self._name = name
        self.since = mono
        # Before a stream is started there is nothing of it to hear: its first trouble has no beginning.
        self._trouble: Trouble | None = Trouble(CaptureState.STARTING, "the stream had just been started", -math.inf)
        self._troubles: deque[Trouble] = deque([self._trouble], maxlen=TROUBLES_KEPT)
        self._spoken: deque[float] = deque(maxlen=LINES_MOST)

    @property
    def live(self) -> bool:
        return self._trouble is None

    @property
    def state(self) -> str:
        return self._trouble.state if self._trouble else "live"

    @property
    def detail(self) -> str:
        return self._trouble.detail if self._trouble else ""

    def fail(self, state: CaptureState, detail: str, mono: float, lost_since: float) -> None:
        """The stream is in trouble; audio is missing since `lost_since`."""
        if self._trouble and (self._trouble.state, self._trouble.detail) == (state, detail):
            self._remind(mono)
            return
        if self._trouble:
            self._trouble.until = lost_since = mono
        self._trouble = Trouble(state, detail, lost_since)
        self._troubles.append(self._trouble)
        self.since = mono
        self._say(mono, "%s: %s: %s", self._name, state, detail)

    def recover(self, mono: float) -> None:
        """Audio is heard."""
        if self._trouble:
            self._say(mono, "%s: live (%s for %.0f s)", self._name, self._trouble.state, mono - self.since)
            self._trouble.until = mono
            self._trouble = None
            self.since = mono

    def gap(self, since: float, until: float, detail: str = "") -> None:
        """Audio came again after a pause, and nobody can say whether some is missing; or `detail` says what is."""
        detail = detail or f"no audio came for {until - since:.1f} s"
        self._troubles.append(Trouble(CaptureState.DISCONTINUOUS, detail, since, until))

    def reason(self, start: float, end: float) -> tuple[CaptureState, str]:
        """Why there is no whole window of audio from `start` to `end`: the newest of what lasted longest in it."""
        worst = max(reversed(self._troubles), key=lambda trouble: trouble.overlap(start, end))
        if worst.overlap(start, end) > 0:
            return worst.state, worst.detail
        if self.live:
            return CaptureState.STALLED, "the audio did not arrive in time"
        return CaptureState.RECONNECTING, self.detail

    def _remind(self, mono: float) -> None:
        if self._spoken and mono - self._spoken[-1] >= REMIND_S:
            self._say(mono, "%s: still %s: %s", self._name, self.state, self.detail)

    def _say(self, mono: float, message: str, *args: object) -> None:
        if len(self._spoken) < LINES_MOST or mono - self._spoken[0] >= REMIND_S:
            self._spoken.append(mono)
            logger.info(message, *args, extra={"stream": self._name})
