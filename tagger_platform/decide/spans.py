"""Where an airing begins and ends.

What belongs here: splitting the hits of one track into airings, and the start, end and uncertainty that each claims.
What does not: whether an airing is proved (policies), what it is called (plays), and who keeps the time that several
tracks claim (overlaps). Pure: no clock, no IO.

A line (lines) is the instant at which the track began, as an offset implies it.

**Start**: the median of the line that most hits agree on; without offsets the first hit's window start. Never before
the start of the neighbouring window that says otherwise (it proves that the track was not on for most of it), nor
before the stream's first evidence.
**End**: line + duration / speed where both are known, never after the start of the next window that says otherwise (or
the instant at which that window's own track began, if that is inside it), nor after the last answered window; else the
end of the last hit's window.
A window that names only jingles says otherwise only where it follows the hit at once: apart from it, the jingle may
have been laid over the track.
Where windows follow each other without a gap and a provider says from and to when in them it heard the track, an airing
that was joined late or cut off begins or ends there, and if that is the window's edge, up to `UNNAMED_S` beyond it.
**Uncertainty**: the larger of the two ends'. Where offsets give an end: half the spread of the agreeing hits, at least
`SURE_S`; where a window that says otherwise cut the line off, plus what was cut off (at most the time from that
window's start to the first hit). Where only windows give it: half the time between the hit and its asked neighbour, or
half a hop where it has none.
"""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median

from tagger_platform.decide.evidence import JINGLE, OBSERVED, Heard, Hit, Timeline
from tagger_platform.decide.lines import lines, near

UNNAMED_S = 4.0
"""Seconds of a track at the edge of a window that may be too few to be named."""

EDGE_S = 1.5
"""Seconds before a window's end from which on a track was heard until that end: it pauses, or its last peak is soft."""

RESTART_AFTER_S = 5.0
"""Seconds after the previous hit's window start from which a new line can be a second playing of the track."""

SURE_S = 0.5
"""Seconds of uncertainty that even agreeing offsets leave."""


@dataclass(frozen=True)
class Span:
    """From when to when, and how far the truth may be from either, in seconds."""

    start: datetime
    end: datetime
    start_unsure_s: float
    end_unsure_s: float

    @property
    def uncertainty_s(self) -> float:
        return round(max(self.start_unsure_s, self.end_unsure_s), 1)


def airings(hits: Sequence[Hit], *, dedup_s: float) -> list[tuple[Hit, ...]]:
    """The hits of one track on one stream, in time order, parted where the track went off or began again."""
    found: list[list[Hit]] = []
    running: tuple[datetime, ...] = ()
    agreed = False
    for hit in hits:
        own = lines(hit.window, hit.answers)
        fitting = tuple(line for line in own if any(near(line, other) for other in running))
        if not found or _gap_s(found[-1][-1], hit) > dedup_s or (not fitting and _restarts(own, found[-1][-1])):
            found.append([hit])
            running, agreed = own, False
            continue
        found[-1].append(hit)
        if fitting:  # follow it, so that a speed nobody reported does not add up over a long track
            running, agreed = fitting, True
        elif not agreed:  # two hits that disagree: either may be right
            running += own
    return [tuple(run) for run in found]


def spans(
    runs: Sequence[Sequence[Hit]], timeline: Timeline, *, durations: Sequence[float | None], hop_s: float
) -> list[Span]:
    """The spans of one track's airings (`runs`, in time order); they never overlap."""
    first_evidence, horizon = timeline.evidence
    found: list[Span] = []
    for run, duration_s in zip(runs, durations, strict=True):
        not_before = max(first_evidence, found[-1].start) if found else first_evidence
        found.append(_span(run, timeline, duration_s, hop_s, not_before, horizon))
    for place, (one, following) in enumerate(pairwise(found)):
        if following.start < one.end:
            found[place] = replace(one, end=following.start, end_unsure_s=following.start_unsure_s)
    return found


def _span(
    run: Sequence[Hit],
    timeline: Timeline,
    duration_s: float | None,
    hop_s: float,
    not_before: datetime,
    horizon: datetime,
) -> Span:
    first = run[0].window
    before, after = _neighbours(run, timeline)
    agreeing = _agreeing_lines(run)
    began = _median(agreeing) if agreeing else None
    if began is not None and began > first.end:  # a line that cannot explain the first hit is not this airing's
        began = None
    spread_s = max(SURE_S, _seconds(max(agreeing) - min(agreeing)) / 2) if agreeing else SURE_S

    start, start_unsure_s = _start(run[0], before, began, spread_s, hop_s)
    start = max(start, not_before)
    ended = _line_end(began, duration_s, run) if began is not None else None
    end, end_unsure_s = _end(run[-1], after, ended, spread_s, hop_s)
    end = max(start, min(end, horizon))
    return Span(start, end, start_unsure_s, end_unsure_s)


def _start(
    hit: Hit, before: Heard | None, began: datetime | None, spread_s: float, hop_s: float
) -> tuple[datetime, float]:
    first = hit.window
    if began is None:
        unheard_s = _seconds(first.start - before.end) if before else hop_s
        return first.start, max(SURE_S, unheard_s / 2)
    if before is None or began >= before.start:
        return began, spread_s
    heard = _heard_s(hit)
    if heard and before.end >= first.start:  # the stream came to it in its middle, a moment ago
        edge = first.start - timedelta(seconds=UNNAMED_S / 2)
        return (first.start + timedelta(seconds=heard[0]), SURE_S) if heard[0] > EDGE_S else (edge, UNNAMED_S / 2)
    return before.start, spread_s + _seconds(min(before.start - began, first.start - before.start))


