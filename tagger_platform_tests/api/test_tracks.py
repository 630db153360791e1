"""``GET /api/tracks/ID/similar``: asked over HTTP of the application itself."""

from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

import pytest
from starlette.testclient import TestClient

from tagger_platform.api.app import create_app
from tagger_platform.insight.embedding import embed_tracks
from tagger_platform.model import Track
from tagger_platform.store.database import Database
from tagger_platform_tests import samples
from tagger_platform_tests.insight.fakes import FakeEmbedder

RAIN, SUN, ODD = (
    Track("shazam", "1", "Rain Rain", "Band"),
    Track("shazam", "2", "Rain Sun", "Band"),
    Track("catalogue", "a/b c?d", "Rain", "Another"),
)


@pytest.fixture
def client(tmp_path: Path) -> TestClient:
    """Of a log with three tracks that have no vectors yet."""
    settings = samples.settings(tmp_path)
    noon = samples.noon(samples.DAY)
    streams = ("kexp", "nova", "playa")
    plays = [samples.play(stream, noon, of=track) for stream, track in zip(streams, (RAIN, SUN, ODD), strict=True)]
    samples.write_plays(Database(settings.database_path), plays)
    return TestClient(create_app(settings), raise_server_exceptions=False)


def embed(folder: Path) -> None:
    settings, now = samples.settings(folder), datetime.now(UTC)
    embed_tracks(
        Database(settings.database_path), settings.search_dir, FakeEmbedder(), clock=lambda: now, tell=lambda line: None
    )


def similar(client: TestClient, track: Track) -> dict:
    return client.get(f"/api/tracks/{quote(track.track_id, safe='')}/similar").json()


def test_the_nearest_tracks_come_with_their_names(client: TestClient, tmp_path: Path) -> None:
    embed(tmp_path)
    for track, others in ((RAIN, [SUN, ODD]), (ODD, [RAIN, SUN])):
        answer = similar(client, track)
        assert (answer["track_id"], answer["missing"]) == (track.track_id, None)
        assert {one["track_id"] for one in answer["similar"]} == {other.track_id for other in others}
        cosines = [one["cosine"] for one in answer["similar"]]
        assert cosines == sorted(cosines, reverse=True)
    first = similar(client, RAIN)["similar"][0]
    assert (first["title"], first["artist"], first["artwork"]) == (SUN.title, SUN.artist, "")


def test_without_vectors_it_says_what_is_missing(client: TestClient, tmp_path: Path) -> None:
    assert similar(client, RAIN) == {"track_id": RAIN.track_id, "missing": "no_vectors", "similar": []}
    embed(tmp_path)
    newcomer = Track("shazam", "3", "Fresh")
    samples.write_plays(
        Database(samples.settings(tmp_path).database_path), [samples.play("kitchen", datetime.now(UTC), of=newcomer)]
    )
    assert similar(client, newcomer) == {"track_id": newcomer.track_id, "missing": "no_vector", "similar": []}


@pytest.mark.parametrize("track_id", ["nobody:1", "..%2F..%2Fx", "%00"])
def test_an_unknown_track_is_not_there(client: TestClient, track_id: str) -> None:
    answer = client.get(f"/api/tracks/{track_id}/similar")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")
