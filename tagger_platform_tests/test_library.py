"""The user's own audio: every file gets a status, no original is touched, nothing is added twice."""

import hashlib
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
from tagger_platform.library import ItemStatus, add, find_audio, item_id, remove
from tagger_platform_tests.fingerprint.tunes import RATE, noise, tune

FFMPEG = shutil.which("ffmpeg") or imageio_ffmpeg.get_ffmpeg_exe()
TUNES = {seed: tune(seed, 15.0) for seed in range(4)}


@pytest.fixture
def music(tmp_path):
    """A folder of one song, one jingle and one advertisement."""
    for folder, seed in (("songs", 0), ("Jingles", 1), ("ads", 2)):
        (tmp_path / "audio" / folder).mkdir(parents=True)
        soundfile.write(tmp_path / "audio" / folder / f"item {seed}.flac", TUNES[seed], RATE)
    return tmp_path / "audio"


class Catalogue:
    """An index, and the statuses that were told, in order."""

    def __init__(self, folder):
        self.folder = folder
        self.index = Index(folder)
        self.told = []

    def add(self, *paths, **more):
        return list(add(paths, self.index, FFMPEG, self.told.append, **more))

    def statuses(self, item):
        return [str(told.status) for told in self.told if told.item_id == item.item_id]


@pytest.fixture
def catalogue(tmp_path):
    return Catalogue(tmp_path / "catalogue")


def digests(folder):
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path: (hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_mtime_ns) for path in files}


def test_a_folder_is_added_with_kinds_from_its_folders_and_every_status_is_told(music, catalogue):
    before = digests(music)
    items = catalogue.add(music)
    assert {item.path.name: (item.kind, str(item.status)) for item in items} == {
        "item 0.flac": ("music", "READY"),
        "item 1.flac": ("jingle", "READY"),
        "item 2.flac": ("ad", "READY"),
    }
    assert [catalogue.statuses(item) for item in items] == [["QUEUED", "FINGERPRINTING", "READY"]] * 3
    assert all(item.item_id == item_id(item.path) for item in items)
    assert all(item.duration_s == pytest.approx(15.0, abs=0.01) for item in items)
    assert digests(music) == before


def test_all_items_are_queued_before_the_first_is_fingerprinted(music, catalogue):
    catalogue.add(music)
    assert [told.status for told in catalogue.told[:4]] == [ItemStatus.QUEUED] * 3 + [ItemStatus.FINGERPRINTING]


def test_what_was_added_is_recognised_with_its_tags(music, catalogue):
    song = music / "songs" / "item 0.flac"
    file = mutagen.File(song)
    file.update({"title": "Agua", "artist": "Los Ríos", "isrc": "USRC17607839"})
    file.save()
    catalogue.add(music)
    found = identify(read_window(song, RATE)[: 10 * RATE], Index(catalogue.folder))
    assert (found.track.title, found.track.artist, found.track.isrc) == ("Agua", "Los Ríos", "USRC17607839")
    assert found.track.item_id == item_id(song)
    assert found.track.path == str(song)


@pytest.mark.parametrize("kind", ["music", "jingle", "ad", "other"])
def test_a_kind_that_is_given_beats_the_folder(kind, music, catalogue):
    assert {item.kind for item in catalogue.add(music, kind=kind)} == {kind}
    assert {track.kind for track in catalogue.index.tracks()} == {kind}


@pytest.mark.parametrize(
    ("folder", "kind"),
    [("ads", "ad"), ("ADS/2026", "ad"), ("jingles/ads", "ad"), ("ads/music", "music"), ("bands", "music")],
)
def test_the_nearest_folder_with_a_meaning_says_the_kind(folder, kind, tmp_path, catalogue):
    path = tmp_path / folder / "x.flac"
    path.parent.mkdir(parents=True)
    soundfile.write(path, TUNES[0], RATE)
    assert catalogue.add(path)[0].kind == kind


def test_adding_a_folder_again_changes_nothing(music, catalogue):
    first = catalogue.add(music)
    segments = [segment.name for segment in catalogue.index.segments]
    again = catalogue.add(music)
    assert [(item.item_id, item.status) for item in again] == [(item.item_id, item.status) for item in first]
    assert {item.reason for item in again} == {"already in the catalogue"}
    assert [segment.name for segment in catalogue.index.segments] == segments


def test_an_interrupted_addition_is_finished_by_the_next(music, catalogue):
    work = add([music], catalogue.index, FFMPEG, catalogue.told.append)
    next(work)
    work.close()
    assert catalogue.index.count == 1
    assert [str(item.status) for item in catalogue.add(music)] == ["READY"] * 3
    assert catalogue.index.count == 3


def test_a_copy_of_a_file_is_a_duplicate_and_does_not_take_the_first_ones_place(music, catalogue):
    song = music / "songs" / "item 0.flac"
    copy = music / "songs" / "zz copy.flac"
    shutil.copy(song, copy)
    items = {item.path: item for item in catalogue.add(music)}
    assert (items[copy].status, items[copy].duplicate_of) == (ItemStatus.DUPLICATE, items[song].item_id)
    assert str(song) in items[copy].reason
    assert catalogue.statuses(items[song])[-1] == "READY"
    assert catalogue.index.count == 3


