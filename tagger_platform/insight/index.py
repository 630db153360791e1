"""Keeping the search index up with the store's tracks.

What belongs here: which tracks to index, and with which words. What does not: the index's file (`store.search_index`).
The index may be missing, of another version or broken: whoever writes to it then makes it anew from the store.
"""

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass

from tagger_platform.insight.text import track_text
from tagger_platform.model import Track
from tagger_platform.store.database import Database
from tagger_platform.store.search_index import IndexedTrack, SearchIndex, Writer, tracks_of

BATCH = 1000
"""Tracks of one transaction: other writers wait for no more than this."""


@dataclass(frozen=True)
class Synced:
    """What was changed so that the index holds the store's tracks, and how many they are."""

    tracks: int
    written: int
    removed: int


def keep_up(index: SearchIndex, database: Database, tracks: Iterable[Track]) -> int:
    """Make these tracks findable; returns how many were not. Raises sqlite3.Error when the disk is full or the like."""
    wanted = list(
        {
            track.track_id: IndexedTrack(track.track_id, track.title, track.artist, track.album, track.isrc)
            for track in tracks
        }.values()
    )
    try:
        with index.writing() as writer:
            if writer:
                return _put(writer, writer.changed(wanted))
    except sqlite3.DatabaseError as error:
        _throw_away_if_broken(index, error)
    _fill(index, {track.track_id: track for track in [*tracks_of(database), *wanted]}.values())
    return len(wanted)


def sync(index: SearchIndex, database: Database) -> Synced:
    """Make the index hold the store's tracks and no others. Raises sqlite3.Error as `keep_up` does."""
    tracks = tracks_of(database)
    try:
        with index.writing() as writer:
            if writer:
                writer.check()
                gone = writer.track_ids().difference(track.track_id for track in tracks)
                writer.remove(sorted(gone))
                return Synced(len(tracks), _put(writer, writer.changed(tracks)), len(gone))
    except sqlite3.DatabaseError as error:
        _throw_away_if_broken(index, error)
    return Synced(len(tracks), _fill(index, tracks), 0)


def out_of_step(index: SearchIndex, database: Database) -> tuple[int, int]:
    """How many of the store's tracks the index lacks or knows otherwise, and how many it has that the store has not.

    Raises sqlite3.Error where the index cannot be used.
    """
    tracks = tracks_of(database)
    with index.writing() as writer:
        if writer is None:
            return len(tracks), 0
        writer.check()
        return len(writer.changed(tracks)), len(writer.track_ids().difference(track.track_id for track in tracks))


def _throw_away_if_broken(index: SearchIndex, error: sqlite3.DatabaseError) -> None:
    if isinstance(error, sqlite3.OperationalError):  # busy, or no room: no fault of the file's
        raise error
    index.throw_away()


def _fill(index: SearchIndex, tracks: Iterable[IndexedTrack]) -> int:
    with index.anew() as writer:
        if writer:
            return _put(writer, list(tracks))
    with index.writing() as writer:  # meanwhile another process made it
        return _put(writer, writer.changed(list(tracks))) if writer else 0


def _put(writer: Writer, tracks: Sequence[IndexedTrack]) -> int:
    for start in range(0, len(tracks), BATCH):
        writer.put({track: _words(track) for track in tracks[start : start + BATCH]})
    return len(tracks)


def _words(track: IndexedTrack) -> tuple[str, ...]:
    return astuple(track_text(title=track.title, artist=track.artist, album=track.album, isrc=track.isrc))
