"""Relatives are told as a group: the smallest id of all that shared audio connects."""

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from tagger_platform.library.groups import group_of
from tagger_platform.library.rebuild import rebuild
from tagger_platform.library.removal import remove
from tagger_platform_tests.library.conftest import RATE, TUNES


@pytest.mark.parametrize(
    ("pairs", "groups"),
    [
        ([], {}),
        ([("b", "a")], {"a": "a", "b": "a"}),
        ([("c", "d"), ("a", "b")], {"a": "a", "b": "a", "c": "c", "d": "c"}),
        ([("c", "d"), ("a", "b"), ("d", "b")], dict.fromkeys("abcd", "a")),
        ([("a", "b"), ("b", "c"), ("c", "a")], dict.fromkeys("abc", "a")),
    ],
)
def test_what_is_connected_is_one_group(pairs, groups):
    assert group_of(pairs) == groups


@given(st.lists(st.tuples(st.sampled_from("abcdefgh"), st.sampled_from("abcdefgh"))), st.randoms())
def test_the_order_in_which_pairs_are_found_does_not_matter(pairs, random):
    shuffled = random.sample(pairs, len(pairs))
    assert group_of(pairs) == group_of(shuffled)
    assert all(group_of(pairs)[one] == group_of(pairs)[other] for one, other in pairs)


@pytest.fixture
def pieces(tmp_path):
    """Two songs, a piece that holds ten seconds of both, and a song of its own."""
    one, two, own = TUNES[0], TUNES[1], TUNES[2]
    bridge = np.concatenate([one[2 * RATE : 12 * RATE], two[2 * RATE : 12 * RATE]])
    for name, samples in {"one": one, "two": two, "bridge": bridge, "own": own}.items():
        soundfile.write(tmp_path / f"{name}.flac", samples, RATE)
    return tmp_path


def grouped(shelf):
    """The groups by the names of their files."""
    found = {}
    for item in shelf.items():
        if item.item_group:
            found.setdefault(item.item_group, []).append(item)
    assert all(group == min(item.item_id for item in items) for group, items in found.items())
    return sorted(sorted(item.title for item in items) for items in found.values())


@pytest.mark.parametrize("order", [("one", "bridge", "two"), ("one", "two", "bridge"), ("bridge", "two", "one")])
@pytest.mark.parametrize("together", [True, False], ids=["in one batch", "one by one"])
def test_a_piece_that_holds_two_others_joins_them(order, together, pieces, shelf):
    files = [pieces / f"{name}.flac" for name in (*order, "own")]
    for some in [files] if together else [[file] for file in files]:
        shelf.add(*some)
    assert grouped(shelf) == [["bridge", "one", "two"]]
    assert set(shelf.statuses().values()) == {"READY"}


def test_without_the_one_that_held_it_together_a_group_falls_apart(pieces, shelf):
    items = {item.title: item for item in shelf.add(pieces)}
    remove(shelf, [items["bridge"].item_id])
    assert grouped(shelf) == []
    shelf.add(pieces)
    assert grouped(shelf) == [["bridge", "one", "two"]]
    remove(shelf, [items["one"].item_id])
    assert grouped(shelf) == [["bridge", "two"]]


def test_a_rebuild_finds_the_same_groups(pieces, shelf):
    shelf.add(pieces)
    (pieces / "one.flac").unlink()
    rebuild(shelf, lambda _: None)
    assert grouped(shelf) == [["bridge", "one", "two"]]
