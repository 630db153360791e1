"""From sound to spectral peaks, interpolated between bins and frames.

What belongs here: spectra, and which of their cells are peaks. What does not: what peaks are used for (`landmarks`).
Every band has a quota of peaks in every second, so that a voice cannot take all of them.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.fft import rfft

Samples = NDArray[np.float32]
Floats = NDArray[np.float32]

RATE = 12_000
"""Hz. Music carries its best landmarks below 5.4 kHz, and narrow radio links keep that band."""
FFT = 1536
"""Samples (128 ms): bins of 7.8 Hz, the finest that speech and drums still leave sharp."""
HOP = 384
"""Samples (32 ms): three quarters of overlap, enough to interpolate a peak's instant to about 5 ms."""
LOWEST_BIN = 26
"""200 Hz: below lie hum, rumble and the speaker's chest."""
BAND_BINS = 83
BANDS = 8
"""8 x 83 bins of 7.8 Hz reach to 5.4 kHz. Linear bands beat logarithmic ones under speech."""
QUOTA_FRAMES = 32
"""Frames (1.02 s) over which a band's quota of peaks is counted."""
RADIUS_FRAMES = 6
RADIUS_BINS = 4
"""A peak is the highest cell within this many frames (0.2 s) and bins (31 Hz) on either side. With half of these, held
tones gave many peaks and unrelated drones twice the score."""
FLOOR = 1e-5
"""Magnitude (about -130 dB of a full-scale tone's) below which a cell is silence, not music."""

CHUNK_FRAMES = 64 * QUOTA_FRAMES
"""Frames (65 s) of spectrum held at a time: 5 MB."""


@dataclass(frozen=True)
class Peaks:
    """Spectral peaks in order of time: `frames` and `bins` (interpolated), `levels` in dB; all have the shape (n,)."""

    frames: Floats
    bins: Floats
    levels: Floats

    def __len__(self) -> int:
        return len(self.frames)


def find_peaks(blocks: Iterable[Samples], per_band: int) -> Peaks:
    """The strongest `per_band` peaks of each band in each quota block, in order of time."""
    found, first = [Peaks(_NONE, _NONE, _NONE)], 0
    for levels in _spectra(blocks):
        part = peaks_in(levels, per_band)
        found.append(replace(part, frames=part.frames + first))
        first += len(levels) - 2 * RADIUS_FRAMES
    return Peaks(
        np.concatenate([part.frames for part in found]),
        np.concatenate([part.bins for part in found]),
        np.concatenate([part.levels for part in found]),
    )


def spectrum(samples: Samples) -> Floats:
    """Log power (frames, bins from `LOWEST_BIN` on) of a window (mono samples), with the margins of `peaks_in`."""
    return next(_spectra([samples]), np.zeros((2 * RADIUS_FRAMES, BANDS * BAND_BINS + 2 * RADIUS_BINS), np.float32))


def within(levels: Floats) -> Floats:
    """A spectrum without its margins."""
    return levels[RADIUS_FRAMES:-RADIUS_FRAMES, RADIUS_BINS:-RADIUS_BINS]


def _spectra(blocks: Iterable[Samples]) -> Iterator[Floats]:
    """Log magnitudes (frames, bins) of one chunk after another, each with `RADIUS_FRAMES` extra at both ends."""
    halo = RADIUS_FRAMES * HOP
    buffer = [np.zeros(halo, np.float32)]
    held = halo
    full = (CHUNK_FRAMES + 2 * RADIUS_FRAMES - 1) * HOP + FFT
    for block in blocks:
        buffer.append(block)
        held += len(block)
        while held >= full:
            joined = np.concatenate(buffer)
            yield _log_magnitudes(joined[:full])
            buffer = [joined[CHUNK_FRAMES * HOP :]]
            held = len(buffer[0])
    rest = np.concatenate([*buffer, np.zeros(halo + FFT, np.float32)])
    if held > halo + 2 * FFT:
        yield _log_magnitudes(rest)


_NONE = np.zeros(0, np.float32)
NEPER_POWER_DB = np.float32(10 / np.log(10))
"""dB in a unit of the natural logarithm of power, in which the spectra are."""
_WINDOW = np.hanning(FFT + 1)[:-1].astype(np.float32) * (2 / FFT)


def _log_magnitudes(samples: Samples) -> Floats:
    framed = np.lib.stride_tricks.sliding_window_view(samples, FFT)[::HOP]
    low, high = LOWEST_BIN - RADIUS_BINS, LOWEST_BIN + BANDS * BAND_BINS + RADIUS_BINS
    levels = np.empty((len(framed), high - low), np.float32)
    for start in range(0, len(framed), 128):  # 128 frames stay in the processor's cache
        part = rfft(framed[start : start + 128] * _WINDOW, axis=1)[:, low:high]
        np.log(part.real**2 + part.imag**2 + FLOOR**2, out=levels[start : start + 128])
    return levels


def _widest(values: Floats, radius: int, axis: int) -> Floats:
    """The maximum over `2 * radius + 1` cells along `axis`; the result is shorter by `2 * radius`."""
    size = values.shape[axis] - 2 * radius
    cut = [slice(None), slice(None)]

    def shifted(start: int) -> Floats:
        cut[axis] = slice(start, start + size)
        return values[tuple(cut)]

    result = shifted(0).copy()
    for start in range(1, 2 * radius + 1):
        np.maximum(result, shifted(start), out=result)
    return result


def peaks_in(levels: Floats, per_band: int) -> Peaks:
    """The strongest `per_band` peaks of each band and quota block of one spectrum; margins only surround peaks."""
    inner = within(levels)
    highest = _widest(_widest(levels, RADIUS_BINS, 1), RADIUS_FRAMES, 0)
    frame, column = np.nonzero((inner == highest) & (inner > 2 * np.log(10 * FLOOR)))
    group = (frame // QUOTA_FRAMES) * BANDS + column // BAND_BINS
    order = np.lexsort((-inner[frame, column], group))
    ranked = group[order]
    first_of_group = np.searchsorted(ranked, ranked)
    kept = np.sort(order[np.arange(len(order)) - first_of_group < per_band])  # nonzero went by time, and so does this
    frame, column = frame[kept], column[kept]
    row, cell = frame + RADIUS_FRAMES, column + RADIUS_BINS
    centre = levels[row, cell]
    return Peaks(
        (frame + _vertex(levels[row - 1, cell], centre, levels[row + 1, cell])).astype(np.float32),
        (column + LOWEST_BIN + _vertex(levels[row, cell - 1], centre, levels[row, cell + 1])).astype(np.float32),
        centre * NEPER_POWER_DB,
    )


def _vertex(before: Floats, centre: Floats, after: Floats) -> Floats:
    """Where a parabola through three neighbours peaks, in cells from the centre, within half a cell."""
    curvature = before - 2 * centre + after
    vertex: Floats = np.clip(0.5 * (before - after) / np.minimum(curvature, -1e-6), -0.5, 0.5)
    return vertex
