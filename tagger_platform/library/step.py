"""Whether the catalogue's index and the store say the same, and bringing them into step.

What belongs here: what is in one and not in the other. What does not: making the index anew (`rebuild`). They go out of
step when one of them comes from elsewhere: a backup of the store, a catalogue that was copied, a disk that lost files.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from tagger_platform.fingerprint.index import Index
from tagger_platform.fingerprint.segment import TrackMeta
from tagger_platform.library.groups import regroup
from tagger_platform.library.places import Library
from tagger_platform.library.removal import as_item
from tagger_platform.store import library as store
from tagger_platform.store.library import ItemStatus, LibraryItem

OUT = (ItemStatus.REMOVED, ItemStatus.FAILED, ItemStatus.DUPLICATE)
"""Items that must not be recognised."""


@dataclass(frozen=True)
class OutOfStep:
    """Items that the store takes for recognisable and the index lacks; tracks of the index that the store has never
    heard of; tracks of items that are not to be recognised any more."""

    lacking: Sequence[LibraryItem]
    unknown: Sequence[TrackMeta]
    gone: Sequence[TrackMeta]

    def __bool__(self) -> bool:
        return bool(self.lacking or self.unknown or self.gone)


def out_of_step(library: Library) -> OutOfStep:
    """The differences. What is queued or being fingerprinted just now is none."""
    index = {track.item_id: track for track in Index(library.catalogue).tracks()}
    with library.database.reading() as connection:
        ready = store.items_with(connection, [ItemStatus.READY])
        known = store.items(connection, list(index))
    return OutOfStep(
        lacking=[item for item in ready if item.item_id not in index],
        unknown=[track for key, track in index.items() if key not in known],
        gone=[track for key, track in index.items() if key in known and known[key].status in OUT],
    )


def bring_into_step(library: Library) -> OutOfStep:
    """What the index lacks is queued again, what the store lacks is noted, what is to be gone goes; returns it all."""
    with library.turn():
        found = out_of_step(library)
        again = [replace(item, status=ItemStatus.QUEUED, attempts=0) for item in found.lacking]
        now = datetime.now(UTC)
        with library.database.writing() as connection:
            items = [*again, *(as_item(track) for track in found.unknown)]
            store.write_items(connection, [replace(item, changed_at=now) for item in items])
            regroup(connection)
        Index(library.catalogue).remove([track.item_id for track in found.gone])
    return found
