"""Vectors become places on a map, and places become clusters.

What belongs here: UMAP, hdbscan, and keeping a map the way round that it was. What does not: which tracks, and what
clusters are called (`clusters`, `naming`). All is reproducible: the same rows in the same order give the same map.

A map that begins anew each night turns round: one more track moves half of the others by a sixth of its width. So a
night begins where the last one ended, a new track amid those that it is like, and UMAP only goes a few small steps
from there.
"""

import warnings

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import orthogonal_procrustes

from tagger_platform.insight.needed import needed
from tagger_platform.store.embeddings import Floats

NEIGHBOURS = 15
MIN_DIST = 0.1
SEED = 42
MIN_CLUSTER_SIZE = 8
MIN_SAMPLES = 5

STEPS, STEP_SIZE = 50, 0.1
"""UMAP's epochs and learning rate from the last night's places on; from scratch it takes 200 or 500, and 1.0."""
BOX = 10.0
"""UMAP stretches the places that it begins with over a square of this width."""
ENOUGH_KNOWN = 0.5
"""Share of rows with a place from last night, below which the map begins anew."""
AMID = 5
"""Nearest rows amid which a new one begins."""
SETTLING = 10
"""Times that new rows move amid their nearest: those that are like each other alone gather too."""
ROWS_AT_ONCE = 1000

Neighbours = tuple[NDArray[np.int32], Floats]
"""(n, k) row numbers and their cosine distances, the nearest first; the first is the row itself."""


def layout(vectors: Floats, last: Floats, *, go_on: bool) -> Floats:
    """Places (n, 2) of different vectors (n, dim) of length one, more than NEIGHBOURS of them.

    `last` (n, 2) are the places of last night, nan where a row had none; the map goes on from them only if `go_on`,
    because another model's places say nothing about these vectors.
    """
    neighbours = nearest(vectors, NEIGHBOURS)
    if not go_on or np.isfinite(last[:, 0]).mean() < ENOUGH_KNOWN:
        places = _umap(vectors, neighbours)
    else:
        begin = _settled(last, neighbours[0])
        corner, stretch = begin.min(axis=0), np.maximum(np.ptp(begin, axis=0), 1e-6) / BOX
        spread = float(1 / stretch.mean())  # distances in the square mean what they mean on the map
        places = _umap(
            vectors,
            neighbours,
            init=(begin - corner) / stretch,
            n_epochs=STEPS,
            learning_rate=STEP_SIZE,
            spread=spread,
            min_dist=MIN_DIST * spread,
        )
        places = places * stretch + corner
    return _the_same_way_round(places, last)


def clusters(places: Floats) -> NDArray[np.intp]:
    """The cluster (n,) of each place (n, 2), from 0 on; -1 for those that are in none."""
    library = needed("hdbscan")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = library.HDBSCAN(min_cluster_size=MIN_CLUSTER_SIZE, min_samples=MIN_SAMPLES, core_dist_n_jobs=1)
        return np.asarray(found.fit_predict(places.astype(np.float64)), np.intp)


def nearest(vectors: Floats, k: int) -> Neighbours:
    """The k nearest rows of every row, exactly: 2 CPU-s for 10,000 rows; UMAP's search takes 30 to be compiled."""
    rows = np.empty((len(vectors), k), np.int32)
    distances = np.empty((len(vectors), k), np.float32)
    for start in range(0, len(vectors), ROWS_AT_ONCE):
        part = slice(start, start + ROWS_AT_ONCE)
        cosines = vectors[part] @ vectors.T
        own = np.arange(len(cosines))
        cosines[own, start + own] = 2.0  # the row itself comes first, whatever rounding says
        best = np.argpartition(-cosines, k - 1, axis=1)[:, :k]
        order = np.lexsort((best, -np.take_along_axis(cosines, best, axis=1)))
        rows[part] = np.take_along_axis(best, order, axis=1)
        distances[part] = np.clip(1 - np.take_along_axis(cosines, rows[part], axis=1), 0, 2)
    return rows, distances


def _umap(vectors: Floats, neighbours: Neighbours, **more: object) -> Floats:
    library = needed("umap")
    told = {"min_dist": MIN_DIST, **more}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it cannot place further rows later, and the like
        fitted = library.UMAP(
            metric="cosine",
            n_neighbors=NEIGHBOURS,
            random_state=SEED,
            n_jobs=1,
            precomputed_knn=neighbours,
            **told,
        )
        return np.asarray(fitted.fit_transform(vectors), np.float32)


def _settled(last: Floats, rows: NDArray[np.int32]) -> Floats:
    """Last night's places, and for new rows a place amid their nearest."""
    new = np.flatnonzero(~np.isfinite(last[:, 0]))
    width = np.nanmax(last, axis=0) - np.nanmin(last, axis=0)
    places = np.where(np.isfinite(last), last, np.nanmean(last, axis=0))
    near = rows[new, 1 : AMID + 1]
    for _ in range(SETTLING):
        places[new] = places[near].mean(axis=1)
    apart = np.random.default_rng(SEED).normal(scale=width / 500, size=(len(new), 2))  # not on one spot
    places[new] += apart
    return places


def _the_same_way_round(places: Floats, last: Floats) -> Floats:
    """`places` moved, turned, mirrored and scaled to lie as close to `last` as they can."""
    known = np.isfinite(last[:, 0])
    if known.sum() < MIN_CLUSTER_SIZE:
        return places
    middle, aim = places[known].mean(axis=0), last[known].mean(axis=0)
    turn, scale = orthogonal_procrustes(places[known] - middle, last[known] - aim)
    size = ((places[known] - middle) ** 2).sum()
    turned: Floats = (places - middle) @ turn * (scale / max(size, 1e-9)) + aim
    return turned.astype(np.float32)
