"""The user's own audio: from files to the catalogue, with a status for every one.

What belongs here: finding files, telling duplicates, filling the index, in this order and without touching an original.
What does not: the table that lists the items (the store; it listens through `on_status`), decoding (`audio`).
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from tagger_platform.audio import SUFFIXES, decode, read_tags
from tagger_platform.errors import AudioError, RequestError
from tagger_platform.fingerprint.index import Index
from tagger_platform.fingerprint.landmarks import Landmarks, landmarks
from tagger_platform.fingerprint.peaks import RATE
from tagger_platform.fingerprint.same import same_recording
from tagger_platform.fingerprint.segment import TrackMeta

ID_DIGITS = 16
"""Hex digits of the file's SHA-256 that name an item: among a million files two share one with a chance of 3e-8."""
FEWEST_LANDMARKS = 40
"""Hashes (a third of a second of dense music) below which a file could only be found by chance."""

KINDS = ("music", "jingle", "ad", "other")
KIND_OF_FOLDER = {
    "jingle": "jingle",
    "jingles": "jingle",
    "ad": "ad",
    "ads": "ad",
    "adverts": "ad",
    "commercials": "ad",
    "music": "music",
    "other": "other",
}


class ItemStatus(StrEnum):
    QUEUED = "QUEUED"
    FINGERPRINTING = "FINGERPRINTING"
    READY = "READY"
    FAILED = "FAILED"
    DUPLICATE = "DUPLICATE"


@dataclass(frozen=True)
class LibraryItem:
    """A file of the library and what became of it. `reason` says why it failed, `duplicate_of` is an item_id."""

    item_id: str
    path: Path
    title: str
    kind: str
    artist: str = ""
    album: str = ""
    isrc: str = ""
    label: str = ""
    duration_s: float | None = None
    status: ItemStatus = ItemStatus.QUEUED
    reason: str = ""
    duplicate_of: str = ""


OnStatus = Callable[[LibraryItem], None]
"""Told of every change of an item's status. Never told of a second file with the same bytes, which has the same id."""


def add(
    paths: Sequence[Path], index: Index, ffmpeg: str | Path, on_status: OnStatus, kind: str | None = None
) -> Iterator[LibraryItem]:
    """Add files, and all audio files below folders, to `index`; yields each item when it is done.

    One item that fails never stops another. An item whose file is already there stays as it is, so that adding a folder
    again after an interruption finishes it. Raises RequestError, with nothing done, for a path that does not exist.
    """
    if kind is not None and kind not in KINDS:
        raise RequestError(f"{kind!r} is no kind of item: use {', '.join(KINDS)}")
    queued = [_queued(path, kind or _kind_by_folder(path)) for path in find_audio(paths)]
    index.refresh()
    there = {track.item_id: track for track in index.tracks()}
    for item in queued:
        if item.item_id not in there:
            on_status(item)
    for item in queued:
        held = there.get(item.item_id)
        done = _already_there(item, held) if held else _fingerprinted(item, index, ffmpeg, on_status)
        if done.status is ItemStatus.READY:
            there[done.item_id] = _meta(done)
        if done.item_id not in there or done.status is ItemStatus.READY:
            on_status(done)
        yield done


def remove(item_ids: Sequence[str], index: Index) -> list[str]:
    """Take items out of the index, and return the ids of those that were in it. The files stay."""
    index.refresh()
    found = sorted({track.item_id for track in index.tracks()} & set(item_ids))
    if found:
        index.remove(found)
    return found


def find_audio(paths: Sequence[Path]) -> list[Path]:
    """`paths` with folders replaced by the audio files below them; hidden ones are left out; none twice."""
    found: dict[Path, None] = {}
    for path in paths:
        if not path.exists():
            raise RequestError(f"{path} does not exist")
        inside = sorted(path.rglob("*")) if path.is_dir() else [path]
        for file in inside:
            hidden = any(part.startswith(".") for part in file.relative_to(path).parts)
            if file == path or (file.suffix.lower() in SUFFIXES and file.is_file() and not hidden):
                found[file.absolute()] = None
    return list(found)


def item_id(path: Path) -> str:
    """The id of the file's content: the first digits of its SHA-256."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:ID_DIGITS]


def _kind_by_folder(path: Path) -> str:
    return next((KIND_OF_FOLDER[up.name.lower()] for up in path.parents if up.name.lower() in KIND_OF_FOLDER), "music")


def _queued(path: Path, kind: str) -> LibraryItem:
    try:
        identity = item_id(path)
    except OSError:  # it fails by name in its turn, with the reason that `decode` gives
        identity = hashlib.sha256(str(path).encode()).hexdigest()[:ID_DIGITS]
    tags = read_tags(path)
    return LibraryItem(
        identity, path, tags.title, kind, tags.artist, tags.album, tags.isrc, tags.label, tags.duration_s
    )


def _already_there(item: LibraryItem, held: TrackMeta) -> LibraryItem:
    if held.path == str(item.path):
        return replace(
            item, status=ItemStatus.READY, kind=held.kind, duration_s=held.duration_s, reason="already in the catalogue"
        )
    reason = f"the same file as {held.path}"
    return replace(item, status=ItemStatus.DUPLICATE, duplicate_of=held.item_id, reason=reason)


def _fingerprinted(item: LibraryItem, index: Index, ffmpeg: str | Path, on_status: OnStatus) -> LibraryItem:
    on_status(replace(item, status=ItemStatus.FINGERPRINTING))
    try:
        marks = landmarks(decode(item.path, RATE, ffmpeg))
    except AudioError as error:
        return replace(item, status=ItemStatus.FAILED, reason=str(error))
    item = replace(item, duration_s=round(marks.duration_s, 3))
    if len(marks.hashes) < FEWEST_LANDMARKS:
        return replace(item, status=ItemStatus.FAILED, reason="it is silent, or too even to be recognised by anything")
    twin = same_recording(marks, index)
    if twin:
        reason = f"the same recording as {twin.title} ({twin.path})"
        return replace(item, status=ItemStatus.DUPLICATE, duplicate_of=twin.item_id, reason=reason)
    return _published(item, marks, index)


def _published(item: LibraryItem, marks: Landmarks, index: Index) -> LibraryItem:
    ready = replace(item, status=ItemStatus.READY)
    index.add([(_meta(ready), marks)])
    return ready


def _meta(item: LibraryItem) -> TrackMeta:
    return TrackMeta(
        item.item_id,
        item.title,
        item.artist,
        item.album,
        item.isrc,
        item.label,
        item.duration_s or 0.0,
        item.kind,
        str(item.path),
    )
