"""Every track gets a vector: new ones, those whose words changed, and all of them when the model is another.

What belongs here: which tracks are embedded, in which portions, and the matrix that comes of it. What does not: the
model (`embedder`), the table (`store.embeddings`), the matrix's files (`vectors`). Each portion is in the store before
the next is begun, so that a run that was killed is taken up where it was; search keeps the old matrix until the new
one is whole.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tagger_platform.insight.embedder import Embedder
from tagger_platform.insight.turn import alone
from tagger_platform.insight.vectors import Vectors, write_vectors
from tagger_platform.store.database import Database
from tagger_platform.store.embeddings import (
    Floats,
    ModelName,
    Words,
    embedded,
    forget_lost,
    unembedded,
    write_embeddings,
)
from tagger_platform.store.runs import note_run

RUN = "track_embeddings"
PORTION = 1000
"""Tracks embedded and written together: 4 CPU-s of the model, 0.1 s at the store."""
READ_AT_ONCE = 20_000
"""Vectors read in one turn at the store: others wait 0.1 s for it."""


@dataclass(frozen=True)
class Embedded:
    """What a run did. `tracks` have a vector now, `bad` got none of use, `lost` were of tracks that are gone."""

    model: str
    revision: str
    dim: int
    tracks: int
    embedded: int
    bad: int
    lost: int
    seconds: float


def embed_tracks(
    database: Database,
    folder: Path,
    embedder: Embedder,
    *,
    clock: Callable[[], datetime],
    tell: Callable[[str], None],
) -> Embedded:
    """Embed what has no vector, and make the matrix in `folder` anew. `tell` hears how far it is."""
    began = time.monotonic()
    with alone(folder):
        name = embedder.name
        with database.reading() as connection:
            missing = unembedded(connection, name)
        bad = 0
        for start in range(0, len(missing), PORTION):
            portion = missing[start : start + PORTION]
            bad += _embed(database, embedder, name, portion, clock())
            tell(f"{start + len(portion)} of {len(missing)} tracks embedded, {time.monotonic() - began:.0f} s")
        with database.writing() as connection:
            lost = forget_lost(connection)
        vectors = _stored(database, name)
        write_vectors(folder, vectors)
        with database.writing() as connection:
            note_run(connection, RUN, clock())
    tracks, dim = vectors.matrix.shape
    seconds = round(time.monotonic() - began, 1)
    return Embedded(name.model, name.revision, dim, tracks, len(missing) - bad, bad, lost, seconds)


def _embed(database: Database, embedder: Embedder, name: ModelName, words: Sequence[Words], at: datetime) -> int:
    """Embed these words and write the vectors; returns how many have none that can be used."""
    vectors = embedder.embed([one.text for one in words])
    lengths = np.linalg.norm(vectors.astype(np.float64), axis=1)
    good = np.isfinite(lengths) & (lengths > 0)
    unit = vectors[good] / lengths[good, None]
    with database.writing() as connection:
        kept = [one for one, fine in zip(words, good, strict=True) if fine]
        write_embeddings(connection, name, kept, unit, at)
    return int((~good).sum())


def _stored(database: Database, name: ModelName) -> Vectors:
    """Every vector of this model that is in the store, by track_id."""
    track_ids: list[str] = []
    parts: list[NDArray[np.float32]] = []
    while True:
        with database.reading() as connection:
            found, part = embedded(connection, name, after=track_ids[-1] if track_ids else "", most=READ_AT_ONCE)
        if not found:
            break
        track_ids += found
        parts.append(part)
    matrix: Floats = np.concatenate(parts) if parts else np.zeros((0, 0), np.float32)
    return Vectors(name, tuple(track_ids), matrix)
