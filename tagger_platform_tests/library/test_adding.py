"""The user's own audio: every file gets a status, no original is touched, nothing is added twice."""

import os
import shutil
import subprocess

import imageio_ffmpeg
import mutagen
import numpy as np
import pytest
import soundfile

from tagger_platform.audio import read_window
from tagger_platform.errors import RequestError
from tagger_platform.fingerprint.index import Index
from tagger_platform.fingerprint.match import identify
from tagger_platform.library import work
from tagger_platform.library.files import item_id
from tagger_platform.library.intake import take_note
from tagger_platform.library.work import fingerprint_queued
from tagger_platform.store.library import ItemStatus
from tagger_platform_tests.library.conftest import RATE, TUNES, digests

FFMPEG = shutil.which("ffmpeg") or imageio_ffmpeg.get_ffmpeg_exe()


def convert(source, target, *arguments):
    subprocess.run([FFMPEG, "-nostdin", "-v", "error", "-i", source, *arguments, target], check=True)
    return target


def test_a_folder_is_added_with_kinds_from_its_folders(music, shelf):
    before = digests(music)
    items = shelf.add(music)
    assert {item.path.name: (item.kind, str(item.status)) for item in items} == {
        "item 0.flac": ("music", "READY"),
        "item 1.flac": ("jingle", "READY"),
        "item 2.flac": ("ad", "READY"),
    }
    assert all(item.item_id == item_id(item.path) for item in items)
    assert all(item.duration_s == pytest.approx(15.0, abs=0.01) for item in items)
    assert digests(music) == before


def test_all_items_are_queued_before_the_first_is_fingerprinted(music, shelf):
    shelf.ask(music)
    assert take_note(shelf) == 3
    assert set(shelf.statuses().values()) == {"QUEUED"}
    assert shelf.found() == []
    assert fingerprint_queued(shelf) == {"READY": 3}
    assert len(shelf.found()) == 3


def test_many_items_are_published_together(music, shelf, monkeypatch):
    monkeypatch.setattr(work, "BATCH", 2)
    published = []
    publish = Index.add
    monkeypatch.setattr(Index, "add", lambda self, tracks: (published.append(len(tracks)), publish(self, tracks)))
    shelf.add(music)
    assert published == [2, 1]


def test_a_batch_ends_when_its_time_is_over_and_the_rest_stays_queued(music, shelf, monkeypatch):
    monkeypatch.setattr(work, "BATCH_S", 0.0)
    shelf.ask(music)
    take_note(shelf)
    assert fingerprint_queued(shelf, seconds=0.01) == {"READY": 1}
    assert sorted(shelf.statuses().values()) == ["QUEUED", "QUEUED", "READY"]
    assert fingerprint_queued(shelf) == {"READY": 2}


def test_the_latest_wish_comes_first(music, shelf, monkeypatch):
    monkeypatch.setattr(work, "BATCH_S", 0.0)
    for folder in ("ads", "songs", "Jingles"):
        shelf.ask(music / folder)
        take_note(shelf)
    fingerprint_queued(shelf, seconds=0.01)
    assert shelf.found() == ["item 1.flac"]


def test_what_was_added_is_recognised_with_its_tags(music, shelf):
    song = music / "songs" / "item 0.flac"
    file = mutagen.File(song)
    file.update({"title": "Agua", "artist": "Los Ríos", "isrc": "USRC17607839", "label": "Discos Sur"})
    file.save()
    shelf.add(music)
    found = identify(read_window(song, RATE)[: 10 * RATE], Index(shelf.catalogue))
    tags = ("Agua", "Los Ríos", "USRC17607839", "Discos Sur")
    assert (found.track.title, found.track.artist, found.track.isrc, found.track.label) == tags
    assert (found.track.item_id, found.track.path) == (item_id(song), str(song))


FORMATS = {
    "x.mp3": ["-b:a", "128k"],
    "x.wav": [],
    "x.flac": [],
    "x.ogg": ["-c:a", "libvorbis"],
    "x.opus": ["-c:a", "libopus"],
    "x.m4a": ["-c:a", "aac"],
    "x.aac": ["-c:a", "aac"],
    "x.aiff": [],
}


