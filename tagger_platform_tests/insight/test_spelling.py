"""Which words are one edit away, against the definition."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagger_platform.insight.spelling import may_be_mistyped, one_edit_away, with_a_space

WORDS = st.text("abcdxyz", min_size=5, max_size=8)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("metalica", "metallica"),
        ("haeven", "heaven"),
        ("nirvanna", "nirvana"),
        ("quean", "queen"),
        ("молотв", "молитв"),
    ],
)
def test_one_edit_reaches_the_word(typed: str, meant: str) -> None:
    assert meant in one_edit_away(typed)


@pytest.mark.parametrize(("typed", "meant"), [("metlica", "metallica"), ("abcde", "abcde"), ("queen", "nirvana")])
def test_two_edits_or_none_do_not(typed: str, meant: str) -> None:
    assert meant not in one_edit_away(typed)


@pytest.mark.parametrize(
    ("word", "may"),
    [("queen", True), ("abba", False), ("u2one", False), ("музыка", True), ("宇多田ヒカル", False), ("x" * 31, False)],
)
def test_only_words_of_five_letters_of_one_script_may_be_mistyped(word: str, may: bool) -> None:
    assert may_be_mistyped(word) is may


@given(WORDS, WORDS)
def test_edits_go_both_ways(one: str, other: str) -> None:
    assert (other in one_edit_away(one)) == (one in one_edit_away(other))


@given(WORDS)
def test_forgotten_spaces_are_put_between_words_of_two_letters_at_least(word: str) -> None:
    pairs = list(with_a_space(word))
    assert len(pairs) == len(word) - 3
    assert all(head + tail == word and min(len(head), len(tail)) >= 2 for head, tail in pairs)
