"""`tagger search`: what is printed, and the exit codes."""

import json
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from tagger_platform.insight.index import sync
from tagger_platform.model import Track
from tagger_platform.settings import Settings
from tagger_platform.store.database import Database
from tagger_platform.store.search_index import SearchIndex
from tagger_platform_tests.samples import play, write_plays

Tagger = Callable[..., tuple[int, str, str]]
SONG = Track("catalogue", "1", "Hyperballad", "Björk", album="Post")


@pytest.fixture
def log(settings: Settings) -> None:
    """One play, just now."""
    store = Database(settings.database_path)
    write_plays(store, [play("kexp", datetime.now(UTC), of=SONG)])
    sync(SearchIndex(settings.search_index_path), store)


@pytest.mark.usefixtures("log")
def test_found_as_a_table(tagger: Tagger) -> None:
    code, out, err = tagger("search", "bjork", "hyperbalad")
    assert (code, err) == (0, "")
    assert [line.split() for line in out.splitlines()] == [
        ["title", "artist", "album", "plays", "in", "30", "days", "why"],
        ["Hyperballad", "Björk", "Post", "1", "has", "bjork;", "hyperbalad", "read", "as", "hyperballad"],
    ]


@pytest.mark.usefixtures("log")
def test_found_as_json_is_one_object_a_line(tagger: Tagger) -> None:
    code, out, err = tagger("search", "bjork", "--json")
    (row,) = [json.loads(line) for line in out.splitlines()]
    assert (code, err) == (0, "")
    assert row["plays_by_day"] == [0] * 29 + [1]
    assert {name: row[name] for name in ("track_id", "title", "artist", "album", "isrc", "score", "exact", "why")} == {
        "track_id": "catalogue:1",
        "title": "Hyperballad",
        "artist": "Björk",
        "album": "Post",
        "isrc": "",
        "score": 1.0,
        "exact": True,
        "why": {"words": ["bjork"], "begun": [], "corrected": {}, "cosine": None},
    }


@pytest.mark.usefixtures("log")
@pytest.mark.parametrize(
    "query", ["", "nobody", "'; DROP TABLE tracks; --", '"', "x" * 10_000, "\udcff", "🔥"], ids=repr
)
def test_nothing_found_is_no_failure(tagger: Tagger, query: str) -> None:
    assert tagger("search", "--", query) == (0, "Nothing was found.\n", "")
    assert tagger("search", "--json", "--", query) == (0, "", "")


def test_without_any_log_nothing_is_found(tagger: Tagger) -> None:
    assert tagger("search", "song") == (0, "Nothing was found.\n", "")


@pytest.mark.usefixtures("log")
def test_a_broken_index_is_a_failure_that_says_what_to_do(tagger: Tagger, settings: Settings) -> None:
    path = settings.search_index_path
    path.write_bytes(path.read_bytes()[:100] + b"\xff" * 50_000)
    code, out, err = tagger("search", "bjork")
    assert (code, out) == (1, "")
    assert "search_index" in err


def test_a_query_is_needed(tagger: Tagger) -> None:
    code, _, err = tagger("search")
    assert code == 2
    assert "QUERY" in err
