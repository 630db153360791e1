"""A small real radio on loopback: MP3 in real time with a burst and ICY titles, and every way to disappoint.

What belongs here: a server that can be stalled, stopped and started again. What does not: tests.
"""

import contextlib
import struct
import subprocess
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tagger_platform_tests.capture.chirp import CYCLE_S, MP3_BYTES_PER_S, chirp_mp3

BURST_S = 4
METAINT = 8000
TICK_S = 0.05
WAV_BYTES_PER_S = 32_000
WAV_HEADER = b"RIFF\xff\xff\xff\xffWAVEfmt " + struct.pack("<IHHIIHH", 16, 1, 1, 16_000, 32_000, 2, 16)
PAGE = b"<html><body>" + b"<p>There is no music here.</p>" * 2000 + b"</body></html>"


class Radio:
    """Serves from `start` to `stop`, always on the same port. `title` is what /live says is playing."""

    def __init__(self, ffmpeg: str) -> None:
        self.mp3 = chirp_mp3(ffmpeg)
        self.video = _video(ffmpeg)
        self.title = "Lonely Motel - Dancing in the Rain"
        self.asked: list[str] = []
        self._stalled = threading.Event()
        self._http: _Http | None = None
        self._port = 0

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self._port}"

    def url(self, path: str, login: str = "") -> str:
        return f"http://{login}{self.address}/{path}"

    def start(self) -> "Radio":
        self._http = _Http(("127.0.0.1", self._port), type("Handler", (_Handler,), {"radio": self}))
        self._port = self._http.server_port
        threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def stop(self) -> None:
        """Hang up on everybody, and stop listening."""
        http, self._http = self._http, None
        if http:
            http.hang_up()
        self._stalled.clear()

    def stall(self) -> None:
        """Keep the connections and send nothing."""
        self._stalled.set()

    @property
    def stalled(self) -> bool:
        return self._stalled.is_set()


class _Http(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.on_air = True

    def hang_up(self) -> None:
        self.on_air = False
        self.shutdown()
        self.server_close()


class _Handler(BaseHTTPRequestHandler):
    radio: Radio
    server: _Http

    def do_GET(self) -> None:
        self.radio.asked.append(self.path)
        with contextlib.suppress(ConnectionError):
            page = self.path.strip("/")
            if page.isdigit():
                self._refuse(int(page))
            elif page == "guarded" and self.headers.get("Authorization") != "Basic Ym9iOnMzY3JldC9Ad29yZA==":
                self._refuse(401)  # bob:s3cret/@word
            else:
                getattr(self, f"play_{page}".replace("guarded", "live"))()

    def _refuse(self, status: int) -> None:
        self.send_response(status)
        if status == 401:
            self.send_header("WWW-Authenticate", 'Basic realm="radio"')
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _begin(self, kind: str, **headers: str) -> None:
        self.send_response(200)
        for name, value in {"Content-Type": kind, **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()

    def play_live(self) -> None:
        titled = self.headers.get("Icy-MetaData") == "1"
        self._begin("audio/mpeg", icy_name="Chirp FM", **({"icy_metaint": str(METAINT)} if titled else {}))
        until_title, at = METAINT, _position(time.time() - BURST_S)
        while self.server.on_air:
            now = _position(time.time())
            while at < now and not self.radio.stalled:
                count = min(until_title, now - at)
                first = at % len(self.radio.mp3)
                piece = self.radio.mp3[first : first + count]
                self.wfile.write(piece)
                at += len(piece)
                until_title -= len(piece)
                if until_title == 0:
                    self.wfile.write(self._title() if titled else b"")
                    until_title = METAINT
            time.sleep(TICK_S)

    def _title(self) -> bytes:
        text = f"StreamTitle='{self.radio.title}';".encode()
        sixteens = -(-len(text) // 16)
        return bytes([sixteens]) + text.ljust(sixteens * 16, b"\0")

    def play_silence(self) -> None:
        self._begin("audio/wav")
        self.wfile.write(WAV_HEADER + b"data\xff\xff\xff\xff")
        while self.server.on_air:
            self.wfile.write(bytes(int(WAV_BYTES_PER_S * TICK_S)))
            time.sleep(TICK_S)

    def play_page(self) -> None:
        self._begin("text/html", Content_Length=str(len(PAGE)))
        self.wfile.write(PAGE)

    def play_video(self) -> None:
        self._begin("video/mp2t")
        self.wfile.write(self.radio.video)

    def play_nothing(self) -> None:
        self._begin("audio/mpeg")

    def play_hang(self) -> None:
        while self.server.on_air:
            time.sleep(TICK_S)

    def log_message(self, *args: Any) -> None:
        pass


def _position(instant: float) -> int:
    """The byte of the endless MP3 that is on the air at `instant`, at the start of a frame."""
    return int(instant * MP3_BYTES_PER_S) // 384 * 384


def _video(ffmpeg: str) -> bytes:
    picture = ["-f", "lavfi", "-i", "testsrc=size=64x64:rate=10", "-t", "3", "-c:v", "mpeg2video", "-f", "mpegts"]
    return subprocess.run([ffmpeg, "-loglevel", "error", *picture, "pipe:1"], capture_output=True, check=True).stdout


assert CYCLE_S * MP3_BYTES_PER_S % 384 == 0
