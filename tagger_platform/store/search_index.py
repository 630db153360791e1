"""The search index: an SQLite file with full text (FTS5) beside the store. All that it holds is in the store too.

What belongs here: the file, its SQL, and how FTS5 is asked. What does not: how text is normalised and what is a good
answer (`insight`). The file is in WAL mode, so readers never wait for the writer; a file that cannot be used is thrown
away and begun anew, because it can be made again from the store.
"""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from tagger_platform.errors import TransientError
from tagger_platform.store.database import Database
from tagger_platform.store.lock import turn

FORMAT = 1
"""Goes up when the tables, or what the normaliser makes of a text, change: an older file is begun anew."""
COLUMNS = ("title", "artist", "album", "also", "whole")
WEIGHTS = (8.0, 6.0, 2.0, 4.0, 12.0)
"""BM25's weights of the columns: a whole name says most, an album's words least."""
WRITE_WAIT_S = 30.0
"""For another writer's turn: the longest transaction is a batch of the rebuild, tenths of a second."""
ANEW_WAIT_S = 300.0
"""For another process that makes the index anew: a minute or two for a million tracks."""
MOST_RANKED = 50_000
"""Tracks with the words of a query that are ranked, the newest first: more have "love" among a million."""
_IGNORED = "".join(chr(code) for code in range(33, 127) if not chr(code).isalnum() and chr(code) not in "\"'")

SCHEMA = f"""
PRAGMA synchronous = OFF;
CREATE TABLE tracks (
    id INTEGER PRIMARY KEY,
    track_id TEXT NOT NULL UNIQUE,
    title TEXT NOT NULL,
    artist TEXT NOT NULL,
    album TEXT NOT NULL,
    isrc TEXT NOT NULL
);
CREATE VIRTUAL TABLE words USING fts5({", ".join(COLUMNS)}, prefix='2 3', tokenize="ascii tokenchars '{_IGNORED}'");
CREATE VIRTUAL TABLE vocabulary USING fts5vocab(words, row);
PRAGMA user_version = {FORMAT};
"""
"""The tokenizer cuts at spaces alone: texts come normalised. Until a new file takes its place it need not be safe."""


class IndexedTrack(NamedTuple):
    """A track as the index knows it: what is shown of it, and what it is found by."""

    track_id: str
    title: str
    artist: str
    album: str
    isrc: str


@dataclass(frozen=True)
class Entry:
    """A track found, and all its words, each between spaces."""

    track: IndexedTrack
    words: str


def tracks_of(database: Database) -> list[IndexedTrack]:
    """Every track of the store, by id."""
    with database.reading() as connection:
        rows = connection.execute(
            "SELECT track_id, title, artist, album, isrc FROM tracks ORDER BY track_id"
        ).fetchall()
    return [IndexedTrack(*row) for row in rows]


def word(text: str, *, begun: bool = False) -> str:
    """An expression for one word (or characters in a row) as it is, or for all words that begin so."""
    quoted = '"' + text.replace('"', '""') + '"'
    return quoted + " *" if begun else quoted


def all_of(expressions: Iterable[str]) -> str:
    return "(" + " AND ".join(expressions) + ")"


def any_of(expressions: Iterable[str]) -> str:
    return "(" + " OR ".join(expressions) + ")"


