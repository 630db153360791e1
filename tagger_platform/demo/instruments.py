"""How a note or a drum sounds: arrays of samples, made of nothing.

What belongs here: sounds. What does not: which notes are played when, and how they are mixed (`compose`).
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

RATE = 44_100  # samples a second; what both MP3 and AAC like best
TABLE = 4096  # samples in one cycle of a wave table: the nearest one is taken, 72 dB down is clean enough
TOP_HZ = 9_000  # no overtone above this: keeps the wave tables from aliasing
PLUCK_S = 1.6  # a string rings this long, however short its note is written
VIBRATO_HZ = 5.2  # what singers and players do

Sound = NDArray[np.float32]
Instrument = Callable[[float, float], Sound]


def as_sound(samples: NDArray[Any]) -> Sound:
    return np.asarray(samples, dtype=np.float32)


def noise(seconds: float, seed: int) -> Sound:
    return np.random.default_rng(seed).standard_normal(int(seconds * RATE), dtype=np.float32)


def swell(samples: int, attack_s: float, release_s: float) -> Sound:
    """Rises from 0 to 1 and falls to 0 again at the end, both within the sound."""
    position = np.arange(samples, dtype=np.float32)
    rise = position / max(attack_s * RATE, 1.0)
    fall = (samples - 1 - position) / max(release_s * RATE, 1.0)
    return as_sound(np.clip(np.minimum(rise, fall), 0, 1))


def decay(samples: int, half_life_s: float) -> Sound:
    return as_sound(np.exp2(-np.arange(samples, dtype=np.float32) / (half_life_s * RATE)))


@cache
def wave_table(overtones: tuple[float, ...], highest: int) -> Sound:
    """One cycle with these strengths of the first, second, third ... partial, as far as the `highest`."""
    cycle = np.linspace(0, 2 * np.pi, TABLE, endpoint=False)
    partials = [strength * np.sin((n + 1) * cycle) for n, strength in enumerate(overtones[:highest])]
    return as_sound(np.sum(partials, axis=0) / np.sum(overtones))


@dataclass(frozen=True)
class Voice:
    """An instrument with a steady wave: organs, reeds, pads, leads."""

    overtones: tuple[float, ...]
    attack_s: float = 0.01
    release_s: float = 0.08
    half_life_s: float = 9.0
    vibrato_cents: float = 0.0
    chorus_cents: float = 0.0
    breath: float = 0.0

    def __call__(self, hertz: float, seconds: float) -> Sound:
        samples = int((seconds + self.release_s) * RATE)
        table = wave_table(self.overtones, max(1, int(TOP_HZ / hertz)))
        time = np.arange(samples, dtype=np.float64) / RATE
        bend = self.vibrato_cents / 1200 * np.log(2) / (2 * np.pi * VIBRATO_HZ)
        time = time - bend * np.cos(2 * np.pi * VIBRATO_HZ * time) * np.minimum(time * 3, 1)
        sound = np.zeros(samples, dtype=np.float32)
        detunings = (-self.chorus_cents, self.chorus_cents) if self.chorus_cents else (0.0,)
        for number, cents in enumerate(detunings):
            cycles = hertz * 2 ** (cents / 1200) * time + number / 3
            sound += table[(cycles * TABLE).astype(np.int64) % TABLE]
        if self.breath:
            sound += self.breath * as_sound(lfilter([0.2], [1, -0.8], noise(samples / RATE, int(hertz))[:samples]))
        return as_sound(sound * swell(samples, self.attack_s, self.release_s) * decay(samples, self.half_life_s))


@dataclass(frozen=True)
class Bell:
    """Two-operator FM: electric pianos, bells, marimbas."""

    ratio: float
    index: float
    half_life_s: float
    brightness_half_life_s: float = 0.2

    def __call__(self, hertz: float, seconds: float) -> Sound:
        samples = int(max(seconds, self.half_life_s * 3) * RATE)
        angle = 2 * np.pi * hertz * np.arange(samples) / RATE
        depth = self.index * decay(samples, self.brightness_half_life_s)
        tone = np.sin(angle + depth * np.sin(self.ratio * angle))
        return as_sound(tone * decay(samples, self.half_life_s) * swell(samples, 0.003, 0.05))


def pluck(hertz: float, seconds: float) -> Sound:
    """A plucked string (Karplus and Strong): noise in a loop that rounds itself off, longer for longer notes."""
    period = int(RATE / hertz)
    samples = int(max(seconds, PLUCK_S) * RATE)
    loop_gain = 0.5 * 0.996
    excitation = np.zeros(samples, dtype=np.float32)
    excitation[:period] = lfilter([0.5, 0.5], [1], noise(1, period)[:period])
    feedback = np.zeros(period + 2)
    feedback[0] = 1
    feedback[period:] = -loop_gain
    return as_sound(0.8 * lfilter([1], feedback, excitation) * swell(samples, 0.001, 0.3))


@dataclass(frozen=True)
class Drums:
    """A kit with its own tuning, so that no two bands share their drums."""

    kick_hz: float
    snare_hz: float
    snare_s: float
    hat_s: float
    seed: int

    def kick(self) -> Sound:
        time = np.arange(int(0.32 * RATE)) / RATE
        sweep = 2 * np.pi * (self.kick_hz * time + self.kick_hz * 0.09 * (1 - np.exp(-time / 0.03)))
        return as_sound(np.sin(sweep) * decay(time.size, 0.06) * swell(time.size, 0.002, 0.05))

    def snare(self) -> Sound:
        rattle = lfilter([1, -0.7], [1], noise(0.3, self.seed))
        time = np.arange(rattle.size) / RATE
        skin = np.sin(2 * np.pi * self.snare_hz * time) * decay(time.size, 0.03)
        return as_sound(0.35 * rattle * decay(time.size, self.snare_s) + 0.5 * skin)

    def hat(self) -> Sound:
        hiss = lfilter([1, -1.6, 0.7], [1, 0.2], noise(0.15, self.seed + 1))
        return as_sound(0.25 * hiss * decay(hiss.size, self.hat_s))


ELECTRIC_PIANO = Bell(ratio=1.0, index=1.6, half_life_s=0.45)
GLASS_BELL = Bell(ratio=3.51, index=2.2, half_life_s=0.5, brightness_half_life_s=0.12)
MARIMBA = Bell(ratio=3.98, index=0.9, half_life_s=0.14, brightness_half_life_s=0.03)
FM_BRASS = Voice((1, 0.9, 0.8, 0.6, 0.45, 0.3, 0.2), attack_s=0.05, vibrato_cents=12)
ORGAN = Voice((1, 0.9, 0.7, 0.5, 0, 0.3, 0, 0.35), attack_s=0.012, vibrato_cents=9)
SQUARE_LEAD = Voice((1, 0, 1 / 3, 0, 1 / 5, 0, 1 / 7, 0, 1 / 9, 0, 1 / 11), release_s=0.05, vibrato_cents=14)
FLUTE = Voice((1, 0.22, 0.08), attack_s=0.05, release_s=0.1, vibrato_cents=18, breath=0.05)
SAW_LEAD = Voice(tuple(1 / n for n in range(1, 18)), attack_s=0.02, vibrato_cents=10, chorus_cents=7)
ACCORDION = Voice((1, 0.7, 0.9, 0.4, 0.5, 0.2, 0.25, 0.1), attack_s=0.04, chorus_cents=11)
STRINGS = Voice(tuple(1 / n**1.4 for n in range(1, 14)), attack_s=0.35, release_s=0.5, chorus_cents=9)
CHOIR = Voice((1, 0.6, 0.15, 0.3, 0.25, 0.05), attack_s=0.3, release_s=0.4, vibrato_cents=16, chorus_cents=6)
WARM_PAD = Voice((1, 0.4, 0.25, 0.12, 0.06), attack_s=0.25, release_s=0.6, chorus_cents=12)
ROUND_BASS = Voice((1, 0.45, 0.2, 0.08), half_life_s=0.5)
SYNTH_BASS = Voice((1, 0.6, 0.5, 0.35, 0.25, 0.15, 0.1), half_life_s=0.25)
