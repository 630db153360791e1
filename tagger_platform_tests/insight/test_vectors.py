"""The matrix in its files: what is written comes back, and replacing it never shows half of each."""

from pathlib import Path

import numpy as np

from tagger_platform.insight.vectors import CurrentVectors, Vectors, open_vectors, write_vectors
from tagger_platform.store.embeddings import ModelName

NAME = ModelName("org/model", "abc")


def vectors(count: int, value: float = 1.0) -> Vectors:
    return Vectors(NAME, tuple(f"t{number}" for number in range(count)), np.full((count, 3), value, np.float32))


def test_the_matrix_comes_back_as_it_was(tmp_path: Path) -> None:
    write_vectors(tmp_path, vectors(4))
    found = open_vectors(tmp_path)
    assert found is not None
    assert (found.name, found.track_ids, found.matrix.tolist()) == (NAME, ("t0", "t1", "t2", "t3"), [[1.0] * 3] * 4)


def test_it_is_mapped_and_not_read(tmp_path: Path) -> None:
    write_vectors(tmp_path, vectors(4))
    found = open_vectors(tmp_path)
    assert found is not None
    assert isinstance(found.matrix, np.memmap)


def test_no_matrix_is_none(tmp_path: Path) -> None:
    assert open_vectors(tmp_path) is None
    assert CurrentVectors(tmp_path / "nowhere").now() is None


def test_a_matrix_whose_file_is_lost_is_none(tmp_path: Path) -> None:
    write_vectors(tmp_path, vectors(4))
    for file in tmp_path.glob("*.npy"):
        file.unlink()
    assert open_vectors(tmp_path) is None


def test_who_has_the_old_matrix_open_keeps_it_and_the_next_look_has_the_new_one(tmp_path: Path) -> None:
    current = CurrentVectors(tmp_path)
    write_vectors(tmp_path, vectors(4))
    old = current.now()
    assert current.now() is old
    write_vectors(tmp_path, vectors(5, 2.0))
    new = current.now()
    assert old is not None
    assert new is not None
    assert (len(old.track_ids), old.matrix.sum()) == (4, 12)
    assert (len(new.track_ids), new.matrix.sum()) == (5, 30)
    assert len([*tmp_path.glob("*.npy")]) == 1


def test_an_empty_matrix_can_be_written(tmp_path: Path) -> None:
    write_vectors(tmp_path, Vectors(NAME, (), np.zeros((0, 0), np.float32)))
    found = open_vectors(tmp_path)
    assert found is not None
    assert found.track_ids == ()


def test_tracks_without_a_row_are_told(tmp_path: Path) -> None:
    assert vectors(4).rows_of(["t2", "nobody", "t0"]).tolist() == [2, -1, 0]
