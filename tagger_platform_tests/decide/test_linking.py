"""When several providers mean the same track."""

import pytest

from tagger_platform.decide.linking import Links, normal_text
from tagger_platform_tests.decide.build import track

SAME = [
    ("AC/DC", "ac dc"),
    ("R.E.M.", "REM"),
    ("Beyoncé", "Beyonce"),
    ("Straße", "STRASSE"),
    ("Don't Stop", "Dont stop"),
    ("Simon & Garfunkel", "Simon and Garfunkel"),
    ("Empire State of Mind (feat. Alicia Keys)", "Empire State of Mind"),
    ("Jay-Z ft. Alicia Keys", "Jay Z featuring Alicia Keys"),
    ("Song [ft. X] (Remix)", "Song (Remix)"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_spellings_of_one_name_have_one_normal_form(one, other):
    assert normal_text(one) == normal_text(other) != ""


def test_a_name_that_begins_like_a_guest_is_kept():
    assert normal_text("Feather") == "feather"
    assert normal_text("Left Behind") == "leftbehind"
    assert normal_text("Song (Remix)") != normal_text("Song")


def test_tracks_are_one_by_isrc_or_by_title_and_artist_also_by_way_of_a_third():
    ours = track("1", title="Hello", artist="Adele", isrc="GBBKS1500214")
    theirs = track("2", "shazam", title="HELLO!", artist="adele")
    third = track("3", "acoustid", title="Hello (live)", artist="Adele", isrc="gb-bks-15-00214")
    other = track("4", "shazam", title="Hello", artist="Lionel Richie")
    links = Links([ours, theirs, third, other])
    assert links.same(theirs, third)
    assert not links.same(ours, other)


def test_an_empty_isrc_or_a_title_without_artist_links_nothing():
    one, other = track("1", title="Intro", artist=""), track("2", title="Intro", artist="")
    assert not Links([one, other]).same(one, other)


def test_groups_do_not_depend_on_the_order_of_the_tracks():
    tracks = [track(str(number), title=f"t{number // 2}", isrc=f"X{(number + 1) // 2}") for number in range(6)]
    forwards, backwards = Links(tracks), Links(reversed(tracks))
    assert [forwards.group(one) for one in tracks] == [backwards.group(one) for one in tracks]
