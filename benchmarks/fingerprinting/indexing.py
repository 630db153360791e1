"""Building a system's index of a corpus, and what that costs.

What belongs here: the clock, and bringing tracks to a system's rate. What does not: queries (`work`).
"""

import resource
from dataclasses import dataclass

import numpy as np
from scipy.signal import resample_poly

from fingerprinting import systems
from fingerprinting.corpus import Corpus, Track
from fingerprinting.pcm import RATE, Samples, to_float
from fingerprinting.systems.base import System


@dataclass(frozen=True)
class Indexed:
    """A system that knows all tracks; `cpu_s` is what adding them took, decoding and resampling apart."""

    system: System
    cpu_s: float


def indexed(name: str, corpus: Corpus) -> Indexed:
    """The system called `name` with all tracks of the corpus."""
    system = systems.create(name)
    spent = 0.0
    for track in corpus.tracks:
        samples = _at_rate(track, system.rate)
        before = cpu_s()
        system.add(track.id, samples)
        spent += cpu_s() - before
    before = cpu_s()
    system.finish()
    return Indexed(system, spent + cpu_s() - before)


def cpu_s() -> float:
    """CPU-seconds of this process, and of the programs that it started and that have ended (fpcalc)."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def _at_rate(track: Track, rate: int) -> Samples:
    step = np.gcd(rate, RATE)
    samples: Samples = resample_poly(to_float(track.samples()), rate // step, RATE // step).astype(np.float32)
    return samples
