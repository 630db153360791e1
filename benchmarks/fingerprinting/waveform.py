"""Which tracks hold the same samples: the third system that says who is related to whom.

What belongs here: correlating waveforms. What does not: what follows from it (`relatives`).

Two pieces that were made of the same recordings (a stem, a loop, another arrangement of the same takes) agree sample
by sample for a while, whatever was mixed over it in one of them. So windows of one track are correlated with all of
the other. Both are whitened first, because notes of the same pitch correlate too. Played faster or slower, the same
samples are not found; the two other systems forgive that.
"""

from collections.abc import Iterator, Sequence
from itertools import groupby

import numpy as np
from scipy.fft import irfft, rfft
from scipy.ndimage import uniform_filter1d
from scipy.signal import resample_poly

from fingerprinting.corpus import Corpus, Track
from fingerprinting.pcm import RATE as CORPUS_RATE
from fingerprinting.pcm import Samples, to_float

RATE = 8_000
"""Hz: below it whitened notes of one pitch reach what the same samples reach under other music."""
WINDOW_S = 8.0
WINDOWS = 8
"""Windows of a track at most, evenly spaced, none of which overlap."""
LOWEST_HZ = 150.0
SMOOTH_HZ = 50.0
"""Width over which a track's spectrum is levelled."""
BLOCK = 1 << 17
"""Samples correlated at a time."""
QUIET = 0.1
"""Share of a track's median energy that a stretch counts as at least: digital silence correlates with anything."""

SIZE = int(WINDOW_S * RATE)


def correlations(corpus: Corpus, author_of: dict[str, str]) -> Iterator[tuple[tuple[str, str], float]]:
    """Pairs of tracks of one author (ids in order), and the highest correlation (0 to 1) of their waveforms."""
    by_author = sorted(corpus.tracks, key=lambda track: author_of[track.id])
    for _, own in groupby(by_author, key=lambda track: author_of[track.id]):
        yield from _of_one_author(list(own))


def _of_one_author(tracks: Sequence[Track]) -> Iterator[tuple[tuple[str, str], float]]:
    white = [_whitened(track) for track in tracks]
    windows = [_windows(samples) for samples in white]
    best: dict[tuple[str, str], float] = {}
    for track, samples in zip(tracks, white, strict=True):
        blocks, energy = _blocks(samples)
        for other, asked in zip(tracks, windows, strict=True):
            if other.id != track.id and len(asked):
                pair = min(track.id, other.id), max(track.id, other.id)
                best[pair] = max(best.get(pair, 0.0), max(_highest(blocks, energy, window) for window in asked))
    yield from best.items()


def _whitened(track: Track) -> Samples:
    step = np.gcd(CORPUS_RATE, RATE)
    samples = resample_poly(to_float(track.samples()), RATE // step, CORPUS_RATE // step).astype(np.float32)
    spectrum = rfft(samples)
    a_hertz = len(spectrum) / (RATE / 2)
    level = uniform_filter1d(np.abs(spectrum), max(1, int(SMOOTH_HZ * a_hertz)))
    spectrum /= level + 1e-6 * level.max()
    spectrum[: int(LOWEST_HZ * a_hertz)] = 0
    white: Samples = irfft(spectrum, len(samples)).astype(np.float32)
    return white


def _windows(samples: Samples) -> list[Samples]:
    """Spectra of its windows, each of unit energy; none of silent ones."""
    count = min(WINDOWS, len(samples) // SIZE)
    starts = np.linspace(0, len(samples) - SIZE, count).astype(int) if count else []
    parts = [samples[start : start + SIZE] for start in starts]
    return [rfft(part / np.linalg.norm(part), BLOCK).conj() for part in parts if np.any(part)]


def _blocks(samples: Samples) -> tuple[Samples, Samples]:
    """Spectra (n, bins) of a track's overlapping blocks, and the norm (n, places) of what a window would meet there."""
    step = BLOCK - SIZE
    count = max(1, -(-(len(samples) - SIZE) // step))
    padded = np.concatenate([samples, np.zeros(count * step + SIZE - len(samples) + 1, np.float32)])
    total = np.concatenate([[0.0], np.cumsum(padded.astype(np.float64) ** 2)])
    energy = total[SIZE:] - total[:-SIZE]
    norm = np.sqrt(np.maximum(energy, QUIET * np.median(energy[energy > 0]))).astype(np.float32)
    starts = [number * step for number in range(count)]
    return (
        np.stack([rfft(padded[start : start + BLOCK]) for start in starts]),
        np.stack([norm[start : start + step] for start in starts]),
    )


def _highest(blocks: Samples, norm: Samples, window: Samples) -> float:
    correlation = irfft(blocks * window, BLOCK, axis=1)[:, : norm.shape[1]]
    return float((np.abs(correlation) / norm).max())
