"""When a play is confirmed, by whom, and which track it shows."""

import re
from pathlib import Path

import pytest

from tagger_platform.decide import POLICIES, decide
from tagger_platform.decide.plays import confirm_needed
from tagger_platform.errors import RequestError
from tagger_platform.model import PlayStatus, Status
from tagger_platform.setting_values import KNOWN_POLICIES, SUPPORTING_POLICIES
from tagger_platform_tests.decide.build import BOTH, RULES, match, no, track, window

DECISION = Path(__file__).parent.parent.parent / "docs" / "decision.md"
LOST = Status.PROVIDER_DOWN
CHAINS = {
    "two windows in neighbouring slots": ([(0, "hit"), (120, "hit")], 1, True),
    "the primary and the confirm window of one slot": ([(0, "hit"), (30, "hit")], 0, True),
    "one hit": ([(0, "hit"), (120, Status.NO_MATCH)], 1, False),
    "one window between says otherwise, one is tolerated": (
        [(0, "hit"), (120, Status.NO_MATCH), (240, "hit")],
        1,
        True,
    ),
    "one window between says otherwise, none is tolerated": (
        [(0, "hit"), (60, Status.NO_MATCH), (120, "hit")],
        0,
        False,
    ),
    "silence says otherwise": ([(0, "hit"), (60, Status.SILENT), (120, "hit")], 0, False),
    "two windows between say otherwise": (
        [(0, "hit"), (60, Status.NO_MATCH), (90, Status.NO_MATCH), (120, "hit")],
        1,
        False,
    ),
    "windows nobody asked or answered do not break the chain": (
        [(0, "hit"), (30, Status.NOT_NEEDED), (60, Status.PENDING), (90, LOST), (120, "hit")],
        0,
        True,
    ),
    "three slots apart, one hop is tolerated": ([(0, "hit"), (360, "hit")], 1, False),
    "two slots apart, one hop is tolerated": ([(0, "hit"), (240, "hit")], 1, True),
    "two slots apart, none is tolerated": ([(0, "hit"), (240, "hit")], 0, False),
}


@pytest.mark.parametrize("provider", ["shazam", "catalogue"])
@pytest.mark.parametrize(("chain", "tolerance", "confirmed"), CHAINS.values(), ids=CHAINS.keys())
def test_two_hit_wants_two_consecutive_asked_windows(chain, tolerance, confirmed, provider):
    windows = [
        window(second, match(provider=provider) if said == "hit" else no(provider, said)) for second, said in chain
    ]
    plays = decide(windows, **{**RULES, "tolerance": tolerance, "dedup_s": 400}, policies=[f"{provider}_two_hit"])
    assert [play.status for play in plays] == [PlayStatus.CONFIRMED if confirmed else PlayStatus.PROBABLE]
    assert plays[0].policy == f"{provider}_two_hit"


@pytest.mark.parametrize(
    ("provider", "second", "confirmed"),
    [
        pytest.param("catalogue", {"offset": 220.5}, True, id="the catalogue's offsets agree"),
        pytest.param("catalogue", {"offset": 260}, False, id="the catalogue's offsets do not"),
        pytest.param("catalogue", {"offset": 260, "other_offsets_s": (221.0,)}, True, id="a repeat of the loop does"),
        pytest.param("catalogue", {}, True, id="one of the catalogue's hits has no offset"),
        pytest.param("shazam", {"offset": 260}, True, id="Shazam's offsets need not agree"),
    ],
)
def test_two_hits_of_the_catalogue_must_agree_on_when_the_track_began(provider, second, confirmed):
    windows = [window(0, match(offset=100, provider=provider)), window(120, match(provider=provider, **second))]
    [play] = decide(windows, **RULES, policies=BOTH)
    assert play.status is (PlayStatus.CONFIRMED if confirmed else PlayStatus.PROBABLE)


