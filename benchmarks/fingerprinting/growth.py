"""How the catalogue bears growth: the real tracks hidden among up to 100,000 synthetic ones.

What belongs here: making synthetic tracks, and asking the growing index. What does not: rendering sound for them.
A synthetic track is a real one's landmarks and peaks, cut into blocks of a second that are put in random order, and
moved by some bins. So hashes are about as common as in real music, pairs and loops within a second stay together and
agree by chance as often as real ones do, but nothing of 12 s sounds like its model.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from fingerprinting.conditions import CONDITIONS
from fingerprinting.corpus import Corpus
from fingerprinting.indexing import cpu_s, indexed
from fingerprinting.negatives import negatives
from fingerprinting.queries import Query, queries
from fingerprinting.relatives import Relatives
from fingerprinting.systems import OURS
from fingerprinting.systems.base import Answer
from fingerprinting.systems.ours import Ours
from fingerprinting.work import FULL, SEED, mixed_in
from tagger_platform.fingerprint.landmarks import BIN_PARTS, HASH_BITS, LEVELS, SCRAMBLE, Hashes, Landmarks
from tagger_platform.fingerprint.peaks import BAND_BINS, BANDS, LOWEST_BIN
from tagger_platform.fingerprint.segment import TrackMeta

SIZES = (1_000, 10_000, 100_000)
BATCH = 1_000
"""Tracks added at once: about one of the largest segments."""
ADDED = 100
"""Tracks added to 10,000 to see what that costs."""
ADDED_TO = 10_000
BLOCK_TICKS = 64
"""Ticks (1.02 s) that stay together."""
MOVES = (3, 24)
"""Bins (23 to 190 Hz) that a synthetic track lies above or below its model: too far for a probe of neighbours."""
ASKED = 100
UNKNOWN = 40
CLEAN = 40

FREQUENCY_SHIFT = np.uint32(16)
"""Where a plain hash holds its 10 bits of frequency: below are 9 of frequency step and 7 of time step."""
_MASK = np.uint32((1 << HASH_BITS) - 1)
_UNSCRAMBLE = np.uint32(pow(int(SCRAMBLE), -1, 1 << HASH_BITS))


@dataclass(frozen=True)
class Step:
    """What an index of so many tracks costs and finds; `first_ms` of clean windows, `full_ms` of unknown ones (CPU)."""

    tracks: int
    hours: float
    gigabytes: float
    first_ms: float
    full_ms: float
    full_ms_worst: float
    top1: float
    recall: float
    false_alarms: int
    added_cpu_s: float | None


def steps(corpus: Corpus, relatives: Relatives) -> Iterator[Step]:
    """One step for the real tracks alone, and one for each of `SIZES`."""
    ours = indexed(OURS, corpus).system
    assert isinstance(ours, Ours)
    donors = [pair for segment in ours.index.segments for pair in segment.live_landmarks()]
    made = synthetic(donors, np.random.default_rng(SEED))
    try:
        yield _step(corpus, relatives, ours, None)
        for size in SIZES:
            while ours.index.count < size:
                ours.extend(list(islice(made, min(BATCH, size - ours.index.count))))
            ours.optimise()
            added = _cost_of_adding(ours, made) if size == ADDED_TO else None
            yield _step(corpus, relatives, ours, added)
    finally:
        ours.close()


def synthetic(
    donors: Sequence[tuple[TrackMeta, Landmarks]], rng: np.random.Generator
) -> Iterator[tuple[TrackMeta, Landmarks]]:
    """Synthetic tracks without end, from all `donors` in turn."""
    number = 0
    while True:
        for meta, marks in donors:
            move = int(rng.integers(*MOVES)) * int(rng.choice([-1, 1]))
            yield replace(meta, item_id=f"synthetic/{number}", title=f"Synthetic {number}"), _varied(marks, move, rng)
            number += 1


def _varied(marks: Landmarks, move: int, rng: np.random.Generator) -> Landmarks:
    last = int(max(marks.ticks.max(), marks.peak_ticks.max()))
    order = rng.permutation(last // BLOCK_TICKS + 1).astype(np.uint32)
    peak_ticks = _shuffled(marks.peak_ticks, order)
    in_time = np.argsort(peak_ticks, kind="stable")
    tones = marks.peak_tones.astype(np.int64)
    parts = BIN_PARTS * LEVELS
    moved = (_moved(tones // parts, move) * parts + tones % parts).astype(np.uint16)
    return Landmarks(
        _moved_hashes(marks.hashes, move),
        _shuffled(marks.ticks, order),
        peak_ticks[in_time],
        moved[in_time],
        (len(order) * BLOCK_TICKS) * marks.duration_s / (last + 1),
    )


def _shuffled(ticks: NDArray[np.uint32], order: NDArray[np.uint32]) -> NDArray[np.uint32]:
    block, within = np.divmod(ticks, np.uint32(BLOCK_TICKS))
    return order[block] * np.uint32(BLOCK_TICKS) + within


def _moved(bins: NDArray[np.int64], move: int) -> NDArray[np.int64]:
    """Bins `move` further up, from the top of the band round to its bottom."""
    return LOWEST_BIN + (bins - LOWEST_BIN + move) % (BANDS * BAND_BINS)


def _moved_hashes(hashes: Hashes, move: int) -> Hashes:
    plain = hashes * _UNSCRAMBLE & _MASK
    bins = _moved((plain >> FREQUENCY_SHIFT).astype(np.int64), move).astype(np.uint32)
    rest = plain & np.uint32((1 << int(FREQUENCY_SHIFT)) - 1)
    return ((bins << FREQUENCY_SHIFT) | rest) * SCRAMBLE & _MASK


def _step(corpus: Corpus, relatives: Relatives, ours: Ours, added_cpu_s: float | None) -> Step:
    mixed = [(query, mixed_in(relatives, query)) for query in _mixed(corpus)]
    unknown = [(query, _own(relatives, query)) for query in negatives(corpus, UNKNOWN, SEED)]
    clean = [(query, frozenset[str]()) for query in queries(corpus, "clean", FULL.queries, SEED)[:CLEAN]]
    answers, _ = _asked(ours, mixed)  # these first: they bring the index into memory
    groups = [relatives.group(str(query.truth.track_id)) for query, _ in mixed]
    right = [answer.track_id in group for answer, group in zip(answers, groups, strict=True)]
    first, first_s = _asked(ours, clean)
    known_s = [spent for spent, answer in zip(first_s, first, strict=True) if answer.accepted]
    nothing, full_s = _asked(ours, unknown)
    tracks = ours.index.tracks()
    return Step(
        tracks=len(tracks),
        hours=round(sum(track.duration_s for track in tracks) / 3600, 1),
        gigabytes=round(ours.index_bytes() / 1e9, 2),
        first_ms=round(1000 * float(np.mean(known_s)), 1),
        full_ms=round(1000 * float(np.mean(full_s)), 1),
        full_ms_worst=round(1000 * max(full_s), 1),
        top1=float(np.mean(right)),
        recall=float(np.mean([good and bool(answer.accepted) for good, answer in zip(right, answers, strict=True)])),
        false_alarms=sum(bool(answer.accepted) for answer in nothing),
        added_cpu_s=added_cpu_s,
    )


def _mixed(corpus: Corpus) -> list[Query]:
    """The same hundred queries every time, the conditions in turn."""
    names = list(CONDITIONS)
    numbered = [(names[number % len(names)], number // len(names)) for number in range(ASKED)]
    return [queries(corpus, name, FULL.queries, SEED)[turn] for name, turn in numbered]


def _own(relatives: Relatives, query: Query) -> frozenset[str]:
    return relatives.family(query.truth.track_id) if query.truth.track_id else frozenset()


def _asked(ours: Ours, asked: Sequence[tuple[Query, frozenset[str]]]) -> tuple[list[Answer], list[float]]:
    """The answers, and the CPU-seconds of each."""
    answers, spent = [], []
    for query, masked in asked:
        before = cpu_s()
        answers.append(ours.query(query.samples, masked))
        spent.append(cpu_s() - before)
    return answers, spent


def _cost_of_adding(ours: Ours, made: Iterator[tuple[TrackMeta, Landmarks]]) -> float:
    """CPU-seconds of publishing `ADDED` more tracks, whose landmarks are there."""
    tracks = list(islice(made, ADDED))
    before = cpu_s()
    ours.extend(tracks)
    return round(cpu_s() - before, 2)


def table(taken: Sequence[Step]) -> list[list[str]]:
    """A row a figure, a column a size."""
    rows = [["tracks", *(f"{step.tracks:,}" for step in taken)]]
    rows.append(["hours of audio", *(f"{step.hours:,.0f}" for step in taken)])
    rows.append(["index, GB", *(str(step.gigabytes) for step in taken)])
    rows.append(["CPU-ms, clean window (first pass)", *(str(step.first_ms) for step in taken)])
    rows.append(["CPU-ms, unknown window (full search)", *(str(step.full_ms) for step in taken)])
    rows.append(["the same, the longest", *(str(step.full_ms_worst) for step in taken)])
    rows.append([f"top-1 of {ASKED} mixed queries", *(f"{step.top1:.0%}" for step in taken)])
    rows.append(["recall at the threshold", *(f"{step.recall:.0%}" for step in taken)])
    rows.append([f"unknown windows accepted, of {UNKNOWN}", *(str(step.false_alarms) for step in taken)])
    costs = ["" if step.added_cpu_s is None else str(step.added_cpu_s) for step in taken]
    rows.append([f"CPU-s of publishing {ADDED} tracks more", *costs])
    return rows
