"""The index on disk: which segments are live, who may write, and how a change is published.

What belongs here: adding and removing tracks so that readers in any process see all of a change or nothing of it, and
a process killed at any point leaves a usable index. What does not: a segment's own files (`segment`), comparing,
making an index anew (`replace`).

    catalogue/current.json       format, live segments, and the tracks removed from each; replaced by rename
    catalogue/segments/<name>/   immutable; kept for a while after a merge, for readers that just opened current.json
    catalogue/lock               flock: writers take turns; readers take none
"""

import fcntl
import json
import os
import shutil
import time
import uuid
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from tagger_platform.errors import NewerVersionError, RequestError, TransientError
from tagger_platform.files import sync, write_durably
from tagger_platform.fingerprint.landmarks import Landmarks
from tagger_platform.fingerprint.segment import Segment, TrackMeta, open_segment
from tagger_platform.fingerprint.segment_writer import merge_segments, write_segment

FORMAT_VERSION = 2
GROWTH = 3
"""Each segment holds at least this many times the postings of all smaller ones together, or they are merged: about six
segments for a thousand tracks added one by one, each of them written about six times."""
LARGEST = 16_000_000
"""Postings (about 32 h of audio) of the largest segment that is made while somebody waits: five CPU-seconds."""
LONGEST_TICKS = 1 << 32
"""Ticks (19,000 h) of the longest timeline: a posting has 32 bits."""
KEPT_S = 600.0
"""Seconds that a replaced segment's files stay, for a reader between reading current.json and opening them."""
ATTEMPTS = 5
"""Times that a reader starts again when the segments vanish under it."""


