"""Real radio servers on loopback, each with one station: GStreamer's RTSP server, and Icecast fed by ffmpeg.

What belongs here: starting, stopping, killing and freezing them. What does not: what is played (`on_the_clock`),
when something is done to them (the tests). A server that is started again plays what is on now, on the same port.
"""

import base64
import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import quote, urlencode
from xml.sax.saxutils import escape

from tagger_platform_tests.journeys.on_the_clock import CHANNELS, RATE
from tagger_platform_tests.journeys.processes import end, start, wait_until

HERE = Path(__file__).parent
SYSTEM_PYTHON = "/usr/bin/python3"
"""Debian's own: python3-gi belongs to it"""
UP_S = 20
"""seconds a server may take to start on a busy machine"""
ICECAST = "/usr/bin/icecast2"
ICECAST_WEB = "/usr/share/icecast2"
ICECAST_USER, ICECAST_GROUP = "icecast2", "icecast"
"""whom Debian made for it: it refuses to run as root"""
BITRATE = 128_000
BURST_BYTES = 65_535
"""Debian's default: what Icecast sends at once to whoever connects"""
ADMIN_S = 5
SOURCE_PASSWORD, ADMIN_PASSWORD = "for-the-source", "for-the-admin"
"""of a server that lives for some minutes on loopback"""


@dataclass(frozen=True)
class Sound:
    """What a station plays: a file of PCM that began at an instant (seconds since the epoch)."""

    pcm: Path
    began_at: float
    endless: bool = False


