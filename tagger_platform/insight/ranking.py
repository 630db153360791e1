"""The answer to a query: tracks that have its words, and tracks whose names mean the like, in one order.

What belongs here: which tracks are asked for, their score, and why each is there. What does not: how text is
compared (`text`), where it lies (`store.search_index`), embedding a query. docs/search.md tells the rules.
"""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from tagger_platform.insight.query import Fit, Query
from tagger_platform.store.search_index import Entry, IndexedTrack, SearchIndex

WORDS_SHARE, COSINE_SHARE = 0.6, 0.4
MOST_CANDIDATES = 100
"""Tracks that the words, and that the vectors, may put forward."""
MOST_RESULTS = 50


class Vectors(Protocol):
    """Embeddings: row n of the matrix (tracks x dim), of unit length, is that of track_ids[n]; ids are sorted."""

    @property
    def track_ids(self) -> Sequence[str]: ...

    @property
    def matrix(self) -> NDArray[np.float32]: ...


@dataclass(frozen=True)
class Result:
    """A track found, and why: `fit` tells which of the query's words it has.

    `score` is from 0 (or a little less, where a name is the opposite of the query) to 1. `cosine` is how alike the
    track's name and the query are, from -1 to 1; None without vectors.
    """

    track: IndexedTrack
    score: float
    fit: Fit
    cosine: float | None

    @property
    def why(self) -> str:
        """One line for people."""
        fit, reasons = self.fit, []
        if fit.words:
            reasons.append(f"has {', '.join(fit.words)}")
        if fit.begun:
            reasons.append(f"begins with {', '.join(fit.begun)}")
        reasons += [f"{typed} read as {meant}" for typed, meant in fit.corrected.items()]
        if self.cosine is not None:
            reasons.append(f"alike {self.cosine:.2f}")
        return "; ".join(reasons)


def search(
    index: SearchIndex,
    text: str,
    *,
    vector: NDArray[np.float32] | None = None,
    vectors: Vectors | None = None,
) -> list[Result]:
    """The tracks that fit `text`, the best first.

    By words alone without `vector`, the query's (dim,), of unit length, and `vectors`, the tracks'. Raises
    TransientError when the index cannot be used.
    """
    with index.reading() as reader:
        if reader is None:
            return []
        query = Query(text, reader)
        by_words = query.matches(MOST_CANDIDATES)
        cosines = _cosines(vector, vectors) if query.required else None
        nearest = reader.ids_of(cosines.nearest(MOST_CANDIDATES)) if cosines else {}
        best = max(by_words.values(), default=1.0)
        found = [
            _result(entry, query.fit(entry.words), by_words.get(number, 0.0) / best, cosines)
            for number, entry in reader.entries({*by_words, *nearest.values()}).items()
        ]
    return sorted(found, key=lambda one: (not one.fit.exact, -one.score, one.track))[:MOST_RESULTS]


def _result(entry: Entry, fit: Fit, bm25_share: float, cosines: "_Cosines | None") -> Result:
    by_words = bm25_share * fit.share
    if cosines is None:
        return Result(entry.track, by_words, fit, None)
    cosine = cosines.of(entry.track.track_id)
    return Result(entry.track, WORDS_SHARE * by_words + COSINE_SHARE * cosine, fit, cosine)


class _Cosines:
    """How alike every track and the query are."""

    def __init__(self, vector: NDArray[np.float32], vectors: Vectors) -> None:
        self._track_ids = vectors.track_ids
        self._all = vectors.matrix @ vector

    def nearest(self, most: int) -> list[str]:
        most = min(most, len(self._all))
        return [self._track_ids[row] for row in np.argpartition(-self._all, most - 1)[:most]] if most else []

    def of(self, track_id: str) -> float:
        """0 where the track has no vector yet."""
        row = bisect_left(self._track_ids, track_id)
        known = row < len(self._track_ids) and self._track_ids[row] == track_id
        return float(self._all[row]) if known else 0.0


def _cosines(vector: NDArray[np.float32] | None, vectors: Vectors | None) -> _Cosines | None:
    return None if vector is None or vectors is None else _Cosines(vector, vectors)
