"""A candidate is judged by its peaks: high where it is right, low a little beside, exact in place, speed and extent."""

import numpy as np
import pytest

from tagger_platform.fingerprint.landmarks import TICK_S, query
from tagger_platform.fingerprint.peaks import RATE
from tagger_platform.fingerprint.verify import elsewhere, fit, peak_map, scored
from tagger_platform.fingerprint.vote import Candidate
from tagger_platform_tests.fingerprint.tunes import at_speed, mixed, noise, tune

START_S = 8.0


@pytest.fixture(scope="module")
def place(index):
    """The place of tune2 at 8 s, some ticks off as votes leave it."""
    [segment] = index.segments
    begin = int(segment.begins[[track.item_id for track in segment.tracks].index("tune2")])
    return Candidate(segment, begin + int(START_S / TICK_S) + 5, 1.0, 100.0)


def heard(samples):
    return peak_map(query(samples.astype(np.float32)))


def window(tunes):
    return tunes["tune2"][int(START_S * RATE) : int((START_S + 12) * RATE)]


def offset_s(place, fitted):
    return (fitted.tick - place.tick + 5) * TICK_S + START_S


def test_the_right_place_scores_high_and_others_low(place, tunes):
    here = heard(window(tunes))
    wrong = Candidate(place.segment, place.tick + 400, 1.0, 100.0)
    nothing = Candidate(place.segment, 0, 1.0, 1.0)
    right, beside, empty = (one.score for one in scored([place, wrong, nothing], here))
    assert right > 150 > 20 > beside > empty
    assert elsewhere(place, here) < 0.3 * right


def test_the_score_falls_with_noise_and_is_low_for_another_tune(place, tunes):
    noisy = [mixed(window(tunes), noise(1, 12 * RATE), db) for db in (20, 5, 0, -5)]
    scores = [scored([place], heard(samples))[0].score for samples in noisy]
    assert scores == sorted(scores, reverse=True)
    assert scores[-1] > 15
    assert scored([place], heard(tune(77, 12.0)))[0].score < 10


@pytest.mark.parametrize("speed", [0.97, 0.995, 1.0, 1.012, 1.03])
def test_place_and_speed_are_fitted_closely(speed, place, tunes):
    fast = at_speed(tunes["tune2"][int(START_S * RATE) :], speed)[: 12 * RATE]
    near = Candidate(place.segment, place.tick, round(speed, 2), 1.0)
    fitted = fit(near, heard(fast))
    assert abs(fitted.speed - speed) < 0.002
    assert abs(offset_s(place, fitted) - START_S) < 0.03


@pytest.mark.parametrize(("music_s", "silence"), [((0, 6), "after"), ((6, 12), "before")])
def test_a_track_is_heard_from_where_it_begins_to_where_it_ends(music_s, silence, place, tunes):
    first, last = (int(second * RATE) for second in music_s)
    samples = 0.05 * noise(5, 12 * RATE)
    samples[first:last] += window(tunes)[first:last]
    fitted = fit(place, heard(samples))
    assert abs(fitted.from_tick * TICK_S - music_s[0]) < 0.7
    assert abs(fitted.to_tick * TICK_S - music_s[1]) < 0.7


def test_a_window_of_silence_scores_nothing(place):
    silent = heard(np.zeros(12 * RATE))
    assert scored([place], silent)[0].score < 0
    assert scored([], silent) == []


def test_a_candidate_is_moved_to_where_it_fits(place, tunes):
    [one] = scored([place], heard(window(tunes)))
    assert abs(one.place.offset_s() - START_S) <= 2 * TICK_S
