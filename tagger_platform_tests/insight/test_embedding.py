"""What a night embeds: only what is new, everything when the model is another, and nothing bad."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from tagger_platform.insight.embedding import PORTION, RUN, Embedded, embed_tracks
from tagger_platform.insight.vectors import Vectors, open_vectors
from tagger_platform.model import Track
from tagger_platform.store.database import Database
from tagger_platform.store.embeddings import ModelName
from tagger_platform.store.runs import last_runs
from tagger_platform.store.writes import write_tracks
from tagger_platform_tests.insight.fakes import DIM, FakeEmbedder

NOW = datetime(2026, 11, 21, 11, 30, tzinfo=UTC)
SONGS = [Track("shazam", str(number), f"Song {number}", "Band") for number in range(5)]
Run = Callable[[FakeEmbedder], Embedded]


@pytest.fixture
def store(tmp_path: Path) -> Database:
    database = Database(tmp_path / "tagger.duckdb")
    add(database, *SONGS)
    return database


def add(store: Database, *tracks: Track) -> None:
    with store.writing() as connection:
        write_tracks(connection, tracks)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "search"


@pytest.fixture
def run(store: Database, folder: Path) -> Run:
    return lambda embedder: embed_tracks(store, folder, embedder, clock=lambda: NOW, tell=lambda line: None)


def opened(folder: Path) -> Vectors:
    found = open_vectors(folder)
    assert found is not None
    return found


def test_the_matrix_holds_every_track_in_order_with_rows_of_length_one(run: Run, folder: Path) -> None:
    done = run(FakeEmbedder())
    found = opened(folder)
    assert found.track_ids == tuple(song.track_id for song in SONGS)
    assert found.matrix.shape == (5, DIM)
    assert np.linalg.norm(found.matrix, axis=1) == pytest.approx(1.0)
    assert (done.tracks, done.embedded, done.bad, done.lost, done.dim) == (5, 5, 0, 0, DIM)


def test_the_second_night_embeds_what_is_new_or_changed_and_nothing_else(run: Run, store: Database) -> None:
    run(FakeEmbedder())
    add(store, Track("shazam", "9", "New"), Track("shazam", "1", "Changed", "Band"))
    embedder = FakeEmbedder()
    done = run(embedder)
    assert embedder.asked == ["Changed, Band", "New"]
    assert (done.tracks, done.embedded) == (6, 2)


def test_a_run_that_finds_nothing_to_do_changes_no_number(run: Run, folder: Path) -> None:
    run(FakeEmbedder())
    before = opened(folder).matrix.copy()
    embedder = FakeEmbedder()
    done = run(embedder)
    assert embedder.asked == []
    assert done.tracks == 5
    assert np.array_equal(opened(folder).matrix, before)


def test_another_model_embeds_everything_again_and_its_matrix_holds_nothing_of_the_old_one(
    run: Run, folder: Path
) -> None:
    run(FakeEmbedder())
    done = run(FakeEmbedder(ModelName("fake/other", "1"), dim=8))
    found = opened(folder)
    assert done.embedded == 5
    assert (found.name.model, found.matrix.shape) == ("fake/other", (5, 8))


def test_a_run_that_breaks_off_is_taken_up_where_it_was_and_search_keeps_what_it_had(
    run: Run, store: Database, folder: Path
) -> None:
    run(FakeEmbedder())
    add(store, *(Track("x", f"{number:05}", f"More {number}") for number in range(PORTION + 10)))

    class Breaks(FakeEmbedder):
        def embed(self, texts):
            if self.asked:
                raise KeyboardInterrupt
            return super().embed(texts)

    with pytest.raises(KeyboardInterrupt):
        run(Breaks())
    assert len(opened(folder).track_ids) == 5
    done = run(FakeEmbedder())
    assert (done.embedded, done.tracks) == (10, PORTION + 15)


def test_words_without_a_usable_vector_are_counted_and_left_out(run: Run, store: Database, folder: Path) -> None:
    add(store, Track("shazam", "8", "Bad"), Track("shazam", "9", "???"))
    done = run(FakeEmbedder())
    assert (done.bad, done.embedded, done.tracks) == (2, 5, 5)
    assert opened(folder).track_ids == tuple(song.track_id for song in SONGS)


def test_a_track_that_is_gone_leaves_the_matrix(run: Run, store: Database, folder: Path) -> None:
    run(FakeEmbedder())
    with store.writing() as connection:
        connection.execute("DELETE FROM tracks WHERE track_id = ?", [SONGS[0].track_id])
    assert run(FakeEmbedder()).lost == 1
    assert opened(folder).track_ids == tuple(song.track_id for song in SONGS[1:])


def test_a_store_without_tracks_makes_an_empty_matrix(tmp_path: Path) -> None:
    database = Database(tmp_path / "empty.duckdb")
    done = embed_tracks(database, tmp_path, FakeEmbedder(), clock=lambda: NOW, tell=lambda line: None)
    assert (done.tracks, opened(tmp_path).track_ids) == (0, ())


def test_how_far_it_is_is_told_after_every_portion(store: Database, folder: Path) -> None:
    add(store, *(Track("x", f"{number:05}", f"More {number}") for number in range(PORTION)))
    told: list[str] = []
    embed_tracks(store, folder, FakeEmbedder(), clock=lambda: NOW, tell=told.append)
    assert [line.partition(",")[0] for line in told] == [
        f"{PORTION} of {PORTION + 5} tracks embedded",
        f"{PORTION + 5} of {PORTION + 5} tracks embedded",
    ]


def test_the_end_of_a_run_is_noted(run: Run, store: Database) -> None:
    run(FakeEmbedder())
    with store.reading() as connection:
        assert last_runs(connection) == {RUN: NOW}
