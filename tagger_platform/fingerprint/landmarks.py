"""From sound to landmarks: spectral peaks, and pairs of peaks hashed to 26 bits.

What belongs here: the one place that knows what a hash means. Both sides of a comparison are made here: few peaks for
what is stored (`landmarks`), many for what is asked (`query_pairs`), because noise adds peaks and removes few.
What does not: storing hashes (`index`), comparing them (`match`), reading files.

Method: A. Wang, "An industrial-strength audio search algorithm" (ISMIR 2003), with linear bands that each have a quota
of peaks, so that a voice cannot take all of them, and with peaks interpolated between bins, so that a query can be
warped to another speed without computing its spectrum again.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.fft import rfft

Samples = NDArray[np.float32]
Floats = NDArray[np.float32]
Hashes = NDArray[np.uint32]

RATE = 12_000
"""Hz. Music carries its best landmarks below 5.4 kHz, and narrow radio links keep that band."""
FFT = 1536
"""Samples (128 ms): bins of 7.8 Hz, the finest that speech and drums still leave sharp."""
HOP = 384
"""Samples (32 ms): three quarters of overlap, enough to interpolate a peak's instant to about 5 ms."""
TICKS_PER_FRAME = 2
TICK_S = HOP / RATE / TICKS_PER_FRAME
"""Seconds (16 ms): the unit of all stored times."""

LOWEST_BIN = 26
"""200 Hz: below lie hum, rumble and the speaker's chest."""
BAND_BINS = 83
BANDS = 8
"""8 x 83 bins of 7.8 Hz reach to 5.4 kHz. Linear bands beat logarithmic ones under speech."""
QUOTA_FRAMES = 32
"""Frames (1.02 s) over which a band's quota of peaks is counted."""
STORED_PER_BAND = 3
ASKED_PER_BAND = 16
"""Peaks per band and quota block: about 23 a second stored, 125 a second asked. With 80 asked, a third of the windows
under speech were lost."""
RADIUS_FRAMES = 6
RADIUS_BINS = 4
"""A peak is the highest cell within this many frames (0.2 s) and bins (31 Hz) on either side. With half of these, held
tones gave many peaks and unrelated drones twice the score."""
FLOOR = 1e-5
"""Magnitude (about -130 dB of a full-scale tone's) below which a cell is silence, not music."""

STORED_FAN_OUT = 6
ASKED_FAN_OUT = 32
"""Partners per peak. The asked peaks are 5.3 times as dense, so the same reach in time takes 32 of them."""
NEAREST_TICKS = 6
FARTHEST_TICKS = 126
"""A pair lies 0.1 s to 2 s apart; 7 bits."""
WIDEST_BINS = 255
"""A pair lies at most 2 kHz apart; 9 bits with the sign."""
EDGE = 0.15
"""A value nearer than this to the border of its bin is also asked as the neighbour's."""

CHUNK_FRAMES = 64 * QUOTA_FRAMES
"""Frames (65 s) of spectrum held at a time: 5 MB."""


@dataclass(frozen=True)
class Peaks:
    """Spectral peaks in order of time. `frames` and `bins` are interpolated; all have the shape (n,)."""

    frames: Floats
    bins: Floats

    def __len__(self) -> int:
        return len(self.frames)


@dataclass(frozen=True)
class Landmarks:
    """What is stored of a track: `hashes` (n,) of 26 bits, `ticks` (n,) of 16 ms since its beginning."""

    hashes: Hashes
    ticks: NDArray[np.uint32]
    duration_s: float


@dataclass(frozen=True)
class Pairs:
    """What is asked: per pair the peak it starts from (`anchor`, a number), its tick and bin, and the steps from there.

    All have the shape (n,); bins and ticks are not rounded.
    """

    anchor: NDArray[np.intp]
    tick: Floats
    bin: Floats
    bin_step: Floats
    tick_step: Floats


def landmarks(blocks: Iterable[Samples]) -> Landmarks:
    """The landmarks to store of a whole track, given as consecutive blocks of mono samples at `RATE`."""
    total = 0

    def counted() -> Iterator[Samples]:
        nonlocal total
        for block in blocks:
            total += len(block)
            yield block

    pairs = _pairs(find_peaks(counted(), STORED_PER_BAND), STORED_FAN_OUT)
    hashes = _hash(np.rint(pairs.bin), np.rint(pairs.bin_step), np.rint(pairs.tick_step))
    return Landmarks(hashes, np.rint(np.maximum(pairs.tick, 0)).astype(np.uint32), total / RATE)


