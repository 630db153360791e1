"""Words one edit away from a word: what a person may have meant who mistyped it.

What belongs here: the edits. What does not: which of the words exist (`store.search_index`), when to look (`ranking`).
"""

from collections.abc import Iterator

SHORTEST, LONGEST = 5, 30
"""Letters of the words that may be mistyped: of shorter ones nearly every edit is a word, and longer ones are none."""
ALPHABETS = ("abcdefghijklmnopqrstuvwxyz", "абвгдежзиклмнопрстуфхцчшщъыьэюяіїєґ", "αβγδεζηθικλμνξοπρστυφχψως")
"""Letters as they are after folding."""


def may_be_mistyped(word: str) -> bool:
    return SHORTEST <= len(word) <= LONGEST and _alphabet(word) != ""


def one_edit_away(word: str) -> set[str]:
    """Every word that one letter more, fewer, other, or two swapped, makes of `word`."""
    letters = _alphabet(word)
    cuts = [(word[:place], word[place:]) for place in range(len(word) + 1)]
    fewer = {head + tail[1:] for head, tail in cuts if tail}
    swapped = {head + tail[1] + tail[0] + tail[2:] for head, tail in cuts if len(tail) > 1}
    other = {head + letter + tail[1:] for head, tail in cuts if tail for letter in letters}
    more = {head + letter + tail for head, tail in cuts for letter in letters}
    return (fewer | swapped | other | more) - {word}


def with_a_space(word: str) -> Iterator[tuple[str, str]]:
    """The pairs of words that a forgotten space leaves: single letters make no pair."""
    return ((word[:place], word[place:]) for place in range(2, len(word) - 1))


def _alphabet(word: str) -> str:
    """The letters of the word's script; empty where it has others too."""
    return next((letters for letters in ALPHABETS if set(word) <= set(letters)), "")
