"""DATA_DIR/library: what is dropped there is added once it is whole, and what was taken out stays out."""

import os
import shutil

import pytest

from tagger_platform.errors import RequestError
from tagger_platform.library import files, watch
from tagger_platform.library.files import STILL_S, Seen, audio_below, find_audio, look
from tagger_platform.library.intake import take_note
from tagger_platform.library.removal import remove
from tagger_platform.library.watch import Watch
from tagger_platform.library.work import fingerprint_queued
from tagger_platform.store.library import FileState
from tagger_platform_tests.library.conftest import TUNES, drop

NOW = 1_800_000_000.0


@pytest.mark.parametrize(
    ("changed_s", "still"),
    [
        pytest.param(NOW, False, id="just now"),
        pytest.param(NOW - STILL_S + 0.1, False, id="a moment ago"),
        pytest.param(NOW - STILL_S, True, id="some seconds ago"),
        pytest.param(NOW - 86_400, True, id="yesterday"),
        pytest.param(NOW + 3_600, True, id="in the future of a clock that was set back"),
    ],
)
def test_a_file_counts_once_it_has_been_still(changed_s, still):
    assert Seen(1, 1, changed_s).is_still(NOW) is still


@pytest.mark.parametrize(
    ("known", "same"),
    [(None, False), (FileState("a", 1, 2), True), (FileState("a", 1, 3), False), (FileState("a", 2, 2), False)],
)
def test_a_file_is_the_one_that_was_read_if_size_and_time_are_the_same(known, same):
    assert Seen(1, 2, NOW).is_as(known) is same


