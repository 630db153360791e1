"""What windows at some instants of a slot can hear of a song at all, however good the ears are.

What belongs here: the ceiling of two-hit. What does not: how near we come to it (`report`).
"""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from radio_day_parts.programme import Airing, Programme

ENOUGH_S = 4.8
"""Seconds of a song in a window that are enough to name it: the catalogue's best."""
PHASES = 2_400
"""Places in the hop at which a song may begin."""


def ceiling(seconds: float, offsets: Sequence[int], hop_s: int, window_s: int) -> float:
    """The share of songs of this length that two consecutive windows can hear, if they begin at any instant."""
    phases = np.arange(PHASES) * hop_s / PHASES
    starts = _starts(seconds + 2 * hop_s, offsets, hop_s)
    return float(np.mean([_twice(phase, phase + seconds, starts, window_s) for phase in phases + hop_s]))


def possible(
    programme: Programme, airing: Airing, phase_s: float, offsets: Sequence[int], hop_s: int, window_s: int
) -> bool:
    """Whether two consecutive windows of this stream, which begins `phase_s` after a slot, can hear the airing."""
    starts = [start - phase_s for start in _starts(programme.seconds + hop_s, offsets, hop_s)]
    there = [
        start
        for start in starts
        if any(since <= start and start + window_s <= until for since, until in programme.heard)
    ]
    return _twice(airing.start_s, airing.end_s, there, window_s)


def _starts(until_s: float, offsets: Sequence[int], hop_s: int) -> list[float]:
    return [float(slot + offset) for slot in range(0, int(until_s) + hop_s, hop_s) for offset in offsets]


def _twice(start_s: float, end_s: float, starts: Sequence[float], window_s: int) -> bool:
    heard = [min(end_s, start + window_s) - max(start_s, start) >= ENOUGH_S for start in starts]
    return any(one and other for one, other in pairwise(heard))
