"""What people type finds the track they mean."""

from collections import Counter

import pytest

from tagger_platform.insight.index import keep_up
from tagger_platform.insight.ranking import search
from tagger_platform.store.database import Database
from tagger_platform.store.search_index import SearchIndex
from tagger_platform_tests.insight.golden import HARD, golden_queries, golden_tracks

TRACKS = golden_tracks()
PROMISED = [query for query in golden_queries() if query.kind != HARD]


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> list[int | None]:
    """Where in its answer each promised query's track is."""
    folder = tmp_path_factory.mktemp("golden")
    index = SearchIndex(folder / "tracks.sqlite")
    keep_up(index, Database(folder / "tagger.duckdb"), TRACKS)
    return [
        query.rank([(found.track.title, found.track.artist) for found in search(index, query.text)])
        for query in PROMISED
    ]


def test_there_are_hundreds_of_different_queries_about_tracks_that_exist() -> None:
    assert len({query.text for query in PROMISED}) == len(PROMISED) >= 600
    assert min(Counter(query.kind for query in PROMISED).values()) >= 30
    names = {(title, track.artist) for track in TRACKS for title in (track.title, "")}
    assert [query for query in PROMISED if (query.title, query.artist) not in names] == []


def test_recall_among_the_first_ten_is_98_percent(places: list[int | None]) -> None:
    missed = [query.text for query, place in zip(PROMISED, places, strict=True) if place is None or place > 10]
    assert len(missed) <= 0.02 * len(PROMISED), missed


def test_the_track_that_is_meant_is_nearly_always_the_first(places: list[int | None]) -> None:
    assert sum(1 / place for place in places if place) / len(PROMISED) >= 0.95
