"""The library's tables: items and files as they were noted, also those of an older tagger."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tagger_platform.store import database as module
from tagger_platform.store import library, reports
from tagger_platform.store.database import Database
from tagger_platform.store.library import FileState, ItemStatus, LibraryItem

Know = Callable[..., None]
THEN = datetime(2026, 11, 21, 3, 30, tzinfo=UTC)
SONG = LibraryItem(
    "a1", Path("/music/Ärger.flac"), "Ärger", "music", "Band", "Album", "USRC17607839", "Label", 200.5, added_at=THEN
)


@pytest.fixture
def store(tmp_path: Path) -> Database:
    return Database(tmp_path / "tagger.duckdb")


def note(store: Database, *items: LibraryItem) -> None:
    with store.writing() as connection:
        library.write_items(connection, items)


def known(store: Database, *item_ids: str) -> dict[str, LibraryItem]:
    with store.reading() as connection:
        return library.items(connection, item_ids)


def test_an_item_is_read_as_it_was_written(store: Database) -> None:
    note(store, SONG)
    assert known(store, "a1", "unknown") == {"a1": SONG}
    changed = replace(SONG, status=ItemStatus.DUPLICATE, duplicate_of="b", item_group="a", attempts=2, reason="so")
    note(store, changed)
    assert known(store, "a1") == {"a1": changed}
    assert reports.library_items(store) == [changed]


def test_items_of_an_older_tagger_are_kept(store: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    every = module.migrations()
    with monkeypatch.context() as older:
        older.setattr(module, "migrations", lambda: every[:1])
        with store.writing() as connection:
            connection.execute(
                "INSERT INTO library_items VALUES ('a1', '/x.mp3', 'X', '', '', '', 'music', 9.5, 'READY', '', NULL,"
                " NULL, '2026-11-21 03:30:00')"
            )
    [item] = reports.library_items(store)
    assert (item.item_id, item.status, item.label, item.attempts) == ("a1", ItemStatus.READY, "", 0)
    assert item.added_at == item.changed_at == THEN


def test_removed_items_are_listed_and_counted_nowhere(store: Database) -> None:
    removed = replace(SONG, item_id="r", status=ItemStatus.REMOVED)
    failed = [
        replace(SONG, item_id=f"f{n:02}", status=ItemStatus.FAILED, changed_at=THEN + timedelta(seconds=n))
        for n in range(library.LAST_ERRORS + 3)
    ]
    note(store, SONG, removed, *failed)
    assert "r" not in {item.item_id for item in reports.library_items(store)}
    counts = reports.library_counts(store)
    assert counts.by_status == {"FAILED": len(failed), "QUEUED": 1}
    assert [item.item_id for item in counts.errors] == [f"f{n:02}" for n in range(12, 2, -1)]
    assert known(store, "r")["r"].status is ItemStatus.REMOVED


def test_files_are_known_by_their_names(store: Database) -> None:
    states = {f"/music/{n}.mp3": FileState(f"i{n}", n, n * 10**18) for n in range(5)}
    with store.writing() as connection:
        library.write_files(connection, states)
        library.write_files(connection, {"/music/1.mp3": FileState("new", 7, 7)})
        assert library.files(connection) == states | {"/music/1.mp3": FileState("new", 7, 7)}
        assert library.files(connection, ["/music/2.mp3", "/no"]) == {"/music/2.mp3": states["/music/2.mp3"]}
        assert library.files(connection, []) == {}


def test_only_items_that_can_be_recognised_are_related(store: Database) -> None:
    note(store, *(replace(SONG, item_id=name, status=ItemStatus.READY) for name in "abc"))
    note(store, replace(SONG, item_id="d", status=ItemStatus.FAILED))
    with store.writing() as connection:
        library.write_relatives(connection, "b", {"a": 8.0, "c": 6.0, "d": 9.0})
        assert sorted(library.related_pairs(connection)) == [("a", "b"), ("b", "c")]
        library.write_relatives(connection, "a", {})
        assert library.related_pairs(connection) == [("b", "c")]
    with store.writing() as connection:
        library.rewrite_relatives(connection, {"a": {}, "b": {"a": 7.0}, "c": {"b": 6.0}})
        assert sorted(library.related_pairs(connection)) == [("a", "b"), ("b", "c")]
        library.forget_items(connection, ["c"])
        assert library.related_pairs(connection) == [("a", "b")]