def test_a_stray_hit_between_two_that_agree_does_not_undo_them():
    offsets = [(0, 100), (120, 300), (240, 340)]
    [play] = decide([window(second, match(offset=at)) for second, at in offsets], **RULES, policies=BOTH)
    assert play.status is PlayStatus.CONFIRMED


@pytest.mark.parametrize(("kind", "confirmed"), [("jingle", True), ("ad", True), ("music", False), ("other", False)])
def test_one_hit_of_a_jingle_or_an_ad_is_enough_under_catalogue_single(kind, confirmed):
    windows = [window(0, match(track(kind=kind), 0.0)), window(120, no())]
    [play] = decide(windows, **RULES, policies=[*BOTH, "catalogue_single"])
    assert play.status is (PlayStatus.CONFIRMED if confirmed else PlayStatus.PROBABLE)
    assert ("catalogue_single" in play.policy.split("+")) is (confirmed or kind in ("music", "other"))


def test_hits_of_two_airings_do_not_confirm_each_other():
    windows = [window(0, match(offset=100)), window(120, match(offset=10))]
    assert [play.status for play in decide(windows, **RULES, policies=BOTH)] == [PlayStatus.PROBABLE] * 2


def test_an_acoustid_match_is_observed_and_never_makes_a_play():
    windows = [window(second, match(provider="acoustid"), no("shazam")) for second in (0, 120)]
    assert decide(windows, **RULES, policies=BOTH) == []


def test_a_provider_whose_policy_is_not_named_makes_no_play():
    windows = [window(second, match(provider="shazam")) for second in (0, 120)]
    assert decide(windows, **RULES, policies=["catalogue_two_hit"]) == []


def test_every_policy_is_known_by_its_name_and_explains_itself():
    assert all(policy.name == name and policy.version and policy.rule for name, policy in POLICIES.items())


def test_the_settings_know_the_same_policies():
    assert set(KNOWN_POLICIES) == set(POLICIES)
    assert set(SUPPORTING_POLICIES) == {name for name, policy in POLICIES.items() if not policy.confirms}


def test_the_page_about_the_decision_tells_of_every_policy_in_its_version():
    rows = re.findall(r"^\| `(\w+)` \| (\d+) \|", DECISION.read_text(encoding="utf-8"), re.MULTILINE)
    assert {name: int(version) for name, version in rows} == {n: policy.version for n, policy in POLICIES.items()}


OURS, THEIRS = track("7", isrc="GB-AYE-6900522"), track("99", "shazam", title="other", isrc="gbaye6900522")
SAME_TEXT = track("x", "acoustid", title="OTHER!", artist="Band feat. Guest")
UNLINKED = track("5", "shazam", title="something else")
AGREE = {
    "two providers on one window, linked by ISRC": ([(0, match(OURS), match(THEIRS))], True),
    "two providers on one window, linked by title and artist": ([(0, match(THEIRS), match(SAME_TEXT))], True),
    "two providers that name different tracks": ([(0, match(OURS), match(UNLINKED))], False),
    "two windows of one provider": ([(0, match(THEIRS)), (30, match(THEIRS))], True),
    "two windows of one provider, of which AcoustID names the second": (
        [(0, match(THEIRS)), (30, match(THEIRS), match(SAME_TEXT))],
        True,
    ),
    "one provider in one window, another in the next": ([(0, match(THEIRS)), (30, match(OURS))], False),
    "one provider in one window, AcoustID in the next": ([(0, match(THEIRS)), (30, match(SAME_TEXT))], False),
    "one provider in one window": ([(0, match(THEIRS), no("catalogue"))], False),
    "two windows of the catalogue at offsets that do not agree": ([(0, match(OURS, 9)), (30, match(OURS, 99))], False),
}


@pytest.mark.parametrize(("said", "confirmed"), AGREE.values(), ids=AGREE.keys())
def test_any_two_agree_wants_two_voices(said, confirmed):
    windows = [window(second, *answers) for second, *answers in said]
    plays = decide(windows, **RULES, policies=["any_two_agree"])
    assert all((play.status is PlayStatus.CONFIRMED) is confirmed for play in plays)
    assert plays


