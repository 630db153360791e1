"""Real things for capture's tests: an ffmpeg, a radio, and a capture process with its settings."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tagger_platform.capture.ffmpeg import find_ffmpeg
from tagger_platform.spool import Manifest
from tagger_platform_tests import samples
from tagger_platform_tests.capture.radio import Radio

PROGRAM = """
import sys
from tagger_platform.capture.service import run
from tagger_platform.errors import RequestError
from tagger_platform.observe.logs import set_up_logging
from tagger_platform.settings import Settings
settings = Settings.load()
set_up_logging(settings.log_level, structured=settings.structured_logs)
try:
    sys.exit(run(settings))
except RequestError as error:
    print(error, file=sys.stderr)
    sys.exit(2)
"""


@pytest.fixture(scope="session")
def ffmpeg() -> str:
    return find_ffmpeg(None)


@pytest.fixture
def radio(ffmpeg: str) -> Iterator[Radio]:
    station = Radio(ffmpeg).start()
    yield station
    station.stop()


class Capture:
    """A real capture process. `environ` may be changed before `start`."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder = folder
        self.port = port
        self.environ = {
            "DATA_DIR": str(folder / "data"),
            "STREAMS_FILE": str(folder / "streams.yaml"),
            **samples.OWN_PORTS,
            "CAPTURE_PORT": str(port),
            "HOP_SECONDS": "5",
            "WINDOW_SECONDS": "3",
            "WINDOW_OFFSETS": "0",
        }
        self.log = folder / "capture.log"
        self.process: subprocess.Popen[bytes] | None = None

    def streams(self, **urls: str) -> None:
        """Write streams.yaml."""
        lines = [json.dumps({"name": name, "url": url}) for name, url in urls.items()]
        (self.folder / "streams.yaml").write_text("streams:\n" + "".join(f"- {line}\n" for line in lines))

    def start(self) -> "Capture":
        with self.log.open("ab") as log:
            environ = {"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(sys.path), **self.environ}
            self.process = subprocess.Popen([sys.executable, "-c", PROGRAM], env=environ, stderr=log)
        return self

    def end(self, number: int = signal.SIGTERM) -> tuple[int, float]:
        """Exit code, and the seconds it took."""
        assert self.process
        began = time.monotonic()
        self.process.send_signal(number)
        return self.process.wait(10), time.monotonic() - began

    def health(self) -> dict[str, Any]:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/healthz", timeout=5) as answer:
            return json.load(answer)

    def stream(self, name: str) -> dict[str, Any]:
        try:
            return next(stream for stream in self.health()["streams"] if stream["name"] == name)
        except OSError:
            return {"state": "capture does not answer"}

    def manifests(self) -> list[Manifest]:
        folder = self.folder / "data/spool/ready"
        return [Manifest.from_json(path.read_text()) for path in sorted(folder.glob("*/manifest.json"))]

    def states(self, name: str) -> list[str]:
        return [window.state for manifest in self.manifests() for window in manifest.windows if window.stream == name]

    def ffmpegs(self) -> list[int]:
        """Ids of the processes that capture has started and that are not gone."""
        assert self.process
        return children(self.process.pid)


def children(pid: int) -> list[int]:
    listed = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    return [int(child) for child, parent in (line.split() for line in listed.splitlines()) if int(parent) == pid]


def alive(pid: int) -> bool:
    shown = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout
    return bool(shown.strip()) and not shown.strip().startswith("Z")


def wait_until(condition: Callable[[], object], seconds: float, what: str) -> None:
    """Look again and again until `condition` holds; fail with `what` was waited for."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            pytest.fail(f"after {seconds} s still not: {what}")
        time.sleep(0.05)


@pytest.fixture
def capture(tmp_path: Path, free_port: Callable[[], int]) -> Iterator[Capture]:
    one = Capture(tmp_path, free_port())
    yield one
    if one.process and one.process.poll() is None:
        one.end(signal.SIGKILL)
