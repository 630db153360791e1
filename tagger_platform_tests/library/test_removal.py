"""Taking items out: at once, with their copies, and never their files."""

import pytest

from tagger_platform.errors import RequestError
from tagger_platform.fingerprint.index import Index
from tagger_platform.fingerprint.match import identify
from tagger_platform.library import work
from tagger_platform.library.intake import take_note
from tagger_platform.library.removal import remove
from tagger_platform_tests.library.conftest import RATE, TUNES, digests
from tagger_platform_tests.library.test_adding import convert


def test_a_removed_item_is_not_recognised_any_more_by_whoever_is_matching(music, shelf):
    items = shelf.add(music)
    before = digests(music)
    matcher = Index(shelf.catalogue)
    assert identify(TUNES[0][: 10 * RATE], matcher)
    [removed] = remove(shelf, [items[2].item_id])
    assert (removed.path.name, str(removed.status)) == ("item 0.flac", "REMOVED")
    matcher.refresh()
    assert identify(TUNES[0][: 10 * RATE], matcher) is None
    assert shelf.statuses() == {"item 1.flac": "READY", "item 2.flac": "READY"}
    assert digests(music) == before


def test_its_copies_go_with_it_and_a_copy_goes_alone(music, shelf):
    song = music / "songs" / "item 0.flac"
    copies = [convert(song, music / "songs" / f"x{rate}.mp3", "-b:a", f"{rate}k") for rate in (64, 128)]
    first, second, third = shelf.add(song, *copies)
    assert [item.item_id for item in remove(shelf, [second.item_id])] == [second.item_id]
    assert shelf.statuses() == {"item 0.flac": "READY", "x128.mp3": "DUPLICATE"}
    assert {item.item_id for item in remove(shelf, [first.item_id])} == {first.item_id, third.item_id}
    assert (shelf.statuses(), shelf.found()) == ({}, [])
    assert [str(item.status) for item in shelf.add(copies[0])] == ["READY"]


@pytest.mark.parametrize("unknown", ["0" * 16, "nonsense", "'; DROP TABLE library_items"])
def test_an_unknown_id_is_a_sentence_and_nothing_is_removed(unknown, music, shelf):
    [item] = shelf.add(music / "songs")
    with pytest.raises(RequestError, match=f"the id {unknown}: .* nothing was removed"):
        remove(shelf, [item.item_id, unknown])
    assert shelf.found() == ["item 0.flac"]


def test_an_item_can_be_removed_once(music, shelf):
    [item] = shelf.add(music / "songs")
    remove(shelf, [item.item_id, item.item_id])
    with pytest.raises(RequestError):
        remove(shelf, [item.item_id])


@pytest.mark.parametrize("moment", ["while it is queued", "while it is fingerprinted", "before its status is noted"])
def test_an_item_that_is_removed_on_its_way_in_stays_out(moment, music, shelf, monkeypatch):
    shelf.ask(music)
    take_note(shelf)
    doomed = next(item.item_id for item in shelf.items() if item.path.name == "item 0.flac")
    target = {"while it is fingerprinted": "heard", "before its status is noted": "_noted"}.get(moment)
    if target is None:
        remove(shelf, [doomed])
    else:
        step, once = getattr(work, target), [doomed]

        def removing(*arguments):
            if once:
                remove(shelf, [once.pop()])
            return step(*arguments)

        monkeypatch.setattr(work, target, removing)
    work.fingerprint_queued(shelf)
    assert shelf.statuses() == {"item 1.flac": "READY", "item 2.flac": "READY"}
    assert shelf.found() == ["item 1.flac", "item 2.flac"]


def test_what_only_the_index_remembers_can_be_removed(music, shelf):
    [item] = shelf.add(music / "songs")
    for file in shelf.database.path.parent.glob("tagger.*"):
        file.unlink()
    assert [removed.title for removed in remove(shelf, [item.item_id])] == ["item 0"]
    assert shelf.found() == []
