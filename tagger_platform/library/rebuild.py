"""Making the index anew from the originals, while the old one answers.

What belongs here: which items are read again, and what becomes of those whose original is gone. What does not: the swap
(`fingerprint.replace`). Killed at any point it leaves the old index or the new one; the next attempt begins anew.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from tagger_platform.fingerprint.index import Index
from tagger_platform.fingerprint.replace import replacing
from tagger_platform.library.files import item_id, look
from tagger_platform.library.groups import regroup
from tagger_platform.library.judge import Verdict, compared, heard
from tagger_platform.library.places import Library
from tagger_platform.library.work import BATCH
from tagger_platform.store import library as store
from tagger_platform.store.library import AGAIN, FileState, ItemStatus, LibraryItem


def rebuild(library: Library, on_item: Callable[[LibraryItem], None]) -> list[LibraryItem]:
    """Make the index anew; returns every item that was read again, as it is now. `on_item` is told of each in turn.

    What cannot be read any more stays as it was if the old index still has it, else it is FAILED with the reason.
    """
    with library.database.reading() as connection:
        items = store.items_with(connection, AGAIN)
    verdicts: list[Verdict] = []
    with library.room(), replacing(library.catalogue) as new:
        for start in range(0, len(items), BATCH):
            batch = []
            for item in items[start : start + BATCH]:
                batch.append(_heard(library, item))
                on_item(batch[-1].item)
            verdicts += _added(new, batch)
    index = Index(library.catalogue)
    index.remove([verdict.item.item_id for verdict in verdicts if verdict.item.status is ItemStatus.DUPLICATE])
    return _noted(library, items, verdicts, {track.item_id for track in index.tracks()})


def _heard(library: Library, item: LibraryItem) -> Verdict:
    now = look(item.path)
    return heard(item, FileState(item_id(item.path), now.bytes, now.modified_ns), library.ffmpeg)


def _added(new: Index, batch: Sequence[Verdict]) -> list[Verdict]:
    """The verdicts, with the batch in the new index; their landmarks are not needed any more."""
    judged = compared(batch, new, ())
    if tracks := [verdict.track for verdict in judged if verdict.track]:
        new.add(tracks)
    return [replace(verdict, marks=None) for verdict in judged]


def _noted(
    library: Library, items: Sequence[LibraryItem], verdicts: Sequence[Verdict], held: Collection[str]
) -> list[LibraryItem]:
    now = [_now(before, verdict.item, held) for before, verdict in zip(items, verdicts, strict=True)]
    shared = {verdict.item.item_id: verdict.shared for verdict in verdicts if verdict.item.status is ItemStatus.READY}
    with library.database.writing() as connection:
        known = store.items(connection, [item.item_id for item in items])
        same = {before.item_id for before in items if known.get(before.item_id) == before}  # others changed meanwhile
        told = [item for before, item in zip(items, now, strict=True) if item != before and item.item_id in same]
        store.write_items(connection, [replace(item, changed_at=datetime.now(UTC)) for item in told])
        store.rewrite_relatives(connection, {key: others for key, others in shared.items() if key in same})
        regroup(connection)
        return list(store.items(connection, [item.item_id for item in items]).values())


def _now(before: LibraryItem, after: LibraryItem, held: Collection[str]) -> LibraryItem:
    if after.status is not ItemStatus.FAILED or before.status is ItemStatus.FAILED:
        return after
    if before.item_id in held:
        return before
    return replace(after, reason=f"{after.reason}; the old index could not give its fingerprints")
