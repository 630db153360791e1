"""What clusters are called, and who keeps name and number."""

import pytest

from tagger_platform.insight.naming import name_clusters, same_as_before
from tagger_platform.store.clusters import Played


def tracks(*named: str) -> list[Played]:
    """Each is written `artist: title`."""
    split = [text.partition(": ") for text in named]
    return [Played(f"t{number}", title, artist, 2) for number, (artist, _, title) in enumerate(split)]


def test_a_name_holds_what_sets_the_cluster_apart_and_not_what_all_have():
    found = tracks(
        "Mud Band: Love in the Rain",
        "Mud Band: Rain Dance",
        "Mud Band: More Rain and Love",
        "Sun Crew: Love on the Beach",
        "Sun Crew: Beach Party Love",
        "Sun Crew: Beach",
    )
    names = name_clusters(found, [0, 0, 0, 4, 4, 4], kept={})
    assert {number: name.split(", ")[:2] for number, name in names.items()} == {
        0: ["Mud Band", "rain"],
        4: ["Sun Crew", "beach"],
    }


def test_tracks_in_no_cluster_name_nothing():
    assert name_clusters(tracks("A: Rain", "B: Sun"), [-1, -1], kept={}) == {}


def test_a_name_that_is_kept_stays_and_nobody_else_gets_it():
    found = tracks("Mud: Rain", "Mud: Rain", "Sun: Rain", "Sun: Rain")
    assert name_clusters(found, [0, 0, 1, 1], kept={0: "Sun, rain"}) == {0: "Sun, rain", 1: "Sun, rain (2)"}


@pytest.mark.parametrize(
    ("named", "name"),
    [
        ("Кино: Группа крови", "Кино, группа, крови"),
        ("宇多田: 初恋", "初恋, 宇多田"),
        ("AC: It Is On", "AC"),
        (": 1 + 1", "without words"),
    ],
)
def test_names_are_made_of_words_of_any_script(named: str, name: str):
    assert name_clusters(tracks(named), [0], kept={}) == {0: name}


@pytest.mark.parametrize(
    ("now", "before", "same"),
    [
        ("aaaabbbb", "xxxxyyyy", {"a": "x", "b": "y"}),
        ("aaaabbbb", "yyyyxxxx", {"a": "y", "b": "x"}),
        ("aaaaaabb", "xxxxyyyy", {"a": "x", "b": "y"}),
        ("aaaabbbb", "xxxxxxxx", {"a": "x"}),
        ("aabbccdd", "xxxxxxxx", {}),
        ("aaaa....", "xxxx....", {"a": "x"}),
        ("aaaa    ", "    xxxx", {}),
        ("aaaa    ", "xxxxxxxx", {"a": "x"}),
        ("........", "xxxxxxxx", {}),
        ("", "xxxx", {}),
    ],
    ids=lambda text: str(text),
)
def test_a_cluster_is_yesterdays_if_they_share_half_of_the_tracks_that_both_nights_know(
    now: str, before: str, same: dict[str, str]
):
    """A letter is a cluster, a dot none, a space a track that was not on the map."""

    def night(text: str) -> dict[str, int]:
        return {f"t{n}": -1 if mark == "." else ord(mark) for n, mark in enumerate(text) if mark != " "}

    expected = {ord(ours): ord(theirs) for ours, theirs in same.items()}
    assert same_as_before(night(now), night(before)) == expected
