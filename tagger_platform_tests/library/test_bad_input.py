"""Whatever people call audio: a reason in the item's status, the others done, the catalogue right."""

import json
import subprocess
import threading
import wave

import numpy as np
import pytest
import soundfile

from tagger_platform.errors import DiskFullError, NewerVersionError
from tagger_platform.fingerprint import segment_writer
from tagger_platform.fingerprint.index import Index
from tagger_platform.library import judge
from tagger_platform.library.intake import take_note
from tagger_platform.library.work import fingerprint_queued
from tagger_platform_tests.fingerprint.tunes import noise
from tagger_platform_tests.library.conftest import RATE, TUNES
from tagger_platform_tests.library.test_adding import FFMPEG, convert

PICTURE = ["-nostdin", "-v", "error", "-f", "lavfi", "-i", "color=c=red:s=64x64:d=2"]
GARBAGE = np.random.default_rng(1).bytes(300_000)


def cut(path, music, share, *arguments):
    """The file converted from a song, without its end."""
    whole = convert(music / "songs" / "item 0.flac", path.with_name(f"whole{path.suffix}"), *arguments)
    path.write_bytes(whole.read_bytes()[: int(share * whole.stat().st_size)])
    whole.unlink()


BAD = {
    "words.mp3": (lambda path, _: path.write_text("words " * 900), "is not audio that can be read"),
    "secret.mp3": (lambda path, _: path.write_bytes(GARBAGE), "holds only 0."),
    "secret.flac": (lambda path, _: path.write_bytes(b"fLaC" + GARBAGE), "is not audio that can be read"),
    "secret.m4a": (lambda path, _: path.write_bytes(b"\0\0\0\x20ftypM4A " + GARBAGE), "is not audio that can be read"),
    "empty.wav": (lambda path, _: path.write_bytes(b""), "is empty"),
    "short.wav": (lambda path, _: soundfile.write(path, noise(1, RATE // 2) / 9, RATE), "only 0.5 s of audio"),
    "silent.wav": (lambda path, _: soundfile.write(path, np.zeros(5 * RATE), RATE), "it is silent"),
    "header.flac": (lambda path, _: path.write_bytes(b"fLaC\x00\x00\x00\x22" + bytes(20)), "is not audio"),
    "no index.m4a": (lambda path, music: cut(path, music, 0.7, "-c:a", "aac"), "is not audio that can be read"),
    "picture.mp4": (
        lambda path, _: subprocess.run([FFMPEG, *PICTURE, path], check=True),
        "has no audio stream",
    ),
}


@pytest.mark.parametrize(("name", "prepare", "reason"), [(name, *case) for name, case in BAD.items()], ids=BAD)
def test_a_bad_file_fails_with_its_reason_and_stops_no_other(name, prepare, reason, music, shelf):
    prepare(music / name, music)
    items = {item.path.name: item for item in shelf.add(music)}
    assert (str(items[name].status), reason in items[name].reason) == ("FAILED", True), items[name].reason
    assert sorted(str(item.status) for item in items.values()) == ["FAILED", "READY", "READY", "READY"]
    assert shelf.found() == ["item 0.flac", "item 1.flac", "item 2.flac"]


CUT = {"flac": (), "wav": (), "mp3": ("-b:a", "128k"), "aiff": ()}


@pytest.mark.parametrize(("suffix", "arguments"), CUT.items(), ids=CUT)
def test_what_is_left_of_a_file_without_its_end_is_recognised_and_the_rest_is_missed(suffix, arguments, music, shelf):
    path = music / f"cut.{suffix}"
    cut(path, music, 0.6, *arguments)
    [item] = shelf.add(path)
    assert str(item.status) == "READY"
    assert item.reason.startswith("it is cut short: only ")
    assert item.reason.endswith(" of 15 s could be read, and only they are recognised")
    assert 7 < item.duration_s < 11


def test_eight_channels_at_192_khz_are_one_recording_like_any_other(music, shelf):
    samples = np.repeat(np.clip(TUNES[0], -1, 1), 16)[: 10 * 192_000]
    path = music / "surround.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(8)
        file.setsampwidth(2)
        file.setframerate(192_000)
        file.writeframes(np.repeat((samples * 20_000).astype("<i2")[:, None], 8, axis=1).tobytes())
    [item] = shelf.add(path)
    assert (str(item.status), item.duration_s) == ("READY", pytest.approx(10, abs=0.1))


def test_hours_of_audio_need_no_more_memory_than_minutes(music, shelf, monkeypatch):
    """Two hours at a low rate; ten take the same way (64 bytes a second for landmarks, measured by hand)."""
    longest = 0
    decode = judge.decode

    def watched(*arguments):
        nonlocal longest
        for block in decode(*arguments):
            longest = max(longest, len(block))
            yield block

    monkeypatch.setattr(judge, "decode", watched)
    path = music / "hours.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(1)
        file.setframerate(2000)
        for minute in range(120):
            file.writeframes(
                (128 + 40 * np.sin(np.arange(120_000) * (0.1 + 0.001 * minute))).astype(np.uint8).tobytes()
            )
    [item] = shelf.add(path)
    assert item.duration_s == pytest.approx(7200, abs=1)
    assert longest <= (1 << 20) / 4 + 65_536 / 4


@pytest.mark.parametrize("moment", ["before it is read", "while it is read"])
def test_a_file_that_vanishes_fails_with_its_reason(moment, music, shelf, monkeypatch):
    shelf.ask(music)
    take_note(shelf)
    song, decode = music / "songs" / "item 0.flac", judge.decode

    def vanishing(path, *rest):
        for number, block in enumerate(decode(path, *rest)):
            if number == 0 and path == song:
                song.unlink()
            yield block

    if moment == "before it is read":
        song.unlink()
    monkeypatch.setattr(judge, "decode", vanishing)
    fingerprint_queued(shelf)
    assert shelf.statuses() == {"item 0.flac": "FAILED", "item 1.flac": "READY", "item 2.flac": "READY"}
    assert {item.reason for item in shelf.items()} == {"", "item 0.flac vanished before it was read to its end"}
    assert shelf.found() == ["item 1.flac", "item 2.flac"]


def test_a_file_that_is_overwritten_before_it_is_read_is_not_taken_for_the_other(music, shelf):
    shelf.ask(music / "songs")
    take_note(shelf)
    soundfile.write(music / "songs" / "item 0.flac", TUNES[3], RATE)
    fingerprint_queued(shelf)
    assert shelf.statuses() == {"item 0.flac": "FAILED"}
    assert [str(item.status) for item in shelf.add(music / "songs")] == ["READY"]
    assert shelf.statuses() == {"item 0.flac": "READY"}


def test_a_full_disk_is_said_and_the_items_stay_queued_until_there_is_room(music, shelf, monkeypatch):
    shelf.add(music / "ads")
    shelf.ask(music)
    take_note(shelf)

    def full(*_):
        raise OSError(28, "No space left on device", "postings.npy")

    with monkeypatch.context() as patched:
        patched.setattr(segment_writer, "_save", full)
        with pytest.raises(DiskFullError, match=r"the disk is full .*: make room"):
            fingerprint_queued(shelf)
    assert shelf.statuses() == {"item 0.flac": "QUEUED", "item 1.flac": "QUEUED", "item 2.flac": "READY"}
    assert {item.reason[:16] for item in shelf.items()} == {"the disk is full", ""}
    assert shelf.found() == ["item 2.flac"]
    assert len(list((shelf.catalogue / "segments").iterdir())) == 1
    fingerprint_queued(shelf)
    assert set(shelf.statuses().values()) == {"READY"}
    assert {item.reason for item in shelf.items()} == {""}


def test_an_index_of_a_newer_tagger_is_refused_and_not_touched(music, shelf):
    shelf.add(music / "ads")
    current = shelf.catalogue / "current.json"
    current.write_text(json.dumps({**json.loads(current.read_text()), "format": 99}))
    before = current.read_bytes()
    with pytest.raises(NewerVersionError, match="update tagger"):
        shelf.ask(music)
    with pytest.raises(NewerVersionError):
        take_note(shelf)
    with pytest.raises(NewerVersionError):
        fingerprint_queued(shelf)
    assert (current.read_bytes(), shelf.statuses()) == (before, {"item 2.flac": "READY"})


def test_two_who_add_at_once_take_turns(music, shelf):
    results = {}

    def add(name, *paths):
        results[name] = shelf.add(*paths)

    threads = [threading.Thread(target=add, args=(n, music / n, music / "ads")) for n in ("songs", "Jingles")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [str(item.status) for items in results.values() for item in items] == ["READY"] * 4
    assert len(Index(shelf.catalogue).tracks()) == 3
