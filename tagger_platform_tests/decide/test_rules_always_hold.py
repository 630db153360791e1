"""What holds for any windows whatever: order, repeats, overlaps and re-runs."""

from itertools import pairwise

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tagger_platform.decide import POLICIES, carry_over, decide, difference
from tagger_platform.decide.linking import Links
from tagger_platform.model import PlayStatus, Status
from tagger_platform_tests.decide.build import BOTH, RULES, match, no, since, track, window

SONGS = [
    track("1", duration_s=200.0),
    track("2", duration_s=60.0),
    track("3"),
    track("9", "shazam", title="1"),  # linked with the first one by title and artist
    track("8", "shazam"),
    track("7", "acoustid", title="1"),
    track("6", "acoustid", title="8"),
    track("5", kind="jingle", duration_s=15.0),
]
ASKED = ("catalogue", "shazam", "acoustid")
POLICY_LISTS = [
    BOTH,
    ("shazam_two_hit",),
    ("catalogue_two_hit",),
    (*BOTH, "catalogue_single", "timeline"),
    ("any_two_agree",),
    ("any_two_agree", "timeline"),
]
EVERY_POLICY = st.sampled_from(POLICY_LISTS)
OFFSETS = st.none() | st.floats(-5, 250)
UNHEARD = [status for status in Status if status not in (Status.MATCH, Status.NO_MATCH)]


@st.composite
def answers(draw, provider):
    song = draw(st.sampled_from([song for song in SONGS if song.provider == provider]))
    others = tuple(draw(st.lists(st.floats(0, 250), max_size=2)))
    confidence = draw(st.none() | st.floats(0, 1))
    return draw(
        st.sampled_from([no(provider), no(provider, draw(st.sampled_from(UNHEARD)))])
        | st.just(match(song, draw(OFFSETS), other_offsets_s=others, confidence=confidence))
    )


@st.composite
def timelines(draw):
    seconds = draw(st.lists(st.integers(0, 60).map(lambda place: place * 30), unique=True, max_size=25))
    return [window(second, *(draw(answers(provider)) for provider in ASKED)) for second in seconds]


def plays_of(windows, policies=BOTH):
    return decide(windows, **RULES, policies=policies)


def confirmed(plays):
    return sum(play.status is PlayStatus.CONFIRMED for play in plays)


def test_every_policy_is_among_those_that_are_tried():
    assert {name for policies in POLICY_LISTS for name in policies} == set(POLICIES)


@given(policies=EVERY_POLICY, windows=timelines(), random=st.randoms())
def test_the_order_of_arrival_does_not_matter(policies, windows, random):
    shuffled = windows.copy()
    random.shuffle(shuffled)
    assert plays_of(shuffled, policies) == plays_of(windows, policies)


@given(
    policies=EVERY_POLICY,
    windows=timelines(),
    second=st.integers(0, 1800).filter(lambda second: second % 30),
    provider=st.sampled_from(ASKED),
)
def test_adding_a_no_match_never_adds_a_play_nor_confirms_one(policies, windows, second, provider):
    before, after = plays_of(windows, policies), plays_of([*windows, window(second, no(provider))], policies)
    assert len(after) <= len(before)
    assert confirmed(after) <= confirmed(before)


@given(policies=EVERY_POLICY, windows=timelines())
def test_the_timeline_only_ever_adds_confidence(policies, windows):
    before, after = plays_of(windows, policies), plays_of(windows, (*policies, "timeline"))
    assert [(play.play_id, play.status, play.started_at, play.ended_at) for play in after] == [
        (play.play_id, play.status, play.started_at, play.ended_at) for play in before
    ]
    assert all(more.confidence >= less.confidence for more, less in zip(after, before, strict=True))


@given(policies=EVERY_POLICY, windows=timelines())
def test_no_two_plays_of_one_track_overlap(policies, windows):
    plays = plays_of(windows, policies)
    links = Links(play.track for play in plays)
    for group in {links.group(play.track) for play in plays}:
        mine = [play for play in plays if links.group(play.track) == group]
        assert all(one.ended_at <= other.started_at for one, other in pairwise(mine))


