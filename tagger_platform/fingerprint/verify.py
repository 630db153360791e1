"""Whether a candidate is right: do the peaks of the track lie where the window has peaks?

What belongs here: comparing stored peaks with a window's, at a place and a speed. What does not: finding places
(`vote`), choosing among tracks (`match`).

A pair is lost with either of its peaks; a single peak is lost alone, so that of a track under loud speech, where one
peak in five is left, a twenty-fifth of its pairs remains. Pairs find candidates because they can be looked up; peaks
judge them.

Each stored peak that should lie in the window either meets a peak there or does not. With p, the share of the
window's cells in that row that are near a peak, and s, the share of peaks of its level that survive on air, a hit adds
log(s / p) and a miss log((1 - s) / (1 - p)): the log-likelihood ratio, in nats, of "this track, here" against "not".
A miss is told apart further (`loudness`): under noise many a peak no longer stands out and still makes its cell louder.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tagger_platform.fingerprint.landmarks import BIN_PARTS, LEVEL_DB, LEVELS, TICKS_PER_FRAME, Query
from tagger_platform.fingerprint.loudness import loudness
from tagger_platform.fingerprint.peaks import BAND_BINS, BANDS, LOWEST_BIN, Peaks
from tagger_platform.fingerprint.vote import Candidate

Floats = NDArray[np.floating]
Places = NDArray[np.intp]

NEAR_FRAMES = 1
NEAR_BINS = 1
"""Frames (32 ms) and bins (7.8 Hz) that a peak may lie from where it should."""
SURVIVAL = 0.5 * np.exp2(-np.maximum(np.arange(LEVELS) * LEVEL_DB - 12, 0) / 9)
"""Share of a track's peaks that is found again, by level: a half of those within 12 dB of the loudest, and half as many
for every 9 dB below. Measured under speech, noise and in rooms at 0 to -10 dB (155 windows)."""
SMOOTH_BINS = 5
"""Bins over which the share of a row's cells that are near a peak is taken: held tones fill theirs and prove little."""
LEAST_SHARE = 0.01
SHIFTS = np.arange(-4, 5, 2)
"""Ticks around a candidate's place that are tried: its two vote bins are 8 ticks wide."""
ELSEWHERE = np.array([sign * ticks for ticks in (18, 24, 31, 37, 45, 53, 60, 71) for sign in (-1, 1)])
"""Ticks (0.3 to 1.1 s) off the place, where the same track should not fit: if it does, it is a drone or a beat."""

WIDE_SHIFTS, WIDE_STRETCHES = np.arange(-24, 25, 3), np.linspace(-0.035, 0.035, 29)
FINE_SHIFTS, FINE_STRETCHES = np.arange(-3, 4), np.linspace(-0.0025, 0.0025, 11)
"""Ticks, and relative changes of tempo alone, that are tried to fit a place closely: some players change only one of
tempo and pitch, so a candidate's speed may be right for its tones and wrong for its times."""

FEWEST_MET = 10
"""Peaks met before a line is drawn through them."""

FRAMES = 512
BINS = LOWEST_BIN + BANDS * BAND_BINS + 30
_OUTSIDE = FRAMES - 1
NOTHING = -1000.0
"""The score of a place near which no peak is stored."""
MET = np.float32(np.inf)
"""Stands for a hit in the map of how loud cells are, so that one look tells both."""


@dataclass(frozen=True)
class PeakMap:
    """A window's peaks as a map, and what a hit and a miss add to a score, by level and row (bin).

    `near` (FRAMES, BINS) holds, up to a frame and a bin from a peak, the peak's number from 1 on, else 0; `loud`
    (FRAMES, BINS) what a miss adds because of how loud the cell is, and `MET` where `near` has a peak; `ticks` (n,) are
    the peaks' instants; `levels` is the window's spectrum.
    """

    near: NDArray[np.int16]
    loud: NDArray[np.float32]
    ticks: NDArray[np.float32]
    hit: NDArray[np.float32]
    miss: NDArray[np.float32]
    frames: int
    levels: NDArray[np.float32]


