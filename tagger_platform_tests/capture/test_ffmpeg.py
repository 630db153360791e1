"""ffmpeg's arguments for each kind of stream, finding it, and one real process."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tagger_platform.capture import ffmpeg as module
from tagger_platform.capture.check import check
from tagger_platform.capture.ffmpeg import Command, Process, command, decode, find_ffmpeg
from tagger_platform.errors import RequestError
from tagger_platform.model import Stream
from tagger_platform_tests.capture.conftest import alive, wait_until
from tagger_platform_tests.capture.radio import Radio

HEAD = "ff -nostdin -hide_banner -nostats -threads 1 -loglevel"
TAIL = "-map 0:a:0 -vn -sn -dn -ac 1 -ar 16000 -filter_threads 1 -f s16le pipe:1"
HTTP = "-protocol_whitelist http,https,tcp,tls,crypto,httpproxy -rw_timeout 8000000 -analyzeduration 1000000"

CASES = {
    "rtsp://h/x": "warning -protocol_whitelist rtp,tcp,crypto -rtsp_transport tcp -allowed_media_types audio "
    "-timeout 8000000 -analyzeduration 1000000 -i rtsp://h/x",
    "rtsps://h/x": "warning -protocol_whitelist rtp,tcp,crypto,tls -rtsp_transport tcp -allowed_media_types audio "
    "-timeout 8000000 -analyzeduration 1000000 -i rtsps://h/x",
    "http://h/live": f"verbose {HTTP} -probesize 65536 -i http://h/live",
    "https://h/live.m3u8": f"warning {HTTP} -probesize 65536 -i https://h/live.m3u8",
    "file:///a/b%20c.wav": "warning -re -protocol_whitelist file -i file:/a/b+c.wav",
}


def through_stdin(url: str, arguments: str) -> Command:
    """The command that tells ffmpeg the same by a list on its stdin."""
    level, *words = arguments.removesuffix(f" -i {url}").split(" ")
    options = dict(zip((word[1:] for word in words[::2]), words[1::2], strict=True))
    listed = f"{level} -protocol_whitelist pipe,{options['protocol_whitelist']} -f concat -safe 0 -i pipe:0"
    lines = ["ffconcat version 1.0", f"file '{url}'", *(f"option {name} {value}" for name, value in options.items())]
    return Command(f"{HEAD} {listed} {TAIL}".split(" "), "".join(f"{line}\n" for line in lines).encode())


@pytest.mark.parametrize(("url", "arguments"), CASES.items(), ids=CASES)
def test_arguments(url: str, arguments: str):
    expected = f"{HEAD} {arguments} {TAIL}".split(" ")
    as_arguments = Command([word.replace("b+c", "b c") for word in expected])
    of_a_file = url.startswith("file:")
    assert command("ff", Stream("s", url)) == (as_arguments if of_a_file else through_stdin(url, arguments))


def test_an_attempt_at_an_address_of_short_words_gives_it_among_the_arguments():
    """For only then does ffmpeg tell the station's name."""
    url = "http://radio.example:8000/live.mp3"
    expected = f"{HEAD} verbose {HTTP} -probesize 65536 -i {url} {TAIL}".split(" ")
    assert command("ff", Stream("s", url), talkative=True) == Command(expected)
    assert url not in command("ff", Stream("s", url)).argv


SECRET_URLS = [
    "http://s3cret@h/a",
    "http://h/a?pwd=s3cret",
    "http://h/a?pin=s3cr",
    "http://h/a?s3cret",
    "http://h/a?s3cret==",
    "rtsp://10.0.0.2:554/user=admin&password=s3cret&channel=1.sdp",
    "http://h/live;password=s3cret",
    "rtsp://u:s3cret@h/x",
    "https://h/s3cret0123456789/list.m3u8",
]


@pytest.mark.parametrize("talkative", [False, True])
@pytest.mark.parametrize("url", SECRET_URLS)
def test_no_secret_is_in_the_process_list_wherever_it_stands_in_the_url(url: str, talkative: bool):
    asked = command("ff", Stream("s", url), talkative=talkative)
    assert "s3cr" not in " ".join(asked.argv)
    assert url in asked.script.decode()