ALONE = [match(SAME_TEXT)]
"""What AcoustID may say by itself, under the policy that hears it."""


@pytest.mark.parametrize("others", [[], [no("shazam")], [match(UNLINKED)]], ids=["nobody", "no match", "another track"])
def test_what_acoustid_alone_names_is_no_play_and_changes_none(others):
    windows = [window(second, *others) for second in (0, 30, 120)]
    observed = [window(second, *others, *ALONE) for second in (0, 30, 120)]
    assert decide(observed, **RULES, policies=["any_two_agree"]) == decide(windows, **RULES, policies=["any_two_agree"])


def test_what_acoustid_does_not_know_says_nothing():
    windows = [window(second, match(THEIRS, second + 10.0)) for second in (0, 30)]
    missed = [window(second, match(THEIRS, second + 10.0), no("acoustid")) for second in (0, 30)]
    missed += [window(second, no("acoustid")) for second in (15, 45, 60)]
    assert decide(missed, **RULES, policies=["any_two_agree"]) == decide(windows, **RULES, policies=["any_two_agree"])


def test_acoustid_never_names_the_play():
    (play,) = decide([window(0, match(SAME_TEXT), match(THEIRS))], **RULES, policies=["any_two_agree"])
    assert (play.track.track_id, play.status) == ("shazam:99", "confirmed")


LINES = {
    "offsets advance as the clock does": ([10.0, 130.0], True),
    "within the tolerance": ([10.0, 132.5], True),
    "beyond the tolerance": ([10.0, 132.6], False),
    "one offset is unknown": ([10.0, None], False),
    "offsets that jump": ([10.0, 190.0], False),
}


@pytest.mark.parametrize(("offsets", "surer"), LINES.values(), ids=LINES.keys())
def test_the_timeline_halves_the_doubt_and_vetoes_nothing(offsets, surer):
    said = [match(offset=offset, provider="shazam", confidence=0.5) for offset in offsets]
    windows = [window(120 * place, answer) for place, answer in enumerate(said)]
    (plain,) = decide(windows, **RULES, policies=["shazam_two_hit"])
    (play,) = decide(windows, **RULES, policies=["shazam_two_hit", "timeline"])
    assert (plain.confidence, play.confidence) == (0.75, 0.875 if surer else 0.75)
    assert plain.status == play.status == "confirmed"
    assert play.policy == ("shazam_two_hit+timeline" if surer else "shazam_two_hit")


def test_the_timeline_confirms_nothing_by_itself():
    windows = [window(0, match(offset=0, provider="shazam")), *[window(at, no("shazam")) for at in (30, 60, 90)]]
    windows.append(window(120, match(offset=120, provider="shazam")))
    (play,) = decide(windows, **RULES, policies=["shazam_two_hit", "timeline"])
    assert (play.status, play.policy) == ("probable", "shazam_two_hit+timeline")
    for policies in (["timeline"], []):
        with pytest.raises(RequestError, match="makes no play: name one of shazam_two_hit"):
            decide(windows, **RULES, policies=policies)


EXPLAINED = {
    "two hits": (
        [(0, match(offset=10)), (120, match(offset=130)), (240, match(offset=250))],
        ["catalogue_two_hit"],
        "catalogue_two_hit v2: catalogue named it in two consecutive windows that it was asked about, at offsets that "
        "agree on when it began (kexp/0 and kexp/120)",
    ),
    "two rules": (
        [(0, match(OURS), match(THEIRS)), (30, match(THEIRS))],
        ["any_two_agree", "shazam_two_hit", "catalogue_two_hit"],
        "any_two_agree v1: two providers named it in one window, or one of them in two consecutive windows (kexp/0); "
        "shazam_two_hit v1: shazam named it in two consecutive windows that it was asked about (kexp/0 and kexp/30)",
    ),
    "one hit": (
        [(0, match())],
        BOTH,
        "probable: heard in kexp/0, which is not enough for catalogue_two_hit v2",
    ),
    "hits too far apart": (
        [(second, match()) for second in (0, 301, 602)],
        ["catalogue_two_hit", "catalogue_single"],
        "probable: heard in 3 windows from kexp/0 to kexp/602, which is not enough for catalogue_two_hit v2, "
        "catalogue_single v1",
    ),
}


