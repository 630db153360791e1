"""Sound to landmarks: peaks where they are, the same hashes from the same sound."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tagger_platform.fingerprint import landmarks as lm
from tagger_platform.fingerprint import peaks as pk
from tagger_platform_tests.fingerprint.tunes import at_speed, tune

LONG = tune(100, 150.0)  # more than two chunks of spectrum


@given(cuts=st.lists(st.integers(0, len(LONG)), max_size=6))
@settings(max_examples=8)
def test_a_track_gives_the_same_landmarks_however_it_is_cut_into_blocks(cuts):
    whole, pieces = lm.landmarks([LONG]), lm.landmarks(np.split(LONG, sorted(cuts)))
    assert np.array_equal(whole.hashes, pieces.hashes)
    assert np.array_equal(whole.ticks, pieces.ticks)
    assert np.array_equal(whole.peak_ticks, pieces.peak_ticks)
    assert np.array_equal(whole.peak_tones, pieces.peak_tones)
    assert pieces.duration_s == 150.0


@pytest.mark.parametrize("frequency", [210.0, 443.3, 1001.7, 3333.3, 5300.0])
@pytest.mark.parametrize("second", [0.7, 1.003, 2.5])
def test_a_tone_burst_gives_a_peak_at_its_frequency_and_instant(frequency, second):
    time = np.arange(4 * pk.RATE) / pk.RATE
    burst = np.exp(-(((time - second) / 0.05) ** 2)) * np.sin(2 * np.pi * frequency * time)
    peaks = pk.find_peaks([burst.astype(np.float32)], lm.STORED_PER_BAND)
    hertz = peaks.bins * pk.RATE / pk.FFT
    centre_s = (peaks.frames * pk.HOP + pk.FFT / 2) / pk.RATE
    nearest = np.argmin(np.abs(hertz - frequency) + 1000 * np.abs(centre_s - second))
    assert abs(hertz[nearest] - frequency) < 1.0
    assert abs(centre_s[nearest] - second) < 0.01


def test_no_band_and_no_second_gets_more_than_its_quota_of_peaks():
    peaks = pk.find_peaks([LONG], 3)
    band = ((np.rint(peaks.bins) - pk.LOWEST_BIN) // pk.BAND_BINS).clip(0, pk.BANDS - 1)
    block = np.rint(peaks.frames) // lm.QUOTA_FRAMES
    assert (
        np.unique(np.stack([band, block]), axis=1, return_counts=True)[1].max() <= 3 + 1
    )  # a peak rounds over an edge
    assert len(peaks) > 15 * 150


@pytest.mark.parametrize(
    "samples",
    [np.zeros(0), np.zeros(5 * pk.RATE), np.full(5 * pk.RATE, 0.5), 1e-7 * np.ones(5 * pk.RATE), LONG[:100]],
    ids=["nothing", "silence", "direct current", "almost silence", "8 ms"],
)
def test_sound_without_peaks_gives_no_landmarks(samples):
    samples = samples.astype(np.float32)
    assert len(lm.landmarks([samples]).hashes) == 0
    assert len(lm.query_hashes(lm.query(samples).pairs, 1.0)[0]) == 0


def test_hashes_have_26_bits_and_ticks_lie_within_the_track():
    marks = lm.landmarks([LONG])
    assert marks.hashes.max() < 1 << 26
    assert marks.ticks.max() * lm.TICK_S < marks.duration_s


@pytest.mark.parametrize(("speed", "found"), [(1.0, 0.7), (0.97, 0.45), (1.02, 0.45)])
def test_a_query_asks_for_what_is_stored_when_it_is_warped_back_to_its_speed(speed, found):
    stored = set(lm.landmarks([LONG[: 20 * pk.RATE]]).hashes.tolist())
    pairs = lm.query(at_speed(LONG[: 20 * pk.RATE], speed)).pairs
    asked = set(lm.query_hashes(pairs, speed)[0].tolist())
    assert len(stored & asked) > found * len(stored)


def test_a_query_at_the_wrong_speed_asks_for_something_else():
    stored = set(lm.landmarks([LONG[: 20 * pk.RATE]]).hashes.tolist())
    pairs = lm.query(at_speed(LONG[: 20 * pk.RATE], 1.03)).pairs
    right, wrong = (len(stored & set(lm.query_hashes(pairs, speed)[0].tolist())) for speed in (1.03, 1.0))
    assert right > 3 * wrong


def test_a_peak_tells_its_bin_and_how_far_it_lies_below_the_loudest_around_it():
    frames = np.array([0, 10, 40, 400], np.float32)
    peaks = pk.Peaks(frames, np.array([100.25, 300, 689.5, 50], np.float32), np.array([-10, -20, -70, -40], np.float32))
    tones = lm.tones(peaks)
    assert (tones // lm.LEVELS / lm.BIN_PARTS).tolist() == [100.25, 300, 689.5, 50]
    assert (tones % lm.LEVELS).tolist() == [0, 3, 15, 0]  # the last is alone in its five seconds


def test_no_peaks_tell_nothing():
    assert len(lm.tones(pk.Peaks(*[np.zeros(0, np.float32)] * 3))) == 0
