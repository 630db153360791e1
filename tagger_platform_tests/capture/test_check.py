"""`check` says in plain words what is at a URL, or what is wrong with it."""

import subprocess
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
import soundfile

import tagger_platform.capture.check as module
from tagger_platform.capture.check import check
from tagger_platform.capture.ffmpeg import Command
from tagger_platform.capture.timeline import RATE
from tagger_platform_tests.capture.fakes import FakeDecoder, FakeFfmpeg
from tagger_platform_tests.capture.radio import Radio


def test_a_station_that_plays(radio: Radio, ffmpeg: str):
    found = check(radio.url("guarded", "bob:s3cret/@word@"), ffmpeg)
    assert found.ok
    assert found.state == "live"
    assert found.sentence.startswith(f"{radio.address} plays mp3 at 48000 Hz, mono, level -15")
    assert (found.codec, found.sample_rate_hz, found.channels) == ("mp3", 48000, "mono")
    assert (found.icy_name, found.icy_title) == (None, radio.title)  # a name gets lost with the secret on stdin


def test_a_station_without_a_password_tells_its_name_too(radio: Radio, ffmpeg: str):
    found = check(radio.url("live"), ffmpeg)
    assert (found.icy_name, found.icy_title) == ("Chirp FM", radio.title)


@pytest.mark.parametrize(
    ("path", "state", "words"),
    [
        ("guarded", "auth_failed", "does not accept the user name or password"),
        ("404", "not_found", "no such stream"),
        ("page", "no_audio", "not audio that can be decoded"),
        ("video", "no_audio", "sends no audio"),
    ],
)
def test_what_is_wrong(path: str, state: str, words: str, radio: Radio, ffmpeg: str):
    found = check(radio.url(path, "bob:s3cret@"), ffmpeg)
    assert (found.ok, found.state) == (False, state)
    assert words in found.sentence
    assert "s3cret" not in repr(found)


def test_a_server_that_says_nothing_and_one_that_sends_silence(
    radio: Radio, ffmpeg: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(module, "PATIENCE_S", 1.0)
    assert check(radio.url("hang"), ffmpeg).state == "stalled"
    monkeypatch.setattr(module, "PATIENCE_S", 4.0)
    silent = check(radio.url("silence"), ffmpeg)
    assert (silent.ok, silent.state, silent.level_dbfs) == (False, "blank", None)
    assert "digital silence" in silent.sentence


def test_a_file(tmp_path: Path, ffmpeg: str):
    soundfile.write(tmp_path / "x.wav", (8000 * np.sin(np.arange(RATE) / 7)).astype("int16"), RATE)
    assert check(f"file://{tmp_path}/x.wav", ffmpeg).codec == "pcm_s16le"


@pytest.mark.parametrize("query", ["", "?token=s3cr3t-t0ken"], ids=["plain", "secret"])
def test_a_list_of_pieces_plays_with_and_without_a_secret_in_its_address(query: str, tmp_path: Path, ffmpeg: str):
    soundfile.write(tmp_path / "x.wav", (8000 * np.sin(np.arange(6 * RATE) / 7)).astype("int16"), RATE)
    cut = ["-f", "hls", "-hls_time", "2", "-c:a", "aac", tmp_path / "x.m3u8"]
    subprocess.run([ffmpeg, "-v", "error", "-i", tmp_path / "x.wav", *cut], check=True)
    handler = partial(SimpleHTTPRequestHandler, directory=tmp_path)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        found = check(f"http://127.0.0.1:{server.server_port}/x.m3u8{query}", ffmpeg)
        server.shutdown()
    assert (found.ok, found.codec) == (True, "aac (LC)"), found.sentence


@pytest.mark.parametrize(
    "url", ["ftp://bob:s3cret@h/x", "http://", "rtsp://h:port/x", "music", "http://h/x\nfile '/etc/passwd'"]
)
def test_what_is_no_url_of_a_stream(url: str, ffmpeg: str):
    found = check(url, ffmpeg)
    assert found.state == "bad_url"
    assert "s3cret" not in found.sentence


def test_a_camera_that_refuses_audio_alone_is_asked_for_everything(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "LOOK_S", 0.0)
    spawned = FakeFfmpeg()

    def spawn(command: Command) -> FakeDecoder:
        decoder = spawned(command)
        if "-allowed_media_types" in command.argv:
            decoder.end("Server returned 4XX Client Error")
        else:
            decoder.play(4)
        return decoder

    found = check("rtsp://cam/x", "ff", spawn)
    assert found.ok
    assert found.sentence == "cam plays unknown audio, level -17.0 dBFS"
