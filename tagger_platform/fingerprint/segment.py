"""One immutable part of the index: the landmarks of some tracks, as memory-mapped arrays in one folder.

What belongs here: the layout of a segment's files, writing one, looking hashes up in one, merging several.
What does not: which segments are live, and who may write (`index`); what a hash means (`landmarks`).

    directory.npy  (2**bits + 1,) uint32: where the postings of each hash prefix begin
    suffixes.npy   (n,) uint8..uint32: the rest of each posting's hash
    postings.npy   (n,) uint32: each posting's tick on the segment's timeline, on which all tracks lie one after another
    tracks.json    the tracks, and where on the timeline each begins
"""

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tagger_platform.fingerprint.landmarks import TICK_S, Hashes, Landmarks

HASH_BITS = 26
GAP_TICKS = 1250
"""Ticks (20 s) before each track, so that a window that begins before it still falls to it and to no other."""
COMMONEST = 400
"""A hash prefix with more postings than this in one segment tells nothing (a held tone) and is not read."""

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
class Segment:
    """An open segment. `begins` (tracks,) are the ticks at which its tracks begin; `removed` marks those to ignore."""

    name: str
    tracks: tuple[TrackMeta, ...]
    begins: Ticks
    removed: NDArray[np.bool_]
    directory: NDArray[np.uint32]
    suffixes: NDArray[np.unsignedinteger]
    postings: NDArray[np.uint32]

    @property
    def _suffix_bits(self) -> int:
        return HASH_BITS - (len(self.directory) - 1).bit_length() + 1

    def look_up(self, hashes: Hashes) -> tuple[NDArray[np.intp], Ticks]:
        """All postings of `hashes` (m,): the index of the hash each belongs to, and its tick on the timeline."""
        prefixes = hashes >> np.uint32(self._suffix_bits)
        first = self.directory[prefixes].astype(np.int64)
        counts = self.directory[prefixes + np.uint32(1)] - first
        counts[counts > COMMONEST] = 0
        wanted = np.repeat(np.arange(len(hashes)), counts)
        within = np.arange(len(wanted)) - np.repeat(np.cumsum(counts) - counts, counts)
        places = first[wanted] + within
        rest = hashes & np.uint32((1 << self._suffix_bits) - 1)
        same = self.suffixes[places] == rest[wanted]
        return wanted[same], self.postings[places[same]].astype(np.int64)

    def track_at(self, tick: int) -> int:
        """The track that a window beginning at `tick` of the timeline belongs to."""
        return max(0, int(np.searchsorted(self.begins - GAP_TICKS, tick, side="right")) - 1)

    def territory(self, number: int) -> tuple[int, int]:
        """The ticks of the timeline, from and to, at which windows of track `number` may begin."""
        begin = int(self.begins[number])
        return begin - GAP_TICKS, begin + int(self.tracks[number].duration_s / TICK_S) + GAP_TICKS

    @property
    def wasteful(self) -> bool:
        """Whether more than half of the tracks are removed ones."""
        return 2 * int(self.removed.sum()) > len(self.tracks)

    def live_tracks(self) -> list[TrackMeta]:
        return [track for track, gone in zip(self.tracks, self.removed, strict=True) if not gone]

    def _hashes(self) -> Hashes:
        prefixes = np.repeat(np.arange(len(self.directory) - 1, dtype=np.uint32), np.diff(self.directory))
        return (prefixes << np.uint32(self._suffix_bits)) | self.suffixes.astype(np.uint32)

    def live_landmarks(self) -> list[tuple[TrackMeta, Landmarks]]:
        """The live tracks with their landmarks, as they were added (in another order)."""
        owner = np.searchsorted(self.begins, self.postings, side="right") - 1
        order = np.argsort(owner, kind="stable")
        bounds = np.searchsorted(owner[order], np.arange(len(self.tracks) + 1))
        hashes = self._hashes()
        result = []
        for number, track in enumerate(self.tracks):
            if not self.removed[number]:
                own = order[bounds[number] : bounds[number + 1]]
                ticks = (self.postings[own] - self.begins[number]).astype(np.uint32)
                result.append((track, Landmarks(hashes[own], ticks, track.duration_s)))
        return result


def write_segment(folder: Path, tracks: Sequence[tuple[TrackMeta, Landmarks]]) -> None:
    """Write a segment of `tracks` into the new `folder`, and force it to the disk."""
    lengths = np.array([int(marks.duration_s / TICK_S) + 2 * GAP_TICKS for _, marks in tracks], np.int64)
    begins = np.cumsum(lengths) - lengths + GAP_TICKS
    hashes = np.concatenate([marks.hashes for _, marks in tracks])
    ticks = np.concatenate([marks.ticks + begin for (_, marks), begin in zip(tracks, begins, strict=True)])
    order = np.sort((hashes.astype(np.uint64) << np.uint64(32)) | ticks.astype(np.uint64))
    prefix_bits = int(np.clip(len(order).bit_length() - 1, 8, HASH_BITS))  # one or two postings a prefix
    suffix_bits = HASH_BITS - prefix_bits
    hashes = (order >> np.uint64(32)).astype(np.uint32)
    counts = np.bincount(hashes >> np.uint32(suffix_bits), minlength=1 << prefix_bits)
    narrow = np.min_scalar_type((1 << suffix_bits) - 1)
    folder.mkdir(parents=True)
    _save(folder / "directory.npy", np.concatenate([[0], np.cumsum(counts)]).astype(np.uint32))
    _save(folder / "suffixes.npy", (hashes & np.uint32((1 << suffix_bits) - 1)).astype(narrow))
    _save(folder / "postings.npy", (order & np.uint64(0xFFFFFFFF)).astype(np.uint32))
    described = [{**asdict(meta), "begin": int(begin)} for (meta, _), begin in zip(tracks, begins, strict=True)]
    write_durably(folder / "tracks.json", json.dumps(described).encode())
    sync_folder(folder)


def open_segment(folder: Path, removed_ids: frozenset[str]) -> Segment:
    """The segment in `folder`, without the tracks whose item_id is in `removed_ids`."""
    described = json.loads((folder / "tracks.json").read_bytes())
    begins = np.array([track.pop("begin") for track in described], np.int64)
    tracks = tuple(TrackMeta(**track) for track in described)
    removed = np.array([track.item_id in removed_ids for track in tracks], bool)
    arrays = [np.load(folder / f"{name}.npy", mmap_mode="r") for name in ("directory", "suffixes", "postings")]
    return Segment(folder.name, tracks, begins, removed, *arrays)


def write_durably(path: Path, content: bytes) -> None:
    """Write `content` and wait until it is on the disk."""
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Wait until the names in `folder` are on the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _save(path: Path, array: NDArray[np.generic]) -> None:
    with path.open("wb") as file:
        np.save(file, array)
        file.flush()
        os.fsync(file.fileno())
