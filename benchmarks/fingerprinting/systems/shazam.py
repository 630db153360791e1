"""Shazam's own peaks, as the library shazamio_core finds them, in place of ours; all the rest is our matcher.

What belongs here: decoding a signature's peaks. What does not: asking Shazam; nothing leaves the machine.
The format is the one that SongRec (marin-m/SongRec) documents: 56 bytes of header, then per frequency band a tag, a
size, and peaks of 5 bytes: steps of 8 ms since the last one, magnitude, frequency.
"""

import asyncio
import base64
import io
import logging
import struct
from collections.abc import Iterable, Iterator
from unittest.mock import patch

import numpy as np
import soundfile
from shazamio_core import Recognizer

from fingerprinting.pcm import Pcm, Samples
from fingerprinting.systems.base import Answer
from fingerprinting.systems.ours import Ours
from tagger_platform.fingerprint import landmarks, match, peaks

HEADER_BYTES = 56
FAR = 0xFF
"""A step that says: the next four bytes are the absolute time."""
TICK_S = 128 / 16_000
BIN_HZ = 16_000 / 2048 / 64
DB = 10 / np.log(10) / 1477.3
"""A unit of magnitude: SongRec writes the power's natural logarithm times 1477.3."""
LONGEST_S = 100_000

logging.getLogger("shazamio_core").setLevel(logging.WARNING)


class ShazamPeaks(Ours):
    """Our index and matcher, in which the one function that finds peaks is replaced.

    The quotas of peaks a second stay as they are, so the index does not grow.
    """

    name = "shazam_peaks"

    def add(self, track_id: str, samples: Samples) -> None:
        with patch.object(landmarks, "find_peaks", find_peaks):
            super().add(track_id, samples)

    def query(self, samples: Pcm, masked: frozenset[str]) -> Answer:
        with patch.object(match, "query", query):
            return super().query(samples, masked)


def query(samples: Samples) -> landmarks.Query:
    """What `landmarks.query` does, by Shazam's peaks."""
    return landmarks.query_of(samples, find_peaks([samples], landmarks.ASKED_PER_BAND), peaks.spectrum(samples))


def find_peaks(blocks: Iterable[Samples], per_band: int) -> peaks.Peaks:
    """What `peaks.find_peaks` does, by Shazam's peaks."""
    sound = io.BytesIO()
    soundfile.write(sound, np.concatenate(list(blocks)), peaks.RATE, "PCM_16", format="WAV")
    rows = np.array(sorted(_peaks(asyncio.run(_signature(sound.getvalue())))), np.float64).reshape(-1, 3)
    frames = rows[:, 0] * (TICK_S * peaks.RATE / peaks.HOP)
    bins = rows[:, 1] * (BIN_HZ * peaks.FFT / peaks.RATE)
    kept = _strongest(frames, bins, rows[:, 2], per_band)
    return peaks.Peaks(*(values[kept].astype(np.float32) for values in (frames, bins, rows[:, 2] * DB)))


async def _signature(sound: bytes) -> bytes:
    signature = await Recognizer(segment_duration_seconds=LONGEST_S).recognize_bytes(sound)
    return base64.b64decode(signature.signature.uri.partition(",")[2])


def _peaks(signature: bytes) -> Iterator[tuple[int, int, int]]:
    """Time in ticks, frequency, magnitude of each peak."""
    place = HEADER_BYTES
    while place < len(signature):
        _, size = struct.unpack_from("<II", signature, place)
        place += 8
        end, tick = place + size, 0
        while place < end:
            step = signature[place]
            place += 1
            if step == FAR:
                (tick,) = struct.unpack_from("<I", signature, place)
                place += 4
                continue
            tick += step
            magnitude, frequency = struct.unpack_from("<HH", signature, place)
            place += 4
            yield tick, frequency, magnitude
        place += -size % 4


def _strongest(frames: np.ndarray, bins: np.ndarray, levels: np.ndarray, per_band: int) -> np.ndarray:
    """Which peaks are among the `per_band` strongest of their band and quota block, in order of time."""
    band = ((bins - peaks.LOWEST_BIN) // peaks.BAND_BINS).clip(0, peaks.BANDS - 1)
    group = (frames // peaks.QUOTA_FRAMES) * peaks.BANDS + band
    order = np.lexsort((-levels, group))
    ranked = group[order]
    return np.sort(order[np.arange(len(order)) - np.searchsorted(ranked, ranked) < per_band])
