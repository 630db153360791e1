"""Taking items out of the catalogue, at once, whatever else is under way. The files stay.

What belongs here: removing. What does not: forgetting an item because its file holds something else now (`work`).
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from tagger_platform.errors import RequestError
from tagger_platform.fingerprint.index import Index
from tagger_platform.fingerprint.segment import TrackMeta
from tagger_platform.library.groups import regroup
from tagger_platform.library.places import Library
from tagger_platform.store import library as store
from tagger_platform.store.library import ItemStatus, LibraryItem


def remove(library: Library, item_ids: Sequence[str]) -> list[LibraryItem]:
    """Remove items, and with each the copies that were found of it: they would bring its sound back.

    Returns all that were removed, as they are noted now. Raises RequestError, with nothing done, for an unknown id. The
    store comes first: whoever is fingerprinting one of them then finds it removed, and takes it out again (`work`).
    """
    index = Index(library.catalogue)
    held = {track.item_id: as_item(track) for track in index.tracks()}
    with library.database.writing() as connection:
        known = held | store.items(connection, item_ids)
        known = {key: item for key, item in known.items() if item.status is not ItemStatus.REMOVED or key in held}
        if unknown := [one for one in dict.fromkeys(item_ids) if one not in known]:
            raise RequestError(
                f"no item of the library has the id {', '.join(unknown)}: `tagger library list` shows them; "
                f"nothing was removed"
            )
        wanted = {key: known[key] for key in item_ids}
        wanted |= {copy.item_id: copy for copy in store.duplicates_of(connection, item_ids)}
        removed = [_removed(item) for item in wanted.values()]
        store.write_items(connection, removed)
        store.forget_relatives(connection, list(wanted))
        regroup(connection)
    index.remove(list(wanted))
    return removed


def _removed(item: LibraryItem) -> LibraryItem:
    return replace(item, status=ItemStatus.REMOVED, item_group=None, changed_at=datetime.now(UTC))


def as_item(track: TrackMeta) -> LibraryItem:
    """An item as the index remembers it, for one that the store has lost."""
    return LibraryItem(track.item_id, Path(track.path), track.title, track.kind, track.artist, status=ItemStatus.READY)
