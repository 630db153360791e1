"""Writing a segment's files: new ones from landmarks, and several merged into one, in bounded memory.

What belongs here: everything that writes a segment's folder, forced to the disk. What does not: reading one
(`segment`), which segments are live (`index`).
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from tagger_platform.files import durable, sync, write_durably
from tagger_platform.fingerprint.landmarks import HASH_BITS, TICK_S, Hashes, Landmarks
from tagger_platform.fingerprint.segment import GAP_TICKS, Segment, Ticks, TrackMeta

PER_BUCKET = 4
"""Postings that share a hash prefix, about: the directory takes a byte a posting, and a look-up reads few in vain."""
MERGED_AT_ONCE = 1 << 22
"""Postings that a merge holds in memory, about (100 MB)."""


def write_segment(folder: Path, tracks: Sequence[tuple[TrackMeta, Landmarks]]) -> None:
    """Write a segment of `tracks` into the new `folder`, and force it to the disk."""
    begins = _begins([meta for meta, _ in tracks])
    hashes = np.concatenate([marks.hashes for _, marks in tracks])
    ticks = np.concatenate([marks.ticks + begin for (_, marks), begin in zip(tracks, begins, strict=True)])
    folder.mkdir(parents=True)
    _write_postings(folder, len(hashes), iter([(hashes, ticks)]))
    peaks = ((marks.peak_ticks + begin, marks.peak_tones) for (_, marks), begin in zip(tracks, begins, strict=True))
    _write_peaks(folder, sum(len(marks.peak_ticks) for _, marks in tracks), peaks)
    _write_tracks(folder, [meta for meta, _ in tracks], begins)


def merge_segments(folder: Path, segments: Sequence[Segment]) -> None:
    """Write the live tracks of `segments` (at least one) as one segment into the new `folder`, in bounded memory."""
    metas = [track for segment in segments for track in segment.live_tracks()]
    begins = _begins(metas)
    moves = _moves(segments, begins)
    count = sum(_live_count(segment, segment.postings) for segment in segments)
    folder.mkdir(parents=True)
    _write_postings(folder, count, _merged(segments, moves, count))
    peaks = sum(_live_count(segment, segment.peak_ticks) for segment in segments)
    _write_peaks(folder, peaks, _moved_peaks(segments, moves))
    _write_tracks(folder, metas, begins)


def _moves(segments: Sequence[Segment], begins: Ticks) -> list[Ticks]:
    """By how many ticks each track of each segment moves when the live ones begin at `begins`, one after another."""
    moves, place = [], 0
    for segment in segments:
        live = ~segment.removed
        moved = np.zeros(len(segment.tracks), np.int64)
        moved[live] = begins[place : place + int(live.sum())] - segment.begins[live]
        place += int(live.sum())
        moves.append(moved)
    return moves


def _merged(segments: Sequence[Segment], moves: Sequence[Ticks], count: int) -> Iterator[tuple[Hashes, Ticks]]:
    """The live postings of all `segments`, one range of hashes after another, on the new timeline."""
    part_bits = HASH_BITS - (count // MERGED_AT_ONCE).bit_length()
    step = 1 << max(part_bits, *(segment.suffix_bits for segment in segments))
    for low in range(0, 1 << HASH_BITS, step):
        found = []
        for segment, moved in zip(segments, moves, strict=True):
            hashes, ticks = segment.rows(low, low + step)
            owner = segment.owners(ticks)
            live = ~segment.removed[owner]
            found.append((hashes[live], (ticks + moved[owner])[live]))
        yield np.concatenate([hashes for hashes, _ in found]), np.concatenate([ticks for _, ticks in found])


def _live_count(segment: Segment, ticks: NDArray[np.uint32]) -> int:
    """How many of `ticks` (n,) lie in live tracks."""
    if not segment.removed.any():
        return len(ticks)
    return sum(int((~segment.removed[segment.owners(ticks[part])]).sum()) for part in _parts(len(ticks)))


def _moved_peaks(segments: Sequence[Segment], moves: Sequence[Ticks]) -> Iterator[tuple[Ticks, NDArray[np.uint16]]]:
    for segment, moved in zip(segments, moves, strict=True):
        for part in _parts(len(segment.peak_ticks)):
            ticks = segment.peak_ticks[part].astype(np.int64)
            owner = segment.owners(ticks)
            live = ~segment.removed[owner]
            yield (ticks + moved[owner])[live], segment.peak_tones[part][live]


def _parts(count: int) -> Iterator[slice]:
    return (slice(start, start + MERGED_AT_ONCE) for start in range(0, count, MERGED_AT_ONCE))


def _begins(metas: Sequence[TrackMeta]) -> Ticks:
    """Where each track begins on the timeline."""
    lengths = np.array([int(meta.duration_s / TICK_S) + 2 * GAP_TICKS for meta in metas], np.int64)
    return np.cumsum(lengths) - lengths + GAP_TICKS


def _write_postings(folder: Path, count: int, parts: Iterable[tuple[Hashes, Ticks]]) -> None:
    """Write `count` postings that come in parts, each of the next range of hashes."""
    prefix_bits = int(np.clip((count // PER_BUCKET).bit_length(), 8, HASH_BITS))
    suffix_bits = HASH_BITS - prefix_bits
    narrow = np.min_scalar_type((1 << suffix_bits) - 1)
    counts = np.zeros(1 << prefix_bits, np.int64)
    with (
        _array_file(folder / "suffixes.npy", narrow, count) as suffixes,
        _array_file(folder / "postings.npy", np.dtype(np.uint32), count) as postings,
    ):
        for hashes, ticks in parts:
            order = np.sort((hashes.astype(np.uint64) << np.uint64(32)) | ticks.astype(np.uint64))
            ordered = (order >> np.uint64(32)).astype(np.uint32)
            counts += np.bincount(ordered >> np.uint32(suffix_bits), minlength=1 << prefix_bits)
            suffixes.write((ordered & np.uint32((1 << suffix_bits) - 1)).astype(narrow).tobytes())
            postings.write((order & np.uint64(0xFFFFFFFF)).astype(np.uint32).tobytes())
    _save(folder / "directory.npy", np.concatenate([[0], np.cumsum(counts)]).astype(np.uint32))


def _write_peaks(folder: Path, count: int, parts: Iterable[tuple[Ticks, NDArray[np.uint16]]]) -> None:
    """Write `count` peaks that come in parts, in order of time."""
    with (
        _array_file(folder / "peak_ticks.npy", np.dtype(np.uint32), count) as ticks_file,
        _array_file(folder / "peak_tones.npy", np.dtype(np.uint16), count) as tones_file,
    ):
        for ticks, tones in parts:
            ticks_file.write(ticks.astype(np.uint32).tobytes())
            tones_file.write(tones.tobytes())


def _write_tracks(folder: Path, metas: Sequence[TrackMeta], begins: Ticks) -> None:
    described = [{**asdict(meta), "begin": int(begin)} for meta, begin in zip(metas, begins, strict=True)]
    write_durably(folder / "tracks.json", json.dumps(described).encode())
    sync(folder)


def _save(path: Path, array: NDArray[np.generic]) -> None:
    with durable(path) as file:
        np.save(file, array)


@contextmanager
def _array_file(path: Path, dtype: np.dtype[Any], count: int) -> Iterator[BinaryIO]:
    """A .npy file of `count` values that are written bit by bit; not a map: a full disk must raise, not kill."""
    with durable(path) as file:
        shape = {"descr": np.lib.format.dtype_to_descr(dtype), "fortran_order": False, "shape": (count,)}
        np.lib.format.write_array_header_1_0(file, shape)
        yield file
