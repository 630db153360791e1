"""What is this window? Right under damage, silent about strangers, exact about the place."""

import numpy as np
import pytest

from tagger_platform.fingerprint import match
from tagger_platform.fingerprint.index import Index
from tagger_platform.fingerprint.match import ACCEPTED, best_guess, confidence, identify, matches
from tagger_platform.fingerprint.peaks import HOP, QUOTA_FRAMES, RATE
from tagger_platform_tests.fingerprint.conftest import fingerprinted
from tagger_platform_tests.fingerprint.tunes import at_speed, in_a_room, mixed, noise, speech, tune

DAMAGE = {
    "none": lambda samples: samples,
    "a fifth as loud": lambda samples: 0.2 * samples,
    "clipped": lambda samples: np.clip(3 * samples, -0.5, 0.5),
    "speech as loud": lambda samples: mixed(samples, speech(1, 13), 0),
    "speech louder": lambda samples: mixed(samples, speech(2, 13), -4),
    "noise as loud": lambda samples: mixed(samples, noise(3, len(samples)), 0),
    "a room": lambda samples: in_a_room(samples, 4),
    "five seconds": lambda samples: samples[: 5 * RATE],
    "five seconds under speech": lambda samples: mixed(samples[: 5 * RATE], speech(5, 5), 3),
}


def window(samples, start_s, seconds=12.0):
    return samples[int(start_s * RATE) : int((start_s + seconds) * RATE)]


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
@pytest.mark.parametrize(("name", "start_s"), [("tune2", 3.21), ("tune5", 20.777)])
def test_a_damaged_window_is_found_at_its_place(damage, name, start_s, tunes, index):
    found = identify(damage(window(tunes[name], start_s)).astype(np.float32), index)
    assert found
    assert found.track.item_id == name
    assert abs(found.offset_s - start_s) < 0.05
    assert abs(found.speed - 1) < 0.002
    assert found.confidence >= ACCEPTED


@pytest.mark.parametrize("speed", [0.97, 0.98, 0.985, 0.995, 1.005, 1.01, 1.02, 1.024, 1.03])
def test_music_at_another_speed_is_found_with_its_speed(speed, tunes, index):
    found = identify(window(at_speed(tunes["tune4"], speed), 5.0), index)
    assert found
    assert found.track.item_id == "tune4"
    assert abs(found.speed - speed) < 0.002
    assert abs(found.offset_s - 5.0 * speed) < 0.1


@pytest.mark.parametrize("seed", range(50, 60))
def test_music_that_is_not_in_the_catalogue_is_not_found(seed, index):
    assert identify(tune(seed, 12.0), index) is None


@pytest.mark.parametrize(
    "samples",
    [np.zeros(12 * RATE), np.zeros(0), np.zeros(5), noise(1, 12 * RATE), speech(7, 12.0), np.ones(12 * RATE)],
    ids=["silence", "nothing", "five samples", "noise", "speech", "direct current"],
)
def test_what_is_no_music_is_not_found(samples, index):
    assert identify(samples.astype(np.float32), index) is None


def test_an_empty_index_finds_nothing(tmp_path):
    assert best_guess(tune(1, 12.0), Index(tmp_path)) is None


def test_a_window_in_which_the_track_begins_has_a_negative_offset(tunes, index):
    samples = np.concatenate([0.02 * noise(1, 6 * RATE), tunes["tune3"][: 6 * RATE]])
    found = identify(samples.astype(np.float32), index)
    assert found
    assert abs(found.offset_s + 6.0) < 0.05
    assert 5.5 < found.from_s < 7.5
    assert found.to_s > 10.0


def test_the_runner_up_is_another_track_with_its_place(tunes, index):
    found = identify(mixed(window(tunes["tune1"], 4), window(tunes["tune6"], 9), 3), index)
    assert found
    assert found.track.item_id == "tune1"
    assert found.runner_up.track.item_id == "tune6"
    assert abs(found.runner_up.offset_s - 9) < 0.1
    assert found.runner_up.score < found.score


@pytest.mark.parametrize(("first_s", "second_s"), [(6, 6), (7, 5), (4, 8)])
def test_two_tracks_that_follow_each_other_in_a_window_are_both_heard(first_s, second_s, tunes, index):
    samples = [tunes["tune1"][-first_s * RATE :], tunes["tune6"][: second_s * RATE]]
    found = {one.track.item_id: one for one in matches(np.concatenate(samples), index)}
    assert set(found) == {"tune1", "tune6"}
    ends, begins = found["tune1"], found["tune6"]
    assert abs(ends.to_s - first_s) < 0.6
    assert abs(begins.from_s - first_s) < 0.6
    assert abs(begins.offset_s + first_s) < 0.1