@pytest.mark.parametrize(
    ("url", "protocols"),
    [
        ("rtsp://front:s3cr'et@h/x", "rtp,tcp,crypto"),
        ("rtsps://front:s3cr'et@h/x", "rtp,tcp,crypto,tls"),
        ("http://front:s3cr'et@h/x", "http,https,tcp,tls,crypto,httpproxy"),
        ("https://h/x.m3u8?token=s3cr'et", "http,https,tcp,tls,crypto,httpproxy"),
    ],
)
def test_a_url_with_a_secret_goes_through_stdin(url: str, protocols: str):
    asked = command("ff", Stream("s", url))
    assert "s3cr" not in " ".join(asked.argv)
    assert asked.argv[asked.argv.index("-i") - 6 :][:8] == [
        "-protocol_whitelist",
        f"pipe,{protocols}",
        "-f",
        "concat",
        "-safe",
        "0",
        "-i",
        "pipe:0",
    ]
    lines = asked.script.decode().splitlines()
    assert lines[:3] == [
        "ffconcat version 1.0",
        "file '" + url.replace("'", "'\\''") + "'",
        f"option protocol_whitelist {protocols}",
    ]


def test_both_ways_tell_ffmpeg_the_same():
    plain, secret = (command("ff", Stream("s", f"http://{login}h/x"), talkative=True) for login in ("", "a:b@"))
    options = dict(line.split(" ")[1:] for line in secret.script.decode().splitlines()[2:])
    assert [word for name, value in options.items() for word in (f"-{name}", value)] == plain.argv[
        8 : plain.argv.index("-i")
    ]


def test_a_camera_that_refuses_audio_alone_is_asked_for_everything():
    assert "-allowed_media_types" not in command("ff", Stream("s", "rtsp://h/x"), audio_only=False).argv


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
    process = Process(Command([sys.executable, "-c", "import sys, time; print('x' * 9, flush=True); time.sleep(60)"]))
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
    process = Process(
        Command([sys.executable, "-c", "import os; os.write(2, b'one\\ntw'); os.write(2, b'o\\n' + b'y' * 99)"])
    )
    wait_until(process.gone, 5, "it has ended")
    assert process.read_words() == ["one", "two"]
    assert process.read_words() == []
    process.close()


def test_a_process_has_a_group_of_its_own():
    process = Process(Command(["sleep", "60"]))
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


def test_a_process_reads_its_script_and_then_the_end_of_it():
    process = Process(Command([sys.executable, "-c", "import sys; print(sys.stdin.read(), end='')"], b"a secret"))
    wait_until(process.gone, 5, "it has ended")
    assert process.read_audio() == b"a secret"
    process.close()


def test_a_process_that_ends_before_it_reads_its_script_does_no_harm():
    process = Process(Command(["true"], b"a secret"))
    wait_until(process.gone, 5, "it has ended")
    process.close()


class _Jump(BaseHTTPRequestHandler):
    """Sends everybody who asks for /jump on to `target`, and plays /list, whose one piece is `target`."""

    target = ""

    def do_GET(self) -> None:
        if self.path.startswith("/jump"):
            self.send_response(302)
            self.send_header("Location", self.target)
            self.end_headers()
            return
        self.send_response(200)
        self.send_header("Content-Type", "application/vnd.apple.mpegurl")
        self.end_headers()
        self.wfile.write(f"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n{self.target}\n#EXT-X-ENDLIST\n".encode())

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def jump() -> Iterator[tuple[type[_Jump], int]]:
    handler = type("Handler", (_Jump,), {})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    yield handler, server.server_port
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("login", ["", "bob:s3cret@"], ids=["plain", "secret"])
@pytest.mark.parametrize("path", ["jump", "list.m3u8"])
@pytest.mark.parametrize("scheme", ["file", "concat", "pipe"])
def test_no_server_makes_ffmpeg_open_a_file_of_ours(
    scheme: str, path: str, login: str, jump: tuple[type[_Jump], int], radio: Radio, ffmpeg: str, tmp_path: Path
):
    handler, port = jump
    secret = tmp_path / "secret.mp3"
    secret.write_bytes(radio.mp3[:50_000])
    targets = {"file": secret.as_uri(), "concat": f"concat:{secret}|{secret}", "pipe": "pipe:0"}
    handler.target = targets[scheme]
    asked = command(ffmpeg, Stream("s", f"http://{login}127.0.0.1:{port}/{path}"))
    done = subprocess.run(asked.argv, input=asked.script, capture_output=True, timeout=30)
    assert done.stdout == b""


def test_where_a_server_leads_to_another_server_ffmpeg_follows(
    jump: tuple[type[_Jump], int], radio: Radio, ffmpeg: str
):
    handler, port = jump
    handler.target = radio.url("live")
    found = check(f"http://bob:s3cret@127.0.0.1:{port}/jump", ffmpeg)
    assert found.ok, found.sentence