class RtspServer:
    """One mount, `/live`. With `login` (user, password) it asks for them by Basic authentication."""

    def __init__(self, folder: Path, port: int, codec: str, sound: Sound, login: tuple[str, str] = ("", "")) -> None:
        self.port = port
        self._codec, self._sound, self._login = codec, sound, login
        self._log = folder / f"rtsp-{port}.log"
        self._events = folder / f"rtsp-{port}.jsonl"
        self._process: subprocess.Popen[bytes] | None = None

    burst_s = 0.0
    """seconds of what was on before that a new listener hears"""

    @property
    def url(self) -> str:
        user, password = (quote(part, safe="") for part in self._login)
        return f"rtsp://{f'{user}:{password}@' if user else ''}127.0.0.1:{self.port}/live"

    def start(self) -> None:
        user, password = self._login
        settings = {
            "port": self.port,
            "path": "/live",
            "codec": self._codec,
            "pcm": str(self._sound.pcm),
            "began_at": self._sound.began_at,
            "endless": self._sound.endless,
            "user": user,
            "password": password,
        }
        with self._events.open("ab") as events:
            command = [SYSTEM_PYTHON, HERE / "gst_rtsp.py"]
            self._process = start(command, self._log, stdin=subprocess.PIPE, stdout=events)
        assert self._process.stdin
        self._process.stdin.write(json.dumps(settings).encode())
        self._process.stdin.close()
        wait_until(self._listens, UP_S, lambda: f"the RTSP server listens; it says: {self._log.read_text()}")

    def _listens(self) -> bool:
        assert self._process
        assert self._process.poll() is None, f"the RTSP server ended: {self._log.read_text()}"
        return _listens(self.port)

    def kill(self) -> None:
        assert self._process
        self._process.kill()
        self._process.wait()

    def freeze(self) -> None:
        assert self._process
        os.kill(self._process.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        assert self._process
        os.kill(self._process.pid, signal.SIGCONT)

    def stop(self) -> None:
        if self._process:
            end(self._process)

    def played_at(self) -> list[float]:
        """When listeners asked to play, by the server's own account (seconds since the epoch)."""
        return [json.loads(line)["at"] for line in self._events.read_text().splitlines()]


class IcecastServer:
    """One mount, `/live`, MP3 with ICY titles. Three processes: the clock's PCM, ffmpeg as the source, Icecast."""

    def __init__(self, folder: Path, port: int, sound: Sound) -> None:
        self.port = port
        self._sound = sound
        self._folder = folder
        self._log = folder / f"icecast-{port}.log"
        self._processes: list[subprocess.Popen[bytes]] = []

    burst_s = BURST_BYTES * 8 / BITRATE

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/live"

    def start(self) -> None:
        config = self._folder / f"icecast-{self.port}.xml"
        config.write_text(_config(self.port))
        self._processes = [start([ICECAST, "-c", config], self._log, environ={"TZ": "UTC"})]
        wait_until(lambda: _listens(self.port), UP_S, lambda: "Icecast listens")
        sound = [self._sound.pcm, repr(self._sound.began_at), *(["--endless"] if self._sound.endless else [])]
        clock = start([sys.executable, HERE / "on_the_clock.py", *sound], self._log, stdout=subprocess.PIPE)
        source = start(_source(self.port), self._log, stdin=clock.stdout)
        assert clock.stdout
        clock.stdout.close()
        self._processes += [clock, source]
        wait_until(self._on_air, UP_S, lambda: f"Icecast has its source; it says: {self._said()!r}")

    def _on_air(self) -> bool:
        return b'mount="/live"' in self._admin("listmounts")

    def announce(self, title: str) -> None:
        """Tell listeners what is playing, as a studio does: through the admin's URL."""
        self._admin("metadata", mount="/live", mode="updinfo", charset="UTF-8", song=title)

    def _admin(self, page: str, **query: str) -> bytes:
        url = f"http://127.0.0.1:{self.port}/admin/{page}?{urlencode(query)}"
        login = base64.b64encode(f"admin:{ADMIN_PASSWORD}".encode()).decode()
        request = urllib.request.Request(url, headers={"Authorization": f"Basic {login}"})
        with urllib.request.urlopen(request, timeout=ADMIN_S) as answer:
            return bytes(answer.read())

    def played_at(self) -> list[float]:
        """When listeners came, by the server's own account, which knows whole seconds."""
        found = re.findall(rb"\[(\S+)  (\S+)\] INFO source/source_main listener count on /live now 1", self._said())
        return [datetime.fromisoformat(f"{day.decode()}T{at.decode()}Z").timestamp() for day, at in found]

    def _said(self) -> bytes:
        return self._log.read_bytes()

    def kill(self) -> None:
        for process in self._processes:
            process.kill()
            process.wait()

    def stop(self) -> None:
        for process in reversed(self._processes):
            end(process)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _source(port: int) -> list[str]:
    shape = ["-f", "s16le", "-ar", str(RATE), "-ac", str(CHANNELS), "-i", "pipe:0"]
    codec = ["-c:a", "libmp3lame", "-b:a", str(BITRATE), "-flush_packets", "1"]
    where = ["-content_type", "audio/mpeg", "-f", "mp3", f"icecast://source:{SOURCE_PASSWORD}@127.0.0.1:{port}/live"]
    return ["ffmpeg", "-hide_banner", "-nostats", "-loglevel", "warning", *shape, *codec, *where]


def _config(port: int) -> str:
    """Debian's defaults, as far as they matter to a listener."""
    owner = f"<changeowner><user>{ICECAST_USER}</user><group>{ICECAST_GROUP}</group></changeowner>"
    passwords = {"source-password": SOURCE_PASSWORD, "admin-user": "admin", "admin-password": ADMIN_PASSWORD}
    login = "".join(f"<{key}>{escape(value)}</{key}>" for key, value in passwords.items())
    return f"""<icecast>
      <location>loopback</location><admin>nobody@localhost</admin><hostname>localhost</hostname>
      <limits><clients>20</clients><sources>2</sources><queue-size>524288</queue-size>
        <client-timeout>30</client-timeout><header-timeout>15</header-timeout><source-timeout>10</source-timeout>
        <burst-on-connect>1</burst-on-connect><burst-size>{BURST_BYTES}</burst-size></limits>
      <authentication>{login}</authentication>
      <listen-socket><port>{port}</port><bind-address>127.0.0.1</bind-address></listen-socket>
      <fileserve>1</fileserve>
      <paths><basedir>{ICECAST_WEB}</basedir><logdir>/tmp</logdir><webroot>{ICECAST_WEB}/web</webroot>
        <adminroot>{ICECAST_WEB}/admin</adminroot></paths>
      <logging><accesslog>-</accesslog><errorlog>-</errorlog><loglevel>3</loglevel></logging>
      <security><chroot>0</chroot>{owner if os.geteuid() == 0 else ""}</security>
    </icecast>"""
