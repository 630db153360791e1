"""The picture of a window: where a tone stands in it, and that any window has one."""

import io

import numpy as np
import pytest
from PIL import Image

from tagger_platform.capture.spectrogram import COLUMNS, LOWEST_HZ, ROWS, spectrogram
from tagger_platform.capture.timeline import RATE, Samples


def tone(hz: float, seconds: float = 3.0) -> Samples:
    return (8000 * np.sin(2 * np.pi * hz * np.arange(int(seconds * RATE)) / RATE)).astype(np.int16)


def levels(samples: Samples) -> np.ndarray:
    image = Image.open(io.BytesIO(spectrogram(samples)))
    assert (image.size, image.mode) == ((COLUMNS, ROWS), "P")
    return np.asarray(image)


@pytest.mark.parametrize("hz", [250.0, 1000.0, 4000.0])
def test_a_tone_is_a_bright_line_at_its_pitch(hz: float):
    octaves_up = np.log2(hz / LOWEST_HZ) / np.log2(RATE / 2 / LOWEST_HZ)
    brightest = int(levels(tone(hz)).sum(axis=1).argmax())
    assert brightest == pytest.approx(ROWS * (1 - octaves_up), abs=2)


def test_time_runs_to_the_right():
    seen = levels(np.concatenate([tone(1000), np.zeros(3 * RATE, dtype=np.int16)]))
    assert seen[:, : COLUMNS // 3].max() == 255
    assert seen[:, -COLUMNS // 3 :].max() == 0


@pytest.mark.parametrize("samples", [np.zeros(12 * RATE, dtype=np.int16), tone(440, 0.01), tone(440, 60)])
def test_silence_and_windows_of_any_length_have_a_picture(samples: Samples):
    levels(samples)
