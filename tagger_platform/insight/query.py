"""What a person typed, as questions to the search index, from the strictest to the laxest.

What belongs here: which words a track must have, and what else may stand for them. What does not: the order of the
answers (`ranking`).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from tagger_platform.insight.spelling import may_be_mistyped, one_edit_away, with_a_space
from tagger_platform.insight.text import Chunk, Form, chunks, required, spaced, whole
from tagger_platform.store.search_index import Reader, all_of, any_of, word

ENOUGH = 50
"""Tracks with all words of the query: with fewer, tracks with words that only begin so follow them."""
SHORTEST_BEGINNING = 2
MOST_MISTYPED = 8
"""Words of a query that are looked up for typos."""


@dataclass(frozen=True)
class Fit:
    """How a track fits a query: its words that the track has, has the continuation of, and has corrected."""

    exact: bool
    words: tuple[str, ...]
    begun: tuple[str, ...]
    corrected: dict[str, str]
    share: float


class Query:
    """A query, and the index that it asks."""

    def __init__(self, text: str, reader: Reader) -> None:
        self._reader = reader
        found = chunks(text)
        self.required = required(found)
        self._whole = whole(found)
        self._meant: dict[Chunk, list[Form]] = {}

    def matches(self, most: int) -> dict[int, float]:
        """The tracks that fit best by words, with their BM25: those that have every word, then what comes close."""
        if not self.required:
            return {}
        exact = self._ask(self._exact(), most)
        if len(exact) >= ENOUGH:
            return exact
        if exact:
            return {**self._ask(self._begun(), most), **exact}
        self._meant = self._corrections()
        return self._ask(self._begun(), most) or self._ask(self._any(), most)

    def fit(self, words: str) -> Fit:
        """How a track with these words, each between spaces, fits."""
        has, begun, corrected = [], [], {}
        whole_name = f" {self._whole} " in words
        for chunk in self.required:
            if whole_name or _has(words, chunk.forms):
                has.append(chunk.written)
            elif meant := next((form for form in self._meant.get(chunk, ()) if _has(words, [form])), None):
                corrected[chunk.written] = " ".join(meant)
            elif f" {self._whole}" in words or _has_beginning(words, chunk):
                begun.append(chunk.written)
        found = len(has) + len(begun) + len(corrected)
        exact = len(has) == len(self.required)
        return Fit(exact, tuple(has), tuple(begun), corrected, found / len(self.required))

    def _ask(self, expression: str, most: int) -> dict[int, float]:
        return self._reader.matches(expression, most)

    def _exact(self) -> str:
        return any_of([word(self._whole), all_of(_any_form(chunk.forms) for chunk in self.required)])

    def _begun(self) -> str:
        """Every word begins so, or is what was meant."""
        each = [
            any_of([_any_form(chunk.forms, begun=True), *map(_form, self._meant.get(chunk, ()))])
            for chunk in self.required
        ]
        return any_of([word(self._whole, begun=True), all_of(each)])

    def _any(self) -> str:
        """Some word is there, or what was meant by it."""
        return any_of(_any_form([*chunk.forms, *self._meant.get(chunk, ())]) for chunk in self.required)

    def _corrections(self) -> dict[Chunk, list[Form]]:
        """What may have been meant by each word that may be mistyped: words that some track has.

        A space was forgotten only in a word that no track has.
        """
        mistyped = [chunk for chunk in self.required if len(chunk.forms[0]) == 1 and may_be_mistyped(chunk.glued)]
        possible = {chunk: _meant(chunk.glued) for chunk in mistyped[:MOST_MISTYPED]}
        asked = {part for forms in possible.values() for form in forms for part in form}
        known = self._reader.known_words(asked.union(chunk.glued for chunk in possible))
        return {
            chunk: [form for form in forms if known.issuperset(form) and (len(form) == 1 or chunk.glued not in known)]
            for chunk, forms in possible.items()
        }


def _meant(mistyped: str) -> list[Form]:
    return [*((other,) for other in sorted(one_edit_away(mistyped))), *with_a_space(mistyped)]


def _any_form(forms: Sequence[Form], *, begun: bool = False) -> str:
    return any_of(_form(form, begun=begun) for form in forms)


def _form(form: Form, *, begun: bool = False) -> str:
    return all_of(word(spaced(part), begun=begun and len(part) >= SHORTEST_BEGINNING) for part in form)


def _has(words: str, forms: Sequence[Form]) -> bool:
    return any(all(f" {spaced(part)} " in words for part in form) for form in forms)


def _has_beginning(words: str, chunk: Chunk) -> bool:
    return any(all(f" {spaced(part)}" in words for part in form) for form in chunk.forms)