@pytest.mark.parametrize(
    "arguments", [["-b:a", "64k", "x.mp3"], ["-b:a", "128k", "x.mp3"], ["-ar", "44100", "x.wav"], ["x.ogg"]]
)
def test_the_same_recording_in_another_format_is_a_duplicate(arguments, music, catalogue):
    [song] = catalogue.add(music / "songs")
    other = music / arguments[-1]
    subprocess.run([FFMPEG, "-nostdin", "-v", "error", "-i", song.path, *arguments[:-1], other], check=True)
    [item] = catalogue.add(other)
    assert (item.status, item.duplicate_of) == (ItemStatus.DUPLICATE, song.item_id)
    assert item.item_id != song.item_id
    assert catalogue.statuses(item) == ["QUEUED", "FINGERPRINTING", "DUPLICATE"]
    assert catalogue.index.count == 1


def test_a_shortened_version_is_an_item_of_its_own(music, catalogue):
    catalogue.add(music / "songs")
    soundfile.write(music / "edit.flac", TUNES[0][: 9 * RATE], RATE)
    assert catalogue.add(music / "edit.flac")[0].status is ItemStatus.READY


BAD = {
    "words.mp3": (lambda path: path.write_text("words " * 900), "not audio"),
    "secret.flac": (lambda path: path.write_bytes(np.random.default_rng(1).bytes(9000)), "not audio"),
    "empty.wav": (lambda path: path.write_bytes(b""), "empty"),
    "short.wav": (lambda path: soundfile.write(path, noise(1, RATE // 2) / 9, RATE), "only 0.5 s"),
    "silent.wav": (lambda path: soundfile.write(path, np.zeros(5 * RATE), RATE), "silent"),
    "cut.flac": (lambda path: path.write_bytes(b"fLaC\x00\x00\x00\x22" + bytes(20)), "not audio"),
}


@pytest.mark.parametrize(("name", "prepare", "reason"), [(name, *case) for name, case in BAD.items()], ids=BAD)
def test_a_bad_file_fails_with_its_reason_and_stops_no_other(name, prepare, reason, music, catalogue):
    prepare(music / name)
    items = {item.path.name: item for item in catalogue.add(music)}
    assert items[name].status is ItemStatus.FAILED
    assert reason in items[name].reason
    assert catalogue.statuses(items[name]) == ["QUEUED", "FINGERPRINTING", "FAILED"]
    assert sorted(str(item.status) for item in items.values()) == ["FAILED", "READY", "READY", "READY"]


def test_a_file_that_vanishes_after_it_was_queued_fails_with_its_reason(music, catalogue):
    work = add([music], catalogue.index, FFMPEG, catalogue.told.append)
    next(work)
    shutil.rmtree(music / "songs")
    statuses = {item.path.name: (str(item.status), item.reason) for item in work}
    assert statuses["item 0.flac"] == ("FAILED", "item 0.flac is not there, or may not be read")


def test_a_file_that_failed_is_tried_again(music, catalogue):
    path = music / "late.flac"
    path.write_bytes(b"")
    assert catalogue.add(path)[0].status is ItemStatus.FAILED
    soundfile.write(path, TUNES[3], RATE)
    assert catalogue.add(path)[0].status is ItemStatus.READY


def test_removing_an_item_leaves_its_file_and_says_what_was_removed(music, catalogue):
    items = catalogue.add(music)
    before = digests(music)
    assert remove([items[0].item_id, "0" * 16], catalogue.index) == [items[0].item_id]
    assert {track.item_id for track in Index(catalogue.folder).tracks()} == {item.item_id for item in items[1:]}
    assert digests(music) == before
    assert [str(item.status) for item in catalogue.add(music)] == ["READY"] * 3


def test_only_audio_is_picked_from_a_folder_but_a_named_file_is_always_taken(tmp_path):
    for name in ("b.MP3", "a.flac", "notes.txt", ".hidden.mp3", "sub/c.opus", ".cache/d.mp3"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    assert [path.name for path in find_audio([tmp_path])] == ["a.flac", "b.MP3", "c.opus"]
    named = [tmp_path / "notes.txt", tmp_path / ".hidden.mp3", tmp_path / "a.flac", tmp_path]
    assert [path.name for path in find_audio(named)] == ["notes.txt", ".hidden.mp3", "a.flac", "b.MP3", "c.opus"]


@pytest.mark.parametrize(
    ("name", "kind", "sentence"), [("nowhere", None, "does not exist"), ("", "song", "no kind of item")]
)
def test_a_wrong_request_is_refused_before_anything_is_done(name, kind, sentence, music, catalogue):
    with pytest.raises(RequestError, match=sentence):
        catalogue.add(music, music / name, kind=kind)
    assert (catalogue.told, catalogue.index.count) == ([], 0)
