"""Negatives: windows that no track of the index explains, once their own track and its relatives are masked.

What belongs here: which windows, and how they are damaged. What does not: who is related to whom (`relatives`).
"""

from collections.abc import Iterable

import numpy as np

from fingerprinting.beds import Beds
from fingerprinting.corpus import Corpus, Track
from fingerprinting.pcm import RATE
from fingerprinting.queries import PAD_S, WINDOW_S, Query, Truth, cached, cut, delivered, turns

DEGRADED = ("mp3_64", "speech_p5", "noise_p5", "speed_1.3", "telephone")
"""What every second window goes through, in turn; the others are clean."""
ALONE = 20
"""One window in so many is speech alone, and one is noise alone."""
NARROW = 4
"""One in so many speakers alone is at 8 kHz."""
NOISES = ("pink", "brown", "white", "effects", "babble")


def negatives(corpus: Corpus, count: int, seed: int) -> list[Query]:
    """`count` windows, made once; where the truth has a track, that is the one to mask."""
    return cached(corpus, f"negatives-{count}-{seed}", count, lambda: _made(corpus, count, seed))


def _made(corpus: Corpus, count: int, seed: int) -> Iterable[Query]:
    beds = Beds(corpus)
    tracks = turns(corpus, count, np.random.default_rng([seed, 0]))
    for number, track in enumerate(tracks):
        rng = np.random.default_rng([seed, 1, number])
        place, turn = number % ALONE, number // ALONE
        if place == 0:
            yield _speech(turn, beds, rng)
        elif place == ALONE // 2:
            yield _noise(NOISES[turn % len(NOISES)], beds, rng)
        else:
            yield _music(track, number, beds, rng)


def _music(track: Track, number: int, beds: Beds, rng: np.random.Generator) -> Query:
    name = DEGRADED[number // 2 % len(DEGRADED)] if number % 2 else "clean"
    return cut(track, name, number // 2, rng, beds)


def _speech(turn: int, beds: Beds, rng: np.random.Generator) -> Query:
    speak = beds.prompt if turn % NARROW == 0 else beds.voice
    return Query(delivered(speak(_COUNT, rng)), "speech_alone", Truth(None))


def _noise(kind: str, beds: Beds, rng: np.random.Generator) -> Query:
    return Query(delivered(beds.noise(kind, _COUNT, rng)), "noise_alone", Truth(None))


_COUNT = round((WINDOW_S + 2 * PAD_S) * RATE)
