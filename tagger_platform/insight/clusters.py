"""A night's sound map: which tracks are on it, where, and in which cluster of what name.

What belongs here: putting a map together, and what is done with too few, the same or bad vectors. What does not: places
and clusters (`layout`), names (`naming`), the picture (`map_picture`), the table (`store.clusters`).
"""

import itertools
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tagger_platform.insight.layout import NEIGHBOURS, clusters, layout
from tagger_platform.insight.naming import name_clusters, same_as_before
from tagger_platform.insight.turn import alone
from tagger_platform.insight.vectors import Vectors, open_vectors
from tagger_platform.store.clusters import NO_CLUSTER, NightMap, Place, Played, last_map, played, write_map
from tagger_platform.store.database import Database
from tagger_platform.store.embeddings import Floats, ModelName
from tagger_platform.store.reports import day_bounds
from tagger_platform.store.runs import note_run

RUN = "track_clusters"
DAYS, PLAYS = 90, 2
"""A track is on the map if it had so many plays in so many days."""
FEWEST = NEIGHBOURS + 1
"""Different vectors that UMAP needs."""
SAME_DIGITS = 5
"""Vectors of the same words differ by rounding only."""
NO_VECTOR, TOO_FEW = "no_vector", "too_few"


@dataclass(frozen=True)
class Drawn:
    """A night's map, and what became of it.

    `moved` is by how much of the map's width the middle one of the tracks moved that were on the last map too, None
    where there was none.
    """

    map: NightMap
    moved: float | None
    seconds: float

    @property
    def names(self) -> dict[int, str]:
        """The clusters' names, by number."""
        return {place.cluster: place.label for place in self.map.places if place.cluster != NO_CLUSTER}

    @property
    def reasons(self) -> Counter[str]:
        """How many tracks have no place, by reason."""
        return Counter(place.reason for place in self.map.places if place.reason)

    @property
    def placed(self) -> int:
        return sum(place.x is not None for place in self.map.places)

    @property
    def in_none(self) -> int:
        """Tracks that have a place and are in no cluster."""
        return sum(place.x is not None and place.cluster == NO_CLUSTER for place in self.map.places)

    def as_json(self) -> dict[str, Any]:
        """The map in numbers, as Dagster shows it and the command prints it."""
        sizes = Counter(place.cluster for place in self.map.places)
        return {
            "night": self.map.night.isoformat(),
            "tracks": len(self.map.places),
            "placed": self.placed,
            "in_no_cluster": self.in_none,
            "without_a_place": dict(self.reasons),
            "clusters": {name: sizes[number] for number, name in self.names.items()},
            "moved": self.moved,
            "seconds": self.seconds,
        }


def draw_map(
    database: Database, folder: Path, *, clock: Callable[[], datetime], tz: tzinfo, tell: Callable[[str], None]
) -> Drawn:
    """Draw tonight's map of the vectors in `folder`, in the place of the one that tonight may have already."""
    began = time.monotonic()
    with alone(folder):
        night = clock().astimezone(tz).date()
        since, _ = day_bounds(night - timedelta(days=DAYS), tz)
        with database.reading() as connection:
            tracks = played(connection, since=since, at_least=PLAYS)
            last = last_map(connection, before=night)
        tell(f"{len(tracks)} tracks with {PLAYS} plays or more in {DAYS} days")
        drawn = _draw(night, tracks, open_vectors(folder), last)
        with database.writing() as connection:
            write_map(connection, drawn)
            note_run(connection, RUN, clock())
    return Drawn(drawn, _moved(drawn, last), round(time.monotonic() - began, 1))


def _draw(night: date, tracks: Sequence[Played], vectors: Vectors | None, last: NightMap | None) -> NightMap:
    if vectors is None:
        return NightMap(night, ModelName("", ""), tuple(_nowhere(track, NO_VECTOR) for track in tracks))
    rows = vectors.rows_of([track.track_id for track in tracks])
    known = [track for track, row in zip(tracks, rows, strict=True) if row >= 0]
    placed = _placed(known, vectors.matrix[rows[rows >= 0]], vectors.name, last)
    why = dict.fromkeys((track.track_id for track in known), TOO_FEW)
    places = (placed.get(track.track_id) or _nowhere(track, why.get(track.track_id, NO_VECTOR)) for track in tracks)
    return NightMap(night, vectors.name, tuple(places))


def _nowhere(track: Played, reason: str) -> Place:
    return Place(track.track_id, None, None, reason=reason)


def _placed(tracks: Sequence[Played], matrix: Floats, name: ModelName, last: NightMap | None) -> dict[str, Place]:
    """The places of these tracks with vectors (n, dim); nothing where too few of the vectors differ."""
    first, group = _different(matrix)
    if len(first) < FEWEST:
        return {}
    before = {place.track_id: place for place in last.places} if last else {}
    begin = np.full((len(first), 2), np.nan, np.float32)
    for track, row in zip(tracks, group, strict=True):
        if (place := before.get(track.track_id)) and place.x is not None and place.y is not None:
            begin[row] = place.x, place.y
    places = layout(matrix[first], begin, go_on=last is not None and last.name == name)
    numbers = _numbered(tracks, clusters(places)[group], before)
    labels = {place.cluster: place.label for place in before.values()}
    names = name_clusters(tracks, numbers, kept={number: labels[number] for number in numbers if number in labels})
    return {
        track.track_id: Place(
            track.track_id, float(places[row, 0]), float(places[row, 1]), number, names.get(number, "")
        )
        for track, row, number in zip(tracks, group, numbers, strict=True)
    }


def _different(matrix: Floats) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """The first row of each different vector of (n, dim), in order, and which of these each row (n,) is like."""
    _, first, group = np.unique(np.round(matrix, SAME_DIGITS), axis=0, return_index=True, return_inverse=True)
    order = np.argsort(first)
    return first[order], np.argsort(order)[group]


def _numbered(tracks: Sequence[Played], found: NDArray[np.intp], before: Mapping[str, Place]) -> list[int]:
    """The cluster (n,) of each track under the number it had last night; what is new gets numbers from there on."""
    now = {track.track_id: int(label) for track, label in zip(tracks, found, strict=True)}
    earlier = {track_id: place.cluster for track_id, place in before.items()}
    same = same_as_before(now, earlier)
    free = itertools.count(max(earlier.values(), default=NO_CLUSTER) + 1)
    numbers = {label: same[label] if label in same else next(free) for label in sorted({*now.values()} - {NO_CLUSTER})}
    return [numbers.get(int(label), NO_CLUSTER) for label in found]


def _moved(drawn: NightMap, last: NightMap | None) -> float | None:
    before = {place.track_id: (place.x, place.y) for place in last.places if place.x is not None} if last else {}
    stayed = [place for place in drawn.places if place.x is not None and place.track_id in before]
    if not stayed:
        return None
    now = np.array([(place.x, place.y) for place in stayed], float)
    then = np.array([before[place.track_id] for place in stayed], float)
    width = float(np.ptp(then, axis=0).max())
    return round(float(np.median(np.linalg.norm(now - then, axis=1))) / width, 4) if width else 0.0
