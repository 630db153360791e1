"""How much of a stream was heard, and why the rest was not.

What belongs here: the one state of each expected window, and adding states up. What does not: reading windows from
the store, or which windows are expected (capture's manifests). Pure: no clock, no IO.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

from tagger_platform.model import ANSWERED, CaptureState, Slot, Status, Window, iso

HEARD = "heard"
UNACCOUNTED = "unaccounted"
"""The state of a window that was expected and that nobody has told anything of: a hole in the log, or not yet told."""

STATES = frozenset({HEARD, *Status, *CaptureState} - {Status.MATCH, Status.NO_MATCH, CaptureState.CAPTURED})
"""What `window_state` can say."""

BY_PRECEDENCE = (
    Status.SILENT,
    Status.PENDING,
    Status.THROTTLED,
    Status.PROVIDER_DOWN,
    Status.TIMEOUT,
    Status.BAD_ANSWER,
    Status.EXPIRED,
)
"""What a window without an answer is, the first that any provider reports; then come the capture's reasons."""

NOT_LOST = frozenset({HEARD, Status.SILENT.value})

USUAL_SHARE = 0.9
"""Share of the waits from window to window that count as usual; a day has few breaks in what was expected."""

UNEXPECTED_AFTER = 1.5
"""Usual waits without a window after which none was expected: the stream was not enabled, for example."""


def window_state(window: Window, statuses: Mapping[str, Status]) -> str:
    """The one state of an expected window, from what capture says and each provider's status (by provider).

    A disabled provider counts as if it were not there. A captured window that nobody has been asked about is pending.
    """
    told = {status for status in statuses.values() if status is not Status.DISABLED}
    if told & ANSWERED:
        return HEARD
    if reason := next((status for status in BY_PRECEDENCE if status in told), None):
        return reason.value
    if window.state is not CaptureState.CAPTURED:
        return window.state.value
    if Status.NOT_NEEDED in told:
        return Status.NOT_NEEDED.value
    return Status.DISABLED.value if statuses else Status.PENDING.value


def left_out(previous: Slot, following: Slot, hop_s: int | None, *, start: datetime, end: datetime) -> Iterator[Slot]:
    """The slots in [start, end) between two slots that were told one after the other: none, if all is well.

    After any slot comes the next whole multiple of the hop, whatever the hop was before. Where it is unknown nothing
    can be said.
    """
    if hop_s is None:
        return
    first = (int(previous.start.timestamp()) // hop_s + 1) * hop_s
    first = max(first, -int(-start.timestamp() // hop_s) * hop_s)
    for seconds in range(first, int(min(following.start, end).timestamp()), hop_s):
        yield Slot(datetime.fromtimestamp(seconds, UTC))


@dataclass(frozen=True)
class Gap:
    """A stretch of time in which nothing was heard, for one reason."""

    start: datetime
    end: datetime
    reason: str

    def as_json(self) -> dict[str, str]:
        return {"from": iso(self.start), "to": iso(self.end), "reason": self.reason}


@dataclass(frozen=True)
class Coverage:
    """A stream's local day in numbers. `expected` is the sum of `states`; `ratio` is None when nothing was expected."""

    stream: str
    date: date
    expected: int
    heard: int
    silent: int
    not_needed: int
    states: Mapping[str, int]
    ratio: float | None
    gaps: tuple[Gap, ...]


def coverage(windows: Sequence[tuple[datetime, datetime, str]], *, stream: str, date: date) -> Coverage:
    """Adds up the (start, end, state) of every window expected of `stream` on `date`."""
    states = Counter(state for _, _, state in windows)
    heard, silent = states[HEARD], states[Status.SILENT.value]
    not_needed = states[Status.NOT_NEEDED.value]
    due = len(windows) - not_needed
    return Coverage(
        stream=stream,
        date=date,
        expected=len(windows),
        heard=heard,
        silent=silent,
        not_needed=not_needed,
        states=dict(sorted(states.items())),
        ratio=(heard + silent) / due if due else None,
        gaps=_gaps(windows),
    )


def _gaps(windows: Sequence[tuple[datetime, datetime, str]]) -> tuple[Gap, ...]:
    """Lost windows with one reason and no other window between them are one gap.

    Windows nobody had to ask do not part a gap; a time in which no window was expected does.
    """
    ordered = sorted(windows)
    longest_wait = _usual_wait(ordered) * UNEXPECTED_AFTER
    gaps: list[Gap] = []
    previous_start, parted = datetime.max.replace(tzinfo=UTC), True
    for start, end, state in ordered:
        parted = parted or start - previous_start > longest_wait
        previous_start = start
        if state == Status.NOT_NEEDED.value:
            continue
        if state in NOT_LOST:
            parted = True
            continue
        if gaps and not parted and gaps[-1].reason == state:
            gaps[-1] = Gap(gaps[-1].start, max(end, gaps[-1].end), state)
        else:
            gaps.append(Gap(start, end, state))
        parted = False
    return tuple(gaps)


def _usual_wait(ordered: Sequence[tuple[datetime, datetime, str]]) -> timedelta:
    """How long it usually is at most from window to window: windows of one slot are closer than the slots are."""
    waits = sorted(later[0] - earlier[0] for earlier, later in pairwise(ordered))
    return waits[int(len(waits) * USUAL_SHARE)] if waits else timedelta()