def test_two_tracks_at_once_are_both_heard(tunes, index):
    found = matches(mixed(window(tunes["tune1"], 4), window(tunes["tune6"], 9), 0), index)
    assert {one.track.item_id for one in found} == {"tune1", "tune6"}


def test_two_tracks_that_hold_the_same_sound_leave_it_open_which_one_it_is(tunes, tmp_path):
    index = Index(tmp_path)
    shared = tunes["tune4"][: 20 * RATE]
    index.add([fingerprinted(str(n), np.concatenate([shared, tune(80 + n, 20.0)])) for n in range(2)])
    found = best_guess(window(shared, 4), index)
    assert found.confidence < 0.6
    assert found.runner_up.score > 0.9 * found.score


def test_a_sound_that_two_tracks_hold_is_neither_of_them_beside_a_third_that_is_sure(tunes, tmp_path):
    index = Index(tmp_path)
    ends = [np.concatenate([tune(80 + n, 8.0), tunes["tune4"][: 5 * RATE]]) for n in range(2)]
    index.add([fingerprinted("0", ends[0]), fingerprinted("1", ends[1]), fingerprinted("song", tunes["tune6"])])
    found = matches(np.concatenate([ends[0][-5 * RATE :], tunes["tune6"][: 7 * RATE]]), index)
    assert [one.track.item_id for one in found] == ["song"]
    whole = matches(np.concatenate([ends[0][-9 * RATE :], tunes["tune6"][: 3 * RATE]]), index)
    assert whole[0].track.item_id == "0"


@pytest.mark.parametrize(("name", "rises"), [("score", True), ("votes", True), ("elsewhere", False), ("absent", False)])
def test_confidence_rises_with_the_evidence_and_falls_with_what_speaks_against_it(name, rises):
    figures = {"score": 40.0, "votes": 10.0, "elsewhere": 5.0, "absent": 5.0}
    sure = [confidence({**figures, name: value}) for value in (0.0, 20.0, 60.0, 200.0)]
    assert sure == sorted(sure, reverse=not rises)
    assert all(0 <= one <= 1 for one in sure)


def test_a_removed_track_is_not_found_and_its_neighbours_still_are(tunes, tmp_path):
    index = Index(tmp_path)
    index.add([fingerprinted(name, tunes[name]) for name in ("tune0", "tune1", "tune2", "tune3")])
    index.remove(["tune1"])
    assert index.segments[0].removed.tolist() == [False, True, False, False]  # still there, only ignored
    assert identify(window(tunes["tune1"], 5), index) is None
    for name in ("tune0", "tune2", "tune3"):
        assert identify(window(tunes[name], 5), index).track.item_id == name


def test_tracks_in_several_segments_are_all_found(tunes, tmp_path, monkeypatch):
    monkeypatch.setattr("tagger_platform.fingerprint.index.LARGEST", 0)
    index = Index(tmp_path)
    for name in ("tune0", "tune1", "tune2"):
        index.add([fingerprinted(name, tunes[name])])
    assert len(index.segments) == 3
    for name in ("tune0", "tune1", "tune2"):
        assert identify(window(tunes[name], 5), index).track.item_id == name


def test_a_loop_is_told_by_its_other_places_and_of_equal_ones_the_earliest_is_taken(tmp_path):
    bar_s = 8 * QUOTA_FRAMES * HOP / RATE  # a whole number of quota blocks, so that every repeat has the same landmarks
    bar, intro = tune(70, bar_s), tune(71, bar_s)
    looped = np.concatenate([intro, *[bar] * 5])
    index = Index(tmp_path)
    index.add([fingerprinted("loop", looped)])
    for repeat in (2, 3, 4):
        found = identify(window(looped, repeat * bar_s), index)
        places = [found.offset_s, *found.other_offsets_s]
        assert found.offset_s < repeat * bar_s - 1
        assert min(abs(place - repeat * bar_s) for place in places) < 0.1
        assert all(abs(place / bar_s - round(place / bar_s)) < 0.01 for place in places)


def test_music_that_does_not_repeat_has_no_other_places(tunes, index):
    assert identify(window(tunes["tune0"], 7), index).other_offsets_s == ()


def test_a_window_longer_than_the_gap_between_tracks_allows_is_refused(tunes, index):
    with pytest.raises(ValueError, match="identify_spans"):
        identify(tunes["tune0"][: 17 * RATE], index)


def test_other_speeds_are_only_asked_when_the_music_as_recorded_is_not_found(tunes, index, monkeypatch):
    asked = []
    real = match.candidates
    monkeypatch.setattr(
        match, "candidates", lambda pairs, parts, speed: asked.append(speed) or real(pairs, parts, speed)
    )
    identify(window(tunes["tune0"], 7), index)
    assert asked == [1.0]
    identify(tune(90, 12.0), index)
    assert sorted(asked[1:]) == [0.97, 0.98, 0.99, 1.0, 1.01, 1.02, 1.03]
