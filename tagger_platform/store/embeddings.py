"""Embeddings of tracks in the store: which are missing, and reading and writing them.

What belongs here: the table `track_embeddings`, and the words of a track that are embedded. What does not: making
vectors (`insight.embedder`) and searching them (`insight.vectors`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from tagger_platform.store.database import Connection
from tagger_platform.store.rows import naive
from tagger_platform.store.writes import insert

WORDS = "concat_ws(', ', t.title, nullif(t.artist, ''), nullif(t.album, ''))"
"""What of a track is embedded."""

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class ModelName:
    """A model and the revision of it. Vectors of two of them have nothing to do with each other."""

    model: str
    revision: str


@dataclass(frozen=True)
class Words:
    """The words of a track that are to be embedded, and their hash."""

    track_id: str
    text: str
    text_hash: str


def unembedded(connection: Connection, name: ModelName) -> list[Words]:
    """Tracks that have no vector of this model, or one of other words, by track_id."""
    rows = connection.execute(
        f"SELECT t.track_id, {WORDS} AS text, md5(text) AS hash FROM tracks t LEFT JOIN track_embeddings e"
        " ON e.track_id = t.track_id AND e.model = ? AND e.revision = ?"
        " WHERE e.text_hash IS DISTINCT FROM md5(text) ORDER BY t.track_id",
        [name.model, name.revision],
    ).fetchall()
    return [Words(*row) for row in rows]


def write_embeddings(
    connection: Connection, name: ModelName, words: Sequence[Words], vectors: Floats, at: datetime
) -> None:
    """Note the vectors (n, dim) of n tracks, in the place of older ones."""
    rows = [
        [one.track_id, name.model, name.revision, vectors.shape[1], one.text_hash, vector.tobytes(), naive(at)]
        for one, vector in zip(words, vectors.astype("<f4"), strict=True)
    ]
    insert(connection, "track_embeddings", rows, known="REPLACE")


def forget_lost(connection: Connection) -> int:
    """Delete the vectors of tracks that are gone; returns how many."""
    row = connection.execute(
        "DELETE FROM track_embeddings WHERE track_id NOT IN (SELECT track_id FROM tracks)"
    ).fetchone()
    return int(row[0]) if row else 0


def embedded(connection: Connection, name: ModelName, *, after: str, most: int) -> tuple[list[str], Floats]:
    """Up to `most` tracks with a vector of this model whose track_id comes after `after`: their ids, and (n, dim)."""
    rows = connection.execute(
        "SELECT track_id, vector FROM track_embeddings WHERE model = ? AND revision = ? AND track_id > ?"
        " ORDER BY track_id LIMIT ?",
        [name.model, name.revision, after, most],
    ).fetchall()
    vectors = np.frombuffer(b"".join(vector for _, vector in rows), "<f4").reshape(len(rows), -1 if rows else 0)
    return [track_id for track_id, _ in rows], vectors


def count_embeddings(connection: Connection) -> int:
    """Tracks with a vector, of whatever model."""
    row = connection.execute("SELECT count(*) FROM track_embeddings").fetchone()
    return int(row[0]) if row else 0