class Index:
    """The fingerprints of the user's own audio, in the folder `root` (which need not exist to be read)."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._stamp: tuple[int, int, int] | None = None
        self.segments: tuple[Segment, ...] = ()
        self.refresh()

    @property
    def count(self) -> int:
        """How many live tracks there are."""
        return sum(len(segment.tracks) - int(segment.removed.sum()) for segment in self.segments)

    def tracks(self) -> list[TrackMeta]:
        """All live tracks, in the order in which they were added as far as merges kept it."""
        return [track for segment in self.segments for track in segment.live_tracks()]

    def refresh(self) -> None:
        """See what other processes have published since. Costs one stat when there is nothing new."""
        if self._stamp == self._stat():
            return
        for _ in range(ATTEMPTS):
            stamp = self._stat()
            try:
                segments = tuple(self._open(self._current()))
            except ValueError as error:
                raise self._damaged() from error
            except FileNotFoundError:
                if stamp == self._stat():
                    raise TransientError(
                        f"a part of the catalogue is missing in {self._root}: `tagger library rebuild` makes it anew"
                    ) from None
                continue
            self.segments, self._stamp = segments, stamp
            return
        raise TransientError(f"the catalogue in {self._root} keeps changing while it is read: try again")

    def add(self, tracks: Sequence[tuple[TrackMeta, Landmarks]]) -> None:
        """Publish `tracks`, at least one, together. A track whose item_id is already there is replaced."""
        if not all(len(marks.hashes) for _, marks in tracks):
            raise ValueError("a track without landmarks cannot be found again: it does not belong in the index")
        with self._writing() as current:
            self._mark_removed(current, {meta.item_id for meta, _ in tracks})
            current[self._new(lambda folder: write_segment(folder, tracks))] = []
            self._merge(current, LARGEST)
            publish(self._root, current)

    def remove(self, item_ids: Collection[str]) -> None:
        """Take tracks out; ids that are not there are no error."""
        with self._writing() as current:
            self._mark_removed(current, set(item_ids))
            self._merge(current, LARGEST)
            publish(self._root, current)

    def optimise(self) -> None:
        """Merge what `add` left, because every segment costs a search 5 ms. Takes minutes with 10,000 tracks."""
        with self._writing() as current:
            before = list(current)
            self._merge(current, None)
            if list(current) != before:
                publish(self._root, current)

    @contextmanager
    def _writing(self) -> Iterator[dict[str, list[str]]]:
        """Hold the writers' lock, with what is published now: {segment: removed item_ids}."""
        with writers_lock(self._root):
            self.refresh()
            yield self._current()
            self.refresh()

    def _mark_removed(self, current: dict[str, list[str]], item_ids: set[str]) -> None:
        for segment in self.segments:
            gone = {track.item_id for track in segment.tracks} & item_ids
            current[segment.name] = sorted(gone.union(current[segment.name]))

    def _new(self, write: Callable[[Path], None]) -> str:
        name = uuid.uuid4().hex
        folder = self._root / "segments" / name
        try:
            write(folder)
        except OSError:  # a full disk above all: half a segment must not keep it full
            shutil.rmtree(folder, ignore_errors=True)
            raise
        sync(self._root / "segments")
        return name

    def _merge(self, current: dict[str, list[str]], largest: int | None) -> None:
        """Merge small segments so that few remain (see GROWTH), and rewrite those that are mostly removed tracks."""
        segments = sorted(self._open(current), key=lambda one: len(one.postings))
        together = segments[: _small(segments, largest)]
        together += [one for one in segments[len(together) :] if one.wasteful and _fit([*together, one], largest)]
        if len(together) < 2 and not any(segment.wasteful for segment in together):
            return
        for segment in together:
            del current[segment.name]
            os.utime(self._root / "segments" / segment.name)  # KEPT_S counts from now
        if not all(segment.removed.all() for segment in together):
            current[self._new(lambda folder: merge_segments(folder, together))] = []

    def _current(self) -> dict[str, list[str]]:
        try:
            content = json.loads((self._root / "current.json").read_bytes())
        except FileNotFoundError:
            return {}
        except ValueError as error:
            raise self._damaged() from error
        version = content.get("format") if isinstance(content, dict) else None
        if not isinstance(version, int):
            raise self._damaged()
        if version > FORMAT_VERSION:
            raise NewerVersionError(
                f"The catalogue in {self._root} was written by a newer tagger (format {version}, this one "
                f"knows {FORMAT_VERSION}): update tagger, or point DATA_DIR at another folder."
            )
        if version < FORMAT_VERSION:
            raise RequestError(
                f"The catalogue in {self._root} was written by an older tagger (format {version}, this one "
                f"writes {FORMAT_VERSION}): `tagger library rebuild` makes it anew from your audio."
            )
        segments = content.get("segments")
        if not isinstance(segments, dict) or not all(map(_is_list_of_names, segments.values())):
            raise self._damaged()
        return segments

    def _damaged(self) -> RequestError:
        return RequestError(
            f"The catalogue in {self._root} is damaged: `tagger library rebuild` makes it anew from your audio."
        )

    def _open(self, current: dict[str, list[str]]) -> Iterator[Segment]:
        known = {segment.name: segment for segment in self.segments}
        for name, removed in current.items():
            gone = frozenset(removed)
            held = known.get(name)
            if held and gone == {t.item_id for t, out in zip(held.tracks, held.removed, strict=True) if out}:
                yield held
            else:
                yield open_segment(self._root / "segments" / name, gone)

    def _stat(self) -> tuple[int, int, int] | None:
        try:
            status = (self._root / "current.json").stat()
        except FileNotFoundError:
            return None
        return status.st_mtime_ns, status.st_ino, status.st_size


def _is_list_of_names(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(name, str) for name in value)


def _small(segments: Sequence[Segment], largest: int | None) -> int:
    """How many of `segments`, by size, belong into one: up to the last that is not much larger than all before it."""
    small = before = 0
    for number, segment in enumerate(segments, 1):
        if not _fit(segments[:number], largest):
            break
        small = number if len(segment.postings) < GROWTH * before else small
        before += len(segment.postings)
    return small


def _fit(segments: Sequence[Segment], largest: int | None) -> bool:
    """Whether one segment can hold these."""
    postings = sum(len(segment.postings) for segment in segments)
    return (largest is None or postings <= largest) and sum(one.length for one in segments) < LONGEST_TICKS


@contextmanager
def writers_lock(root: Path) -> Iterator[None]:
    """Wait until no other process writes to the index in `root`, and keep them from it."""
    (root / "segments").mkdir(parents=True, exist_ok=True)
    with (root / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def publish(root: Path, current: Mapping[str, Sequence[str]]) -> None:
    """Make `current` ({segment: removed item_ids}) what the index in `root` holds. The caller has the writers' lock."""
    text = json.dumps({"format": FORMAT_VERSION, "segments": current}, indent=1)
    draft = root / "current.json.new"
    write_durably(draft, text.encode())
    draft.replace(root / "current.json")
    sync(root)
    oldest = time.time() - KEPT_S
    for folder in (root / "segments").iterdir():
        if folder.name not in current and folder.stat().st_mtime < oldest:
            shutil.rmtree(folder, ignore_errors=True)
