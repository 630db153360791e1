"""The library as people look through it: filters, pages, and when items were last heard."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tagger_platform.model import CaptureState, Recognition, Slot, Status, Track, Window
from tagger_platform.store import reports
from tagger_platform.store.database import Database
from tagger_platform.store.library import ItemStatus, LibraryItem, write_items
from tagger_platform.store.library_page import LibraryPage, Wanted
from tagger_platform.store.writes import write_recognitions, write_windows
from tagger_platform_tests import samples

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def item(number: int, title: str, **more: object) -> LibraryItem:
    given = {"status": ItemStatus.READY, "duration_s": 1800.0, "added_at": NOW + timedelta(seconds=number)} | more
    return LibraryItem(f"id{number}", Path(f"/music/{title}.flac"), title, **given)


ITEMS = [
    item(1, "Blue Train", artist="The Cats"),
    item(2, "Red Train", artist="The Dogs", kind="jingle"),
    item(3, "100% _Blue_", artist="Ünï", status=ItemStatus.FAILED, reason="not audio", duration_s=None),
    item(4, "Gone", status=ItemStatus.REMOVED),
    item(5, "Again", status=ItemStatus.DUPLICATE, duplicate_of="id1"),
]


@pytest.fixture
def database(tmp_path: Path) -> Database:
    database = Database(tmp_path / "tagger.duckdb")
    with database.writing() as connection:
        write_items(connection, ITEMS)
    return database


def page(database: Database, number: int = 1, page_items: int = 50, **wanted: str) -> LibraryPage:
    return reports.library_page(database, Wanted(**wanted), page=number, page_items=page_items, now=NOW)


@pytest.mark.parametrize(
    ("wanted", "titles"),
    [
        ({}, ["Again", "100% _Blue_", "Red Train", "Blue Train"]),
        ({"text": "train"}, ["Red Train", "Blue Train"]),
        ({"text": "TRAIN cats"}, ["Blue Train"]),
        ({"text": "%"}, ["100% _Blue_"]),
        ({"text": "_blue_ ünï"}, ["100% _Blue_"]),
        ({"text": "id2"}, ["Red Train"]),
        ({"text": "nothing like it"}, []),
        ({"status": "READY"}, ["Red Train", "Blue Train"]),
        ({"kind": "jingle"}, ["Red Train"]),
        ({"text": "blue", "status": "FAILED", "kind": "music"}, ["100% _Blue_"]),
    ],
)
def test_filters_find_what_they_name_and_never_what_was_removed(database, wanted, titles):
    found = page(database, **wanted)
    assert [one.item.title for one in found.items] == titles
    assert found.total == len(titles)


def test_pages_follow_each_other(database):
    pages = [page(database, number, page_items=3) for number in (1, 2)]
    assert [one.item.item_id for found in pages for one in found.items] == ["id5", "id3", "id2", "id1"]
    assert [found.total for found in pages] == [4, 4]
    assert page(database, 9, page_items=3) == pages[1]  # after the last one comes nothing else
    assert (page(database, 9, text="nothing like it").page, page(database, 9).page) == (1, 1)


def test_an_item_was_heard_where_a_play_or_the_catalogue_itself_says_so(database):
    samples.write_plays(
        database, [samples.play("kexp", NOW - timedelta(days=40), of=Track("catalogue", "id1", "Blue Train"))]
    )
    slot = Slot.containing(NOW - timedelta(days=2), 120)
    window = Window("kexp", slot, 0, 12, CaptureState.CAPTURED)
    track = Track("catalogue", "id2", "Red Train")
    with database.writing() as connection:
        write_windows(connection, [window], titles={}, source="capture", slot=slot)
        match = Recognition(window.window_id, "catalogue", Status.MATCH, track, offset_s=1.0, confidence=0.9)
        write_recognitions(connection, [window], [match], asked_at=slot.start)
    heard = {one.item.item_id: one.heard_at for one in page(database).items}
    assert heard == {"id1": NOW - timedelta(days=40), "id2": slot.start, "id3": None, "id5": None}
    standing = reports.library_standing(database, NOW)
    assert (standing.recognisable, standing.hours, standing.heard_lately) == (2, 1.0, 1)
    assert standing.heard_at == slot.start
    assert standing.by_status == {"READY": 2, "FAILED": 1, "DUPLICATE": 1}


def test_an_empty_library_stands_at_nothing(tmp_path):
    database = Database(tmp_path / "tagger.duckdb")
    database.migrate()
    standing = reports.library_standing(database, NOW)
    assert (standing.by_status, standing.recognisable, standing.hours, standing.heard_at) == ({}, 0, 0.0, None)
