"""ffmpeg's arguments for each kind of stream, finding it, and one real process."""

import os
import sys
from pathlib import Path

import pytest

from tagger_platform.capture import ffmpeg as module
from tagger_platform.capture.ffmpeg import Process, command, decode, find_ffmpeg
from tagger_platform.errors import RequestError
from tagger_platform.model import Stream
from tagger_platform_tests.capture.conftest import alive, wait_until

HEAD = "ff -nostdin -hide_banner -nostats -threads 1 -loglevel"
TAIL = "-map 0:a:0 -vn -sn -dn -ac 1 -ar 16000 -filter_threads 1 -f s16le pipe:1"
HTTP = "-protocol_whitelist http,https,tcp,tls,crypto,httpproxy -rw_timeout 8000000 -analyzeduration 1000000"

CASES = {
    "rtsp://u:p@h/x": "warning -protocol_whitelist rtp,tcp,crypto -rtsp_transport tcp -allowed_media_types audio "
    "-timeout 8000000 -analyzeduration 1000000 -i rtsp://u:p@h/x",
    "rtsps://h/x": "warning -protocol_whitelist rtp,tcp,crypto,tls -rtsp_transport tcp -allowed_media_types audio "
    "-timeout 8000000 -analyzeduration 1000000 -i rtsps://h/x",
    "http://h/live": f"verbose {HTTP} -probesize 65536 -i http://h/live",
    "https://h/live.m3u8": f"warning {HTTP} -probesize 65536 -i https://h/live.m3u8",
    "file:///a/b%20c.wav": "warning -re -protocol_whitelist file -i file:/a/b+c.wav",
}


@pytest.mark.parametrize(("url", "arguments"), CASES.items(), ids=CASES)
def test_arguments(url: str, arguments: str):
    expected = f"{HEAD} {arguments} {TAIL}".split(" ")
    assert command("ff", Stream("s", url)) == [word.replace("b+c", "b c") for word in expected]


def test_a_camera_that_refuses_audio_alone_is_asked_for_everything():
    assert "-allowed_media_types" not in command("ff", Stream("s", "rtsp://h/x"), audio_only=False)


def test_the_configured_ffmpeg_wins_then_the_systems_then_the_wheels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    program = tmp_path / "ffmpeg"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    assert find_ffmpeg(program) == str(program)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_ffmpeg(None) == str(program)
    monkeypatch.setenv("PATH", "")
    assert "imageio_ffmpeg" in find_ffmpeg(None)
    monkeypatch.setitem(sys.modules, "imageio_ffmpeg", None)
    with pytest.raises(RequestError, match="no ffmpeg found: install it"):
        find_ffmpeg(None)
    with pytest.raises(RequestError, match="FFMPEG_PATH"):
        find_ffmpeg(tmp_path / "nothing")


def test_a_process_is_read_without_waiting_and_ends_when_asked():
    process = Process([sys.executable, "-c", "import sys, time; print('x' * 9, flush=True); time.sleep(60)"])
    assert process.read_words() == []
    audio = bytearray()
    wait_until(lambda: audio.extend(process.read_audio() or b"") or len(audio) == 10, 5, "its output")
    assert process.read_audio() == b""
    process.stop()
    wait_until(process.gone, 5, "it has ended")
    assert process.read_audio() is None
    process.close()
    process.stop(hard=True)  # asking again does no harm


def test_words_come_in_whole_lines_and_endless_ones_are_cut(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "LINE_MOST", 10)
    process = Process([sys.executable, "-c", "import os; os.write(2, b'one\\ntw'); os.write(2, b'o\\n' + b'y' * 99)"])
    wait_until(process.gone, 5, "it has ended")
    assert process.read_words() == ["one", "two"]
    assert process.read_words() == []
    process.close()


def test_a_process_has_a_group_of_its_own():
    process = Process(["sleep", "60"])
    pid = process._process.pid
    assert os.getpgid(pid) == pid
    process.stop(hard=True)
    wait_until(process.gone, 5, "it has ended")
    process.close()
    assert not alive(pid)


@pytest.mark.parametrize(
    ("line", "text"),
    [("Beyoncé".encode(), "Beyoncé"), ("Beyoncé".encode("latin-1"), "Beyoncé"), (b"plain\r", "plain")],
)
def test_titles_in_utf8_and_latin1(line: bytes, text: str):
    assert decode(line) == text
