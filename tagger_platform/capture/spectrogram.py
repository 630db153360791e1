"""A small picture of a window: what was heard, when the audio itself is not kept.

What belongs here: from samples to a PNG. What does not: where it is kept (`spool.last_windows`). It is made here, in
the writer's thread, because capture holds the samples anyway: a slot's run would have to draw it within its 3 CPU-s,
and it also runs for recordings of the past.
"""

import io

import numpy as np
import numpy.typing as npt

from tagger_platform.capture.timeline import RATE, Samples

COLUMNS, ROWS = 300, 72
"""points: about what a page shows, and 10 kB"""
FRAME = 1024
"""samples a column is made of: 64 ms, 16 Hz apart"""
LOWEST_HZ = 60.0
"""what is below is hum"""
QUIETEST_DB, LOUDEST_DB = -95.0, -25.0
"""dB of full scale in one band that are black and bright: music's usual range"""
COLOURS = ((13, 16, 22), (52, 24, 84), (150, 38, 92), (232, 96, 44), (245, 178, 60), (252, 246, 214))
"""from quiet to loud, evenly spaced; each brighter than the one before, so that it reads without colours too"""

_HANN = np.hanning(FRAME).astype(np.float32)
_BANDS = (np.geomspace(LOWEST_HZ, RATE / 2, ROWS + 1) * FRAME / RATE).astype(np.intp)[:-1]
"""where in the spectrum each row begins; the lowest rows share a value"""


def spectrogram(samples: Samples) -> bytes:
    """A PNG of COLUMNS x ROWS: time to the right, pitch upwards in octaves, loudness as colour."""
    from PIL import Image  # 40 ms and 9 MB, which the process does not need to begin

    image = Image.fromarray(_levels(samples))
    image.putpalette(_palette())
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def _levels(samples: Samples) -> npt.NDArray[np.uint8]:
    """Loudness from 0 to 255, the highest pitch first."""
    starts = np.linspace(0, max(len(samples) - FRAME, 0), COLUMNS).astype(np.intp)
    padded = np.pad(samples, (0, max(FRAME - len(samples), 0)))
    frames = np.lib.stride_tricks.sliding_window_view(padded, FRAME)[starts] * _HANN
    loudest = np.maximum.reduceat(np.abs(np.fft.rfft(frames)), _BANDS, axis=1)
    scale = 32768 * _HANN.sum() / 2
    decibels = 20 * np.log10(loudest / scale + 1e-9)
    share = np.clip((decibels - QUIETEST_DB) / (LOUDEST_DB - QUIETEST_DB), 0, 1)
    return np.ascontiguousarray((share * 255).astype(np.uint8).T[::-1])


def _palette() -> bytes:
    stops = np.linspace(0, 255, len(COLOURS))
    channels = [np.interp(np.arange(256), stops, [colour[part] for colour in COLOURS]) for part in range(3)]
    return np.stack(channels, axis=1).astype(np.uint8).tobytes()
