"""What lies over the music: voices, noises, effects, other music, cut at random from the corpus.

What belongs here: choosing and cutting. What does not: how loud it is and what it is mixed with (`conditions`).
"""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from fingerprinting.corpus import Corpus, Track
from fingerprinting.pcm import Pcm, Samples, to_float
from fingerprinting.sound import at_level, coloured_noise

BABBLE_VOICES = 6
LEVEL = 0.1
"""Active rms of every bed."""
SLOPES = {"white": 0.0, "pink": 1.0, "brown": 2.0}


@dataclass(frozen=True)
class Beds:
    """Cuts of `count` samples at 44.1 kHz."""

    corpus: Corpus

    def voice(self, count: int, rng: np.random.Generator) -> Samples:
        """One wide-band speaker."""
        return _cut(self._voices[rng.integers(len(self._voices))], count, rng)

    def prompt(self, count: int, rng: np.random.Generator) -> Samples:
        """One speaker at 8 kHz; a wide-band one where the corpus has none."""
        return _cut(self._prompts[rng.integers(len(self._prompts))], count, rng)

    def noise(self, kind: str, count: int, rng: np.random.Generator) -> Samples:
        """`kind`: white, pink, brown, effects or babble."""
        if kind == "effects":
            return _cut(self._effects, count, rng)
        if kind == "babble":
            voices = [self.voice(count, rng) for _ in range(BABBLE_VOICES)]
            return at_level(np.sum(voices, axis=0, dtype=np.float32), LEVEL)
        return at_level(coloured_noise(count, SLOPES[kind], rng), LEVEL)

    def other_music(self, track: Track, count: int, rng: np.random.Generator) -> tuple[str, Samples]:
        """A cut of a track of another package, and that track's id."""
        package = track.id.partition("/")[0]
        others = [other for other in self.corpus.tracks if not other.id.startswith(f"{package}/")]
        other = others[rng.integers(len(others))]
        return other.id, _cut(other.samples(), count, rng)

    @cached_property
    def _voices(self) -> list[Pcm]:
        return _opened(self.corpus.voices)

    @cached_property
    def _prompts(self) -> list[Pcm]:
        return _opened(self.corpus.prompts) or self._voices

    @cached_property
    def _effects(self) -> Pcm:
        return np.concatenate(_opened(self.corpus.effects))


def _opened(files: tuple[Path, ...]) -> list[Pcm]:
    return [np.load(file, mmap_mode="r") for file in files]


def _cut(pcm: Pcm, count: int, rng: np.random.Generator) -> Samples:
    """`count` samples from a random place, going on from the beginning where the bed ends."""
    start = int(rng.integers(len(pcm)))
    places = (start + np.arange(count)) % len(pcm)
    return at_level(to_float(pcm[places]), LEVEL)
