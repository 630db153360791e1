"""Who keeps the time that several tracks of one stream claim.

What belongs here: settling the claims of different tracks. What does not: the claims themselves (spans). Pure.

A claim is where a track was heard, and before and after that what its offsets and duration say. Nobody loses time in
which it was heard, so a window that names two tracks stays with both, and a track inside another leaves that one whole.
Of the rest:

1. A jingle is laid over other tracks, and takes and gives nothing.
2. A confirmed play keeps what a probable one claims too.
3. Of two that are confirmed alike, a claim ends at the windows that heard the other. Where they follow each other the
   first ends where the second began: offsets tell a beginning, but nothing tells that a track was played to its end.

Every claim is settled against the others as they were claimed, so the order in which they came does not matter.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from tagger_platform.decide.evidence import JINGLE
from tagger_platform.decide.spans import SURE_S, Span


@dataclass(frozen=True)
class Claim:
    """The span that an airing claims, and from and to when it was heard in each of its windows, in time order.

    `track` names what is never at odds with itself: claims of one track do not overlap.
    """

    track: str
    kind: str
    confirmed: bool
    span: Span
    heard: tuple[tuple[datetime, datetime], ...]

    @property
    def heard_from(self) -> datetime:
        return min(max(self.heard[0][0], self.span.start), self.span.end)

    @property
    def heard_until(self) -> datetime:
        return max(min(self.heard[-1][1], self.span.end), self.heard_from)

    def starting(self, instant: datetime, unsure_s: float) -> "Claim":
        """From `instant` on at the earliest, as far as what was heard allows."""
        start = min(max(self.span.start, instant), self.heard_from)
        return (
            self if start == self.span.start else self._with(replace(self.span, start=start, start_unsure_s=unsure_s))
        )

    def ending(self, instant: datetime, unsure_s: float) -> "Claim":
        """Until `instant` at the latest, as far as what was heard allows."""
        end = max(min(self.span.end, instant), self.heard_until)
        return self if end == self.span.end else self._with(replace(self.span, end=end, end_unsure_s=unsure_s))

    def _with(self, span: Span) -> "Claim":
        return replace(self, span=span)


def settled(claims: Sequence[Claim]) -> list[Span]:
    """The spans of these claims of one stream, in the order given, once those of different tracks are settled."""
    found = [claim.span for claim in claims]
    for one, other in _at_odds(claims):
        for place, claim in zip((one, other), _settle(claims[one], claims[other]), strict=True):
            found[place] = _both(found[place], claim.span)
    return found


def _at_odds(claims: Sequence[Claim]) -> Iterator[tuple[int, int]]:
    """The places of every two claims of different tracks that overlap, the one that begins first in front."""
    order = sorted(range(len(claims)), key=lambda place: (claims[place].span.start, claims[place].track))
    for position, one in enumerate(order):
        for other in order[position + 1 :]:
            if claims[other].span.start >= claims[one].span.end:
                break
            if claims[one].track != claims[other].track:
                yield one, other


def _both(one: Span, other: Span) -> Span:
    """What is left of a span after two settlements."""
    start, end = max(one, other, key=lambda span: span.start), min(one, other, key=lambda span: span.end)
    return Span(start.start, end.end, start.start_unsure_s, end.end_unsure_s)


def _settle(one: Claim, other: Claim) -> tuple[Claim, Claim]:
    if JINGLE in (one.kind, other.kind):
        return one, other
    if one.confirmed != other.confirmed:
        return (one, _retreat(other, one)) if one.confirmed else (_retreat(one, other), other)
    one, other = _give_way(one, other), _give_way(other, one)
    if one.heard[-1][0] <= other.heard[0][0]:
        return _follow(one, other)
    if other.heard[-1][0] <= one.heard[0][0]:
        return _follow(other, one)[::-1]
    return one, other


def _retreat(weak: Claim, strong: Claim) -> Claim:
    """`weak` without the ends that lie in what `strong` claims."""
    start, end = weak.span.start, weak.span.end
    if strong.span.start <= start:
        weak = weak.starting(strong.span.end, _moved_s(start, min(strong.span.end, weak.heard_from)))
    if strong.span.end >= end:
        weak = weak.ending(strong.span.start, _moved_s(max(strong.span.start, weak.heard_until), end))
    return weak


def _give_way(claim: Claim, other: Claim) -> Claim:
    """`claim` without the ends in which windows heard the other track and not this one."""
    before = [until for since, until in other.heard if claim.span.start <= since < claim.heard[0][0]]
    after = [since for since, until in other.heard if claim.heard[-1][1] < until <= claim.span.end]
    if before:
        claim = claim.starting(before[-1], _moved_s(before[-1], claim.heard_from))
    if after:
        claim = claim.ending(after[0], _moved_s(claim.heard_until, after[0]))
    return claim


def _follow(first: Claim, second: Claim) -> tuple[Claim, Claim]:
    return first.ending(second.span.start, second.span.start_unsure_s), second


def _moved_s(one: datetime, other: datetime) -> float:
    return max(SURE_S, (other - one).total_seconds())