def test_only_audio_is_picked_from_a_folder_but_a_named_file_is_always_taken(tmp_path):
    for name in ("b.MP3", "a.flac", "notes.txt", ".hidden.mp3", "sub/c.opus", ".cache/d.mp3"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    assert [path.name for path in find_audio([tmp_path])] == ["a.flac", "b.MP3", "c.opus"]
    named = [tmp_path / "notes.txt", tmp_path / ".hidden.mp3", tmp_path / "a.flac", tmp_path]
    assert [path.name for path in find_audio(named)] == ["notes.txt", ".hidden.mp3", "a.flac", "b.MP3", "c.opus"]
    with pytest.raises(RequestError, match="does not exist"):
        find_audio([tmp_path / "nothing"])


def test_linked_folders_are_entered_once_and_never_in_a_circle(tmp_path):
    archive, folder = tmp_path / "archive", tmp_path / "library"
    for place in (archive / "sub", folder):
        place.mkdir(parents=True)
    (archive / "sub" / "a.mp3").write_bytes(b"x")
    (folder / "music").symlink_to(archive)
    (archive / "sub" / "up").symlink_to(archive)
    (folder / "self").symlink_to(folder)
    (folder / "nowhere.mp3").symlink_to(tmp_path / "gone")
    (folder / "folder.mp3").mkdir()
    assert [path for path, _ in audio_below(folder)] == [str(folder / "music" / "sub" / "a.mp3")]


@pytest.mark.parametrize(
    ("folder", "kind"),
    [("ads", "ad"), ("ADS/2026", "ad"), ("jingles/ads", "ad"), ("ads/music", "music"), ("bands", "music")],
)
def test_the_nearest_folder_with_a_meaning_says_the_kind(folder, kind, shelf, at_once):
    drop(shelf, f"{folder}/x.flac", TUNES[0])
    shelf.work()
    assert [item.kind for item in shelf.items()] == [kind]


def test_a_dropped_file_is_added_and_a_copy_under_way_is_not(shelf, monkeypatch):
    drop(shelf, "song.flac", TUNES[0])
    assert take_note(shelf) == 0
    monkeypatch.setattr(files, "STILL_S", 0.0)
    assert take_note(shelf) == 1
    fingerprint_queued(shelf)
    assert shelf.found() == ["song.flac"]


def test_what_is_known_is_not_read_again(shelf, at_once, monkeypatch):
    drop(shelf, "song.flac", TUNES[0])
    shelf.work()
    monkeypatch.setattr(files, "hashlib", None)  # reading it again would fail
    assert take_note(shelf) == 0


def test_a_file_that_was_taken_too_early_is_replaced_by_its_whole_self(shelf, at_once):
    path = drop(shelf, "song.flac", TUNES[0][: 6 * 12_000])
    shelf.work()
    drop(shelf, "song.flac", TUNES[0])
    shelf.work()
    [item] = shelf.items()
    assert (str(item.status), item.duration_s, item.path) == ("READY", pytest.approx(15, abs=0.1), path)
    assert shelf.found() == ["song.flac"]


@pytest.mark.parametrize("comes_back_as", ["itself", "a touched file", "a moved file", "a copy"])
def test_what_was_removed_does_not_come_back_by_itself(comes_back_as, shelf, at_once):
    path = drop(shelf, "song.flac", TUNES[0])
    shelf.work()
    remove(shelf, [shelf.items()[0].item_id])
    if comes_back_as == "a touched file":
        os.utime(path)
    if comes_back_as == "a moved file":
        path.rename(shelf.watched / "other.flac")
    if comes_back_as == "a copy":
        shutil.copy(path, shelf.watched / "copy.flac")
    assert shelf.work() == (0, {})
    assert (shelf.items(), shelf.found()) == ([], [])


def test_what_was_removed_comes_back_when_it_is_added_by_name(shelf, at_once):
    path = drop(shelf, "song.flac", TUNES[0])
    shelf.work()
    remove(shelf, [shelf.items()[0].item_id])
    assert [str(item.status) for item in shelf.add(path)] == ["READY"]
    assert shelf.found() == ["song.flac"]


def test_a_file_that_is_deleted_stays_in_the_catalogue(shelf, at_once):
    path = drop(shelf, "song.flac", TUNES[0])
    shelf.work()
    path.unlink()
    shelf.work()
    assert (shelf.statuses(), shelf.found()) == ({"song.flac": "READY"}, ["song.flac"])


def test_a_file_that_moved_in_the_folder_is_noted_under_its_new_name(shelf, at_once):
    drop(shelf, "song.flac", TUNES[0])
    shelf.work()
    (shelf.watched / "song.flac").rename(shelf.watched / "ballad.flac")
    assert shelf.work() == (0, {})
    assert shelf.statuses() == {"ballad.flac": "READY"}


# is there anything to do?


def sees(eyes):
    eyes._next_look = 0.0
    return eyes.sees_work()


def test_a_quiet_library_has_nothing_to_do(shelf, at_once):
    eyes = Watch(shelf)
    assert not sees(eyes)
    assert shelf.watched.is_dir()
    drop(shelf, "song.flac", TUNES[0])
    shelf.work()
    assert not sees(eyes)
    assert not sees(Watch(shelf))


def test_each_way_in_is_seen(shelf, music, at_once):
    eyes = Watch(shelf)
    assert not sees(eyes)
    shelf.ask(music / "ads")
    assert sees(eyes)
    take_note(shelf)
    assert sees(eyes)  # queued by a run that did not get to it
    fingerprint_queued(shelf)
    assert not sees(eyes)
    drop(shelf, "song.flac", TUNES[0])
    assert sees(eyes)
    shelf.work()
    assert not sees(eyes)


def test_a_file_is_seen_only_when_it_is_still(shelf, monkeypatch):
    eyes = Watch(shelf)
    path = drop(shelf, "song.flac", TUNES[0])
    assert not sees(eyes)
    monkeypatch.setattr(watch.time, "time", lambda: look(path).changed_s + STILL_S)
    assert sees(eyes)


def test_looking_takes_a_small_share_of_a_core(shelf, at_once, monkeypatch):
    clock = [100.0]
    monkeypatch.setattr(watch.time, "monotonic", lambda: clock[0])
    looks = []

    def slow(*arguments, differing=watch.differing):
        looks.append(clock[0])
        clock[0] += 0.1
        return differing(*arguments)

    monkeypatch.setattr(watch, "differing", slow)
    eyes = Watch(shelf)
    while clock[0] < 200:
        eyes.sees_work()
        clock[0] += 1
    assert len(looks) == pytest.approx(100 * watch.LOOK_SHARE / 0.1, abs=2)
