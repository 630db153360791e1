"""What is found, in which order, and why: words alone and words with vectors."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagger_platform.insight.index import sync
from tagger_platform.insight.ranking import MOST_RESULTS, Result, search
from tagger_platform.model import Track
from tagger_platform.store.database import Database
from tagger_platform.store.search_index import SearchIndex
from tagger_platform.store.writes import write_tracks

NAMES = [
    ("Overdose", "AC/DC"),
    ("Back in Black", "AC/DC"),
    ("Hyperballad", "Björk"),
    ("Killer Queen", "Queen"),
    ("Bohemian Rhapsody - Remastered 2011", "Queen"),
    ("Dancing Queen", "ABBA"),
    ("Smells Like Teen Spirit", "Nirvana"),
    ("Stairway to Heaven", "Led Zeppelin"),
    ("Heaven", "Bryan Adams"),
    ("One More Time", "Daft Punk"),
    ("Just Give Me a Reason (feat. Nate Ruess)", "P!nk"),
    ("Группа крови", "Кино"),
    ("夜に駆ける", "YOASOBI"),
    ("=", "Ed Sheeran"),
    ("The The", "A Band"),
]
TRACKS = [Track("catalogue", f"{number:02}", title, artist) for number, (title, artist) in enumerate(NAMES)]
IDS = [track.track_id for track in TRACKS]


@dataclass(frozen=True)
class Plane:
    """Vectors that a person can draw: the track called `near` points where the query does, all others across."""

    near: str
    track_ids: tuple[str, ...] = tuple(IDS)

    @property
    def matrix(self):
        rows = [[1, 0] if track.title == self.near else [0, 1] for track in TRACKS]
        return np.array(rows, np.float32)[: len(self.track_ids)]


HERE = np.array([1, 0], np.float32)


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> SearchIndex:
    folder = tmp_path_factory.mktemp("search")
    store = Database(folder / "tagger.duckdb")
    with store.writing() as connection:
        write_tracks(connection, TRACKS)
    made = SearchIndex(folder / "tracks.sqlite")
    sync(made, store)
    return made


def titles(found: list[Result]) -> list[str]:
    return [one.track.title for one in found]


@pytest.mark.parametrize(
    ("query", "first", "exact", "why"),
    [
        ("acdc black", "Back in Black", True, "has acdc, black"),
        ("bjork", "Hyperballad", True, "has bjork"),
        ("queen rhapsody", "Bohemian Rhapsody - Remastered 2011", True, "has queen, rhapsody"),
        ("the bohemian rhapsody", "Bohemian Rhapsody - Remastered 2011", True, "has bohemian, rhapsody"),
        ("daftpunk", "One More Time", True, "has daftpunk"),
        ("daftpu", "One More Time", False, "begins with daftpu"),
        ("pink feat nate ruess", "Just Give Me a Reason (feat. Nate Ruess)", True, "has pink, nate, ruess"),
        ("smells like te", "Smells Like Teen Spirit", False, "has smells, like; begins with te"),
        ("nirv smel", "Smells Like Teen Spirit", False, "begins with nirv, smel"),
        ("hyperbalad", "Hyperballad", False, "hyperbalad read as hyperballad"),
        ("stairway to haeven", "Stairway to Heaven", False, "has stairway, to; haeven read as heaven"),
        ("daft onemore", "One More Time", False, "has daft; onemore read as one more"),
        ("группы крови", "Группа крови", False, "has крови; группы read as группа"),
        ("夜に", "夜に駆ける", True, "has 夜に"),
        ("queen official video", "Killer Queen", False, "has queen"),
        ("=", "=", True, "has ≡"),
        ("the the", "The The", True, "has the, the"),
    ],
)
def test_the_first_result_and_why(index: SearchIndex, query: str, first: str, exact: bool, why: str) -> None:
    best = search(index, query)[0]
    assert (best.track.title, best.fit.exact, best.why, best.score) == (
        first,
        exact,
        why,
        pytest.approx(best.fit.share),
    )


@pytest.mark.parametrize("query", ["haevne", "abab", "xyzzy plugh"])
def test_short_words_and_two_edits_are_not_corrected(index: SearchIndex, query: str) -> None:
    assert search(index, query) == []


def test_nothing_is_corrected_where_something_is_exact(index: SearchIndex) -> None:
    assert titles(search(index, "heaven")) == ["Heaven", "Stairway to Heaven"]
    assert not any(one.fit.corrected for one in search(index, "heaven"))


def test_a_whole_name_comes_before_a_name_that_holds_it(index: SearchIndex) -> None:
    assert titles(search(index, "queen"))[-1] == "Dancing Queen"


def test_meaning_orders_what_words_leave_open_and_says_so(index: SearchIndex) -> None:
    found = search(index, "queen", vector=HERE, vectors=Plane(near="Dancing Queen"))
    assert titles(found)[0] == "Dancing Queen"
    assert found[0].why == "has queen; alike 1.00"
    (by_words,) = [one.score for one in search(index, "queen") if one.track == found[0].track]
    assert found[0].score == pytest.approx(0.6 * by_words + 0.4)


def test_meaning_finds_what_has_no_word_of_the_query(index: SearchIndex) -> None:
    found = search(index, "grunge anthem", vector=HERE, vectors=Plane(near="Smells Like Teen Spirit"))
    assert (titles(found)[0], found[0].score, found[0].why) == (
        "Smells Like Teen Spirit",
        pytest.approx(0.4),
        "alike 1.00",
    )


def test_meaning_never_puts_another_track_before_an_exact_one(index: SearchIndex) -> None:
    found = search(index, "queen", vector=HERE, vectors=Plane(near="Heaven"))
    assert [one.fit.exact for one in found] == [True] * 3 + [False] * (len(found) - 3)
    assert titles(found)[3] == "Heaven"


def test_a_track_that_has_no_vector_yet_is_found_by_its_words(index: SearchIndex) -> None:
    found = search(index, "yoasobi", vector=HERE, vectors=Plane("Overdose", tuple(IDS[:5])))
    assert (titles(found)[0], found[0].cosine) == ("夜に駆ける", 0.0)


SYNTAX = ['"', '""" OR *', "'; DROP TABLE tracks; --", "NEAR(a, 5)", "title:queen", "^a", "a* AND", "NOT", "-queen"]
SYNTAX += ["{title artist}: x", "%", "\\", "=", "()" * 500, '"' * 10_000]
UNSEEN = ["", "   ", "\0", "a\0b", "\ud800", "\u202equeen", "🔥🎸"]
LONG = ["x" * 10_000, "word " * 2_000, "queen " * 1_700]


