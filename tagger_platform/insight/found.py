"""What a search shows: the tracks in order, each with its plays of the last days. All doors show the same.

What belongs here: putting ranking and log together, and the JSON of it. What does not: either of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, tzinfo
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tagger_platform.insight.ranking import Result, Vectors, search
from tagger_platform.store.database import Database
from tagger_platform.store.reports import plays_per_day
from tagger_platform.store.search_index import SearchIndex


@dataclass(frozen=True)
class Found:
    """A track found, and how often it was played on each of the last 30 local days, the oldest first."""

    result: Result
    plays_by_day: Sequence[int]


def find(
    index: SearchIndex,
    database: Database,
    text: str,
    *,
    today: date,
    tz: tzinfo,
    vector: NDArray[np.float32] | None = None,
    vectors: Vectors | None = None,
) -> list[Found]:
    """The tracks that fit `text`, the best first, as `ranking.search` says. `today` is the last day that is counted."""
    results = search(index, text, vector=vector, vectors=vectors)
    if not results:
        return []
    plays = plays_per_day(database, [result.track.track_id for result in results], today, tz)
    return [Found(result, plays[result.track.track_id]) for result in results]


def found_json(found: Found) -> dict[str, Any]:
    """A track found as the command and the api write it."""
    result, fit = found.result, found.result.fit
    return {
        **result.track._asdict(),
        "score": round(result.score, 4),
        "exact": fit.exact,
        "why": {
            "words": list(fit.words),
            "begun": list(fit.begun),
            "corrected": fit.corrected,
            "cosine": None if result.cosine is None else round(result.cosine, 4),
        },
        "plays_by_day": list(found.plays_by_day),
    }
