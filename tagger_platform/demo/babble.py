"""Somebody talking, without a word: pulses of a voice through formants, in the rhythm of syllables.

What belongs here: the talk between the music. What does not: music (`arrange`).
"""

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

from tagger_platform.demo.arrange import PEAK, Mix
from tagger_platform.demo.instruments import RATE, Sound, as_sound, noise, swell

VOWELS = (
    (730, 1090, 2440),
    (530, 1840, 2480),
    (270, 2290, 3010),
    (570, 840, 2410),
    (300, 870, 2240),
    (490, 1350, 1690),
)
"""First three formants of English vowels, in Hz (Peterson and Barney, 1952)."""
FORMANT_WIDTHS = (70, 100, 140)  # Hz
FORMANT_GAINS = (1.0, 0.55, 0.3)
SYLLABLES_PER_PHRASE = (5, 12)  # then a breath


def syllable(vowel: tuple[int, ...], pitch: float, seconds: float) -> Sound:
    """A vowel on a falling pitch; the glottis is a train of pulses, each softened by the throat."""
    samples = int(seconds * RATE)
    cycles = np.cumsum(pitch * np.linspace(1.06, 0.94, samples) / RATE)
    pulses = np.diff(np.floor(cycles), prepend=0.0)
    source = lfilter([1], [1, -0.97], pulses) + 0.01 * noise(1, int(pitch))[:samples]
    sound = np.zeros(samples)
    for hertz, width, gain in zip(vowel, FORMANT_WIDTHS, FORMANT_GAINS, strict=True):
        radius = np.exp(-np.pi * width / RATE)
        poles = [1, -2 * radius * np.cos(2 * np.pi * hertz / RATE), radius**2]
        sound += gain * lfilter([(1 - radius) * 8, 0, -(1 - radius) * 8], poles, source)
    return as_sound(sound * swell(samples, 0.03, 0.05))


def consonant(rng: np.random.Generator) -> Sound:
    hiss = noise(float(rng.uniform(0.03, 0.08)), int(rng.integers(1 << 30)))
    bright = float(rng.uniform(-0.9, 0.2))
    return as_sound(0.5 * lfilter([1, bright], [1, 0.2], hiss) * swell(hiss.size, 0.01, 0.02))


def babble(seed: int, seconds: float) -> NDArray[np.float32]:
    rng = np.random.default_rng(seed)
    mix = Mix(seconds)
    voice_hz = float(rng.uniform(95, 210))
    at_s = 0.2
    while at_s < seconds - 1:
        syllables = int(rng.integers(*SYLLABLES_PER_PHRASE))
        for number in range(syllables):
            if at_s > seconds - 0.6:
                break
            if rng.uniform() < 0.7:
                mix.lay(consonant(rng), at_s, float(rng.uniform(0.05, 0.12)))
                at_s += 0.05
            pitch = voice_hz * (1.15 - 0.3 * number / syllables) * float(rng.uniform(0.93, 1.07))
            length = float(rng.uniform(0.09, 0.22))
            vowel = VOWELS[int(rng.integers(len(VOWELS)))]
            mix.lay(syllable(vowel, pitch, length), at_s, float(rng.uniform(0.5, 0.9)))
            at_s += length * 0.85
        at_s += float(rng.uniform(0.25, 0.6))
    tape = mix.tape
    return as_sound(tape * (PEAK / float(np.max(np.abs(tape)))))
