"""When a provider in trouble may be asked again: the states of its breaker.

::

    closed ----- FAILURES in a row, or one that says how long to wait -----> open
    open ------- its pause is over: one question goes out ------------------> half_open
    half_open -- answered -> closed;  failed -> open, with the next longer pause

What belongs here: the states and their changes, as pure values. What does not: keeping them in the file that all
processes share, and the slow restart: the bucket of a provider that is tried again is empty (budget).
"""

import math
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum

from tagger_platform.model import ANSWERED, Recognition, Status, iso

FAILURES = 3
"""Failures in a row that open the breaker: two can be chance, and every further one is a window that waits."""

PAUSES_S = (60.0, 120.0, 300.0, 900.0)
"""Seconds until the first and each further try, as Shazam's throttling was found to need."""

LONGEST_PAUSE_S = 3600.0
"""A provider that asks for a longer wait is tried again all the same."""

PROBE_WITHIN_S = 60.0
"""Seconds after which a try that reported nothing was lost with its process: the next may go out."""

PROBE_POLL_S = 1.0
"""Seconds between two looks at how somebody else's try went; it takes about one."""

TROUBLE = frozenset({Status.THROTTLED, Status.PROVIDER_DOWN, Status.TIMEOUT, Status.BAD_ANSWER})


class State(StrEnum):
    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


@dataclass(frozen=True)
class Breaker:
    """A provider's breaker at one moment. `since` and `until` are seconds of wall time, `pauses` counts those in a row.

    `status` is what a question is that cannot be asked, `reason` the provider's last failure.
    """

    state: State = State.CLOSED
    since: float = 0.0
    until: float = 0.0
    status: Status = Status.PROVIDER_DOWN
    reason: str = ""
    failures: int = 0
    pauses: int = 0

    def wait_s(self, now: float) -> float:
        """Seconds until the next question may go out, or until it is worth looking again; 0 when it may now."""
        if self.state is State.CLOSED or now < self.since:  # a clock that stepped back must not keep it open
            return 0.0
        left_s = max(0.0, self.until - now)
        return left_s if self.state is State.OPEN else min(left_s, PROBE_POLL_S)

    def asked(self, now: float) -> "Breaker":
        """A question goes out: unless all is well it is the one try."""
        if self.state is State.CLOSED:
            return self
        return replace(self, state=State.HALF_OPEN, since=now, until=now + PROBE_WITHIN_S)

    def told(self, given: Recognition, now: float) -> "Breaker":
        """The provider's answer, or its failure, has come."""
        if self.state is State.OPEN:  # it was asked before the breaker opened
            return self
        if given.status in ANSWERED:
            calm = self.state is State.CLOSED and now - self.since > PAUSES_S[-1]
            since = now if self.state is State.HALF_OPEN else self.since
            return Breaker(since=since, pauses=0 if calm else self.pauses)
        if given.status not in TROUBLE:
            return self
        failures = self.failures + 1
        if self.state is State.CLOSED and failures < FAILURES and given.retry_after_s is None:
            return replace(self, failures=failures)
        return self._opened(given, now)

    def _opened(self, given: Recognition, now: float) -> "Breaker":
        pause_s = max(PAUSES_S[min(self.pauses, len(PAUSES_S) - 1)], given.retry_after_s or 0.0)
        throttled = given.status is Status.THROTTLED
        return Breaker(
            state=State.OPEN,
            since=now,
            until=now + min(pause_s, LONGEST_PAUSE_S),
            status=Status.THROTTLED if throttled else Status.PROVIDER_DOWN,
            reason=f"{given.status}: {given.detail}",
            pauses=self.pauses + 1,
        )

    def describe(self) -> str:
        """For people: the state, since and until when, and why."""
        if self.state is State.CLOSED:
            return "answers"
        since = iso(datetime.fromtimestamp(int(self.since), UTC))
        return f"is not asked until {iso(self.tried_at)}, {self.state} since {since} ({self.reason})"

    @property
    def tried_at(self) -> datetime:
        """The full second from which on it is tried again, while it is open."""
        return datetime.fromtimestamp(math.ceil(self.until), UTC)


LONGEST_ASKED_S = 86_400.0
"""Whoever asks to be left alone for longer is asked again after a day."""


def retry_after_s(header: str | None, now: float) -> float | None:
    """Seconds to wait as an HTTP header Retry-After says, in seconds or as a date; None where it says nothing."""
    if not header:
        return None
    try:
        wait_s = float(header) if header.strip().isdecimal() else parsedate_to_datetime(header).timestamp() - now
    except (ValueError, TypeError, OverflowError):
        return None
    return min(max(0.0, wait_s), LONGEST_ASKED_S)
