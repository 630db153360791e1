"""Taking note of files: what was asked for and what is new in the watched folder becomes a queued item.

What belongs here: telling which files there is something to do about. What does not: doing it (`work`).
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from tagger_platform.audio import read_tags
from tagger_platform.fingerprint.index import Index
from tagger_platform.library.asking import is_settled, requests
from tagger_platform.library.files import Seen, audio_below, item_id, kind_by_folder, look, printable
from tagger_platform.library.places import Library
from tagger_platform.store import library as store
from tagger_platform.store.library import FileState, ItemStatus, LibraryItem

AT_ONCE = 50
"""Files noted in one transaction: their bytes are read first, a second or so, and then they are seen as queued."""
NOT_UTF8 = "its name is not valid UTF-8: rename it"


@dataclass(frozen=True)
class _File:
    """A file whose content has been read. `path` is its printable name, under which it is noted."""

    path: Path
    seen: Seen
    fresh: LibraryItem


def take_note(library: Library) -> int:
    """Queue what was asked for and what is new in the watched folder; returns how many items were queued."""
    with library.turn():
        findable = {track.item_id for track in Index(library.catalogue).tracks()}
        queued = 0
        for request in requests(library):
            queued += _note(library, request.files, request.kind, findable, asked=True)
            request.done()
        new = new_files(library, datetime.now(UTC).timestamp())
        return queued + _note(library, new, None, findable, asked=False)


def new_files(library: Library, now: float) -> list[Path]:
    """Files of the watched folder that are whole, and not as they were when they were read last."""
    with library.database.reading() as connection:
        known = store.files(connection)
    return sorted(differing(library.watched, known, now))


def differing(folder: Path, known: Mapping[str, FileState], now: float) -> Iterator[Path]:
    for path, seen in audio_below(folder):
        if not seen.is_as(known.get(printable(path))) and seen.is_still(now):
            yield Path(path)


def _note(library: Library, paths: Sequence[Path], kind: str | None, findable: Collection[str], *, asked: bool) -> int:
    queued = 0
    now = datetime.now(UTC)  # the same for all of a request: they are one wish
    for start in range(0, len(paths), AT_ONCE):
        files = [_read(path, kind) for path in paths[start : start + AT_ONCE]]
        with library.database.writing() as connection:
            rows = store.items(connection, {file.fresh.item_id for file in files})
            changed = {}
            for file in files:
                known = rows.get(file.fresh.item_id)
                row = _decided(file, known, kind, findable, asked=asked)
                rows[row.item_id] = row
                if row is not known:
                    changed[row.item_id] = replace(row, changed_at=now)
            store.write_items(connection, changed.values())
            store.write_files(connection, {str(file.path): _state(file) for file in files})
        queued += sum(row.status is ItemStatus.QUEUED for row in changed.values())
    return queued


def _read(path: Path, kind: str | None) -> _File:
    seen, name = look(path), Path(printable(path))
    tags = read_tags(path)
    item = LibraryItem(
        item_id(path),
        name,
        printable(tags.title),
        kind or kind_by_folder(path),
        tags.artist,
        tags.album,
        tags.isrc,
        tags.label,
        tags.duration_s,
    )
    if name != path:
        item = replace(item, status=ItemStatus.FAILED, reason=NOT_UTF8)
    return _File(name, seen, item)


def _state(file: _File) -> FileState:
    return FileState(file.fresh.item_id, file.seen.bytes, file.seen.modified_ns)


def _decided(
    file: _File, known: LibraryItem | None, kind: str | None, findable: Collection[str], *, asked: bool
) -> LibraryItem:
    """The item as it is to be noted: `known` itself where nothing changes.

    What a person took out stays out of the watched folder's reach, and comes back when it is asked for by name.
    """
    if known is None:
        return file.fresh
    if known.status is ItemStatus.REMOVED and not asked:
        return known
    if known.is_open or is_settled(known, kind, findable):
        moved = file.path != known.path and not known.path.exists()
        wanted = replace(known, path=file.path if moved else known.path, kind=kind or known.kind)
        return known if wanted == known else wanted
    lost = known.status is ItemStatus.READY  # the index does not hold it any more, or it is to be of another kind
    kept = kind or (known.kind if lost else file.fresh.kind)
    return replace(file.fresh, kind=kept, added_at=known.added_at, item_group=known.item_group)
