"""From sound to landmarks: peaks, and pairs of peaks hashed to 26 bits.

What belongs here: the one place that knows what a hash means. Both sides of a comparison are made here: few peaks for
what is stored (`landmarks`), many for what is asked (`query`), because noise adds peaks and removes few.
What does not: finding peaks (`peaks`), storing (`index`), comparing (`vote`, `verify`), reading files.

Method: A. Wang, "An industrial-strength audio search algorithm" (ISMIR 2003), with peaks interpolated between bins, so
that a query can be warped to another speed without computing its spectrum again.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tagger_platform.fingerprint.peaks import (
    HOP,
    QUOTA_FRAMES,
    RATE,
    Floats,
    Peaks,
    Samples,
    find_peaks,
    peaks_in,
    spectrum,
    within,
)

Hashes = NDArray[np.uint32]

TICKS_PER_FRAME = 2
TICK_S = HOP / RATE / TICKS_PER_FRAME
"""Seconds (16 ms): the unit of all stored times."""

STORED_PER_BAND = 3
ASKED_PER_BAND = 16
"""Peaks per band and quota block: about 23 a second stored, 125 a second asked. With 80 asked, a third of the windows
under speech were lost."""
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

HASH_BITS = 26
SCRAMBLE = np.uint32(0x2545F49)
"""Odd, so that no two hashes become one. Neighbouring hashes are about equally common: scattered, the common ones do
not fall into the same bucket of the index, and six times fewer postings are read in vain."""
BIN_PARTS = 4
"""Parts of a bin in which a stored peak's frequency is told."""
LEVELS = 16
LEVEL_DB = 3.0
"""A stored peak's level is told in 16 steps of 3 dB below the loudest peak around it. It says how likely the peak is to
survive: under noise 10 dB louder than the music, 69 % of the loudest do, and 6 % of those 25 dB below."""


@dataclass(frozen=True)
class Landmarks:
    """What is stored of a track: the hashes of its pairs, which find it, and its peaks, which prove it.

    `hashes` (n,) of 26 bits, `ticks` (n,) of 16 ms since its beginning; `peak_ticks` (k,) in order, `peak_tones` (k,):
    their bins and levels, see `tones`.
    """

    hashes: Hashes
    ticks: NDArray[np.uint32]
    peak_ticks: NDArray[np.uint32]
    peak_tones: NDArray[np.uint16]
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


@dataclass(frozen=True)
class Query:
    """What is asked about a window: its peaks, the pairs of them, how many frames it has, and its spectrum: `levels`
    (frames or one more, bins), see `peaks.spectrum`."""

    peaks: Peaks
    pairs: Pairs
    frames: int
    levels: Floats


def landmarks(blocks: Iterable[Samples]) -> Landmarks:
    """The landmarks to store of a whole track, given as consecutive blocks of mono samples at `RATE`."""
    total = 0

    def counted() -> Iterator[Samples]:
        nonlocal total
        for block in blocks:
            total += len(block)
            yield block

    peaks = find_peaks(counted(), STORED_PER_BAND)
    pairs = _pairs(peaks, STORED_FAN_OUT)
    peak_ticks = _whole(peaks.frames * TICKS_PER_FRAME)
    order = np.argsort(peak_ticks, kind="stable")
    return Landmarks(
        _hash(np.rint(pairs.bin), np.rint(pairs.bin_step), np.rint(pairs.tick_step)),
        _whole(pairs.tick),
        peak_ticks[order],
        tones(peaks)[order],
        total / RATE,
    )


def tones(peaks: Peaks) -> NDArray[np.uint16]:
    """Bin (in 1 / `BIN_PARTS`) times `LEVELS`, plus the level in steps of `LEVEL_DB` below the loudest peak around it.

    "Around" is its quota block and the two on either side: about five seconds.
    """
    if not len(peaks):
        return np.zeros(0, np.uint16)
    block = (peaks.frames / QUOTA_FRAMES).astype(np.intp).clip(0)
    loudest = np.full(int(block.max()) + 5, -np.inf, np.float32)
    np.maximum.at(loudest, block + 2, peaks.levels)
    loudest = np.lib.stride_tricks.sliding_window_view(loudest, 5).max(axis=1)
    step = np.floor((loudest[block] - peaks.levels) / LEVEL_DB).clip(0, LEVELS - 1)
    told: NDArray[np.uint16] = (np.rint(peaks.bins * BIN_PARTS) * LEVELS + step).astype(np.uint16)
    return told


def query(samples: Samples) -> Query:
    """What to ask about a window: mono samples (n,) at `RATE`."""
    levels = spectrum(samples)
    return query_of(samples, peaks_in(levels, ASKED_PER_BAND), levels)


def query_of(samples: Samples, peaks: Peaks, levels: Floats) -> Query:
    """What to ask about a window with these peaks and this spectrum."""
    return Query(peaks, _pairs(peaks, ASKED_FAN_OUT), -(-len(samples) // HOP), within(levels))


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
    return _in_order(np.concatenate(hashes), np.concatenate(origins))


def _in_order(hashes: Hashes, origins: NDArray[np.intp]) -> tuple[Hashes, NDArray[np.intp]]:
    """Sorted by hash, so that an index is read from its beginning to its end."""
    keys = hashes.astype(np.uint64) << np.uint64(32) | origins.astype(np.uint64)
    keys.sort()
    return (keys >> np.uint64(32)).astype(np.uint32), (keys & np.uint64(0xFFFFFFFF)).astype(np.intp)


def _pairs(peaks: Peaks, fan_out: int) -> Pairs:
    """Each peak with the next `fan_out` peaks that lie in its zone."""
    count = len(peaks)
    tick = peaks.frames * TICKS_PER_FRAME
    found = np.zeros(count, np.intp)
    anchors, partners = [], []
    for ahead in range(1, 6 * fan_out):
        anchor = np.flatnonzero(found[: max(count - ahead, 0)] < fan_out)
        later, wider = tick[anchor + ahead] - tick[anchor], np.abs(peaks.bins[anchor + ahead] - peaks.bins[anchor])
        near = (later >= NEAREST_TICKS) & (later <= FARTHEST_TICKS) & (wider < WIDEST_BINS)
        anchor = anchor[near]
        found[anchor] += 1
        anchors.append(anchor)
        partners.append(anchor + ahead)
    anchor, partner = np.concatenate(anchors), np.concatenate(partners)
    bins = peaks.bins
    return Pairs(anchor, tick[anchor], bins[anchor], bins[partner] - bins[anchor], tick[partner] - tick[anchor])


def _whole(ticks: Floats) -> NDArray[np.uint32]:
    return np.rint(np.maximum(ticks, 0)).astype(np.uint32)


def _hash(bins: Floats, bin_step: Floats, tick_step: Floats) -> Hashes:
    """10 bits of frequency, 9 of frequency step, 7 of time step, scrambled: see `SCRAMBLE`."""
    first = np.clip(bins, 0, 1023).astype(np.uint32)
    step = (np.clip(bin_step, -256, 255).astype(np.int32) + 256).astype(np.uint32)
    later = np.clip(tick_step, 0, 127).astype(np.uint32)
    plain = (first << np.uint32(16)) | (step << np.uint32(7)) | later
    return plain * SCRAMBLE & np.uint32((1 << HASH_BITS) - 1)
