"""One immutable part of the index: the landmarks of some tracks, as memory-mapped arrays in one folder.

What belongs here: the layout of a segment's files, and reading from one. What does not: writing one (`segment_writer`),
which segments are live (`index`), what a hash means (`landmarks`).

    directory.npy   (2**bits + 1,) uint32: where the postings of each hash prefix begin
    suffixes.npy    (n,) uint8..uint32: the rest of each posting's hash
    postings.npy    (n,) uint32: each posting's tick on the segment's timeline, on which tracks lie one after another
    peak_ticks.npy  (k,) uint32: the peaks' ticks on the timeline, in order
    peak_tones.npy  (k,) uint16: their bins and levels
    tracks.json     the tracks, and where on the timeline each begins
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tagger_platform.fingerprint.landmarks import HASH_BITS, TICK_S, Hashes, Landmarks

GAP_TICKS = 1250
"""Ticks (20 s) before each track, so that a window that begins before it still falls to it and to no other."""

PORTION = 32_768
"""Postings read at once: as arrays they fit into a processor's cache, and two million at once would take 100 MB."""

ARRAYS = ("directory", "suffixes", "postings", "peak_ticks", "peak_tones")

Ticks = NDArray[np.int64]


@dataclass(frozen=True)
class TrackMeta:
    """What the index remembers of a track, so that naming it needs no database. `path` is where its file lay."""

    item_id: str
    title: str
    artist: str = ""
    album: str = ""
    isrc: str = ""
    label: str = ""
    duration_s: float = 0.0
    kind: str = "music"
    path: str = ""


@dataclass(frozen=True)
class Buckets:
    """Where a segment holds the postings of some hashes (m,), and of others that share their prefixes: first, count."""

    first: Ticks
    count: Ticks


