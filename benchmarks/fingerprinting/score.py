"""Judging answers: right or wrong, and how sure the shares are.

What belongs here: thresholds, shares and their intervals. What does not: running systems (`work`), `report`.
An answer is right if it names the track or one of its relatives. Every condition weighs the same in "over all".
Intervals hold 95 %: of shares by bootstrap over tracks, because the queries of one track are not independent.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import beta

from fingerprinting.conditions import CONDITIONS
from fingerprinting.relatives import Relatives
from fingerprinting.work import NEGATIVES, Results, Row

RESAMPLES = 2000
SURE = 0.95
IN_PLACE_S = 0.5
"""Seconds: encoders alone delay by 0.03 s."""


@dataclass(frozen=True)
class Share:
    """A share of 1 with its interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Judge:
    """What counts as right and as accepted. `threshold` is for systems that ship none: accepted lies above it."""

    relatives: Relatives
    threshold: float

    def right(self, row: Row) -> bool:
        return bool(row.track and row.answer and row.answer in self.relatives.group(row.track))

    def exactly(self, row: Row) -> bool:
        """Whether it is the track itself, not a relative."""
        return row.answer == row.track

    def in_place(self, row: Row) -> bool:
        """Whether the window begins where it says; loops make this hard."""
        return abs(row.offset_error_s) <= IN_PLACE_S

    def accepted(self, row: Row) -> bool:
        return row.score > self.threshold if row.accepted is None else row.accepted

    def recalled(self, row: Row) -> bool:
        return self.right(row) and self.accepted(row)

    def wrongly_accepted(self, row: Row) -> bool:
        return self.accepted(row) and not self.right(row)


def threshold_for(results: Results, alarm_rate: float) -> float:
    """The score that no more than `alarm_rate` of the negatives exceed: a peer is compared at the rate of ours."""
    scores = sorted((row.score for row in results.rows if row.kind == NEGATIVES), reverse=True)
    return scores[min(int(alarm_rate * len(scores)), len(scores) - 1)]


def false_alarms(results: Results, judge: Judge) -> tuple[int, int]:
    """How many negatives are accepted, and of how many."""
    alarms = [judge.accepted(row) for row in results.rows if row.kind == NEGATIVES]
    return sum(alarms), len(alarms)


def rate(events: int, count: int) -> Share:
    """A share of independent events, with the exact (Clopper-Pearson) interval: it has no width 0 at 0 events."""
    tail = (1 - SURE) / 2
    low = float(beta.ppf(tail, events, count - events + 1)) if events else 0.0
    high = float(beta.ppf(1 - tail, events + 1, count - events)) if events < count else 1.0
    return Share(events / count, low, high)


def shares(rows: Sequence[Row], good: Callable[[Row], bool]) -> dict[str, Share]:
    """The share of good rows of each condition, and of all together ("over all")."""
    tracks = {track: number for number, track in enumerate(sorted({str(row.track) for row in rows}))}
    hits = np.zeros((len(CONDITIONS), len(tracks)))
    asked = np.zeros_like(hits)
    place = {name: number for number, name in enumerate(CONDITIONS)}
    for row in rows:
        at = place[row.kind], tracks[str(row.track)]
        asked[at] += 1
        hits[at] += good(row)
    drawn = np.random.default_rng(0).multinomial(len(tracks), np.full(len(tracks), 1 / len(tracks)), RESAMPLES)
    redrawn_asked = asked @ drawn.T
    resampled = np.where(redrawn_asked > 0, (hits @ drawn.T) / np.maximum(redrawn_asked, 1), np.nan)
    value = hits.sum(axis=1) / asked.sum(axis=1)
    clusters = (asked > 0).sum(axis=1)
    found = {name: _share(value[number], resampled[number], clusters[number]) for name, number in place.items()}
    return {"over all": _share(value.mean(), np.nanmean(resampled, axis=0), len(tracks)), **found}


def _share(value: float, resampled: NDArray[np.float64], clusters: int) -> Share:
    """With the interval of the bootstrap; where all or none are good, it has no width, and the exact one is taken."""
    if value in (0, 1):
        return rate(int(value) * clusters, clusters)
    low, high = np.nanquantile(resampled, [(1 - SURE) / 2, (1 + SURE) / 2])
    return Share(float(value), float(low), float(high))
