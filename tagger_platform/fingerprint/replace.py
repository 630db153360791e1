"""Making an index anew beside the old one, which answers until the new one takes its place at once.

What belongs here: the swap, and what of the old index lives on. What does not: where the new fingerprints come from
(`tagger_platform.library.rebuild`).

    catalogue/new/         the index that is being made; thrown away by the next attempt when this one is killed
    catalogue/replacing    flock: one attempt at a time
"""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tagger_platform.errors import NewerVersionError, RequestError, TransientError
from tagger_platform.files import sync
from tagger_platform.fingerprint.index import Index, publish, writers_lock


@contextmanager
def replacing(root: Path) -> Iterator[Index]:
    """An empty index to be filled in the block; at its end it takes the place of the one in `root`.

    The old one may change meanwhile: what is removed from it is not in the new one either, and what it holds and the
    new one does not is taken over as it is, unless the old one cannot be read. A block that raises changes nothing.
    Raises NewerVersionError, with nothing done, for an index that a newer tagger wrote.
    """
    before = _item_ids(_readable(root))
    root.mkdir(parents=True, exist_ok=True)
    with (root / "replacing").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise TransientError(f"the catalogue in {root} is being rebuilt already: wait until that is done") from None
        shutil.rmtree(root / "new", ignore_errors=True)
        try:
            new = Index(root / "new")
            yield new
            with writers_lock(root):
                old = _readable(root)
                new.remove(before - _item_ids(old))
                if old:
                    _take_over(old, new)
                _swap(root, old, new)
        finally:
            shutil.rmtree(root / "new", ignore_errors=True)


def _readable(root: Path) -> Index | None:
    try:
        return Index(root)
    except NewerVersionError:
        raise
    except (RequestError, TransientError, OSError, ValueError):  # damaged, incomplete or of an older format
        return None


def _item_ids(index: Index | None) -> set[str]:
    return {track.item_id for track in index.tracks()} if index else set()


def _take_over(old: Index, new: Index) -> None:
    """Give `new` what only `old` holds, segment by segment, because a segment's landmarks fit into memory."""
    held = _item_ids(new)
    for segment in old.segments:
        if {track.item_id for track in segment.live_tracks()} - held:
            new.add([(meta, marks) for meta, marks in segment.live_landmarks() if meta.item_id not in held])


def _swap(root: Path, old: Index | None, new: Index) -> None:
    """Killed before `publish` this leaves folders that nobody refers to; after it, the old ones are those."""
    for segment in new.segments:
        (root / "new" / "segments" / segment.name).rename(root / "segments" / segment.name)
    for segment in old.segments if old else ():
        os.utime(root / "segments" / segment.name)  # they are kept for a while from now
    sync(root / "segments")
    removed = {
        segment.name: [track.item_id for track, gone in zip(segment.tracks, segment.removed, strict=True) if gone]
        for segment in new.segments
    }
    publish(root, removed)