@dataclass(frozen=True)
class Segment:
    """An open segment. `begins` (tracks,) are the ticks at which its tracks begin; `removed` marks those to ignore."""

    name: str
    tracks: tuple[TrackMeta, ...]
    begins: Ticks
    removed: NDArray[np.bool_]
    directory: NDArray[np.uint32]
    suffixes: NDArray[np.unsignedinteger]
    postings: NDArray[np.uint32]
    peak_ticks: NDArray[np.uint32]
    peak_tones: NDArray[np.uint16]

    @property
    def suffix_bits(self) -> int:
        return HASH_BITS - (len(self.directory) - 1).bit_length() + 1

    def buckets(self, hashes: Hashes) -> Buckets:
        """Where to read the postings of `hashes` (m,)."""
        prefixes = (hashes >> np.uint32(self.suffix_bits)).astype(np.intp)
        first = self.directory[prefixes].astype(np.int64)
        return Buckets(first, self.directory[prefixes + 1] - first)

    def look_up(self, hashes: Hashes, buckets: Buckets | None = None) -> tuple[NDArray[np.intp], Ticks]:
        """The postings of `hashes` (m,), or those of them in `buckets`: the index of each one's hash, and its tick."""
        buckets = buckets or self.buckets(hashes)
        held = np.flatnonzero(buckets.count)
        count = buckets.count[held]
        ends = np.cumsum(count)
        shift = buckets.first[held] - ends + count
        rest = (hashes[held] & np.uint32((1 << self.suffix_bits) - 1)).astype(self.suffixes.dtype)
        wanted, ticks = [held[:0]], [self.postings[:0]]
        for own in _portions(ends):
            places = np.repeat(shift[own], count[own])
            places += np.arange(len(places)) + (ends[own.start] - count[own.start])
            same = np.flatnonzero(self.suffixes[places] == np.repeat(rest[own], count[own]))
            wanted.append(np.repeat(held[own], count[own])[same])
            ticks.append(self.postings[places[same]])
        return np.concatenate(wanted), np.concatenate(ticks).astype(np.int64)

    def track_at(self, tick: int) -> int:
        """The track that a window beginning at `tick` of the timeline belongs to."""
        return int(self.tracks_at(np.array([tick]))[0])

    def tracks_at(self, ticks: Ticks) -> NDArray[np.intp]:
        """The tracks (n,) that windows beginning at `ticks` (n,) of the timeline belong to."""
        return np.maximum(np.searchsorted(self.begins - GAP_TICKS, ticks, side="right") - 1, 0)

    def owners(self, ticks: NDArray[np.integer]) -> NDArray[np.intp]:
        """The tracks (n,) that landmarks at `ticks` (n,) of the timeline are from."""
        return np.searchsorted(self.begins, ticks, side="right") - 1

    def peaks_between(self, low: Ticks, high: Ticks) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """The first of the peaks that lie at the ticks from `low` (n,) up to `high` (n,) of the timeline, and the one
        after the last."""
        first, last = np.searchsorted(self.peak_ticks, np.maximum([low, high], 0).astype(np.uint32))
        return first, last

    @property
    def length(self) -> int:
        """Ticks of the timeline."""
        return int(self.begins[-1]) + int(self.tracks[-1].duration_s / TICK_S) + GAP_TICKS

    @property
    def wasteful(self) -> bool:
        """Whether more than half of the tracks are removed ones."""
        return 2 * int(self.removed.sum()) > len(self.tracks)

    def live_tracks(self) -> list[TrackMeta]:
        return [track for track, gone in zip(self.tracks, self.removed, strict=True) if not gone]

    def live_landmarks(self) -> list[tuple[TrackMeta, Landmarks]]:
        """The live tracks with their landmarks, as they were added (in another order)."""
        hashes, ticks = self.rows(0, 1 << HASH_BITS)
        owner = self.owners(ticks)
        order = np.argsort(owner, kind="stable")
        bounds = np.searchsorted(owner[order], np.arange(len(self.tracks) + 1))
        peaks = np.searchsorted(self.peak_ticks, np.append(self.begins, np.iinfo(np.uint32).max).astype(np.uint32))
        result = []
        for number, track in enumerate(self.tracks):
            if not self.removed[number]:
                own, tones = order[bounds[number] : bounds[number + 1]], slice(*peaks[number : number + 2])
                begin = self.begins[number]
                marks = Landmarks(
                    hashes[own],
                    (ticks[own] - begin).astype(np.uint32),
                    (self.peak_ticks[tones] - begin).astype(np.uint32),
                    np.asarray(self.peak_tones[tones]),
                    track.duration_s,
                )
                result.append((track, marks))
        return result

    def rows(self, low: int, high: int) -> tuple[Hashes, Ticks]:
        """All postings whose hash lies in [low, high), both multiples of a bucket's hashes: hash and tick, by hash."""
        first, last = (low >> self.suffix_bits), (high >> self.suffix_bits)
        bounds = self.directory[first : last + 1].astype(np.int64)
        prefixes = np.repeat(np.arange(first, last, dtype=np.uint32), np.diff(bounds))
        own = slice(int(bounds[0]), int(bounds[-1]))
        hashes = (prefixes << np.uint32(self.suffix_bits)) | self.suffixes[own].astype(np.uint32)
        return hashes, self.postings[own].astype(np.int64)


def _portions(ends: NDArray[np.int64]) -> Iterator[slice]:
    """Neighbouring buckets, of which `ends` (m,) counts the postings up to each, about `PORTION` postings at a time."""
    cuts = np.searchsorted(ends, np.arange(PORTION, int(ends[-1]) if len(ends) else 0, PORTION)).tolist()
    for first, last in pairwise(dict.fromkeys([0, *cuts, len(ends)])):
        yield slice(first, last)


def open_segment(folder: Path, removed_ids: frozenset[str]) -> Segment:
    """The segment in `folder`, without the tracks whose item_id is in `removed_ids`."""
    described = json.loads((folder / "tracks.json").read_bytes())
    begins = np.array([track.pop("begin") for track in described], np.int64)
    tracks = tuple(TrackMeta(**track) for track in described)
    removed = np.array([track.item_id in removed_ids for track in tracks], bool)
    # As plain arrays over the same map: np.memmap makes each of a search's thousand slices three times as dear.
    arrays = [np.load(folder / f"{name}.npy", mmap_mode="r").view(np.ndarray) for name in ARRAYS]
    return Segment(folder.name, tracks, begins, removed, *arrays)