@pytest.mark.parametrize(("name", "arguments"), FORMATS.items(), ids=FORMATS)
def test_every_format_is_added_and_found(name, arguments, music, shelf, tmp_path):
    path = convert(music / "songs" / "item 0.flac", tmp_path / name, *arguments)
    [item] = shelf.add(path)
    assert (item.status, item.reason, item.title) == (ItemStatus.READY, "", "x")
    assert item.duration_s == pytest.approx(15.0, abs=0.2)
    found = identify(TUNES[0][2 * RATE : 12 * RATE], Index(shelf.catalogue))
    assert found.track.item_id == item.item_id
    assert found.offset_s == pytest.approx(2.0, abs=0.2)


@pytest.mark.parametrize("kind", ["music", "jingle", "ad", "other"])
def test_a_kind_that_is_given_beats_the_folder(kind, music, shelf):
    assert {item.kind for item in shelf.add(music, kind=kind)} == {kind}
    assert {track.kind for track in Index(shelf.catalogue).tracks()} == {kind}


def test_a_kind_that_is_given_later_corrects_the_first(music, shelf):
    shelf.add(music)
    assert {item.kind for item in shelf.add(music, kind="other")} == {"other"}
    assert {track.kind for track in Index(shelf.catalogue).tracks()} == {"other"}
    assert {item.kind for item in shelf.add(music)} == {"other"}


def test_adding_a_folder_again_changes_nothing(music, shelf):
    first = shelf.add(music)
    segments = [segment.name for segment in Index(shelf.catalogue).segments]
    assert shelf.add(music) == first
    assert [segment.name for segment in Index(shelf.catalogue).segments] == segments
    assert list(shelf.asked.iterdir()) == []


def test_a_copy_of_a_file_is_a_duplicate_and_does_not_take_the_first_ones_place(music, shelf):
    song = music / "songs" / "item 0.flac"
    copy = music / "songs" / "zz copy.flac"
    shutil.copy(song, copy)
    items = {item.path: item for item in shelf.add(music)}
    assert (items[copy].status, items[copy].duplicate_of) == (ItemStatus.DUPLICATE, items[song].item_id)
    assert str(song) in items[copy].reason
    assert items[song].status is ItemStatus.READY
    assert len(shelf.found()) == 3


@pytest.mark.parametrize(
    "arguments", [["-b:a", "64k", "x.mp3"], ["-b:a", "128k", "x.mp3"], ["-ar", "44100", "x.wav"], ["x.ogg"]]
)
@pytest.mark.parametrize("together", [False, True], ids=["later", "in the same batch"])
def test_the_same_recording_in_another_format_is_a_duplicate(arguments, together, music, shelf):
    song = music / "songs" / "item 0.flac"
    if not together:
        shelf.add(song)
    other = convert(song, music / "songs" / arguments[-1], *arguments[:-1])
    first, second = shelf.add(song, other)
    assert (first.status, second.status, second.duplicate_of) == ("READY", "DUPLICATE", first.item_id)
    assert second.item_id != first.item_id
    assert "the same recording as item 0" in second.reason
    assert shelf.found() == ["item 0.flac"]


def test_a_shortened_version_is_an_item_of_its_own(music, shelf):
    shelf.add(music / "songs")
    soundfile.write(music / "edit.flac", TUNES[0][: 9 * RATE], RATE)
    assert shelf.add(music / "edit.flac")[0].status is ItemStatus.READY


def test_a_file_that_moved_is_not_read_again_and_keeps_its_place(music, shelf):
    [before] = shelf.add(music / "songs")
    moved = (music / "songs" / "item 0.flac").rename(music / "moved.flac")
    [after] = shelf.add(moved)
    assert (after.item_id, after.path, str(after.status)) == (before.item_id, moved, "READY")
    assert list(shelf.statuses()) == ["moved.flac"]


def test_a_file_with_new_tags_takes_the_place_of_its_old_self_and_its_copies_follow(music, shelf):
    song = music / "songs" / "item 0.flac"
    shelf.add(song, convert(song, music / "songs" / "zz copy.mp3", "-b:a", "64k"))
    file = mutagen.File(song)
    file.update({"title": "Another title"})
    file.save()
    [item] = shelf.add(song)
    assert (item.status, item.title) == (ItemStatus.READY, "Another title")
    assert [track.title for track in Index(shelf.catalogue).tracks()] == ["Another title"]
    assert shelf.statuses() == {"item 0.flac": "READY", "zz copy.mp3": "DUPLICATE"}
    assert {row.duplicate_of for row in shelf.items()} == {None, item.item_id}