def _end(
    hit: Hit, after: Heard | None, ended: datetime | None, spread_s: float, hop_s: float
) -> tuple[datetime, float]:
    last = hit.window
    window_unsure_s = max(SURE_S, (_seconds(after.start - last.end) if after else hop_s) / 2)
    if ended is None or ended <= last.start:  # an end before the last hit is wrong: the track was heard there
        ended, unsure_s = last.end, window_unsure_s
    else:
        unsure_s = spread_s
    if after is None:
        return ended, unsure_s
    others = [line for answer in after.answers if answer.matched for line in lines(after, (answer,))[:1]]
    known = [line for line in others if line >= after.start]
    ended = min([ended, *known])
    heard = _heard_s(hit)
    if heard and last.end >= after.start:
        return _end_between(hit, heard[1], after, ended, unsure_s)
    return (ended, unsure_s) if known or ended <= after.start else (after.start, window_unsure_s)


def _end_between(hit: Hit, until_s: float, after: Heard, ended: datetime, unsure_s: float) -> tuple[datetime, float]:
    """The end where `after` follows the last hit at once, and the track was heard until `until_s` of that hit."""
    window = hit.window
    stopped = window.start + timedelta(seconds=until_s)
    if until_s < _seconds(window.end - window.start) - EDGE_S and ended > stopped + timedelta(seconds=UNNAMED_S):
        return stopped, SURE_S
    latest = after.start + timedelta(seconds=UNNAMED_S)
    return (ended, unsure_s) if ended <= latest else (latest - timedelta(seconds=UNNAMED_S / 2), UNNAMED_S / 2)


def heard_in(hit: Hit) -> tuple[datetime, datetime]:
    """From and to when the track was heard in this window: all of it, where no provider says."""
    since, until = _heard_s(hit) or (0.0, _seconds(hit.window.end - hit.window.start))
    return hit.window.start + timedelta(seconds=since), hit.window.start + timedelta(seconds=until)


def _heard_s(hit: Hit) -> tuple[float, float] | None:
    """From and to when in the window the track was heard, if a provider says so."""
    known = [answer.heard_s for answer in hit.answers if answer.heard_s]
    return (min(since for since, _ in known), max(until for _, until in known)) if known else None


def _line_end(began: datetime, duration_s: float | None, run: Sequence[Hit]) -> datetime | None:
    if duration_s is None:
        return None
    speeds = [answer.speed for hit in run for answer in hit.answers if answer.speed]
    return began + timedelta(seconds=duration_s / (median(speeds) if speeds else 1.0))


def _neighbours(run: Sequence[Hit], timeline: Timeline) -> tuple[Heard | None, Heard | None]:
    """The windows nearest before and after the airing about which one of its providers answered.

    They are not its hits, so they say otherwise (or belong to another airing of the same track).
    """
    providers = frozenset[str]().union(*(hit.providers for hit in run)) - OBSERVED
    begins, ends = run[0].window.start, run[-1].window.end

    def telling(windows: Iterable[Heard]) -> Heard | None:
        asked = (window for window in windows if any(window.asked(provider) for provider in providers))
        return next((one for one in asked if (begins <= one.end and one.start <= ends) or not _only_jingles(one)), None)

    windows = timeline.windows
    first = _place(timeline, run[0].window)
    last = _place(timeline, run[-1].window)
    return (
        telling(windows[place] for place in range(first - 1, -1, -1)),
        telling(windows[place] for place in range(last + 1, len(windows))),
    )


def _only_jingles(window: Heard) -> bool:
    matched = [answer.matched for answer in window.answers if answer.matched]
    return bool(matched) and all(track.kind == JINGLE for track in matched)


def _place(timeline: Timeline, window: Heard) -> int:
    return bisect_left(timeline.windows, (window.start, window.window_id), key=lambda one: (one.start, one.window_id))


def _agreeing_lines(run: Sequence[Hit]) -> list[datetime]:
    """One line for each hit that agrees with the line on which most hits, and then most best guesses, agree."""
    offered = [lines(hit.window, hit.answers) for hit in run]
    best: tuple[int, int] = (0, 0)
    agreeing: list[datetime] = []
    for line in (line for own in offered for line in own):
        nearest = [min(own, key=lambda other: abs(other - line)) for own in offered if own]
        close = [other for other in nearest if near(other, line)]
        score = (len(close), sum(bool(own) and near(own[0], line) for own in offered))
        if score > best:
            best, agreeing = score, close
    return agreeing


def _restarts(own: tuple[datetime, ...], previous: Hit) -> bool:
    return bool(own) and _seconds(own[0] - previous.window.start) > RESTART_AFTER_S


def _gap_s(previous: Hit, hit: Hit) -> float:
    return _seconds(hit.window.start - previous.window.end)


def _median(instants: Sequence[datetime]) -> datetime:
    base = instants[0]
    return base + timedelta(seconds=median(_seconds(instant - base) for instant in instants))


def _seconds(length: timedelta) -> float:
    return length.total_seconds()