@pytest.mark.parametrize(("said", "policies", "line"), EXPLAINED.values(), ids=EXPLAINED.keys())
def test_a_play_says_in_one_line_which_windows_met_which_rule(said, policies, line):
    windows = [window(second, *answers) for second, *answers in said]
    (play,) = decide(windows, **{**RULES, "tolerance": 0}, policies=policies)
    assert play.explanation == line


def test_an_unknown_policy_is_refused_with_a_sentence():
    with pytest.raises(RequestError, match="unknown decision policy coin_toss: known are"):
        decide([], **RULES, policies=["coin_toss"])


def test_plays_found_by_several_policies_are_one_play():
    ours = track("7", "catalogue", title="Café del Mar (feat. Ann)", artist="Simon & Band", duration_s=200)
    theirs = track("99", "shazam", title="Cafe Del Mar", artist="SIMON AND BAND ft. Bob")
    windows = [window(second, match(ours), match(theirs)) for second in (0, 120)]
    (play,) = decide(windows, **RULES, policies=BOTH)
    assert (play.policy, play.track.track_id) == ("shazam_two_hit+catalogue_two_hit", "catalogue:7")
    assert play.windows == ("kexp/0", "kexp/120")


def test_a_play_shows_the_track_of_the_provider_that_heard_it_most_often():
    ours, theirs = track("7", isrc="GB-AYE-6900522"), track("99", "shazam", title="other", isrc="gbaye6900522")
    windows = [window(0, match(theirs), match(ours)), window(30, match(theirs)), window(60, match(theirs))]
    (play,) = decide(windows, **RULES, policies=BOTH)
    assert play.track.track_id == "shazam:99"


@pytest.mark.parametrize(
    ("confidences", "expected"),
    [((0.5, 0.5), 0.75), ((None, 0.5), 0.875), ((None,), 0.75), ((0.99, 0.99), 0.999)],
)
def test_confidence_grows_with_every_hit_and_is_never_certainty(confidences, expected):
    windows = [
        window(30 * place, match(provider="shazam", confidence=number)) for place, number in enumerate(confidences)
    ]
    (play,) = decide(windows, **RULES, policies=BOTH)
    assert play.confidence == pytest.approx(expected)


CONFIRMS = {
    "a first hit that nothing confirms": ([], [(0, "hit")], True),
    "no hit, nothing to confirm": ([], [(0, "miss")], False),
    "confirmed by the slot before": ([(-120, "hit")], [(0, "hit")], False),
    "already confirmed in this slot": ([], [(0, "hit"), (30, "hit")], False),
    "the confirm window missed, another one is needed": ([], [(0, "hit"), (30, "miss")], True),
    "the hit before was another track": ([(-120, "else")], [(0, "hit")], True),
    "the confirm window heard another track, unconfirmed so far": ([(-120, "hit")], [(0, "hit"), (30, "else")], True),
    "the hit before was an earlier airing": ([(-120, "hit")], [(0, "anew")], True),
}


@pytest.mark.parametrize(("earlier", "slot", "needed"), CONFIRMS.values(), ids=CONFIRMS.keys())
def test_a_confirm_window_is_needed_only_for_a_hit_that_nothing_confirms(earlier, slot, needed):
    said = {
        "hit": lambda second: match(offset=200.0 + second, provider="shazam"),
        "anew": lambda second: match(offset=10.0, provider="shazam"),
        "else": lambda second: match("another", provider="shazam"),
        "miss": lambda second: no("shazam"),
    }
    before, here = ([window(second, said[kind](second)) for second, kind in part] for part in (earlier, slot))
    assert confirm_needed([*before, *here], here, provider="shazam", tolerance=1) is needed