def peak_map(query: Query) -> PeakMap:
    """The map of a query's peaks."""
    near = _near(query.peaks, query.frames)
    filled = (near[: query.frames] > 0).mean(axis=0) if query.frames else np.zeros(BINS)
    share = np.convolve(filled, np.full(SMOOTH_BINS, 1 / SMOOTH_BINS), "same").clip(LEAST_SHARE)
    survival = SURVIVAL[:, None]
    share = np.minimum(share, survival)
    loud = np.zeros((FRAMES, BINS), np.float32)
    cells = loudness(query.levels[: query.frames])
    loud[: len(cells), LOWEST_BIN : LOWEST_BIN + cells.shape[1]] = cells
    loud[near > 0] = MET
    return PeakMap(
        near,
        loud,
        query.peaks.frames * TICKS_PER_FRAME,
        np.log(survival / share).astype(np.float32),
        np.log((1 - survival) / (1 - share)).astype(np.float32),
        query.frames,
        query.levels,
    )


def _near(peaks: Peaks, frames: int) -> NDArray[np.int16]:
    near = np.zeros((FRAMES, BINS), np.int16)
    number = np.arange(1, len(peaks) + 1)
    frame, column = np.rint(peaks.frames).astype(np.intp), np.rint(peaks.bins).astype(np.intp)
    steps = [(f, b) for f in range(-NEAR_FRAMES, NEAR_FRAMES + 1) for b in range(-NEAR_BINS, NEAR_BINS + 1)]
    for frame_step, bin_step in sorted(steps, key=lambda step: -abs(step[0]) - abs(step[1])):  # the nearest peak wins
        near[np.clip(frame + frame_step, 0, frames - 1), np.clip(column + bin_step, 0, BINS - 1)] = number
    near[_OUTSIDE] = 0
    return near


@dataclass(frozen=True)
class Scored:
    """A candidate, moved to where it fits best, and the score of its track's peaks there."""

    place: Candidate
    score: float


def scored(found: Sequence[Candidate], heard: PeakMap) -> list[Scored]:
    """The score of each candidate over the whole window, at its speed and the best of `SHIFTS`."""
    scores = _scores(found, heard, SHIFTS)
    best = scores.argmax(axis=0)
    return [
        Scored(replace(one, tick=one.tick - int(SHIFTS[shift])), float(scores[shift, number]))
        for number, (one, shift) in enumerate(zip(found, best, strict=True))
    ]


def elsewhere(one: Candidate, heard: PeakMap) -> float:
    """The best score of the same track a little off the place."""
    return float(_scores([one], heard, ELSEWHERE).max())


def _scores(found: Sequence[Candidate], heard: PeakMap, shifts: NDArray[np.int64]) -> NDArray[np.float32]:
    """The scores (shifts, n)."""
    scores = np.full((len(shifts), len(found)), NOTHING, np.float32)
    by_segment: dict[int, list[int]] = {}
    for number, one in enumerate(found):
        by_segment.setdefault(id(one.segment), []).append(number)
    for own in by_segment.values():
        near = _Near.of([found[number] for number in own], heard, int(np.abs(shifts).max()))
        some = np.flatnonzero(near.counts)
        if not len(some):
            continue
        starts = (np.cumsum(near.counts) - near.counts)[some]
        hit, miss = heard.hit[near.level, near.row], heard.miss[near.level, near.row]
        for place, shift in enumerate(shifts):
            value = _values(heard, (near.ticks + shift) / near.speed, near.row, hit, miss)
            scores[place, np.array(own)[some]] = np.add.reduceat(value, starts)
    return scores


def _values(heard: PeakMap, ticks: Floats, row: Places, hit: Floats, miss: Floats) -> Floats:
    """What each stored peak adds if it should lie at `ticks` of the window; nothing outside of it."""
    frame, inside = _frames(heard, ticks)
    loud = heard.loud.take(frame * BINS + row)
    values: Floats = np.where(loud == MET, hit, miss + loud) * inside
    return values


def _frames(heard: PeakMap, ticks: Floats) -> tuple[Places, NDArray[np.bool_]]:
    """The frames in which `ticks` of the window fall, and which of them lie in the window."""
    frame = np.rint(ticks / TICKS_PER_FRAME).astype(np.intp)
    inside = (frame >= 0) & (frame < heard.frames)
    return np.where(inside, frame, _OUTSIDE), inside