class Reader:
    """Questions to the index, over one connection."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def matches(self, expression: str, most: int) -> dict[int, float]:
        """The rows that fit best, with their BM25: above 0, the more the better."""
        weights = ", ".join(map(str, WEIGHTS))
        return dict(
            self._connection.execute(
                f"SELECT id, -score FROM (SELECT rowid AS id, bm25(words, {weights}) AS score FROM words"
                " WHERE words MATCH ? ORDER BY rowid DESC LIMIT ?) ORDER BY score, id LIMIT ?",
                [expression, MOST_RANKED, most],
            ).fetchall()
        )

    def entries(self, ids: Iterable[int]) -> dict[int, Entry]:
        joined = "|| ' ' ||".join(f"w.{name}" for name in COLUMNS)
        found = self._connection.execute(
            f"SELECT id, track_id, t.title, t.artist, t.album, isrc, ' ' || {joined} || ' '"
            " FROM tracks t JOIN words w ON w.rowid = t.id WHERE id IN (SELECT value FROM json_each(?))",
            [json.dumps(list(ids))],
        )
        return {number: Entry(IndexedTrack(*track), words) for number, *track, words in found}

    def ids_of(self, track_ids: Sequence[str]) -> dict[str, int]:
        """The row of each of these tracks that the index has."""
        return dict(
            self._connection.execute(
                "SELECT track_id, id FROM tracks WHERE track_id IN (SELECT value FROM json_each(?))",
                [json.dumps(list(track_ids))],
            ).fetchall()
        )

    def known_words(self, words: Iterable[str]) -> set[str]:
        """Those of the words that some track has."""
        rows = self._connection.execute(
            "SELECT term FROM vocabulary WHERE term IN (SELECT value FROM json_each(?))", [json.dumps(list(words))]
        )
        return {term for (term,) in rows}


class Writer:
    """Changes to the index; each call is one transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def track_ids(self) -> set[str]:
        return {track_id for (track_id,) in self._connection.execute("SELECT track_id FROM tracks")}

    def changed(self, tracks: Sequence[IndexedTrack]) -> list[IndexedTrack]:
        """Those of the tracks that the index lacks or knows otherwise."""
        rows = self._connection.execute(
            "SELECT track_id, title, artist, album, isrc FROM tracks"
            " WHERE track_id IN (SELECT value FROM json_each(?))",
            [json.dumps([track.track_id for track in tracks])],
        )
        known = {row[0]: row for row in rows}
        return [track for track in tracks if known.get(track.track_id) != track]

    def put(self, tracks: Mapping[IndexedTrack, Sequence[str]]) -> None:
        """Add tracks with their words (in the order of COLUMNS), in the place of what was known of them."""
        with self._transaction():
            self._forget([track.track_id for track in tracks])
            for track, words in tracks.items():
                added = self._connection.execute(
                    "INSERT INTO tracks (track_id, title, artist, album, isrc) VALUES (?, ?, ?, ?, ?)", track
                )
                self._connection.execute(
                    f"INSERT INTO words (rowid, {', '.join(COLUMNS)}) VALUES (?, ?, ?, ?, ?, ?)",
                    [added.lastrowid, *words],
                )

    def check(self) -> None:
        """Raises sqlite3.DatabaseError if the words are not those of the tracks."""
        self._connection.execute("INSERT INTO words (words) VALUES ('integrity-check')")

    def optimise(self) -> None:
        """Merge what many small changes left, because one piece is asked quickest. A million tracks take a minute."""
        self._connection.execute("INSERT INTO words (words) VALUES ('optimize')")

    def remove(self, track_ids: Sequence[str]) -> None:
        with self._transaction():
            self._forget(track_ids)

    def _forget(self, track_ids: Sequence[str]) -> None:
        these = "(SELECT value FROM json_each(?))"
        values = [json.dumps(list(track_ids))]
        self._connection.execute(
            f"DELETE FROM words WHERE rowid IN (SELECT id FROM tracks WHERE track_id IN {these})", values
        )
        self._connection.execute(f"DELETE FROM tracks WHERE track_id IN {these}", values)

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")


class SearchIndex:
    """The index's file. Cheap to make; a connection is kept as long as one question or change takes."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @contextmanager
    def reading(self) -> Iterator[Reader | None]:
        """Questions to the index as it is now; None while there is none. Raises TransientError if it cannot be used."""
        with self._opened() as connection:
            try:
                if connection and not _is_usable(connection):
                    raise sqlite3.DatabaseError("it is broken, or another version's")
                yield Reader(connection) if connection else None
            except sqlite3.DatabaseError as error:
                raise TransientError(
                    f"the search index {self.path} cannot be read ({error}); it is made again from the store by the "
                    f"next slot's run, or at once by Dagster's asset search_index"
                ) from error

    @contextmanager
    def writing(self) -> Iterator[Writer | None]:
        """Changes to the index; None where there is none that can be used. Raises sqlite3.Error."""
        with self._opened() as connection:
            yield Writer(connection) if connection and _is_usable(connection) else None

    @contextmanager
    def anew(self) -> Iterator[Writer | None]:
        """An empty index that becomes this one at the end of the block; None if there is one that can be used.

        Others wait meanwhile and then use what was made. Raises StoreBusyError, sqlite3.Error.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with turn(self.path, exclusive=True, timeout_s=ANEW_WAIT_S):
            with self._opened() as connection:
                if connection and _is_usable(connection):
                    yield None
                    return
            new = self.path.with_suffix(".new")
            new.unlink(missing_ok=True)
            with closing(sqlite3.connect(new, isolation_level=None)) as connection:
                connection.executescript(SCHEMA)
                yield Writer(connection)
                connection.execute("PRAGMA journal_mode = WAL")
            self.throw_away()
            new.replace(self.path)

    def throw_away(self) -> None:
        """Delete the index; who reads it goes on reading it."""
        for name in ("", "-wal", "-shm"):
            self.path.with_name(self.path.name + name).unlink(missing_ok=True)

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection | None]:
        address = f"file:{quote(str(self.path))}?mode=rw"
        try:
            connection = sqlite3.connect(address, uri=True, timeout=WRITE_WAIT_S, isolation_level=None)
        except sqlite3.OperationalError:
            yield None
            return
        with closing(connection):
            yield connection


def _is_usable(connection: sqlite3.Connection) -> bool:
    try:
        connection.execute("PRAGMA synchronous = NORMAL")
        (version,) = connection.execute("PRAGMA user_version").fetchone()
    except sqlite3.OperationalError:
        raise
    except sqlite3.DatabaseError:  # no SQLite file at all
        return False
    return bool(version == FORMAT)
