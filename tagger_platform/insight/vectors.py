"""The vectors of all tracks as one memory-mapped matrix.

What belongs here: the files in DATA_DIR/search that hold it. What does not: making vectors (`embedder`, `embedding`).
Multiplying it with a query is enough: 26 ms at 100,000 tracks of 384 numbers, where an approximate index finds 87 % of
the nearest and takes a minute to build.

    vectors.json       the model, the track_ids in order, and the name of the matrix; replaced by rename
    vectors-<id>.npy   (n, dim) float32, rows of length one; never changed
"""

import json
import uuid
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tagger_platform.store.embeddings import Floats, ModelName

DESCRIPTION = "vectors.json"


@dataclass(frozen=True)
class Vectors:
    """An open matrix (n, dim) and the tracks of its rows, in order of track_id."""

    name: ModelName
    track_ids: tuple[str, ...]
    matrix: Floats

    def rows_of(self, track_ids: Sequence[str]) -> NDArray[np.intp]:
        """The row of each track (n,); -1 of those that have none."""
        rows = {track_id: row for row, track_id in enumerate(self.track_ids)}
        return np.array([rows.get(track_id, -1) for track_id in track_ids], np.intp)


class CurrentVectors:
    """The matrix in `folder` as it is now; it is opened anew when it was replaced."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known: tuple[tuple[int, int], Vectors | None] = ((0, 0), None)

    def now(self) -> Vectors | None:
        """None while there is none."""
        changed = _changed_at(self._folder)
        if self._known[0] != changed:
            self._known = changed, open_vectors(self._folder)
        return self._known[1]


def open_vectors(folder: Path) -> Vectors | None:
    """The matrix in `folder`; None if there is none."""
    while True:
        described = _described(folder)
        if described is None:
            return None
        with suppress(FileNotFoundError):  # replaced since we read its name
            matrix = np.load(folder / described["matrix"], mmap_mode="r")
            return Vectors(ModelName(described["model"], described["revision"]), tuple(described["track_ids"]), matrix)
        if _described(folder) == described:  # not replaced but lost: as good as none, the next night makes it anew
            return None


def write_vectors(folder: Path, vectors: Vectors) -> None:
    """Put the matrix in the place of the one in `folder`, at once: who has that one open keeps it."""
    folder.mkdir(parents=True, exist_ok=True)
    matrix = folder / f"vectors-{uuid.uuid4().hex}.npy"
    np.save(matrix, vectors.matrix)
    described = {
        "matrix": matrix.name,
        "model": vectors.name.model,
        "revision": vectors.name.revision,
        "track_ids": vectors.track_ids,
    }
    temporary = folder / f"{DESCRIPTION}.tmp"
    temporary.write_text(json.dumps(described), encoding="utf-8")
    temporary.replace(folder / DESCRIPTION)
    for old in folder.glob("vectors-*.npy"):
        if old != matrix:
            old.unlink(missing_ok=True)


def _described(folder: Path) -> dict[str, Any] | None:
    try:
        described: dict[str, Any] = json.loads((folder / DESCRIPTION).read_bytes())
    except FileNotFoundError:
        return None
    return described


def _changed_at(folder: Path) -> tuple[int, int]:
    try:
        stat = (folder / DESCRIPTION).stat()
    except FileNotFoundError:
        return 0, 0
    return stat.st_mtime_ns, stat.st_ino
