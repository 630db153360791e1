"""The index is made anew from the originals, and what they cannot give any more is kept or told."""

import json
import shutil

import pytest
import soundfile

from tagger_platform.errors import NewerVersionError
from tagger_platform.fingerprint import index as index_module
from tagger_platform.fingerprint.index import Index
from tagger_platform.fingerprint.match import identify
from tagger_platform.library import rebuild as module
from tagger_platform.library.rebuild import rebuild
from tagger_platform.library.removal import remove
from tagger_platform_tests.library.conftest import RATE, TUNES
from tagger_platform_tests.library.test_adding import convert


def rebuilt(shelf):
    told = []
    items = rebuild(shelf, told.append)
    assert sorted(item.item_id for item in items) == sorted(item.item_id for item in told)
    return {item.path.name: (str(item.status), item.reason) for item in items}


@pytest.fixture
def full(shelf, music):
    """A library with a copy and a failure among its items."""
    convert(music / "songs" / "item 0.flac", music / "songs" / "x copy.mp3", "-b:a", "128k")
    (music / "words.mp3").write_text("words")
    shelf.add(music)
    return shelf


def test_everything_is_read_again(full):
    before, segments = full.items(), {segment.name for segment in Index(full.catalogue).segments}
    statuses = rebuilt(full)
    assert {name: status for name, (status, _) in statuses.items()} == {
        "item 0.flac": "READY",
        "item 1.flac": "READY",
        "item 2.flac": "READY",
        "words.mp3": "FAILED",
    }
    assert full.found() == ["item 0.flac", "item 1.flac", "item 2.flac"]
    assert segments.isdisjoint(segment.name for segment in Index(full.catalogue).segments)
    assert [(item.item_id, item.status, item.reason) for item in full.items()] == [
        (item.item_id, item.status, item.reason) for item in before
    ]


def test_the_old_index_answers_meanwhile(full, monkeypatch):
    answers = []

    def asked(*arguments, heard=module.heard):
        answers.append(identify(TUNES[0][: 10 * RATE], Index(full.catalogue)))
        return heard(*arguments)

    monkeypatch.setattr(module, "heard", asked)
    rebuilt(full)
    assert len(answers) == 4
    assert all(answers)


@pytest.mark.parametrize("gone", ["deleted", "overwritten"])
def test_an_item_whose_original_is_gone_stays_as_it_was(gone, full, music):
    song = music / "songs" / "item 0.flac"
    song.unlink()
    if gone == "overwritten":
        soundfile.write(song, TUNES[4], RATE)
    assert rebuilt(full)["item 0.flac"] == ("READY", "")
    assert identify(TUNES[0][: 10 * RATE], Index(full.catalogue)).track.title == "item 0"


def lost(shelf, _):
    shutil.rmtree(shelf.catalogue)


def damaged(shelf, _):
    (shelf.catalogue / "current.json").write_text("{")


def of_an_older_format(_, monkeypatch):
    monkeypatch.setattr(index_module, "FORMAT_VERSION", index_module.FORMAT_VERSION + 1)


@pytest.mark.parametrize("harm", [lost, damaged, of_an_older_format], ids=lambda harm: harm.__name__)
def test_a_catalogue_that_cannot_be_read_comes_back_and_what_is_gone_fails_with_its_reason(
    harm, full, music, monkeypatch
):
    (music / "songs" / "item 0.flac").unlink()
    harm(full, monkeypatch)
    reason = "item 0.flac is not there, or may not be read; the old index could not give its fingerprints"
    assert rebuilt(full)["item 0.flac"] == ("FAILED", reason)
    assert full.found() == ["item 1.flac", "item 2.flac"]
    soundfile.write(music / "songs" / "item 0.flac", TUNES[0], RATE)
    assert rebuilt(full)["item 0.flac"] == ("READY", "")
    assert full.found() == ["item 0.flac", "item 1.flac", "item 2.flac"]


def test_what_is_removed_or_added_meanwhile_stays_removed_or_added(full, tmp_path, monkeypatch):
    doomed = next(item for item in full.items() if item.path.name == "item 1.flac")
    soundfile.write(tmp_path / "new.flac", TUNES[3], RATE)
    once = [True]

    def changing(*arguments, added=module._added):
        if once and once.pop():
            remove(full, [doomed.item_id])
            full.add(tmp_path / "new.flac")
        return added(*arguments)

    monkeypatch.setattr(module, "_added", changing)
    rebuilt(full)
    assert full.found() == ["item 0.flac", "item 2.flac", "new.flac"]
    assert "item 1.flac" not in full.statuses()


def test_a_newer_taggers_index_is_left_alone(full):
    current = full.catalogue / "current.json"
    text = json.dumps({"format": 99, "segments": {}})
    current.write_text(text)
    with pytest.raises(NewerVersionError):
        rebuilt(full)
    assert current.read_text() == text


def test_an_empty_library_is_rebuilt_to_an_empty_one(shelf):
    assert rebuilt(shelf) == {}
    assert Index(shelf.catalogue).count == 0
