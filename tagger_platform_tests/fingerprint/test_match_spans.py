"""What does a long recording hold? Spans with their edges."""

import numpy as np
import pytest

from tagger_platform.fingerprint.peaks import RATE
from tagger_platform.fingerprint.spans import identify_spans
from tagger_platform_tests.fingerprint.tunes import at_speed, mixed, noise, speech


def talk(seconds):
    return 0.2 * speech(11, seconds)


def told(spans):
    return [span.match.track.item_id for span in spans]


def test_tracks_between_talk_are_spans_with_edges_within_about_a_second(tunes, index):
    recording = np.concatenate([talk(15), tunes["tune1"], talk(10), tunes["tune2"][5 * RATE : 30 * RATE], talk(15)])
    spans = identify_spans(np.array_split(recording.astype(np.float32), 17), index)
    assert told(spans) == ["tune1", "tune2"]
    edges = [edge for span in spans for edge in (span.from_s, span.to_s)]
    assert edges == pytest.approx([15, 55, 65, 90], abs=1.2)
    assert [
        span.offset_s - (span.from_s - begin) for span, begin in zip(spans, (15, 60), strict=True)
    ] == pytest.approx([0, 0], abs=0.2)
    assert all(span.windows >= 3 for span in spans)


def test_a_span_survives_talk_over_its_middle(tunes, index):
    music = tunes["tune3"].copy()
    music[15 * RATE : 27 * RATE] = mixed(0.05 * music[15 * RATE : 27 * RATE], speech(3, 12), -40)
    spans = identify_spans([music], index)
    assert told(spans) == ["tune3"]
    assert (spans[0].from_s, spans[0].to_s) == pytest.approx((0, 40), abs=2.0)


def test_a_track_that_begins_again_is_a_second_span(tunes, index):
    recording = np.concatenate([tunes["tune4"][: 25 * RATE], tunes["tune4"][: 30 * RATE]])
    spans = identify_spans([recording], index)
    assert told(spans) == ["tune4", "tune4"]
    assert spans[1].from_s == pytest.approx(25, abs=2.0)


def test_a_track_played_fast_stays_one_span(tunes, index):
    spans = identify_spans([at_speed(tunes["tune5"], 1.02)], index)
    assert told(spans) == ["tune5"]
    assert spans[0].match.speed == pytest.approx(1.02, abs=0.002)


def test_a_recording_shorter_than_a_window_is_asked_as_it_is(tunes, index):
    assert told(identify_spans([tunes["tune6"][: 6 * RATE]], index)) == ["tune6"]


@pytest.mark.parametrize(
    "blocks", [[], [np.zeros(0, np.float32)], [np.zeros(30 * RATE, np.float32)], [noise(2, 20 * RATE)]]
)
def test_a_recording_without_known_music_has_no_spans(blocks, index):
    assert identify_spans(blocks, index) == []
