"""What can be done to mono float32 samples at 44.1 kHz: levels, codecs, speed, rooms, telephones.

What belongs here: signal processing that knows nothing of the benchmark. What does not: which of it a condition uses
(`conditions`), where the samples come from (`corpus`, `beds`).
"""

import subprocess
from collections.abc import Sequence

import numpy as np
from scipy.signal import butter, fftconvolve, resample, resample_poly, sosfilt

from fingerprinting.pcm import RATE, Samples

FRAME_S = 0.05
ACTIVE_DB = 30.0
"""Frames of 50 ms within 30 dB of the loudest one are the active parts: pauses in speech do not count as level."""
TELEPHONE_RATE = 8_000
TELEPHONE_HZ = (300, 3400)
MU = 255
"""Of mu-law (ITU-T G.711)."""
ROOM_S = 1.2
"""Seconds of an impulse response."""
EARLY = 8
EARLY_S = (0.004, 0.08)
"""Early reflections: how many, and when."""


def rms(samples: Samples) -> float:
    return float(np.sqrt(np.mean(np.square(samples, dtype=np.float64)))) if len(samples) else 0.0


def active_rms(samples: Samples) -> float:
    """The rms of the active parts."""
    size = int(FRAME_S * RATE)
    frames = samples[: len(samples) // size * size].reshape(-1, size)
    power = np.mean(np.square(frames, dtype=np.float64), axis=1)
    active = power >= power.max() * 10 ** (-ACTIVE_DB / 10)
    return float(np.sqrt(power[active].mean()))


def at_level(samples: Samples, level: float) -> Samples:
    """`samples` with an active rms of `level`."""
    scaled: Samples = samples * np.float32(level / max(active_rms(samples), 1e-9))
    return scaled


def mixed(music: Samples, bed: Samples, above_db: float) -> Samples:
    """`music` with `bed` under it: `above_db` is how much louder the music is."""
    return music + at_level(bed, active_rms(music) * 10 ** (-above_db / 20))


def coloured_noise(count: int, slope: float, rng: np.random.Generator) -> Samples:
    """Noise whose power falls with frequency to the `slope`: 0 white, 1 pink, 2 brown."""
    spectrum = np.fft.rfft(rng.standard_normal(count))
    hertz = np.maximum(np.fft.rfftfreq(count, 1 / RATE), 20.0)
    noise = np.fft.irfft(spectrum * hertz ** (-slope / 2), count)
    scaled: Samples = (noise / np.abs(noise).max()).astype(np.float32)
    return scaled


def of_count(samples: Samples, count: int) -> Samples:
    """Played faster or slower, as a tape would be, so that `count` samples remain."""
    stretched: Samples = resample(samples, count).astype(np.float32)
    return stretched


def at_tempo(samples: Samples, factor: float, count: int) -> Samples:
    """`factor` times as fast at the same pitch: `count` samples."""
    return _of_length(_ffmpeg(samples, ["-af", f"atempo={factor:.6f}", "-f", "f32le"]), count)


def coded(samples: Samples, encoder: Sequence[str], filters: str = "anull") -> Samples:
    """Through an encoder of ffmpeg (its arguments with the container) and back; `filters` come before it."""
    encoded = _run(samples.astype("<f4").tobytes(), [*_RAW, "-i", "pipe:0", "-af", filters, *encoder])
    container = encoder[list(encoder).index("-f") + 1]
    reader = {"adts": "aac"}.get(container, container)
    decoded = _run(encoded, ["-f", reader, "-i", "pipe:0", *_RAW])
    return _of_length(np.frombuffer(decoded, "<f4"), len(samples))


def telephone(samples: Samples) -> Samples:
    narrow = resample_poly(samples, TELEPHONE_RATE, RATE)
    narrow = sosfilt(butter(4, TELEPHONE_HZ, "bandpass", fs=TELEPHONE_RATE, output="sos"), narrow)
    narrow = narrow / max(float(np.abs(narrow).max()), 1e-9)
    pressed = np.rint(np.sign(narrow) * np.log1p(MU * np.abs(narrow)) / np.log1p(MU) * 127) / 127
    back = np.sign(pressed) * np.expm1(np.abs(pressed) * np.log1p(MU)) / MU
    return _of_length(resample_poly(back, RATE, TELEPHONE_RATE).astype(np.float32), len(samples))


def room(seed: int) -> Samples:
    """An impulse response: the direct sound, early reflections, a tail that decays by 60 dB in 0.3 to 1.0 s."""
    rng = np.random.default_rng(seed)
    decay_s, direct_to_tail_db = rng.uniform(0.3, 1.0), rng.uniform(-6.0, 3.0)
    instants = np.arange(int(ROOM_S * RATE)) / RATE
    tail = rng.standard_normal(len(instants)) * 10 ** (-3 * instants / decay_s)
    tail = sosfilt(butter(1, rng.uniform(3_000, 8_000), fs=RATE, output="sos"), tail)
    tail[: int(EARLY_S[0] * RATE)] = 0
    for instant in rng.uniform(*EARLY_S, EARLY):
        tail[int(instant * RATE)] += rng.choice([-1, 1]) * 10 ** (-3 * instant / decay_s) * 5
    tail *= 10 ** (-direct_to_tail_db / 20) / np.sqrt(np.sum(tail**2))
    tail[0] = 1.0
    response: Samples = tail.astype(np.float32)
    return response


def in_room(samples: Samples, response: Samples) -> Samples:
    heard: Samples = fftconvolve(samples, response)[: len(samples)].astype(np.float32)
    return heard


_RAW = ["-f", "f32le", "-ar", str(RATE), "-ac", "1"]


def _ffmpeg(samples: Samples, arguments: Sequence[str]) -> Samples:
    return np.frombuffer(_run(samples.astype("<f4").tobytes(), [*_RAW, "-i", "pipe:0", *arguments]), "<f4")


def _run(content: bytes, arguments: Sequence[str]) -> bytes:
    command = ["ffmpeg", "-v", "error", "-threads", "1", *arguments, "pipe:1"]
    return subprocess.run(command, input=content, stdout=subprocess.PIPE, check=True).stdout


def _of_length(samples: Samples, count: int) -> Samples:
    padded: Samples = np.pad(samples[:count], (0, max(0, count - len(samples))))
    return padded
