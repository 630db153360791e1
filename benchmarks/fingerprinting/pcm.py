"""Decoded files in the cache: mono int16 at 44.1 kHz as .npy, so that any part of one is read at once.

What belongs here: decoding a file and saving samples. What does not: which files (`corpus`, `speech`).
"""

import os
import subprocess
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Pcm = NDArray[np.int16]
Samples = NDArray[np.float32]

RATE = 44_100
"""Hz of everything in the cache."""
FULL = 32767
"""The largest sample."""


def decode(file: Path, target: Path, longest_s: float | None = None) -> bool:
    """Decode `file`, or its first `longest_s` seconds, into `target`; False if ffmpeg finds no sound in it."""
    arguments = ["ffmpeg", "-nostdin", "-v", "error", "-i", f"file:{file}"]
    arguments += ["-t", str(longest_s)] if longest_s else []
    arguments += ["-map", "0:a:0", "-ac", "1", "-ar", str(RATE), "-f", "s16le", "pipe:1"]
    done = subprocess.run(arguments, capture_output=True, check=False)
    samples = np.frombuffer(done.stdout[: len(done.stdout) // 2 * 2], np.int16)
    if len(samples):
        save(target, samples)
    return len(samples) > 0


def save(target: Path, samples: Pcm) -> None:
    """Write `samples` so that a killed run leaves no half file, and two runs do not meet."""
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f"{target.name}.{os.getpid()}")
    with draft.open("wb") as file:
        np.save(file, samples)
    draft.rename(target)


def to_float(samples: Pcm) -> Samples:
    """The samples from -1 to 1."""
    scaled: Samples = samples.astype(np.float32) / np.float32(FULL + 1)
    return scaled


def to_pcm(samples: Samples) -> Pcm:
    """The samples as int16; what would not fit is clipped."""
    scaled: Pcm = (np.clip(samples, -1, 1) * FULL).astype(np.int16)
    return scaled
