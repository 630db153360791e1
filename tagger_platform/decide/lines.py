"""When a track must have begun, as the offsets of its matches imply.

What belongs here: lines, and whether two agree. What does not: what follows from that (policies, spans). Pure.

A *line* is the instant window start - offset / speed. Hits of one airing imply the same instant, whatever part of the
track they heard.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from tagger_platform.decide.evidence import Heard, Hit
from tagger_platform.model import Recognition

SAME_LINE_S = 2.5
"""Seconds that two lines of one airing may differ: rounding of offsets, capture delay and small speed errors."""


def lines(window: Heard, answers: Iterable[Recognition]) -> tuple[datetime, ...]:
    """The instants at which the track may have begun: the best guess of every answer first, then the others."""
    known = [(answer, answer.offset_s) for answer in answers if answer.offset_s is not None]
    offsets = [(best, answer.speed) for answer, best in known]
    offsets += [(other, answer.speed) for answer, _ in known for other in answer.other_offsets_s]
    return tuple(window.start - timedelta(seconds=offset / (speed or 1.0)) for offset, speed in offsets)


def near(one: datetime, other: datetime) -> bool:
    return abs((one - other).total_seconds()) <= SAME_LINE_S


def advance(one: Hit, other: Hit) -> bool:
    """Whether the offsets of these two hits advance as the clock does; False where one has none."""
    return bool(lines(one.window, one.answers) and lines(other.window, other.answers)) and agree(one, other)


def agree(one: Hit, other: Hit) -> bool:
    """Whether these two hits of a track can be of one airing; hits without offsets can."""
    ours, theirs = lines(one.window, one.answers), lines(other.window, other.answers)
    return not ours or not theirs or any(near(line, another) for line in ours for another in theirs)
