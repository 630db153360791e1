"""From hashes in common to candidates: places on the index's timeline on which many of them agree.

What belongs here: looking a query's pairs up at one speed, within a budget, and the places with the most votes.
What does not: whether a place is right (`verify`), choosing among speeds and tracks (`match`).

A hit says "if this pair is that one, the window begins at this tick of the timeline". True hits agree on one tick, a
line in Wang's scatter plot; false ones are spread over the whole timeline.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from tagger_platform.fingerprint.landmarks import TICK_S, Hashes, Pairs, query_hashes
from tagger_platform.fingerprint.segment import Buckets, Segment, TrackMeta

COARSE_TICKS = 4
"""Ticks (64 ms) of a vote bin; two neighbours are taken together, so that no line falls between two bins."""
CANDIDATES = 120
"""Places that are told, per speed. Under noise 5 dB louder than the music, or speech 10 dB louder, the right one is
first in 85 % of the windows and among the first hundred in 95 %; ten times as many places add nothing."""
PER_TRACK = 12
"""Places told of one track: a loop's repeats must leave room for others."""
LOOKED_AT = 4 * CANDIDATES
"""Places from which those are chosen."""
MOST_HITS = 2_000_000
"""Postings read per speed: with more, the commonest hashes are left out. Reached at about 10,000 tracks."""


@dataclass(frozen=True)
class Candidate:
    """A place: the window may begin at `tick` of the segment's timeline, played at `speed`."""

    segment: Segment
    tick: int
    speed: float
    votes: float

    @property
    def track(self) -> TrackMeta:
        return self.segment.tracks[self._number]

    def offset_s(self, tick: float | None = None) -> float:
        """The second of the track that lies at `tick` of the timeline, or at the place's own."""
        return ((self.tick if tick is None else tick) - int(self.segment.begins[self._number])) * TICK_S

    @cached_property
    def _number(self) -> int:
        return self.segment.track_at(self.tick)


def candidates(pairs: Pairs, segments: Sequence[Segment], speed: float) -> list[Candidate]:
    """The places with the most votes if the music ran at `speed`, the most voted first."""
    hashes, origin = query_hashes(pairs, speed)
    found = _look_up(hashes, segments)
    result: list[Candidate] = []
    for segment, (which, tick) in zip(segments, found, strict=True):
        place = tick - pairs.tick[origin[which]] * np.float64(speed)
        result += [
            Candidate(segment, start + COARSE_TICKS, speed, votes) for start, votes in _most_voted(segment, place)
        ]
    return sorted(result, key=lambda one: -one.votes)[:CANDIDATES]


def _look_up(hashes: Hashes, segments: Sequence[Segment]) -> list[tuple[NDArray[np.intp], NDArray[np.int64]]]:
    buckets = [segment.buckets(hashes) for segment in segments]
    total = sum((one.count for one in buckets), np.zeros(len(hashes), np.int64))
    if int(total.sum()) > MOST_HITS:
        rarest = np.argsort(total)
        kept = rarest[: int(np.searchsorted(np.cumsum(total[rarest]), MOST_HITS))]
        mask = np.zeros(len(hashes), np.int64)
        mask[kept] = 1
        buckets = [Buckets(one.first, one.count * mask) for one in buckets]
    return [segment.look_up(hashes, one) for segment, one in zip(segments, buckets, strict=True)]


def _most_voted(segment: Segment, place: NDArray[np.float64]) -> list[tuple[int, float]]:
    """The ticks at which the most voted pairs of neighbouring bins begin, and their votes; in live tracks only.

    Counted by sorting: the cost does not grow with the length of the timeline. Every hit counts the same: weighed by
    how rare their hashes are, tracks that repeat themselves were lost in noise, because they make their own hashes
    common.
    """
    if not len(place):
        return []
    held = np.sort(np.maximum(place / COARSE_TICKS, 0).astype(np.uint32))
    starts = np.flatnonzero(np.concatenate([[True], held[1:] != held[:-1]]))
    votes = np.diff(starts, append=len(held)).astype(np.float64)
    places = held[starts].astype(np.int64)
    both = votes.copy()
    both[:-1] += np.where(places[1:] == places[:-1] + 1, votes[1:], 0)
    most = np.argpartition(-both, min(LOOKED_AT, len(both) - 1))[:LOOKED_AT]
    tracks = segment.tracks_at((places[most] + 1) * COARSE_TICKS)
    usable = ~segment.removed[tracks] & (both[most] > 0)
    most, tracks = most[usable], tracks[usable]
    order = np.argsort(-both[most], kind="stable")
    return _spread(places[most[order]].tolist(), both[most[order]].tolist(), tracks[order].tolist())


def _spread(places: Sequence[int], votes: Sequence[float], tracks: Sequence[int]) -> list[tuple[int, float]]:
    """The first places that neither touch a better one nor take more than their track's share."""
    chosen: list[tuple[int, float]] = []
    taken: set[int] = set()
    per_track: Counter[int] = Counter()
    for place, voted, track in zip(places, votes, tracks, strict=True):
        if per_track[track] < PER_TRACK and taken.isdisjoint((place - 1, place, place + 1)):
            chosen.append((place * COARSE_TICKS, voted))
            taken.add(place)
            per_track[track] += 1
            if len(chosen) == CANDIDATES:
                break
    return chosen
