"""Asking for files by name, from any process, and hearing what became of them.

What belongs here: the requests that `library` takes note of, and the answers for those who wait. What does not: doing
it (`intake`, `work`). A request is a file, written whole and renamed into place, and deleted when its items are queued.
"""

import json
import os
import time
import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tagger_platform.errors import RequestError
from tagger_platform.files import write_durably
from tagger_platform.fingerprint.index import Index
from tagger_platform.library.files import KINDS, look, printable
from tagger_platform.library.places import Library
from tagger_platform.store import library as store
from tagger_platform.store.library import ItemStatus, LibraryItem


@dataclass(frozen=True)
class Request:
    """Files that somebody asked for, and what they are (None: what their folders say)."""

    files: tuple[Path, ...]
    kind: str | None
    note: Path

    def done(self) -> None:
        self.note.unlink(missing_ok=True)


def ask(library: Library, files: Sequence[Path], kind: str | None) -> Request:
    """Ask for `files` to be added; it is done by whoever works on the library next."""
    if kind is not None and kind not in KINDS:
        raise RequestError(f"{kind!r} is no kind of item: use {', '.join(KINDS)}")
    note = library.asked / f"{time.time_ns():020d}-{uuid.uuid4().hex[:8]}.json"
    draft = note.with_suffix(".new")
    content = {"kind": kind, "files": [os.fsencode(path).hex() for path in files]}  # a name may be any bytes
    library.asked.mkdir(parents=True, exist_ok=True)
    write_durably(draft, json.dumps(content).encode())
    draft.replace(note)
    return Request(tuple(files), kind, note)


def requests(library: Library) -> list[Request]:
    """What is asked for and not yet queued, oldest first."""
    return [_read(note) for note in sorted(library.asked.glob("*.json"))]


def requests_wait(library: Library) -> bool:
    """Whether anything is asked for: the cheap half of `requests`."""
    return any(library.asked.glob("*.json"))


def _read(note: Path) -> Request:
    content = json.loads(note.read_bytes())
    return Request(tuple(Path(os.fsdecode(bytes.fromhex(name))) for name in content["files"]), content["kind"], note)


def is_settled(item: LibraryItem, kind: str | None, findable: Collection[str]) -> bool:
    """Whether there is nothing to do for an item that is asked for as `kind`; `findable` is what the index holds."""
    if item.status is ItemStatus.READY:
        return item.item_id in findable and kind in (None, item.kind)
    return item.status is ItemStatus.DUPLICATE and item.duplicate_of in findable


def unsettled(library: Library, files: Sequence[Path], kind: str | None) -> list[Path]:
    """Those of `files` that somebody has to work on. Raises NewerVersionError where the index is a newer tagger's."""
    findable = {track.item_id for track in Index(library.catalogue).tracks()}
    with library.database.reading() as connection:
        known = store.files(connection, [printable(path) for path in files])
        items = store.items(connection, {state.item_id for state in known.values()})
    result = []
    for path in files:
        state = known.get(printable(path))
        item = items.get(state.item_id) if state else None
        if not (item and look(path).is_as(state) and is_settled(item, kind, findable)):
            result.append(path)
    return result


def outcomes(library: Library, files: Sequence[Path]) -> list[LibraryItem | None]:
    """What became of each of `files` so far; None for those that nobody has taken note of."""
    with library.database.reading() as connection:
        known = store.files(connection, [printable(path) for path in files])
        items = store.items(connection, {state.item_id for state in known.values()})
    answers: list[LibraryItem | None] = []
    for path in files:
        state = known.get(printable(path))
        item = items.get(state.item_id) if state else None
        answers.append(_under_name(item, Path(printable(path))) if item else None)
    return answers


def _under_name(item: LibraryItem, path: Path) -> LibraryItem:
    """The item as it looks to somebody who asked for a file of its content at `path`."""
    if item.path == path:
        return item
    if item.status is ItemStatus.READY:
        reason = f"the same file as {item.path}"
        return replace(item, path=path, status=ItemStatus.DUPLICATE, duplicate_of=item.item_id, reason=reason)
    return replace(item, path=path)