@pytest.mark.parametrize("query", SYNTAX + UNSEEN + LONG, ids=lambda query: repr(query[:12]))
def test_whatever_is_typed_there_is_a_list(index: SearchIndex, query: str) -> None:
    by_words = search(index, query)
    blended = search(index, query, vector=HERE, vectors=Plane(near="Heaven"))
    assert isinstance(by_words, list)
    assert len(blended) >= len(by_words)


@given(st.text(max_size=40))
def test_no_text_is_an_error(index: SearchIndex, query: str) -> None:
    assert len(search(index, query)) <= MOST_RESULTS


WORDS = sorted({word for title, artist in NAMES for word in f"{title} {artist}".split()})


@given(st.lists(st.sampled_from(WORDS), min_size=1, max_size=3), st.sampled_from(NAMES))
def test_the_order_is_exact_ones_first_then_by_score(
    index: SearchIndex, words: list[str], near: tuple[str, str]
) -> None:
    found = search(index, " ".join(words), vector=HERE, vectors=Plane(near=near[0]))
    assert found == sorted(found, key=lambda one: (not one.fit.exact, -one.score, one.track))
    assert len({one.track.track_id for one in found}) == len(found)


@given(st.sampled_from(TRACKS), st.data())
def test_any_of_its_words_in_any_order_find_a_track(index: SearchIndex, track: Track, data: st.DataObject) -> None:
    words = f"{track.title} {track.artist}".split()
    some = data.draw(st.permutations(words))[: data.draw(st.integers(1, len(words)))]
    if any(letter.isalnum() for word in some for letter in word):
        assert track.title in titles([one for one in search(index, " ".join(some)) if one.fit.exact])


def test_there_are_fifty_results_at_most_and_exact_ones_before_all(tmp_path: Path) -> None:
    store, index = Database(tmp_path / "tagger.duckdb"), SearchIndex(tmp_path / "tracks.sqlite")
    named = [Track("x", f"{number:03}", "Love" if number < 70 else f"Lovely {number}") for number in range(200)]
    with store.writing() as connection:
        write_tracks(connection, named)
    sync(index, store)
    found = search(index, "love")
    assert (len(found), {one.fit.exact for one in found}) == (50, {True})
    assert len([one for one in search(index, "lovely") if one.fit.exact]) == 50
