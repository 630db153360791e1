"""``GET /api/search``: asked over HTTP of the application itself."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from tagger_platform.api.app import create_app
from tagger_platform.api.search import NOT_EMBEDDED, STARTING
from tagger_platform.insight.embedding import embed_tracks
from tagger_platform.insight.index import sync
from tagger_platform.insight.query_vectors import QueryVectors
from tagger_platform.model import Track
from tagger_platform.store.database import Database
from tagger_platform.store.search_index import SearchIndex
from tagger_platform_tests import samples
from tagger_platform_tests.insight.fakes import FakeEmbedder
from tagger_platform_tests.insight.test_query_vectors import Loader, until

SONG = Track("catalogue", "1", "Thunderstruck", "AC/DC")


@pytest.fixture
def index(tmp_path: Path) -> SearchIndex:
    """Of a log with one play, just now."""
    settings = samples.settings(tmp_path)
    store, made = Database(settings.database_path), SearchIndex(settings.search_index_path)
    samples.write_plays(store, [samples.play("kexp", datetime.now(UTC), of=SONG)])
    sync(made, store)
    return made


@pytest.fixture
def client(tmp_path: Path) -> TestClient:
    return TestClient(create_app(samples.settings(tmp_path)), raise_server_exceptions=False)


@pytest.mark.usefixtures("index")
def test_a_track_found_with_its_plays_and_why(client: TestClient) -> None:
    body = client.get("/api/search", params={"q": "acdc thunder"}).json()
    (row,) = body["results"]
    assert (body["query"], row["track_id"], row["exact"]) == ("acdc thunder", "catalogue:1", False)
    assert row["why"] == {"words": ["acdc"], "begun": ["thunder"], "corrected": {}, "cosine": None}
    assert (len(row["plays_by_day"]), row["plays_by_day"][-1]) == (30, 1)


BAD = ["", "%00", "%FF%FE", "%22", "'%20OR%201=1--", "NEAR(a%20b)", "%F0%9F%94%A5", "x" * 10_000, "a%20" * 3_000]


@pytest.mark.usefixtures("index")
@pytest.mark.parametrize("query", BAD, ids=lambda query: query[:12])
def test_whatever_is_asked_the_answer_is_a_list(client: TestClient, query: str) -> None:
    answer = client.get(f"/api/search?q={query}")
    assert (answer.status_code, answer.json()["results"]) == (200, [])


def test_without_a_query_and_without_a_log_there_is_an_empty_list(client: TestClient) -> None:
    told = {"words_alone": NOT_EMBEDDED, "words_alone_code": "not_embedded", "results": []}
    assert client.get("/api/search").json() == {"query": "", **told}
    assert client.get("/api/search?q=song").json() == {"query": "song", **told}


def test_an_index_that_cannot_be_used_says_what_to_do(client: TestClient, index: SearchIndex) -> None:
    index.path.write_bytes(b"no database")
    answer = client.get("/api/search?q=song")
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "unavailable")
    assert "search_index" in answer.json()["error"]["message"]


@pytest.fixture
def embedded(tmp_path: Path, index: SearchIndex) -> Path:
    """The index's tracks with their vectors."""
    settings = samples.settings(tmp_path)
    store, now = Database(settings.database_path), datetime.now(UTC)
    embed_tracks(store, settings.search_dir, FakeEmbedder(), clock=lambda: now, tell=lambda line: None)
    return tmp_path


@contextmanager
def served(folder: Path, **loader: str) -> Iterator[Callable[[str], dict]]:
    """Asks the api, whose worker has a fake model."""
    app = create_app(samples.settings(folder))
    app.state.query_vectors = QueryVectors(Loader(folder, **loader))
    client = TestClient(app)
    yield lambda query: client.get("/api/search", params={"q": query}).json()
    app.state.query_vectors.close()


def test_words_alone_answer_until_the_worker_is_there_and_then_meaning_does_too(embedded: Path) -> None:
    with served(embedded) as ask:
        first = ask("thunder")
        assert (first["words_alone"], first["results"][0]["why"]["cosine"]) == (STARTING, None)
        assert first["words_alone_code"] == "starting"
        until(lambda: ask("thunder")["words_alone"] is None)
        assert ask("thunder")["words_alone_code"] is None
        (row,) = ask("acdc")["results"]
    assert row["why"]["words"] == ["acdc"]
    assert -1 <= row["why"]["cosine"] <= 1


def test_a_model_that_is_missing_is_said_and_words_still_work(embedded: Path) -> None:
    with served(embedded, fails="the model is not here") as ask:
        until(lambda: ask("thunder")["words_alone"] == "the model is not here")
        found = ask("thunder")
    assert (len(found["results"]), found["words_alone_code"]) == (1, "no_model")
