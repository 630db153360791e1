"""The map: what is alike lies together, the same night twice is the same map, and a new one does not turn round."""

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from tagger_platform.insight.layout import NEIGHBOURS, clusters, layout, nearest
from tagger_platform.store.embeddings import Floats

DIM = 24
NOWHERE = np.nan


def blobs(sizes: list[int], seed: int = 1) -> tuple[Floats, np.ndarray]:
    """Vectors of length one around as many middles as there are sizes, and which of them each is around.

    The middles and the vectors around each are the same whatever the other sizes are.
    """
    middles = np.random.default_rng(seed).standard_normal((len(sizes), DIM)) * 3
    around = [
        middles[number] + np.random.default_rng(100 + number).standard_normal((size, DIM))
        for number, size in enumerate(sizes)
    ]
    vectors = np.concatenate(around)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors.astype(np.float32), np.repeat(np.arange(len(sizes)), sizes)


def no_places(count: int) -> Floats:
    return np.full((count, 2), NOWHERE, np.float32)


@pytest.fixture(scope="module")
def last_night() -> tuple[Floats, Floats, np.ndarray]:
    """Vectors, their places, and their blobs."""
    vectors, truth = blobs([60, 50, 40, 30])
    return vectors, layout(vectors, no_places(len(vectors)), go_on=False), truth


def moved(now: Floats, then: Floats) -> float:
    """By how much of the map's width the middle one moved."""
    return float(np.median(np.linalg.norm(now - then, axis=1)) / np.ptp(then, axis=0).max())


def test_separate_blobs_are_the_clusters(last_night: tuple[Floats, Floats, np.ndarray]) -> None:
    _, places, truth = last_night
    assert adjusted_rand_score(truth, clusters(places)) > 0.95


def test_the_same_rows_give_the_same_map(last_night: tuple[Floats, Floats, np.ndarray]) -> None:
    vectors, places, _ = last_night
    assert np.array_equal(layout(vectors, no_places(len(vectors)), go_on=False), places)
    assert np.array_equal(layout(vectors, places, go_on=True), layout(vectors, places, go_on=True))


def test_new_tracks_do_not_turn_the_map_round(last_night: tuple[Floats, Floats, np.ndarray]) -> None:
    vectors, places, truth = last_night
    wider, wider_truth = blobs([66, 55, 44, 33])
    stayed = np.concatenate([np.flatnonzero(wider_truth == blob)[: (truth == blob).sum()] for blob in range(4)])
    assert np.array_equal(wider[stayed], vectors)
    last = no_places(len(wider))
    last[stayed] = places
    now = layout(wider, last, go_on=True)
    assert moved(now[stayed], places) < 0.05
    assert adjusted_rand_score(wider_truth, clusters(now)) > 0.95


def test_a_new_kind_of_music_is_a_cluster_on_its_first_night(last_night: tuple[Floats, Floats, np.ndarray]) -> None:
    vectors, places, truth = last_night
    other = -vectors[truth == 0][:40] + np.random.default_rng(5).standard_normal((40, DIM)).astype(np.float32) / 10
    wider = np.concatenate([vectors, other / np.linalg.norm(other, axis=1, keepdims=True)])
    now = layout(wider, np.concatenate([places, no_places(40)]), go_on=True)
    assert adjusted_rand_score([*truth, *[9] * 40], clusters(now)) > 0.9
    assert moved(now[: len(vectors)], places) < 0.05


@pytest.mark.parametrize("angle", [0.5, 2.0, 3.1])
def test_a_map_that_begins_anew_is_turned_as_the_last_one_was(
    last_night: tuple[Floats, Floats, np.ndarray], angle: float
) -> None:
    vectors, places, _ = last_night
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    last = (places @ turn * (-1, 1) * 3 + 7).astype(np.float32)
    assert moved(layout(vectors, last, go_on=False), last) < 0.001


@pytest.mark.parametrize("count", [NEIGHBOURS + 1, NEIGHBOURS + 5])
def test_few_rows_have_places_too(count: int) -> None:
    vectors, _ = blobs([count])
    assert np.isfinite(layout(vectors, no_places(count), go_on=False)).all()


def test_the_nearest_rows_are_exact_and_begin_with_the_row_itself() -> None:
    vectors, _ = blobs([700, 600])
    rows, distances = nearest(vectors, 5)
    truth = 1 - vectors @ vectors.T
    np.fill_diagonal(truth, -1)
    assert np.array_equal(rows, np.argsort(truth, axis=1, kind="stable")[:, :5])
    assert (rows[:, 0] == np.arange(len(vectors))).all()
    assert (np.diff(distances, axis=1) >= 0).all()
