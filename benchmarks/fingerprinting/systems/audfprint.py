"""audfprint (Dan Ellis; here its fork audfprint2 of PyPI, which must be installed), at a density of peaks.

What belongs here: its analyser, hash table and matcher, as its command line puts them together. What does not: changes.
"""

import logging
import random

import numpy as np
from audfprint2.core.analyzer import Analyzer, landmarks2hashes
from audfprint2.core.hash_table import HashTable
from audfprint2.core.matcher import Matcher
from numpy.typing import NDArray
from scipy.signal import resample_poly

from fingerprinting.pcm import Pcm, Samples, to_float
from fingerprinting.queries import QUERY_RATE
from fingerprinting.systems.base import NOTHING, Answer

RATE = 11_025
LONGEST_FRAMES = 1 << 17
"""Frames (51 minutes) of a track: its default of 6 minutes would fold longer ones."""
SHIFTS = 4
"""Parts of a frame by which a query is shifted: its command line's default for matching."""
BYTES_PER_HASH = 4

logging.getLogger("audfprint2").setLevel(logging.WARNING)


class Audfprint:
    """The score is the number of hashes that agree on the best track and offset."""

    rate = RATE

    def __init__(self, density: int) -> None:
        self.name = f"audfprint_d{density}"
        random.seed(density)  # its table drops hashes at random where a bucket is full
        self._analyzer = Analyzer(density=density)
        self._matcher = Matcher()
        self._table = _Masking(maxtime=LONGEST_FRAMES)

    def add(self, track_id: str, samples: Samples) -> None:
        self._table.store(track_id, self._hashes(samples, shifts=1))

    def finish(self) -> None:
        pass

    def query(self, samples: Pcm, masked: frozenset[str]) -> Answer:
        step = np.gcd(RATE, QUERY_RATE)
        window = resample_poly(to_float(samples), RATE // step, QUERY_RATE // step).astype(np.float32)
        hashes = self._hashes(window, SHIFTS)
        self._table.masked = [number for number, name in enumerate(self._table.names) if name in masked]
        found = self._matcher.match_hashes(self._table, hashes) if len(hashes) else []
        if not len(found) or not found[0][1]:
            return NOTHING
        number, count, frames, *_ = found[0]
        offset_s = float(frames) * self._analyzer.n_hop / RATE
        return Answer(str(self._table.names[number]), offset_s, float(count), None)

    def index_bytes(self) -> int:
        return int(np.minimum(self._table.counts, self._table.depth).sum()) * BYTES_PER_HASH

    def _hashes(self, samples: Samples, shifts: int) -> NDArray[np.int32]:
        """Rows of (frame, hash) without doubles, as `Analyzer.wavfile2hashes` makes them of a file."""
        starts = [int(shift / shifts * self._analyzer.n_hop) for shift in range(shifts)]
        peaks = [self._analyzer.find_peaks(samples[start:], RATE) for start in starts]
        rows = [landmarks2hashes(self._analyzer.peaks2landmarks(found)) for found in peaks]
        hashes: NDArray[np.int32] = np.unique(np.concatenate(rows), axis=0)
        return hashes


class _Masking(HashTable):
    """Its hash table, whose hits leave out the tracks numbered `masked`."""

    masked: list[int] = []  # noqa: RUF012 (HashTable has slots; instances set their own)

    def get_hits(self, hashes: NDArray[np.int32]) -> NDArray[np.int32]:
        hits: NDArray[np.int32] = super().get_hits(hashes)
        return hits[~np.isin(hits[:, 0], self.masked)] if self.masked else hits
