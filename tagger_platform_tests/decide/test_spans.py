"""Where plays begin and end, and when a repeat is a second play."""

import pytest

from tagger_platform.decide import decide
from tagger_platform.model import Status
from tagger_platform_tests.decide.build import BOTH, RULES, match, no, since, track, window

LONG = track(duration_s=200.0)
UNKNOWN = track()
SHORT = track(duration_s=20.0)


def hit(second, offset=None, song=LONG, **fields):
    return window(second, match(song, offset, **fields))


def miss(second, status=Status.NO_MATCH):
    return window(second, no(status=status))


def spans(windows):
    plays = decide(windows, **RULES, policies=BOTH)
    return [(since(play.started_at), since(play.ended_at), play.uncertainty_s) for play in plays]


ENDS = {
    "offsets and duration give both ends": ([miss(-60), hit(0, 30.0), hit(120, 150.0), miss(240)], -30, 170, 0.5),
    "the start is the median of the hits that agree": (
        [miss(-60), hit(0, 30.0), hit(30, 60.4), hit(60, 91.0), miss(240)],
        -30.4,
        169.6,
        0.5,
    ),
    "hits that disagree a little are less sure": ([miss(-60), hit(0, 30.0), hit(120, 148.0), miss(240)], -29, 171, 1.0),
    "an offset that disagrees with the others is left out": (
        [miss(-60), hit(0, 30.0), hit(30, 60.0), hit(60, 70.0), miss(240)],
        -30,
        170,
        0.5,
    ),
    "speed stretches the track": (
        [miss(-60), hit(0, 51.0, speed=1.02), hit(100, 153.0, speed=1.02), miss(240)],
        -50,
        200 / 1.02 - 50,
        0.5,
    ),
    "no start before the window that says otherwise": ([miss(-20), hit(0, 30.0), miss(240)], -20, 170, 10.5),
    "silence says otherwise too": ([miss(-20, Status.SILENT), hit(0, 30.0), miss(240)], -20, 170, 10.5),
    "a window without an answer proves nothing": (
        [miss(-60), miss(-20, Status.TIMEOUT), hit(0, 30.0), miss(240)],
        -30,
        170,
        0.5,
    ),
    "no start before the stream was heard at all": ([hit(0, 30.0), miss(240)], 0, 170, 0.5),
    "a window that begins before the track": ([miss(-60), hit(0, -3.0), hit(30, 27.0), miss(240)], 3, 203, 0.5),
    "no end after the window that says otherwise": ([miss(-60), hit(0, 30.0), miss(120)], -30, 120, 54.0),
    "no end after what was heard": ([miss(-60), hit(0, 30.0), hit(120, 150.0)], -30, 132, 0.5),
    "without a duration the last hit's window ends it": (
        [miss(-60), hit(0, 30.0, UNKNOWN), hit(120, 150.0, UNKNOWN), miss(240)],
        -30,
        132,
        54.0,
    ),
    "without offsets only windows tell": ([miss(-60), hit(0), hit(120), miss(180)], 0, 132, 24.0),
    "without offsets or neighbours half a hop is unsure": ([hit(0)], 0, 12, 60.0),
    "a line that ends before the last hit is not believed": (
        [miss(-60), hit(0, 30.0), hit(180, 210.0), miss(300)],
        -30,
        192,
        54.0,
    ),
}


WHOLE, EARLY, LATE = (0.1, 11.9), (0.1, 5.0), (7.0, 11.9)
"""From and to when a track was heard in a window of 12 s."""

TILES = {
    "whole tracks keep the ends that offsets and duration give": (
        [miss(-12), hit(0, -3.0, SHORT, heard_s=(3.0, 11.9)), hit(12, 9.0, SHORT, heard_s=WHOLE), miss(24), miss(36)],
        (3, 23, 0.5),
    ),
    "an end that lies a little inside the next window is kept": (
        [miss(-12), hit(0, 6.0, SHORT, heard_s=WHOLE), miss(12)],
        (-6, 14, 0.5),
    ),
    "cut off inside a window": (
        [miss(-12), hit(0, -2.0, heard_s=(2.0, 11.9)), hit(12, 10.0, heard_s=EARLY), miss(24)],
        (2, 17, 0.5),
    ),
    "cut off at a window's edge": (
        [miss(-12), hit(0, -2.0, heard_s=(2.0, 11.9)), hit(12, 10.0, heard_s=WHOLE), miss(24), miss(36)],
        (2, 26, 2),
    ),
    "joined late inside a window": (
        [miss(-12), hit(0, 90.0, heard_s=LATE), hit(12, 102.0, heard_s=WHOLE), hit(24, 114.0, heard_s=EARLY), miss(36)],
        (7, 29, 0.5),
    ),
    "joined late at a window's edge": (
        [miss(-12), hit(0, 90.0, heard_s=WHOLE), hit(12, 102.0, heard_s=EARLY), miss(24)],
        (-2, 17, 2),
    ),
    "under talk in a window far from its neighbours, it may have been on before": (
        [miss(-60), hit(0, 90.0, heard_s=LATE), hit(120, 210.0, heard_s=EARLY)],
        (-60, 132, 60),
    ),
}


