"""Music made with numpy, the same for the same seed, and ways to damage it.

What belongs here: sounds for tests of the fingerprints, the library and the catalogue. What does not: tests.
"""

import numpy as np
from scipy.signal import fftconvolve

RATE = 12_000


def tune(seed, seconds=30.0, rate=RATE):
    """A melody with chords, drums and some noise, mono float32, at most about 0.8 of full scale.

    No two notes are quite alike (pitch, vibrato, length), as with real instruments: equal ones would be loops.
    """
    random = np.random.default_rng(seed)
    beat_s = random.uniform(0.18, 0.32)
    scale = 110 * 2 ** (random.uniform(0, 1) + np.array([0, 2, 3, 5, 7, 9, 10, 12, 14, 15, 17, 19]) / 12)
    samples = 0.004 * random.standard_normal(int(seconds * rate))
    for start in np.arange(0, seconds, beat_s):
        begin = int((start + random.uniform(0, 0.03)) * rate)
        for loudness, octave in ((0.3, 4), (0.2, 2), (0.2, 1)):
            if random.random() < 0.7:
                _place(samples, begin, loudness * _note(random, random.choice(scale) * octave, rate))
        if random.random() < 0.6:
            _place(samples, begin, 0.3 * _drum(random, rate))
    return (0.8 * samples / np.abs(samples).max()).astype(np.float32)


def speech(seed, seconds, rate=RATE):
    """Something with the rhythm and the spectrum of a voice: pitch with formants in syllables, and hiss between."""
    random = np.random.default_rng(seed)
    samples = np.zeros(int(seconds * rate))
    start = 0.0
    while start < seconds:
        length = random.uniform(0.08, 0.25)
        time = np.arange(int(length * rate)) / rate
        pitch = random.uniform(90, 180)
        formants = random.uniform((300, 900, 2300), (800, 2200, 3200))
        tones = np.arange(1, int(rate / 2 / pitch)) * pitch
        gains = sum(np.exp(-(((tones - formant) / 150) ** 2)) for formant in formants)
        voice = (gains[:, None] * np.sin(2 * np.pi * tones[:, None] * time)).sum(0)
        hiss = random.standard_normal(len(time)) * (random.random() < 0.3)
        _place(samples, int(start * rate), (voice / 2 + hiss) * np.hanning(len(time)))
        start += length + random.choice([0.02, 0.05, 0.3], p=[0.5, 0.4, 0.1])
    return samples.astype(np.float32)


def mixed(samples, other, decibels):
    """`samples` with `other` below it by so many decibels (above it when negative)."""
    other = other[: len(samples)]
    gain = np.sqrt(np.mean(samples**2) / np.mean(other**2)) * 10 ** (-decibels / 20)
    return (samples + gain * other).astype(np.float32)


def noise(seed, count):
    return np.random.default_rng(seed).standard_normal(count).astype(np.float32)


def at_speed(samples, speed):
    """`samples` as a turntable at `speed` plays them."""
    places = np.arange(int(len(samples) / speed)) * speed
    return np.interp(places, np.arange(len(samples)), samples).astype(np.float32)


def in_a_room(samples, seed, rate=RATE):
    """`samples` through half a second of reverberation."""
    random = np.random.default_rng(seed)
    echoes = random.standard_normal(rate // 2) * np.exp(-np.arange(rate // 2) / (0.08 * rate))
    echoes[0] = 6
    return fftconvolve(samples, echoes)[: len(samples)].astype(np.float32)


def _note(random, frequency, rate):
    seconds = random.uniform(0.15, 0.6)
    time = np.arange(int(seconds * rate)) / rate
    wobble = random.uniform(0.001, 0.008) * np.sin(2 * np.pi * random.uniform(3, 8) * time + random.uniform(0, 6))
    phase = 2 * np.pi * frequency * random.uniform(0.985, 1.015) * np.cumsum(1 + wobble) / rate
    gains = random.uniform(0.1, 1.0, 8) / np.arange(1, 9)
    tones = sum(gains[n - 1] * np.sin(n * phase) for n in range(1, 9) if n * frequency < 0.45 * rate)
    return tones * np.exp(-4 * time / seconds)


def _drum(random, rate):
    time = np.arange(int(0.15 * rate)) / rate
    return random.standard_normal(len(time)) * np.exp(-time / random.uniform(0.01, 0.05))


def _place(samples, begin, sound):
    room = samples[begin : begin + len(sound)]
    room += sound[: len(room)]
