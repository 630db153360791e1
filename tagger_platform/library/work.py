"""Working off the queue: batches of queued items become fingerprints in the index, each with its status.

What belongs here: the order in which index and store change, so that whoever dies in between leaves both right. What
does not: judging one file (`judge`).

    store: FINGERPRINTING -> (decode, compare) -> index: added -> store: READY

An item that was removed meanwhile is not FINGERPRINTING any more, and is taken out of the index again.
"""

import contextlib
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from tagger_platform.errors import DiskFullError, TaggerError
from tagger_platform.fingerprint.index import Index
from tagger_platform.library.groups import regroup
from tagger_platform.library.judge import Verdict, compared, heard
from tagger_platform.library.places import Library
from tagger_platform.store import library as store
from tagger_platform.store.library import ItemStatus, LibraryItem

BATCH = 20
BATCH_S = 30.0
"""Items and seconds after which a batch is published: one segment of the index and two turns at the store for all."""
RUN_S = 120.0
"""Seconds after which no further batch is begun: somebody who adds one jingle now waits that long for an archive that
was added before, and the start of the next run (4 CPU-s) costs 3 %."""
MOST_ATTEMPTS = 3
"""Times that a process may come to grief over one item before it is given up. What such a process left is tried one by
one, so that those that lay beside the bad one are not given up with it."""


def fingerprint_queued(library: Library, seconds: float = RUN_S) -> Counter[str]:
    """Work off the queue, the latest wishes first, for about `seconds`; returns how many items became what."""
    done: Counter[str] = Counter()
    with library.turn():
        index = Index(library.catalogue)
        ends = time.monotonic() + seconds
        while time.monotonic() < ends and (batch := _claimed(library)):
            with _put_back_on_failure(library, batch):
                done.update(_work(library, index, batch))
        index.optimise()  # nobody waits for an item of ours any more
    return done


def _claimed(library: Library) -> list[LibraryItem]:
    """The next batch, noted as FINGERPRINTING. It is nobody else's, because it is our turn."""
    with library.database.writing() as connection:
        left = store.items_with(connection, [ItemStatus.FINGERPRINTING])
        for item in [item for item in left if item.attempts >= MOST_ATTEMPTS]:
            left.remove(item)
            reason = f"tagger failed or was killed {item.attempts} times over it: it may be too large for this machine"
            store.write_items(connection, [replace(item, status=ItemStatus.FAILED, reason=reason, attempts=0)])
        batch = left[:1] or store.items_with(connection, [ItemStatus.QUEUED], BATCH)
        batch = [replace(item, status=ItemStatus.FINGERPRINTING, attempts=item.attempts + 1) for item in batch]
        store.write_items(connection, batch)
    return batch


@contextlib.contextmanager
def _put_back_on_failure(library: Library, batch: Sequence[LibraryItem]) -> Iterator[None]:
    """What stops us (Ctrl-C, a full disk) is no fault of the items: they stay queued, and the next run has them.

    An error that nobody foresaw may be one item's: they are left as a dead process would leave them (MOST_ATTEMPTS).
    """
    try:
        with library.room():
            yield
    except BaseException as error:
        if isinstance(error, Exception) and not isinstance(error, TaggerError | OSError):
            raise
        reason = str(error) if isinstance(error, DiskFullError) else ""
        with contextlib.suppress(TaggerError, OSError):  # if that fails too they are found as FINGERPRINTING
            _put_back(library, batch, reason)
        raise


def _put_back(library: Library, batch: Sequence[LibraryItem], reason: str) -> None:
    with library.database.writing() as connection:
        known = store.items(connection, [item.item_id for item in batch])
        ours = [item for item in known.values() if item.status is ItemStatus.FINGERPRINTING]
        queued = [replace(item, status=ItemStatus.QUEUED, reason=reason, attempts=0) for item in ours]
        store.write_items(connection, queued)


def _work(library: Library, index: Index, batch: Sequence[LibraryItem]) -> list[str]:
    verdicts = _heard(library, batch)
    index.refresh()
    replaced = _replaced(library, verdicts)
    verdicts = compared(verdicts, index, replaced)
    tracks = [verdict.track for verdict in verdicts if verdict.track]
    if tracks:
        index.add(tracks)
    held = {track.item_id for track in index.tracks()}
    outdated = {verdict.item.item_id for verdict in verdicts if not verdict.marks} | set(replaced)
    removed = _noted(library, batch, verdicts, replaced)
    if gone := held & (outdated | removed):
        index.remove(gone)
    return [str(verdict.item.status) for verdict in verdicts]


def _heard(library: Library, batch: Sequence[LibraryItem]) -> list[Verdict]:
    """Verdicts of as many of the batch as time allows, and of one at least."""
    with library.database.reading() as connection:
        states = store.files(connection, [str(item.path) for item in batch])
    ends = time.monotonic() + BATCH_S
    verdicts: list[Verdict] = []
    for item in batch:
        verdicts.append(heard(item, states.get(str(item.path)), library.ffmpeg))
        if time.monotonic() >= ends:
            break
    return verdicts


def _replaced(library: Library, verdicts: Sequence[Verdict]) -> list[str]:
    """Items whose file now holds another one's content. If that cannot be read, they stay."""
    new = {verdict.item.path: verdict.item.item_id for verdict in verdicts if verdict.marks}
    with library.database.reading() as connection:
        there = store.items_at(connection, list(new))
    others = [item for item in there if item.item_id != new[item.path]]
    return [item.item_id for item in others if item.status is not ItemStatus.REMOVED]


def _noted(
    library: Library, batch: Sequence[LibraryItem], verdicts: Sequence[Verdict], replaced: Sequence[str]
) -> set[str]:
    """Note the verdicts; what time was too short for goes back. Returns the ids of those that were removed."""
    with library.database.writing() as connection:
        known = store.items(connection, [item.item_id for item in batch])
        ours = {key for key, item in known.items() if item.status is ItemStatus.FINGERPRINTING}
        rest = [item for item in batch[len(verdicts) :] if item.item_id in ours]
        rest += store.duplicates_of(connection, replaced)  # of what now? They are compared again
        again = [replace(item, status=ItemStatus.QUEUED, attempts=0) for item in rest]
        in_time = [verdict for verdict in verdicts if verdict.item.item_id in ours]
        now = datetime.now(UTC)
        done = [replace(verdict.item, attempts=0, changed_at=now) for verdict in in_time]
        store.write_items(connection, done + again)
        store.forget_items(connection, replaced)
        for verdict in in_time:
            store.write_relatives(connection, verdict.item.item_id, verdict.shared)
        regroup(connection)
    return {verdict.item.item_id for verdict in verdicts} - ours
