"""Sound to landmarks: peaks where they are, the same hashes from the same sound."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tagger_platform.fingerprint import landmarks as lm
from tagger_platform_tests.fingerprint.tunes import at_speed, tune

LONG = tune(100, 150.0)  # more than two chunks of spectrum


@given(cuts=st.lists(st.integers(0, len(LONG)), max_size=6))
@settings(max_examples=8, deadline=None)
def test_a_track_gives_the_same_landmarks_however_it_is_cut_into_blocks(cuts):
    whole, pieces = lm.landmarks([LONG]), lm.landmarks(np.split(LONG, sorted(cuts)))
    assert np.array_equal(whole.hashes, pieces.hashes)
    assert np.array_equal(whole.ticks, pieces.ticks)
    assert pieces.duration_s == 150.0


@pytest.mark.parametrize("frequency", [210.0, 443.3, 1001.7, 3333.3, 5300.0])
@pytest.mark.parametrize("second", [0.7, 1.003, 2.5])
def test_a_tone_burst_gives_a_peak_at_its_frequency_and_instant(frequency, second):
    time = np.arange(4 * lm.RATE) / lm.RATE
    burst = np.exp(-(((time - second) / 0.05) ** 2)) * np.sin(2 * np.pi * frequency * time)
    peaks = lm.find_peaks([burst.astype(np.float32)], lm.STORED_PER_BAND)
    hertz = peaks.bins * lm.RATE / lm.FFT
    centre_s = (peaks.frames * lm.HOP + lm.FFT / 2) / lm.RATE
    nearest = np.argmin(np.abs(hertz - frequency) + 1000 * np.abs(centre_s - second))
    assert abs(hertz[nearest] - frequency) < 1.0
    assert abs(centre_s[nearest] - second) < 0.01


def test_no_band_and_no_second_gets_more_than_its_quota_of_peaks():
    peaks = lm.find_peaks([LONG], 3)
    band = ((np.rint(peaks.bins) - lm.LOWEST_BIN) // lm.BAND_BINS).clip(0, lm.BANDS - 1)
    block = np.rint(peaks.frames) // lm.QUOTA_FRAMES
    assert (
        np.unique(np.stack([band, block]), axis=1, return_counts=True)[1].max() <= 3 + 1
    )  # a peak rounds over an edge
    assert len(peaks) > 15 * 150


@pytest.mark.parametrize(
    "samples",
    [np.zeros(0), np.zeros(5 * lm.RATE), np.full(5 * lm.RATE, 0.5), 1e-7 * np.ones(5 * lm.RATE), LONG[:100]],
    ids=["nothing", "silence", "direct current", "almost silence", "8 ms"],
)
def test_sound_without_peaks_gives_no_landmarks(samples):
    samples = samples.astype(np.float32)
    assert len(lm.landmarks([samples]).hashes) == 0
    assert len(lm.query_hashes(lm.query_pairs(samples), 1.0)[0]) == 0


def test_hashes_have_26_bits_and_ticks_lie_within_the_track():
    marks = lm.landmarks([LONG])
    assert marks.hashes.max() < 1 << 26
    assert marks.ticks.max() * lm.TICK_S < marks.duration_s


@pytest.mark.parametrize(("speed", "found"), [(1.0, 0.7), (0.97, 0.45), (1.02, 0.45)])
def test_a_query_asks_for_what_is_stored_when_it_is_warped_back_to_its_speed(speed, found):
    stored = set(lm.landmarks([LONG[: 20 * lm.RATE]]).hashes.tolist())
    pairs = lm.query_pairs(at_speed(LONG[: 20 * lm.RATE], speed))
    asked = set(lm.query_hashes(pairs, speed)[0].tolist())
    assert len(stored & asked) > found * len(stored)


def test_a_query_at_the_wrong_speed_asks_for_something_else():
    stored = set(lm.landmarks([LONG[: 20 * lm.RATE]]).hashes.tolist())
    pairs = lm.query_pairs(at_speed(LONG[: 20 * lm.RATE], 1.03))
    right, wrong = (len(stored & set(lm.query_hashes(pairs, speed)[0].tolist())) for speed in (1.03, 1.0))
    assert right > 3 * wrong
