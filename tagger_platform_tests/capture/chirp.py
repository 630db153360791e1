"""A sound that tells the time: its pitch rises by 100 Hz a second and encodes UTC modulo 30 s.

What belongs here: making it and reading it. What does not: serving it (`radio`).
"""

import subprocess
from functools import cache

import numpy as np
import numpy.typing as npt

CYCLE_S = 30
LOW_HZ = 300.0
HZ_PER_S = 100.0
MP3_RATE = 48_000
"""at 48 kHz, 30 s are exactly 1250 frames of 384 bytes: a position in the file is an instant"""
MP3_BYTES_PER_S = 16_000
LOOK_S = 0.25


def chirp(rate: int) -> npt.NDArray[np.int16]:
    """One cycle."""
    t = np.arange(CYCLE_S * rate) / rate
    phase = 2 * np.pi * (LOW_HZ * t + HZ_PER_S / 2 * t**2)
    return (8000 * np.sin(phase)).astype(np.int16)


@cache
def chirp_mp3(ffmpeg: str) -> bytes:
    """One cycle as MP3 frames that can be repeated without a seam."""
    shape = ["-f", "s16le", "-ar", str(MP3_RATE), "-ac", "1", "-i", "pipe:0"]
    codec = ["-c:a", "libmp3lame", "-b:a", "128k", "-reservoir", "0", "-write_xing", "0", "-id3v2_version", "0"]
    done = subprocess.run(
        [ffmpeg, "-loglevel", "error", *shape, *codec, "-f", "mp3", "pipe:1"],
        input=np.tile(chirp(MP3_RATE), 3).tobytes(),
        capture_output=True,
        check=True,
    )
    return done.stdout[CYCLE_S * MP3_BYTES_PER_S : 2 * CYCLE_S * MP3_BYTES_PER_S]


def lateness_s(samples: npt.NDArray[np.int16], rate: int, start: float) -> float:
    """By how much audio that is said to begin at `start` (seconds since the epoch) is older than that."""
    size = int(LOOK_S * rate)
    errors = []
    for first in range(0, len(samples) - size, size):
        spectrum = np.abs(np.fft.rfft(samples[first : first + size] * np.hanning(size), 8 * size))
        pitch = float(np.argmax(spectrum)) * rate / (8 * size)
        told = (pitch - LOW_HZ) / HZ_PER_S
        said = start + (first + size / 2) / rate
        errors.append((said - told + CYCLE_S / 2) % CYCLE_S - CYCLE_S / 2)
    return float(np.median(errors))
