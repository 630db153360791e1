"""Candidates: the places on which many hashes agree, within a budget, and none of them twice."""

import numpy as np
import pytest

from tagger_platform.fingerprint import vote
from tagger_platform.fingerprint.index import Index
from tagger_platform.fingerprint.landmarks import TICK_S, query
from tagger_platform.fingerprint.peaks import RATE
from tagger_platform.fingerprint.vote import CANDIDATES, COARSE_TICKS, PER_TRACK, candidates
from tagger_platform_tests.fingerprint.conftest import fingerprinted
from tagger_platform_tests.fingerprint.tunes import at_speed, mixed, speech


def asked(samples, start_s):
    return query(samples[int(start_s * RATE) : int((start_s + 12) * RATE)]).pairs


def place_of(index, name, start_s):
    [segment] = index.segments
    return int(segment.begins[[track.item_id for track in segment.tracks].index(name)]) + start_s / TICK_S


@pytest.mark.parametrize("speed", [0.98, 1.0, 1.03])
def test_the_right_place_has_the_most_votes(speed, tunes, index):
    found = candidates(asked(at_speed(tunes["tune3"], speed), 6.0), index.segments, speed)
    assert abs(found[0].tick - place_of(index, "tune3", 6.0 * speed)) <= 2 * COARSE_TICKS
    assert found[0].speed == speed
    assert [one.votes for one in found] == sorted((one.votes for one in found), reverse=True)


def test_no_more_places_are_told_than_asked_and_none_of_them_touch(tunes, index):
    found = candidates(asked(tunes["tune3"], 6.0), index.segments, 1.0)
    ticks = np.sort([one.tick for one in found])
    assert len(found) <= CANDIDATES
    assert np.diff(ticks).min() >= 2 * COARSE_TICKS
    owners = [one.track.item_id for one in found]
    assert max(map(owners.count, owners)) <= PER_TRACK


def test_with_a_small_budget_the_commonest_hashes_are_left_out_and_the_place_is_still_found(tunes, index, monkeypatch):
    pairs = asked(mixed(tunes["tune5"], speech(3, 40), 3), 9.0)
    read = []
    real = vote.Segment.look_up
    monkeypatch.setattr(vote.Segment, "look_up", lambda *given: read.append(int(given[2].count.sum())) or real(*given))
    candidates(pairs, index.segments, 1.0)
    monkeypatch.setattr(vote, "MOST_HITS", read[0] // 4)
    found = candidates(pairs, index.segments, 1.0)
    assert read[1] <= read[0] // 4
    assert abs(found[0].tick - place_of(index, "tune5", 9.0)) <= 2 * COARSE_TICKS


def test_removed_tracks_and_an_empty_index_have_no_places(tunes, tmp_path):
    index = Index(tmp_path)
    assert candidates(asked(tunes["tune1"], 5.0), index.segments, 1.0) == []
    index.add([fingerprinted(name, tunes[name]) for name in ("tune0", "tune1", "tune2")])
    index.remove(["tune1"])
    found = candidates(asked(tunes["tune1"], 5.0), index.segments, 1.0)
    assert {one.track.item_id for one in found} <= {"tune0", "tune2"}