@given(policies=EVERY_POLICY, windows=timelines())
def test_every_play_is_sane_and_its_id_its_own(policies, windows):
    plays = plays_of(windows, policies)
    assert len({play.play_id for play in plays}) == len(plays)
    heard = [window.start for window in windows]
    for play in plays:
        assert min(heard) <= play.started_at <= play.ended_at
        assert since(play.ended_at) <= max(map(since, heard)) + 12
        assert play.uncertainty_s > 0
        assert 0 <= play.confidence <= 0.999
        assert play.windows
        assert play.track.provider != "acoustid"
        assert "\n" not in play.explanation
        assert play.windows[0] in play.explanation or play.status is PlayStatus.CONFIRMED


@given(policies=EVERY_POLICY, windows=timelines(), more=timelines())
def test_running_again_with_carry_over_changes_nothing(policies, windows, more):
    old = plays_of(windows, policies)
    assert carry_over(old, old) == old
    together = {window.window_id: window for window in (*windows, *more)}
    carried = carry_over(plays_of(list(together.values()), policies), old)
    assert carry_over(plays_of(list(together.values()), policies), carried) == carried
    assert len({play.play_id for play in carried}) == len(carried)
    changes = difference(carried, carried)
    assert (changes.added, changes.removed, changes.moved, changes.changed) == ((), (), (), ())
    assert changes.unchanged == len(carried)


@settings(max_examples=300)
@given(
    first_s=st.floats(0, 300),
    cut_s=st.floats(30, 200),
    pause_s=st.floats(0, 60),
    rhythm=st.sampled_from([(0,), (0, 30), (0, 15, 45)]),
    policies=EVERY_POLICY,
)
def test_dedup_never_swallows_a_repeat_whose_offsets_restart(first_s, cut_s, pause_s, rhythm, policies):
    again_s = first_s + cut_s + pause_s
    provider = "shazam" if policies == ("shazam_two_hit",) else "catalogue"
    song = track("song", provider, duration_s=200.0)

    def said(second):
        if first_s <= second and second + 12 <= first_s + cut_s:
            return match(song, second - first_s)
        return match(song, second - again_s) if again_s <= second < again_s + 188 else no(provider)

    windows = [window(second, said(second)) for hop in range(0, 900, 120) for second in (hop + step for step in rhythm)]
    hits = [since(one.start) for one in windows if one.answers[0].matched]
    # Heard both times, and not begun again within the last window that heard it.
    assume(any(second < again_s for second in hits) and any(second >= again_s for second in hits))
    first, second = plays_of(windows, policies)
    assert abs(since(second.started_at) - again_s) < 0.01
    assert since(first.ended_at) <= again_s + 0.01


def test_a_play_that_is_heard_better_keeps_its_id_and_a_new_one_gets_another():
    song, other = track(duration_s=200.0), track("2", duration_s=100.0)
    first_run = carry_over(plays_of([window(120, match(song, 130.0))]), [])
    better = plays_of([window(0, match(song, 10.0)), window(120, match(song, 130.0)), window(240, match(other, 20.0))])
    carried = carry_over(better, first_run)
    assert carried[0].play_id == first_run[0].play_id != better[0].play_id
    assert carried[1].play_id == better[1].play_id


def test_of_two_plays_that_were_one_the_longer_keeps_the_id():
    song = track(duration_s=200.0)
    (whole,) = plays_of([window(0, match(song)), window(120, match(song)), window(240, match(song))])
    parts = plays_of([window(0, match(song, 5.0)), window(120, match(song, 20.0)), window(240, match(song, 140.0))])
    carried = carry_over(parts, [whole])
    assert [play.play_id == whole.play_id for play in carried] == [False, True]
    assert parts[0].play_id == whole.play_id  # so the first had to take another