@pytest.mark.parametrize(("windows", "span"), TILES.values(), ids=TILES)
def test_windows_without_gaps_tell_where_a_track_was_joined_and_cut_off(windows, span):
    [found] = spans(windows)
    assert found == pytest.approx(span, abs=0.01)


@pytest.mark.parametrize(("windows", "start", "end", "uncertainty"), ENDS.values(), ids=ENDS.keys())
def test_start_end_and_uncertainty_follow_the_rules(windows, start, end, uncertainty):
    assert spans(windows) == [(pytest.approx(start), pytest.approx(end), uncertainty)]


def test_a_play_ends_where_the_next_track_began():
    following = track("next", duration_s=180.0)
    windows = [miss(-60), hit(0, 30.0), hit(120, 150.0), hit(240, 90.0, following), hit(300, 150.0, following)]
    assert spans(windows) == [(-30, 150, 0.5), (150, 312, 0.5)]


def test_a_following_track_of_unknown_start_ends_the_play_at_its_window():
    windows = [miss(-60), hit(0, 10.0), hit(120, None, track("next"))]
    assert spans(windows)[0] == (-10, 120, 54.0)


@pytest.mark.parametrize(("second", "plays"), [(312, 1), (313, 2)])
def test_without_offsets_hits_are_one_play_while_the_gap_is_at_most_dedup(second, plays):
    assert len(spans([hit(0), hit(second)])) == plays


def test_talk_over_and_a_lost_window_do_not_split_a_song():
    windows = [hit(0, 10.0), miss(60), miss(90), miss(120, Status.PROVIDER_DOWN), hit(150, 160.0)]
    assert spans(windows) == [(0, 162, 0.5)]


def test_the_same_song_twice_in_a_row_is_two_plays():
    windows = [miss(-60), hit(0, 20.0), hit(120, 140.0), hit(210, 30.0), hit(330, 150.0), miss(450)]
    assert spans(windows) == [(-20, 180, 0.5), (180, 380, 0.5)]


def test_a_cut_short_and_begun_again_song_is_two_plays_that_do_not_overlap():
    windows = [miss(-60), hit(0, 20.0), hit(60, 80.0), hit(120, 20.0), hit(240, 140.0), miss(360)]
    assert spans(windows) == [(-20, 100, 0.5), (100, 300, 0.5)]


def test_an_offset_that_jumps_back_to_a_like_sounding_place_is_no_restart():
    loop = hit(120, 20.0, other_offsets_s=(60.0, 140.5, 180.0))
    assert spans([miss(-60), hit(0, 20.0), hit(60, 80.0), loop, miss(240)]) == [(-20, 180, 0.5)]


def test_the_first_hit_of_an_airing_may_be_the_one_that_was_misplaced():
    first = hit(0, 90.0, other_offsets_s=(20.0,))
    last = hit(60, 20.0, other_offsets_s=(80.0,))
    assert spans([miss(-60), first, last, miss(240)]) == [(-20, 180, 0.5)]


def test_an_offset_that_jumps_forward_is_no_restart():
    assert len(spans([hit(0, 20.0), hit(60, 150.0)])) == 1


def test_a_slow_drift_that_no_speed_explains_is_followed():
    windows = [hit(second, second * 1.03, track(duration_s=900.0)) for second in range(0, 600, 30)]
    assert len(spans(windows)) == 1


def test_another_provider_that_knows_no_offset_changes_no_span():
    theirs = track("99", "shazam", title="song")
    windows = [window(second, match(LONG, second + 30.0), match(theirs)) for second in (0, 120)]
    assert spans([miss(-60), *windows, miss(240)]) == [(-30, 170, 0.5)]


def test_a_provider_that_does_not_know_the_track_contradicts_nothing():
    windows = [window(second, match(LONG, second + 30.0), no("shazam")) for second in (0, 120)]
    assert spans([miss(-60), *windows, window(132, no("shazam")), miss(240)]) == [(-30, 170, 0.5)]
