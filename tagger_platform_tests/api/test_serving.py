"""The api as a process: it serves, it says when its port is taken, and it goes when told."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from tagger_platform.api.app import run
from tagger_platform.errors import RequestError
from tagger_platform_tests import samples

SERVE = "import sys; from tagger_platform.api.app import run; from tagger_platform.settings import Settings; "
START_S = 20


def free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def answer_of(url: str, process: subprocess.Popen[bytes]) -> bytes:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=START_S) as response:
                return response.read()
        except urllib.error.HTTPError:
            raise
        except OSError:
            time.sleep(0.1)
    raise AssertionError(f"no answer from {url}")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_serves_until_a_signal_and_exits_with_0(tmp_path: Path, number: int) -> None:
    ports = free_ports(5)
    environ = {"PATH": os.environ["PATH"], **samples.environ(tmp_path, ports)}
    argv = [sys.executable, "-c", SERVE + "sys.exit(run(Settings.load()))"]
    with (tmp_path / "log").open("wb") as log, subprocess.Popen(argv, env=environ, stderr=log) as process:
        try:
            assert b'"plays":[]' in answer_of(f"http://127.0.0.1:{ports[0]}/api/plays", process)
            process.send_signal(number)
            assert process.wait(timeout=10) == 0
            assert (tmp_path / "log").read_bytes() == b""
        finally:
            process.kill()


def test_it_watches_over_the_platform_where_somebody_is_to_be_told(tmp_path: Path) -> None:
    environ = {
        "PATH": os.environ["PATH"],
        **samples.environ(tmp_path, free_ports(5)),
        "NOTIFY_URLS": "json://127.0.0.1:9",
    }
    argv = [sys.executable, "-c", SERVE + "sys.exit(run(Settings.load()))"]
    seen = tmp_path / "notified.json"
    with subprocess.Popen(argv, env=environ) as process:
        try:
            deadline = time.monotonic() + START_S
            while not seen.exists() and time.monotonic() < deadline:
                time.sleep(0.1)
            assert {"capture", "dagster"} <= set(json.loads(seen.read_text()))
        finally:
            process.kill()


def test_a_port_in_use_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        settings = samples.settings(tmp_path, (port, *[one for one in free_ports(5) if one != port][:4]))
        with pytest.raises(RequestError, match=f"PORT: cannot listen on 127.0.0.1 port {port}"):
            run(settings)
