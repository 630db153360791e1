"""Windows, manifests and the note of the last slot on a real disk, and on one that is full."""

import errno
import io
import json
import logging
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tagger_platform.capture import writer as module
from tagger_platform.capture.spectrogram import spectrogram
from tagger_platform.capture.timeline import RATE
from tagger_platform.capture.writer import NOTE, Writer, flac, read_note
from tagger_platform.model import CaptureState, Slot, Window
from tagger_platform.spool import Manifest, Spool
from tagger_platform.spool.last_windows import LastWindows
from tagger_platform_tests.capture.conftest import wait_until

SLOT = Slot(datetime(2026, 11, 21, 3, 30, tzinfo=UTC))
SAMPLES = (8000 * np.sin(np.arange(3 * RATE) / 7)).astype(np.int16)


def window(slot: Slot = SLOT, offset_s: int = 0) -> Window:
    return Window("kexp", slot, offset_s, 3, CaptureState.CAPTURED, level_dbfs=-15.0)


def manifest(*windows: Window, slot: Slot = SLOT) -> Manifest:
    return Manifest(slot, "capture", 120, windows)


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    return Spool(tmp_path / "spool")


def published(spool: Spool, slot: Slot = SLOT) -> Manifest:
    return Manifest.from_json((spool.root / "ready" / slot.key / "manifest.json").read_text())


def test_a_window_is_a_whole_flac_file():
    samples, rate = soundfile.read(io.BytesIO(flac(SAMPLES)), dtype="int16")
    assert rate == RATE
    assert np.array_equal(samples, SAMPLES)


def test_a_slot_is_handed_over_with_its_audio_and_noted(spool: Spool):
    writer = Writer(spool, LastWindows(spool.root / "last"))
    assert writer.last_slot is None
    writer.start()
    writer.publish(manifest(writer.write(window(), SAMPLES)))
    writer.stop(5)
    assert published(spool).windows == (window(),)
    assert (spool.root / "ready" / SLOT.key / "kexp+0.flac").exists()
    assert read_note(spool) == writer.last_slot == SLOT


def test_the_first_of_the_slots_without_streams_says_so_and_the_others_are_only_noted(spool: Spool):
    first, second, third = SLOT, SLOT.next(120), SLOT.next(120).next(120)
    writer = Writer(spool, LastWindows(spool.root / "last"))
    writer.start()
    for told in (manifest(slot=first), manifest(slot=second), manifest(window(third), slot=third)):
        writer.publish(told)
    writer.stop(5)
    assert spool.ready() == [first.key, third.key]
    assert published(spool, first).windows == ()
    assert read_note(spool) == third


def test_a_full_disk_costs_the_window_and_one_line(
    spool: Spool, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    writer = Writer(spool, LastWindows(spool.root / "last"))
    real = Path.write_bytes

    def full(path: Path, data: bytes) -> int:
        real(path, data[:10])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    writer.start()
    windows = [writer.write(window(offset_s=offset), SAMPLES) for offset in (0, 30, 60)]
    writer.publish(manifest(*windows))
    writer.stop(5)
    handed = published(spool).windows
    assert {one.state for one in handed} == {CaptureState.DISK_FULL}
    assert handed[0].detail == "the window could not be written: No space left on device"
    assert not list((spool.root / "ready").glob("*/*.flac"))
    assert len([record for record in caplog.records if record.levelno == logging.ERROR]) == 1


def test_a_manifest_that_cannot_be_written_is_kept_and_tried_again_in_order(
    spool: Spool, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(module, "RETRY_S", 0.05)
    writer = Writer(spool, LastWindows(spool.root / "last"))
    real, full = Spool.publish, True

    def publish(self: Spool, one: Manifest) -> None:
        if full:
            raise OSError(errno.ENOSPC, "No space left on device")
        real(self, one)

    monkeypatch.setattr(Spool, "publish", publish)
    later = SLOT.next(120)
    writer.start()
    writer.publish(manifest(window()))
    writer.publish(manifest(window(later), slot=later))
    wait_until(lambda: writer.problem, 5, "the problem is known")
    assert writer.problem == "the spool cannot be written: No space left on device"
    full = False
    wait_until(lambda: writer.last_slot == later, 5, "both are handed over")
    assert spool.ready() == [SLOT.key, later.key]
    assert writer.problem is None
    writer.stop(5)


def test_a_disk_that_is_too_slow_is_as_good_as_full(spool: Spool, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "BACKLOG_MOST", 2)
    writer = Writer(spool, LastWindows(spool.root / "last"))  # not started: nothing is ever written
    states = [writer.write(window(offset_s=offset), SAMPLES).state for offset in range(3)]
    assert states == [CaptureState.CAPTURED, CaptureState.CAPTURED, CaptureState.DISK_FULL]


@pytest.mark.parametrize("keep_audio", [False, True])
def test_of_the_last_window_a_picture_stays_and_the_audio_only_where_it_is_asked_for(spool: Spool, keep_audio: bool):
    folder = spool.root.parent / "last"
    kept = LastWindows(folder, keep_audio=keep_audio)
    writer = Writer(spool, kept)
    writer.start()
    for samples in (SAMPLES[::-1], SAMPLES):
        writer.write(window(), samples)
    writer.stop(5)
    assert sorted(path.name for path in folder.iterdir()) == ["kexp.flac", "kexp.png"][not keep_audio :]
    assert (folder / "kexp.png").read_bytes() == spectrogram(SAMPLES)
    assert keep_audio == (kept.audio("kexp") is not None and kept.audio("kexp").read_bytes() == flac(SAMPLES))


def test_nothing_is_kept_of_a_stream_that_is_gone(spool: Spool):
    kept = LastWindows(spool.root.parent / "last", keep_audio=True)
    writer = Writer(spool, kept)
    writer.write(window(), SAMPLES)
    writer.forget("kexp")
    writer.start()
    writer.stop(5)
    assert (kept.picture("kexp"), kept.audio("kexp")) == (None, None)


def test_a_folder_for_pictures_that_cannot_be_written_costs_no_window(spool: Spool):
    (spool.root.parent / "last").write_text("a file in its place")
    writer = Writer(spool, LastWindows(spool.root.parent / "last"))
    writer.start()
    writer.publish(manifest(writer.write(window(), SAMPLES)))
    writer.stop(5)
    assert published(spool).windows == (window(),)


@pytest.mark.parametrize("note", ["", "{", "[]", json.dumps({"slot": "yesterday"})])
def test_a_note_that_is_cut_short_is_made_up_for_by_the_spool(spool: Spool, note: str):
    spool.publish(manifest(window()))
    (spool.root / NOTE).write_text(note)
    assert read_note(spool) == SLOT
