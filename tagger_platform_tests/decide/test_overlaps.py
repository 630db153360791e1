"""Who keeps the time that several tracks of one stream claim."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagger_platform.decide import decide
from tagger_platform.decide.overlaps import Claim, settled
from tagger_platform.decide.spans import Span
from tagger_platform.model import Status
from tagger_platform_tests.decide.build import BOTH, RULES, at, match, no, since, track, window

SONG, NEXT = track("song", duration_s=200.0), track("next", duration_s=200.0)
THEIRS = track("next", "shazam", duration_s=200.0)
JINGLE = track("jingle", duration_s=20.0, kind="jingle")
POLICIES = (*BOTH, "catalogue_single")


def song(second, offset):
    return second, match(SONG, offset)


def following(second, offset):
    return second, match(NEXT, offset)


def jingle(second, offset=0.0):
    return second, match(JINGLE, offset)


def miss(second):
    return second, no()


def spans(said, policies=POLICIES):
    """title -> (start, end, status) of every play, by start."""
    windows = [window(second, *answers) for second, *answers in said]
    plays = decide(windows, **RULES, policies=policies)
    return [(play.track.title, since(play.started_at), since(play.ended_at), str(play.status)) for play in plays]


SETTLED = {
    "a cross-fade: the first ends where the second began": (
        [miss(-60), song(0, 10), song(120, 130), following(240, 60), following(270, 90), miss(400)],
        [("song", -10, 180, "confirmed"), ("next", 180, 380, "confirmed")],
    ),
    "a cross-fade inside a window that named the first: it keeps the window": (
        [miss(-60), song(0, 10), song(120, 130), following(150, 22), following(180, 52), miss(400)],
        [("song", -10, 132, "confirmed"), ("next", 128, 328, "confirmed")],
    ),
    "a window that names two tracks stays with both": (
        [miss(-60), song(0, 60), (120, match(SONG, 180), match(NEXT, 4)), following(150, 34), miss(400)],
        [("song", -60, 132, "confirmed"), ("next", 116, 316, "confirmed")],
    ),
    "a claim ends at the window that heard only the other": (
        [miss(-60), song(0, 10), song(120, 130), following(150, 90), following(240, 180), miss(400)],
        [("song", -10, 132, "confirmed"), ("next", 132, 260, "confirmed")],
    ),
    "one doubtful hit inside a sure play takes nothing from it": (
        [miss(-60), song(0, 10), song(30, 40), following(60, 30), song(120, 130), song(150, 160), miss(240)],
        [("song", -10, 190, "confirmed"), ("next", 60, 72, "probable")],
    ),
    "one doubtful hit takes no window that heard the sure play, whatever its offset says": (
        [miss(-60), song(0, 10), song(30, 40), following(120, 85), miss(150)],
        [("song", -10, 120, "confirmed"), ("next", 120, 150, "probable")],
    ),
    "of two doubtful ones each keeps what heard it": (
        [miss(-60), song(0, 10), following(60, 100), miss(240)],
        [("song", -10, 12, "probable"), ("next", 12, 160, "probable")],
    ),
    "a track inside another leaves that one whole": (
        [miss(-60), song(0, 10), following(60, 30), following(90, 60), song(120, 130), song(150, 160), miss(240)],
        [("song", -10, 190, "confirmed"), ("next", 30, 120, "confirmed")],
    ),
    "a jingle inside a song is a play of its own": (
        [miss(-60), song(0, 10), jingle(30, 4), song(120, 130), miss(240)],
        [("song", -10, 190, "confirmed"), ("jingle", 26, 46, "confirmed")],
    ),
    "a jingle over the beginning of a song": (
        [miss(-60), jingle(0, 4), song(30, 40), song(120, 130), miss(240)],
        [("song", -10, 190, "confirmed"), ("jingle", -4, 16, "confirmed")],
    ),
    "a jingle over the end of a song": (
        [miss(-90), song(0, 70), song(30, 100), jingle(120, 4), miss(150)],
        [("song", -70, 130, "confirmed"), ("jingle", 116, 136, "confirmed")],
    ),
    "a song that a jingle and the next song cut off": (
        [miss(-60), song(0, 10), song(30, 40), jingle(120, 4), following(150, 14), following(240, 104), miss(400)],
        [("song", -10, 136, "confirmed"), ("jingle", 116, 136, "confirmed"), ("next", 136, 336, "confirmed")],
    ),
    "talk over a song does not split it": (
        [miss(-60), song(0, 10), miss(30), song(120, 130), miss(240)],
        [("song", -10, 190, "confirmed")],
    ),
    "an outage and a restart inside a song do not split it": (
        [miss(-60), song(0, 10), (60, no(status=Status.PROVIDER_DOWN)), song(150, 160), miss(240)],
        [("song", -10, 190, "confirmed")],
    ),
}


@pytest.mark.parametrize(("said", "plays"), SETTLED.values(), ids=SETTLED.keys())
def test_overlapping_tracks_are_settled_by_evidence(said, plays):
    assert sorted(spans(said)) == sorted(plays)


def test_a_song_of_one_provider_ends_where_another_provider_heard_the_next():
    said = [miss(-60), song(0, 10), song(30, 40), (120, match(THEIRS, None)), (150, match(THEIRS, None))]
    assert spans(said) == [("song", -10, 120, "confirmed"), ("next", 120, 162, "confirmed")]


def test_a_doubtful_hit_of_another_provider_does_not_cut_a_sure_play():
    said = [miss(-60), song(0, 10), song(30, 40), (120, match(THEIRS, 60.0))]
    assert spans(said) == [("song", -10, 132, "confirmed"), ("next", 120, 132, "probable")]


@st.composite
def claims(draw):
    """One airing that claims some time around windows of 12 s in which it was heard, or some of each."""
    windows = sorted(draw(st.sets(st.integers(0, 20), min_size=1, max_size=4)))
    heard = tuple(
        (at(30 * place + draw(st.integers(0, 5))), at(30 * place + draw(st.integers(6, 12)))) for place in windows
    )
    start = heard[0][0] - timedelta(seconds=draw(st.integers(-5, 200)))
    end = max(start, heard[-1][1] + timedelta(seconds=draw(st.integers(-5, 200))))
    kind = draw(st.sampled_from(["music", "music", "music", "jingle"]))
    return Claim(draw(st.text("abcdef", min_size=3)), kind, draw(st.booleans()), Span(start, end, 1.0, 1.0), heard)


CLAIMS = st.lists(claims(), max_size=6, unique_by=lambda claim: claim.track)


@given(CLAIMS)
def test_nobody_loses_time_in_which_it_was_heard_and_nobody_gains_any(claimed):
    for claim, span in zip(claimed, settled(claimed), strict=True):
        assert claim.span.start <= span.start <= claim.heard_from
        assert claim.heard_until <= span.end <= claim.span.end
        assert span.start_unsure_s > 0 < span.end_unsure_s


@given(CLAIMS)
def test_a_sure_play_is_as_if_there_were_no_doubtful_ones(claimed):
    sure = [claim for claim in claimed if claim.confirmed]
    together = dict(zip([claim.track for claim in claimed], settled(claimed), strict=True))
    assert [together[claim.track] for claim in sure] == settled(sure)


@given(CLAIMS, st.randoms())
def test_the_order_of_the_claims_does_not_matter(claimed, random):
    shuffled = random.sample(claimed, len(claimed))
    by_track = dict(zip([claim.track for claim in shuffled], settled(shuffled), strict=True))
    assert [by_track[claim.track] for claim in claimed] == settled(claimed)
