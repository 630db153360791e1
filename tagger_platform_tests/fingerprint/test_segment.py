"""A segment's files: what is looked up is what was written."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tagger_platform.fingerprint import segment_writer
from tagger_platform.fingerprint.landmarks import TICK_S, Landmarks
from tagger_platform.fingerprint.segment import GAP_TICKS, TrackMeta, open_segment
from tagger_platform.fingerprint.segment_writer import merge_segments, write_segment

HASH = st.one_of(st.integers(0, (1 << 26) - 1), st.sampled_from([0, 1, 77, (1 << 26) - 1]))
TRACK = st.lists(st.tuples(HASH, st.integers(0, 5000)), min_size=1, max_size=40)


def marks_of(pairs):
    hashes, ticks = (np.array(column, np.uint32) for column in zip(*pairs, strict=True))
    return Landmarks(hashes, ticks, np.sort(ticks), (hashes % 60_000).astype(np.uint16), 5000 * TICK_S)


def contents(segment):
    """Postings and peaks of each live track, by id."""
    return {
        meta.item_id: (
            sorted(zip(marks.hashes.tolist(), marks.ticks.tolist(), strict=True)),
            list(zip(marks.peak_ticks.tolist(), marks.peak_tones.tolist(), strict=True)),
        )
        for meta, marks in segment.live_landmarks()
    }


def expected(track):
    marks = marks_of(track)
    return sorted(track), list(zip(marks.peak_ticks.tolist(), marks.peak_tones.tolist(), strict=True))


def written(folder, tracks, removed=frozenset()):
    write_segment(folder, [(TrackMeta(str(n), f"title {n}", duration_s=80.0), marks) for n, marks in enumerate(tracks)])
    return open_segment(folder, removed)


@given(tracks=st.lists(TRACK, min_size=1, max_size=5), asked=st.lists(HASH, max_size=10))
@settings(max_examples=60)
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
@settings(max_examples=40)
def test_live_landmarks_are_those_that_were_written_and_not_removed(tracks, gone, tmp_path_factory):
    ids = frozenset(map(str, gone))
    segment = written(tmp_path_factory.mktemp("s") / "one", [marks_of(track) for track in tracks], ids)
    assert contents(segment) == {str(n): expected(track) for n, track in enumerate(tracks) if n not in gone}


@given(parts=st.lists(st.lists(TRACK, min_size=1, max_size=3), min_size=1, max_size=4), gone=st.sets(st.integers(0, 9)))
@settings(max_examples=40)
def test_merged_segments_hold_what_was_live_in_each(parts, gone, tmp_path_factory):
    folder = tmp_path_factory.mktemp("s")
    numbered = list(enumerate(track for part in parts for track in part))
    segments, place = [], 0
    for number, part in enumerate(parts):
        metas = [
            (TrackMeta(str(n), "", duration_s=80.0), marks_of(track)) for n, track in numbered[place:][: len(part)]
        ]
        write_segment(folder / str(number), metas)
        segments.append(open_segment(folder / str(number), frozenset(map(str, gone))))
        place += len(part)
    live = {str(n): expected(track) for n, track in numbered if n not in gone}
    if live:
        with pytest.MonkeyPatch.context() as small:
            small.setattr(segment_writer, "MERGED_AT_ONCE", 8)  # many parts
            merge_segments(folder / "all", segments)
        assert contents(open_segment(folder / "all", frozenset())) == live


def test_a_window_that_begins_before_its_track_or_within_it_belongs_to_that_track(tmp_path):
    segment = written(tmp_path / "one", [marks_of([(5, 0)]) for _ in range(3)])
    for number, begin in enumerate(segment.begins.tolist()):
        for tick in (begin - GAP_TICKS, begin - 1, begin, begin + 5000):
            assert segment.track_at(tick) == number


def test_the_peaks_between_two_ticks_are_those_from_the_first_up_to_the_second(tmp_path):
    segment = written(tmp_path / "one", [marks_of([(n, 10 * n) for n in range(20)])])
    begin = int(segment.begins[0])
    first, last = segment.peaks_between(np.array([begin + 30, -50]), np.array([begin + 60, 0]))
    own = slice(first[0], last[0])
    assert (segment.peak_ticks[own] - begin).tolist() == [30, 40, 50]
    assert segment.peak_tones[own].tolist() == [3, 4, 5]
    assert first[1] == last[1] == 0