def query_pairs(samples: Samples) -> Pairs:
    """The pairs to ask of a window: mono samples (n,) at `RATE`."""
    return _pairs(find_peaks([samples], ASKED_PER_BAND), ASKED_FAN_OUT)


def query_hashes(pairs: Pairs, speed: float) -> tuple[Hashes, NDArray[np.intp]]:
    """Hashes (m,) to look up if the music ran at `speed`, and the pair (m,) that each came from.

    Music played at 1.02 has its frequencies 2 % higher and its times 2 % closer; both are warped back.
    """
    values = (pairs.bin / speed, pairs.bin_step / speed, pairs.tick_step * speed)
    nearest = [np.rint(value) for value in values]
    other = [near + np.where(value > near, 1, -1) for value, near in zip(values, nearest, strict=True)]
    at_edge = [np.abs(value - near) > 0.5 - EDGE for value, near in zip(values, nearest, strict=True)]
    hashes, origins = [], []
    for choice in np.ndindex(2, 2, 2):
        wanted = np.ones(len(pairs.bin), bool)
        for moved, edge in zip(choice, at_edge, strict=True):
            if moved:
                wanted &= edge
        origin = np.flatnonzero(wanted)
        parts = [(other if moved else nearest)[axis][origin] for axis, moved in enumerate(choice)]
        hashes.append(_hash(*parts))
        origins.append(origin)
    return np.concatenate(hashes), np.concatenate(origins)


def find_peaks(blocks: Iterable[Samples], per_band: int) -> Peaks:
    """The strongest `per_band` peaks of each band in each quota block, in order of time."""
    frames, bins = [], []
    first = 0
    for levels in _spectra(blocks):
        found = _local_peaks(levels, per_band)
        frames.append(found.frames + first)
        bins.append(found.bins)
        first += len(levels) - 2 * RADIUS_FRAMES
    return Peaks(np.concatenate([_NONE, *frames]), np.concatenate([_NONE, *bins]))


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


def _local_peaks(levels: Floats, per_band: int) -> Peaks:
    inner = levels[RADIUS_FRAMES:-RADIUS_FRAMES, RADIUS_BINS:-RADIUS_BINS]
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
    )


def _vertex(before: Floats, centre: Floats, after: Floats) -> Floats:
    """Where a parabola through three neighbours peaks, in cells from the centre, within half a cell."""
    curvature = before - 2 * centre + after
    vertex: Floats = np.clip(0.5 * (before - after) / np.minimum(curvature, -1e-6), -0.5, 0.5)
    return vertex


def _pairs(peaks: Peaks, fan_out: int) -> Pairs:
    """Each peak with the next `fan_out` peaks that lie in its zone."""
    count = len(peaks)
    tick = peaks.frames * TICKS_PER_FRAME
    found = np.zeros(count, np.intp)
    anchors, partners = [], []
    for ahead in range(1, 6 * fan_out):
        anchor = np.arange(count - ahead) if ahead < count else np.zeros(0, np.intp)
        later, wider = tick[anchor + ahead] - tick[anchor], np.abs(peaks.bins[anchor + ahead] - peaks.bins[anchor])
        near = (later >= NEAREST_TICKS) & (later <= FARTHEST_TICKS) & (wider < WIDEST_BINS)
        anchor = anchor[near & (found[anchor] < fan_out)]
        found[anchor] += 1
        anchors.append(anchor)
        partners.append(anchor + ahead)
    anchor, partner = np.concatenate(anchors), np.concatenate(partners)
    bins = peaks.bins
    return Pairs(anchor, tick[anchor], bins[anchor], bins[partner] - bins[anchor], tick[partner] - tick[anchor])


def _hash(bins: Floats, bin_step: Floats, tick_step: Floats) -> Hashes:
    """10 bits of frequency, 9 of frequency step, 7 of time step."""
    first = np.clip(bins, 0, 1023).astype(np.uint32)
    step = (np.clip(bin_step, -256, 255).astype(np.int32) + 256).astype(np.uint32)
    later = np.clip(tick_step, 0, 127).astype(np.uint32)
    return (first << np.uint32(16)) | (step << np.uint32(7)) | later
