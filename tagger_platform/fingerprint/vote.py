"""From hashes in common to lines: places on the index's timeline where many of them agree.

What belongs here: looking a query's pairs up at one speed, weighing the hits by their rarity, scoring the best places.
What does not: choosing among speeds and tracks, confidence (`match`).

A hit says "if this pair is that one, the window begins at this tick of the timeline". True hits agree on one tick, a
line in Wang's scatter plot; false ones are spread over the whole timeline.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tagger_platform.fingerprint.landmarks import TICK_S, Hashes, Pairs, query_hashes
from tagger_platform.fingerprint.segment import Segment, TrackMeta

COARSE_TICKS = 8
"""Ticks (0.13 s) of a vote bin; two neighbours are taken together, so that no line falls between two bins."""
LINE_TICKS = 4
"""Ticks (64 ms) that a hit may lie from its line: rounding, and half a per cent of speed over twelve seconds."""
CANDIDATES = 12
PER_TRACK = 6
"""Places that are scored closely, per segment and per track: a loop's repeats must leave room for the runner-up."""
LOOKED_AT = 100
"""Places from which those are chosen."""
COMMON_SHARE = 1e-4
"""Share of all postings at which a hash is so common that it counts nothing; one found only once counts 1."""
PEAK_WEIGHT = 2.0
"""The most that one peak of the query may add to a score: its pairs are not independent of each other."""
STRAY_SHARE = 0.03
"""Share of a line's weight at each end that does not say where it was heard: chance hits moved edges by up to 8 s."""
FIT_HITS = 20
"""Hits needed before the speed is refined by the line's slope."""


@dataclass(frozen=True)
class Line:
    """One place: the window begins at `offset_s` of `track`, heard between `from_s` and `to_s` of the window."""

    track: TrackMeta
    offset_s: float
    speed: float
    score: float
    from_s: float
    to_s: float


@dataclass(frozen=True)
class _Hits:
    """Hits (n,) in one segment: the query's pair, the tick of the timeline where the window would begin, the weight."""

    pair: NDArray[np.intp]
    place: NDArray[np.float64]
    weight: NDArray[np.float64]

    def only(self, wanted: NDArray[np.bool_]) -> "_Hits":
        return _Hits(self.pair[wanted], self.place[wanted], self.weight[wanted])


def lines(pairs: Pairs, segments: Sequence[Segment], speed: float) -> list[Line]:
    """The best places of a query's `pairs` if the music ran at `speed`, the highest score first."""
    hashes, origin = query_hashes(pairs, speed)
    found = [segment.look_up(hashes) for segment in segments]
    weights = _rarity(hashes, [which for which, _ in found], sum(len(segment.postings) for segment in segments))
    result = []
    for segment, (which, tick) in zip(segments, found, strict=True):
        pair = origin[which]
        hits = _Hits(pair, tick - pairs.tick[pair] * np.float64(speed), weights[which])
        result += [_scored(pairs, segment, hits, start, speed) for start in _places(segment, hits)]
    return sorted(result, key=lambda line: (-line.score, line.track.item_id, line.offset_s))


def _rarity(hashes: Hashes, found: Sequence[NDArray[np.intp]], stored: int) -> NDArray[np.float64]:
    """The weight (hashes,) of each hash by the number of hits that its value makes: how often it is asked times stored.

    1 if it makes one hit, 0 if it makes many, by the logarithm in between.
    """
    values, value = np.unique(hashes, return_inverse=True)
    made = sum((np.bincount(value[which], minlength=len(values)) for which in found), np.zeros(len(values)))
    share = np.log(np.maximum(made, 1)) / np.log(max(COMMON_SHARE * stored, 10.0))
    weights: NDArray[np.float64] = np.maximum(1 - share, 0.0)[value]
    return weights


def _places(segment: Segment, hits: _Hits) -> list[int]:
    """The ticks at which the most voted pairs of bins begin, in live tracks only."""
    votes = np.bincount((hits.place / COARSE_TICKS).astype(np.int64), hits.weight, minlength=2)
    for number in np.flatnonzero(segment.removed):
        begin, end = segment.territory(int(number))
        votes[begin // COARSE_TICKS : -(-end // COARSE_TICKS)] = 0
    both = votes[:-1] + votes[1:]
    most = np.argpartition(-both, min(LOOKED_AT, len(both) - 1))[:LOOKED_AT]
    most = most[both[most] > 0]
    chosen: list[int] = []
    per_track: Counter[int] = Counter()
    for place in most[np.argsort(-both[most], kind="stable")].tolist():
        track = segment.track_at((place + 1) * COARSE_TICKS)
        if per_track[track] < PER_TRACK and all(abs(place - other) > 1 for other in chosen):
            chosen.append(place)
            per_track[track] += 1
    return [place * COARSE_TICKS for place in chosen[:CANDIDATES]]


def _scored(pairs: Pairs, segment: Segment, hits: _Hits, start: int, speed: float) -> Line:
    """The line among the hits of the two vote bins from `start`."""
    reach = np.abs(hits.place - (start + COARSE_TICKS)) <= COARSE_TICKS + LINE_TICKS
    near = hits.only(reach)
    histogram = np.bincount((near.place - (start - LINE_TICKS)).astype(np.int64), near.weight)
    width = 2 * LINE_TICKS + 1
    dense = np.convolve(histogram, np.ones(width), "same") if len(histogram) >= width else histogram
    centre = start - LINE_TICKS + int(np.argmax(dense)) + 0.5
    near = near.only(np.abs(near.place - centre) <= LINE_TICKS + 0.5)
    score = np.minimum(np.bincount(pairs.anchor[near.pair], near.weight), PEAK_WEIGHT).sum()
    heard = pairs.tick[near.pair].astype(np.float64)
    number = segment.track_at(int(centre))
    begin, slope = _fit(heard, near.place)
    return Line(
        segment.tracks[number],
        (begin - int(segment.begins[number])) * TICK_S,
        speed + slope,
        float(score),
        *_extent(heard, near.weight),
    )


def _extent(heard: NDArray[np.float64], weight: NDArray[np.float64]) -> tuple[float, float]:
    """From when to when, in seconds of the window, all but the stray ends of the weight was heard."""
    order = np.argsort(heard)
    grown = np.cumsum(weight[order])
    ends = np.searchsorted(grown, grown[-1] * np.array([STRAY_SHARE, 1 - STRAY_SHARE]))
    first, last = heard[order][ends] * TICK_S
    return float(first), float(last)


def _fit(heard: NDArray[np.float64], place: NDArray[np.float64]) -> tuple[float, float]:
    """Where the line begins (ticks), and how its place moves per tick: what the grid of speeds left over."""
    spread = float(np.var(heard))
    if len(heard) < FIT_HITS or spread == 0:
        return float(np.median(place)), 0.0
    slope = float(np.mean((heard - heard.mean()) * (place - place.mean())) / spread)
    return float(place.mean() - slope * heard.mean()), slope
