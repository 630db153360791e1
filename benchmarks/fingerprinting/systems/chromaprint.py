"""Chromaprint, searched by brute force: the offset at which the fewest bits differ, over the whole index.

What belongs here: starting fpcalc and comparing its raw fingerprints. What does not: AcoustID's own search.
"""

import io
import json
import subprocess

import numpy as np
import soundfile
from numpy.typing import NDArray

from fingerprinting.pcm import Pcm, Samples, to_float
from fingerprinting.queries import QUERY_RATE
from fingerprinting.systems.base import NOTHING, Answer

Fingerprint = NDArray[np.uint32]

RATE = 11_025
"""Hz at which Chromaprint works."""
STEP_S = 1365 / RATE
"""Seconds from one value of a fingerprint to the next: a third of a frame of 4,096 samples."""
BITS = 32
LONGEST_S = 100_000
"""Seconds that fpcalc may read: all."""


class Chromaprint:
    """All fingerprints in one array; an answer lies within one track. The score is the share of equal bits."""

    name = "chromaprint"
    rate = RATE

    def __init__(self) -> None:
        self._ids: list[str] = []
        self._parts: list[Fingerprint] = []

    def add(self, track_id: str, samples: Samples) -> None:
        self._ids.append(track_id)
        self._parts.append(fingerprint(samples, RATE))

    def finish(self) -> None:
        self._all = np.concatenate(self._parts)
        self._lengths = np.array([len(part) for part in self._parts])
        self._begins = np.cumsum(self._lengths) - self._lengths

    def query(self, samples: Pcm, masked: frozenset[str]) -> Answer:
        asked = fingerprint(to_float(samples), QUERY_RATE)
        return self.best(asked, masked) if len(asked) else NOTHING

    def best(self, asked: Fingerprint, masked: frozenset[str]) -> Answer:
        """The answer for a fingerprint that is already there."""
        places = len(self._all) - len(asked) + 1
        wrong = np.zeros(places, np.uint16)
        for number, value in enumerate(asked):
            wrong += np.bitwise_count(self._all[number : number + places] ^ value)
        for number, track_id in enumerate(self._ids):
            begin, end = self._begins[number], self._begins[number] + self._lengths[number]
            wrong[begin if track_id in masked else max(begin, end - len(asked) + 1) : end] = BITS * len(asked)
        place = int(np.argmin(wrong))
        track = int(np.searchsorted(self._begins, place, "right")) - 1
        score = 1 - float(wrong[place]) / (BITS * len(asked))
        return Answer(self._ids[track], float(place - self._begins[track]) * STEP_S, score, None)

    def index_bytes(self) -> int:
        return self._all.nbytes

    def fingerprint_of(self, track_id: str) -> Fingerprint:
        return self._parts[self._ids.index(track_id)]


def fingerprint(samples: Samples, rate: int) -> Fingerprint:
    """The raw fingerprint of mono samples, by fpcalc."""
    sound = io.BytesIO()
    soundfile.write(sound, samples, rate, "PCM_16", format="WAV")
    command = ["fpcalc", "-raw", "-json", "-length", str(LONGEST_S), "-"]
    done = subprocess.run(command, input=sound.getvalue(), capture_output=True, check=False)
    if not done.stdout:  # fpcalc says "Empty fingerprint" where there is too little sound
        return np.zeros(0, np.uint32)
    return np.array(json.loads(done.stdout)["fingerprint"], np.uint32)
