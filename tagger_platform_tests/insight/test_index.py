"""The search index: it holds the store's tracks, whatever becomes of its file, and readers never wait."""

import sqlite3
import threading
from pathlib import Path

import pytest

from tagger_platform.errors import TransientError
from tagger_platform.insight.index import Synced, keep_up, sync
from tagger_platform.insight.ranking import search
from tagger_platform.model import Track
from tagger_platform.store.database import Database
from tagger_platform.store.search_index import SearchIndex
from tagger_platform.store.writes import write_tracks

OLD = Track("catalogue", "1", "Old Song", "Björk")
NEW = Track("shazam", "2", "New Song", "AC/DC", album="High Voltage", isrc="AUAP07600012")


@pytest.fixture
def store(tmp_path: Path) -> Database:
    database = Database(tmp_path / "tagger.duckdb")
    write(database, OLD)
    return database


@pytest.fixture
def index(tmp_path: Path) -> SearchIndex:
    return SearchIndex(tmp_path / "se?rch" / "tracks.sqlite")


def write(database: Database, *tracks: Track) -> None:
    with database.writing() as connection:
        write_tracks(connection, tracks)


def titles(index: SearchIndex, query: str) -> list[str]:
    return [result.track.title for result in search(index, query)]


def test_without_an_index_nothing_is_found(index: SearchIndex) -> None:
    assert search(index, "song") == []
    assert not index.path.exists()


def test_the_first_new_track_brings_the_stores_with_it(index: SearchIndex, store: Database) -> None:
    keep_up(index, store, [NEW])
    assert sorted(titles(index, "song")) == ["New Song", "Old Song"]


def test_a_track_that_is_known_is_not_written_again(index: SearchIndex, store: Database) -> None:
    assert keep_up(index, store, [OLD]) == 1
    assert keep_up(index, store, [OLD, NEW, NEW]) == 1
    assert keep_up(index, store, [OLD, NEW]) == 0


def test_a_track_that_was_renamed_is_found_by_its_new_name_alone(index: SearchIndex, store: Database) -> None:
    keep_up(index, store, [OLD])
    assert keep_up(index, store, [Track("catalogue", "1", "Better Song", "Björk")]) == 1
    assert (titles(index, "better"), titles(index, "old"), titles(index, "bjork")) == (
        ["Better Song"],
        [],
        ["Better Song"],
    )


def test_the_index_is_made_from_the_store_alone(index: SearchIndex, store: Database) -> None:
    write(store, NEW)
    assert sync(index, store) == Synced(tracks=2, written=2, removed=0)
    assert sync(index, store) == Synced(tracks=2, written=0, removed=0)
    assert [result.track for result in search(index, "acdc")] == [
        (NEW.track_id, "New Song", "AC/DC", "High Voltage", "AUAP07600012")
    ]


def test_what_the_store_no_longer_has_is_taken_out(index: SearchIndex, store: Database) -> None:
    keep_up(index, store, [NEW])  # killed before it was in the store
    assert sync(index, store) == Synced(tracks=1, written=0, removed=1)
    assert titles(index, "song") == ["Old Song"]


def spoil_all(path: Path) -> None:
    path.write_bytes(b"no database" * 1000)


def empty(path: Path) -> None:
    path.write_bytes(b"")


def make_older(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 0")


def spoil_a_part(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    path.write_bytes(content)


SPOILED = pytest.mark.parametrize("spoil", [spoil_all, empty, make_older, spoil_a_part, Path.unlink])


@SPOILED
def test_a_slots_run_makes_an_unusable_index_anew(index: SearchIndex, store: Database, spoil) -> None:
    keep_up(index, store, [OLD])
    spoil(index.path)
    keep_up(index, store, [NEW])
    assert sorted(titles(index, "song")) == ["New Song", "Old Song"]


@SPOILED
def test_the_asset_makes_an_unusable_index_anew(index: SearchIndex, store: Database, spoil) -> None:
    keep_up(index, store, [OLD])
    spoil(index.path)
    assert sync(index, store).written == 1
    assert titles(index, "song") == ["Old Song"]


@pytest.mark.parametrize("spoil", [spoil_all, empty, make_older, spoil_a_part])
def test_an_unusable_index_says_what_to_do(index: SearchIndex, store: Database, spoil) -> None:
    keep_up(index, store, [OLD])
    spoil(index.path)
    with pytest.raises(TransientError, match="search_index"):
        search(index, "song")


def test_readers_do_not_wait_for_a_writer(index: SearchIndex, store: Database) -> None:
    keep_up(index, store, [OLD])
    writer = sqlite3.connect(index.path, isolation_level=None)
    writer.execute("BEGIN EXCLUSIVE")
    writer.execute("DELETE FROM tracks")
    assert titles(index, "song") == ["Old Song"]
    writer.execute("ROLLBACK")
    writer.close()


def test_two_that_find_no_index_make_it_once_and_lose_nothing(index: SearchIndex, store: Database) -> None:
    named = [Track("catalogue", str(number), f"Song {number}") for number in range(10, 18)]
    threads = [threading.Thread(target=keep_up, args=(index, store, [track])) for track in named]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(titles(index, "song")) == sorted(["Old Song", *(track.title for track in named)])