def test_another_song_under_the_same_name_takes_the_place_of_the_first(music, shelf):
    song = music / "songs" / "item 0.flac"
    shelf.add(song)
    soundfile.write(song, TUNES[3], RATE)
    [item] = shelf.add(song)
    assert shelf.statuses() == {"item 0.flac": "READY"}
    assert [track.item_id for track in Index(shelf.catalogue).tracks()] == [item.item_id]


def test_a_file_that_failed_is_tried_again(music, shelf):
    path = music / "late.flac"
    path.write_bytes(b"")
    assert shelf.add(path)[0].status is ItemStatus.FAILED
    soundfile.write(path, TUNES[3], RATE)
    assert shelf.add(path)[0].status is ItemStatus.READY
    assert shelf.statuses() == {"late.flac": "READY"}


def test_an_item_that_the_index_has_lost_is_fingerprinted_again(music, shelf):
    shelf.add(music)
    shutil.rmtree(shelf.catalogue)
    assert [str(item.status) for item in shelf.add(music)] == ["READY"] * 3
    assert len(shelf.found()) == 3


def test_a_store_that_was_lost_is_filled_again(music, shelf):
    first = shelf.add(music)
    for file in shelf.database.path.parent.glob("tagger.*"):
        file.unlink()
    again = shelf.add(music)
    assert [(item.item_id, item.status) for item in again] == [(item.item_id, item.status) for item in first]
    assert len(shelf.found()) == 3


def test_a_name_that_is_no_utf_8_fails_with_its_reason_and_stops_no_other(music, shelf):
    name = os.fsencode(music / "songs") + b"/caf\xe9.flac"
    os.link(os.fsencode(music / "songs" / "item 0.flac"), name)
    (music / "songs" / os.fsdecode(b"\xff.flac")).write_bytes((music / "ads" / "item 2.flac").read_bytes() + b"x")
    statuses = {item.path.name: (str(item.status), item.reason) for item in shelf.add(music)}
    assert statuses["\\xff.flac"] == ("FAILED", "its name is not valid UTF-8: rename it")
    assert statuses["caf\\xe9.flac"][0] == "DUPLICATE"
    assert statuses["item 1.flac"][0] == "READY"


@pytest.mark.parametrize(
    ("name", "kind", "sentence"), [("nowhere", None, "does not exist"), ("", "song", "no kind of item")]
)
def test_a_wrong_request_is_refused_before_anything_is_done(name, kind, sentence, music, shelf):
    with pytest.raises(RequestError, match=sentence):
        shelf.ask(music, music / name, kind=kind)
    assert (shelf.items(), shelf.found()) == ([], [])
    assert not shelf.asked.exists() or list(shelf.asked.iterdir()) == []


@pytest.mark.parametrize("error", [MemoryError, ZeroDivisionError, KeyboardInterrupt])
def test_an_item_that_ends_its_process_again_and_again_is_given_up_and_the_others_are_not(
    error, music, shelf, monkeypatch
):
    def die(item, *rest, heard=work.heard):
        if item.path.name == "item 1.flac":
            raise error
        return heard(item, *rest)

    if error is KeyboardInterrupt:  # in place of kill -9, which puts nothing back
        monkeypatch.setattr(work, "_put_back", lambda *_: None)
    monkeypatch.setattr(work, "heard", die)
    shelf.ask(music)
    take_note(shelf)
    for _ in range(work.MOST_ATTEMPTS):
        with pytest.raises(error):
            fingerprint_queued(shelf)
    fingerprint_queued(shelf)
    assert shelf.statuses() == {"item 0.flac": "READY", "item 1.flac": "FAILED", "item 2.flac": "READY"}
    assert "failed or was killed 3 times" in next(item.reason for item in shelf.items() if item.reason)


def test_what_only_resembles_silence_is_no_music(shelf, tmp_path):
    soundfile.write(tmp_path / "hum.flac", 0.1 * np.sin(np.arange(15 * RATE) * 0.03), RATE)
    [item] = shelf.add(tmp_path / "hum.flac")
    assert (item.status, item.reason) == (ItemStatus.FAILED, "it is silent, or too even to be recognised by anything")