@dataclass(frozen=True)
class _Near:
    """The stored peaks (n,) near the windows of candidates of one segment, one candidate after another.

    Ticks since the window's beginning, as recorded, row, level and the candidate's speed; `counts` (candidates,).
    """

    ticks: NDArray[np.float64]
    row: Places
    level: Places
    speed: NDArray[np.float64]
    counts: Places

    @classmethod
    def of(cls, found: Sequence[Candidate], heard: PeakMap, reach: int) -> "_Near":
        segment = found[0].segment
        tick, speeds = np.array([one.tick for one in found]), np.array([one.speed for one in found])
        length = (heard.frames * TICKS_PER_FRAME * speeds).astype(np.int64)
        first, last = segment.peaks_between(tick - reach, tick + length + reach)
        counts = last - first
        own = np.repeat(last - np.cumsum(counts), counts) + np.arange(int(counts.sum()))
        tones, speed = segment.peak_tones[own].astype(np.intp), np.repeat(speeds, counts)
        row = np.rint(tones // LEVELS * (speed / BIN_PARTS)).astype(np.intp).clip(0, BINS - 1)
        ticks = segment.peak_ticks[own].astype(np.float64) - np.repeat(tick, counts)
        return cls(ticks, row, tones % LEVELS, speed, counts)


@dataclass(frozen=True)
class Placed:
    """A track's stored peaks (n,) where they should lie in the window: frame, row, level step, and the number of the
    window's peak that each met, else 0."""

    frame: Places
    row: Places
    level: Places
    met: NDArray[np.int16]


@dataclass(frozen=True)
class Fit:
    """A candidate fitted closely: the tick of the timeline at which the window begins, the speed of its times and the
    score it then has, from when to when (ticks of the window) the track was heard, and its peaks in that stretch."""

    tick: float
    speed: float
    score: float
    from_tick: float
    to_tick: float
    placed: Placed

    @property
    def met(self) -> NDArray[np.int16]:
        """Numbers of the window's peaks that the track's met."""
        return self.placed.met[self.placed.met > 0]


def fit(one: Candidate, heard: PeakMap) -> Fit:
    """Where exactly `one` lies, and how fast it runs."""
    middle = heard.frames * TICKS_PER_FRAME / 2
    near = _Near.of([one], heard, int(middle * 2 * WIDE_STRETCHES[-1]) + int(WIDE_SHIFTS[-1]))
    if not len(near.ticks):
        none = np.zeros(0, np.intp)
        return Fit(one.tick, one.speed, NOTHING, 0.0, 2 * middle, Placed(none, none, none, np.zeros(0, np.int16)))
    hit, miss = heard.hit[near.level, near.row], heard.miss[near.level, near.row]
    shift, tempo = 0.0, one.speed
    for shifts, stretches in ((WIDE_SHIFTS, WIDE_STRETCHES), (FINE_SHIFTS, FINE_STRETCHES)):
        tried = [grid.ravel()[:, None] for grid in np.meshgrid(shift + shifts, tempo + one.speed * stretches)]
        ticks = middle + (near.ticks + tried[0] - middle * one.speed) / tried[1]
        best = int(np.argmax(_values(heard, ticks, near.row, hit, miss).sum(axis=1)))
        shift, tempo = float(tried[0][best, 0]), float(tried[1][best, 0])
    ticks = middle + (near.ticks + shift - middle * one.speed) / tempo
    frame, inside = _frames(heard, ticks)
    met = heard.near[frame, near.row]
    begin, tempo = _line(heard, near, met) or (middle * (one.speed - tempo) - shift, tempo)
    values = _values(heard, ticks, near.row, hit, miss)
    first, last = _extent(ticks, values)
    own = inside & (ticks >= first) & (ticks <= last)
    placed = Placed(frame[own], near.row[own], near.level[own], met[own])
    return Fit(one.tick + begin, tempo, float(values.sum()), first, last, placed)


def _line(heard: PeakMap, near: _Near, met: NDArray[np.int16]) -> tuple[float, float] | None:
    """The straight line through the instants of the peaks that were met: where the window begins, and the speed."""
    found = heard.ticks[met[met > 0] - 1].astype(np.float64)
    spread = float(np.var(found)) if len(found) >= FEWEST_MET else 0.0
    if spread == 0:
        return None
    stored = near.ticks[met > 0]
    tempo = float(np.mean((found - found.mean()) * (stored - stored.mean())) / spread)
    return float(stored.mean() - tempo * found.mean()), tempo


def _extent(ticks: Floats, values: Floats) -> tuple[float, float]:
    """The stretch with the highest sum of values: music may begin and end within the window (Kadane's algorithm)."""
    order = np.argsort(ticks)
    total = np.concatenate([[0.0], np.cumsum(values[order])])
    gained = total - np.minimum.accumulate(total)
    last = int(np.argmax(gained))
    first = int(np.argmin(total[: last + 1]))
    return float(ticks[order[first]]), float(ticks[order[max(last - 1, first)]])
