"""A segment's files: what is looked up is what was written."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tagger_platform.fingerprint.landmarks import TICK_S, Landmarks
from tagger_platform.fingerprint.segment import GAP_TICKS, TrackMeta, open_segment, write_segment

HASH = st.one_of(st.integers(0, (1 << 26) - 1), st.sampled_from([0, 1, 77, (1 << 26) - 1]))
TRACK = st.lists(st.tuples(HASH, st.integers(0, 5000)), min_size=1, max_size=40)


def marks_of(pairs):
    hashes, ticks = (np.array(column, np.uint32) for column in zip(*pairs, strict=True))
    return Landmarks(hashes, ticks, 5000 * TICK_S)


def written(folder, tracks, removed=frozenset()):
    write_segment(folder, [(TrackMeta(str(n), f"title {n}", duration_s=80.0), marks) for n, marks in enumerate(tracks)])
    return open_segment(folder, removed)


@given(tracks=st.lists(TRACK, min_size=1, max_size=5), asked=st.lists(HASH, max_size=10))
@settings(max_examples=60, deadline=None)
def test_looking_up_finds_exactly_the_postings_with_that_hash(tracks, asked, tmp_path_factory):
    segment = written(tmp_path_factory.mktemp("s") / "one", [marks_of(track) for track in tracks])
    questions = np.array([*asked, *(pair[0] for track in tracks for pair in track[:3])], np.uint32)
    which, ticks = segment.look_up(questions)
    found = sorted((int(questions[number]), int(tick)) for number, tick in zip(which, ticks, strict=True))
    begins = segment.begins.tolist()
    expected = sorted(
        (int(question), tick + begin)
        for question in questions
        for begin, track in zip(begins, tracks, strict=True)
        for value, tick in track
        if value == question
    )
    assert found == expected


@given(tracks=st.lists(TRACK, min_size=1, max_size=5), gone=st.sets(st.integers(0, 4)))
@settings(max_examples=40, deadline=None)
def test_live_landmarks_are_those_that_were_written_and_not_removed(tracks, gone, tmp_path_factory):
    ids = frozenset(map(str, gone))
    segment = written(tmp_path_factory.mktemp("s") / "one", [marks_of(track) for track in tracks], ids)
    live = {
        meta.item_id: sorted(zip(m.hashes.tolist(), m.ticks.tolist(), strict=True))
        for meta, m in segment.live_landmarks()
    }
    assert live == {str(n): sorted(track) for n, track in enumerate(tracks) if n not in gone}


def test_a_window_that_begins_before_its_track_or_within_it_belongs_to_that_track(tmp_path):
    segment = written(tmp_path / "one", [marks_of([(5, 0)]) for _ in range(3)])
    for number, begin in enumerate(segment.begins.tolist()):
        for tick in (begin - GAP_TICKS, begin - 1, begin, begin + 5000):
            assert segment.track_at(tick) == number
            low, high = segment.territory(number)
            assert low <= tick < high


def test_a_hash_that_is_everywhere_is_not_read(tmp_path):
    segment = written(tmp_path / "one", [marks_of([(9, tick) for tick in range(3000)] + [(1 << 25, 7)])])
    which, _ = segment.look_up(np.array([9, 1 << 25], np.uint32))
    assert which.tolist() == [1]
