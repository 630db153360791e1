"""Which tracks are embedded again, and what is kept of their vectors."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from tagger_platform.model import Track
from tagger_platform.store.database import Connection, Database
from tagger_platform.store.embeddings import (
    ModelName,
    count_embeddings,
    embedded,
    forget_lost,
    unembedded,
    write_embeddings,
)
from tagger_platform_tests import samples

NOW = datetime(2026, 11, 21, 3, 30, tzinfo=UTC)
MODEL = ModelName("org/model", "abc")
SONG = Track("shazam", "1", "Song", "Band", album="Album")


@pytest.fixture
def store(tmp_path: Path) -> Database:
    database = Database(tmp_path / "tagger.duckdb")
    add(database, SONG, replace(SONG, provider_track_id="2", album=""), Track("catalogue", "9", "Jingle"))
    return database


def add(store: Database, *tracks: Track) -> None:
    samples.write_plays(store, [samples.play(f"s{number}", NOW, of=one) for number, one in enumerate(tracks)])


def embed(connection: Connection, model: ModelName = MODEL) -> None:
    words = unembedded(connection, model)
    vectors = np.arange(3 * len(words), dtype=np.float32).reshape(-1, 3)
    write_embeddings(connection, model, words, vectors, NOW)


def test_title_artist_and_album_are_the_words_where_there_are_any(store: Database) -> None:
    with store.reading() as connection:
        found = {one.track_id: one.text for one in unembedded(connection, MODEL)}
    assert found == {"catalogue:9": "Jingle", "shazam:1": "Song, Band, Album", "shazam:2": "Song, Band"}


def test_what_has_a_vector_is_not_embedded_again(store: Database) -> None:
    with store.writing() as connection:
        embed(connection)
        assert unembedded(connection, MODEL) == []
        assert count_embeddings(connection) == 3


@pytest.mark.parametrize("change", [{"title": "Other"}, {"artist": "Other"}, {"album": ""}])
def test_a_track_whose_words_changed_is_embedded_again_and_alone(store: Database, change: dict[str, str]) -> None:
    with store.writing() as connection:
        embed(connection)
    with store.writing() as connection:
        for name, value in change.items():
            connection.execute(f"UPDATE tracks SET {name} = ? WHERE track_id = ?", [value, SONG.track_id])
        assert [one.track_id for one in unembedded(connection, MODEL)] == [SONG.track_id]
        embed(connection)
        assert unembedded(connection, MODEL) == []
        assert count_embeddings(connection) == 3


@pytest.mark.parametrize("change", [{"model": "org/other"}, {"revision": "def"}])
def test_another_model_or_revision_embeds_everything_again(store: Database, change: dict[str, str]) -> None:
    other = replace(MODEL, **change)
    with store.writing() as connection:
        embed(connection)
        assert len(unembedded(connection, other)) == 3
        embed(connection, other)
        assert embedded(connection, MODEL, after="", most=9)[0] == []
        assert len(embedded(connection, other, after="", most=9)[0]) == 3


def test_vectors_come_back_as_they_were_in_parts_by_track(store: Database) -> None:
    with store.writing() as connection:
        embed(connection)
        first, vectors = embedded(connection, MODEL, after="", most=2)
        rest, more = embedded(connection, MODEL, after=first[-1], most=2)
        none, empty = embedded(connection, MODEL, after=rest[-1], most=2)
    assert (first, rest, none) == (["catalogue:9", "shazam:1"], ["shazam:2"], [])
    assert np.concatenate([vectors, more]).tolist() == [[0, 1, 2], [3, 4, 5], [6, 7, 8]]
    assert empty.shape == (0, 0)


def test_vectors_of_tracks_that_are_gone_go_too(store: Database) -> None:
    with store.writing() as connection:
        embed(connection)
        connection.execute("DELETE FROM tracks WHERE track_id = ?", [SONG.track_id])
        assert forget_lost(connection) == 1
        assert embedded(connection, MODEL, after="", most=9)[0] == ["catalogue:9", "shazam:2"]
