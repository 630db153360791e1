"""`tagger up` with small processes in place of the real ones: order, restarts, ports, and no orphans."""

import itertools
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tagger_platform.cli.log_file import LogFile, log_files
from tagger_platform.cli.supervisor import as_our_child

RUN = """
import asyncio, json, sys
from pathlib import Path
import click
from tagger_platform.cli import supervisor
from tagger_platform.cli.supervisor import Process, supervise
from tagger_platform.errors import TaggerError
from tagger_platform.observe.logs import set_up_logging
set_up_logging("INFO", structured=False)
supervisor.FIRST_PAUSE_S = 0.2
supervisor.STOP_TIMEOUT_S = 1
processes = [Process(**fields) for fields in json.loads(sys.argv[1])]
try:
    code = asyncio.run(supervise(processes, addresses={"On air": "http://127.0.0.1:1/"}, logs=Path(sys.argv[2])))
except TaggerError as error:
    print(error, file=sys.stderr)
    code = 2
sys.exit(code)
"""
CHILD = """
import os, signal, socket, sys, time
name, port, notes, way = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4]
def note(word):
    with open(notes, "a") as out:
        out.write(f"{word} {name} {os.getpid()} {time.monotonic()}\\n")
def stop(*_):
    note("stop")
    sys.exit(0)
signal.signal(signal.SIGTERM, signal.SIG_IGN if way == "deaf" else stop)
note("start")
if way == "dies":
    sys.exit(3)
if way == "talks":
    print("on stdout: пісня", flush=True)
    print("on stderr: rtsp://me:kn0ck@cam/1", file=sys.stderr, flush=True)
if way == "parent" and os.fork() == 0:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    name += "'s child"
    note("start")
    time.sleep(60)
if port:
    time.sleep(0.2)
    listener = socket.create_server(("127.0.0.1", port))
    note("ready")
time.sleep(60)
"""


class Up:
    """A supervisor as a process of its own, and what its children noted."""

    def __init__(self, folder: Path) -> None:
        self._notes = folder / "notes"
        self.logs = folder / "logs"
        self._listed: list[dict[str, object]] = []
        self.process: subprocess.Popen[str] | None = None

    def child(self, name: str, port: int | None = None, way: str = "well") -> "Up":
        argv = [sys.executable, "-c", CHILD, name, str(port or 0), str(self._notes), way]
        self._listed.append({"name": name, "argv": argv, "port": port, "port_variable": f"{name.upper()}_PORT"})
        return self

    def start(self) -> "Up":
        command = [sys.executable, "-c", RUN, json.dumps(self._listed), str(self.logs)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        return self

    def notes(self, *words: str) -> list[tuple[str, str, int, float]]:
        lines = self._notes.read_text().splitlines() if self._notes.exists() else []
        found = []
        for line in lines:
            word, *name, pid, moment = line.split()
            if not words or word in words:
                found.append((word, " ".join(name), int(pid), float(moment)))
        return found

    def wait_until(self, condition: Callable[[], bool], timeout_s: float = 20) -> None:
        deadline = time.monotonic() + timeout_s
        while not condition():
            assert time.monotonic() < deadline, f"not in time; so far: {self.notes()}"
            time.sleep(0.02)

    def end(self, number: int = signal.SIGTERM) -> tuple[int, str, str]:
        assert self.process
        self.process.send_signal(number)
        return self.result()

    def result(self) -> tuple[int, str, str]:
        assert self.process
        out, err = self.process.communicate(timeout=30)
        return self.process.returncode, out, err

    def alive(self) -> list[int]:
        return [pid for pid in {pid for _, _, pid, _ in self.notes()} if _running(pid)]


def _running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{pid}/stat")
    return not status.exists() or status.read_text().rpartition(")")[2].split()[0] != "Z"


@pytest.fixture
def up(tmp_path: Path) -> Iterator[Up]:
    made = Up(tmp_path)
    yield made
    if made.process and made.process.poll() is None:
        made.process.kill()
        made.process.communicate()
    for pid in made.alive():
        os.kill(pid, signal.SIGKILL)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "Ctrl-C"])
def test_processes_start_when_the_one_before_is_ready_and_stop_in_reverse(
    up: Up, free_port: Callable[[], int], number: int
) -> None:
    up.child("one", free_port()).child("two", free_port()).child("three", free_port()).start()
    up.wait_until(lambda: len(up.notes("ready")) == 3)
    time.sleep(0.4)
    code, out, _ = up.end(number)
    assert code == 0
    assert [(word, name) for word, name, _, _ in up.notes()] == [
        ("start", "one"),
        ("ready", "one"),
        ("start", "two"),
        ("ready", "two"),
        ("start", "three"),
        ("ready", "three"),
        ("stop", "three"),
        ("stop", "two"),
        ("stop", "one"),
    ]
    assert out.splitlines() == ["ready", "  On air   http://127.0.0.1:1/", "stopping ..."]
    assert up.alive() == []


def test_a_process_that_dies_is_started_again_after_growing_pauses(up: Up) -> None:
    up.child("good").child("bad", way="dies").start()
    up.wait_until(lambda: len([note for note in up.notes("start") if note[1] == "bad"]) == 4)
    _, _, err = up.end()
    moments = [moment for _, name, _, moment in up.notes("start") if name == "bad"]
    pauses = [later - earlier for earlier, later in itertools.pairwise(moments)]
    assert pauses[0] > 0.2
    assert pauses[1] > 0.4
    assert pauses[2] > 0.8
    assert len([note for note in up.notes("start") if note[1] == "good"]) == 1
    assert "bad ended with code 3" in err


def test_a_killed_process_comes_back(up: Up, free_port: Callable[[], int]) -> None:
    up.child("one", free_port()).start()
    up.wait_until(lambda: len(up.notes("ready")) == 1)
    os.kill(up.notes("ready")[0][2], signal.SIGKILL)
    up.wait_until(lambda: len(up.notes("ready")) == 2)


def test_ports_in_use_are_named_before_anything_starts(up: Up, free_port: Callable[[], int]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as two:
        ports = [one.getsockname()[1], two.getsockname()[1]]
        up.child("capture", free_port()).child("api", ports[0]).child("pages", ports[1]).start()
        code, out, err = up.result()
    assert code == 2
    for port, name in zip(ports, ("api", "pages"), strict=True):
        assert f"port {port} is in use, and {name} needs it" in err
        assert f"{name.upper()}_PORT" in err
    assert "capture" not in err
    assert (out, up.notes()) == ("", [])


def test_stopping_while_something_still_starts_leaves_no_orphan(up: Up, free_port: Callable[[], int]) -> None:
    up.child("one").child("never ready", free_port(), way="dies").start()
    up.wait_until(lambda: len(up.notes("start")) >= 2)
    code, out, _ = up.end()
    assert (code, out) == (0, "stopping ...\n")
    assert up.alive() == []


def test_a_process_that_does_not_listen_to_sigterm_and_its_children_are_killed(up: Up) -> None:
    up.child("deaf", way="deaf").child("parent", way="parent").start()
    up.wait_until(lambda: len(up.notes("start")) == 3)
    code, _, _ = up.end()
    assert code == 0
    up.wait_until(lambda: up.alive() == [], timeout_s=3)


@pytest.mark.xfail(sys.platform != "linux", reason="only Linux tells children that their parent died", strict=False)
def test_a_killed_supervisor_leaves_no_orphan(up: Up, free_port: Callable[[], int]) -> None:
    up.child("one", free_port()).child("two").start()
    up.wait_until(lambda: len(up.notes("start")) == 2)
    up.end(signal.SIGKILL)
    up.wait_until(lambda: up.alive() == [], timeout_s=5)


def test_what_processes_say_goes_to_stderr_and_into_a_file_without_passwords(up: Up) -> None:
    up.child("talker", way="talks").child("bad", way="dies").start()
    up.wait_until(lambda: len([note for note in up.notes("start") if note[1] == "bad"]) >= 2)
    _, out, err = up.end()
    kept = (up.logs / "tagger.log").read_text()
    assert out == "ready\n  On air   http://127.0.0.1:1/\nstopping ...\n"
    for text in ("on stdout: пісня", "bad ended with code 3"):
        assert text in err
        assert text in kept
    assert "on stderr: rtsp://***@cam/1" in kept
    assert "kn0ck" not in kept


def test_the_file_is_kept_within_bounds(tmp_path: Path) -> None:
    log = LogFile(tmp_path, most_bytes=100)
    for number in range(60):
        log.write(f"line {number:04}\n")
    names = [path.name for path in log_files(tmp_path)]
    assert names == ["tagger.log", "tagger.log.1", "tagger.log.2"]
    lines = [line for path in reversed(log_files(tmp_path)) for line in path.read_text().splitlines()]
    assert lines == [f"line {number:04}" for number in range(30, 60)]


def test_a_file_that_cannot_be_written_stops_nobody(tmp_path: Path) -> None:
    (tmp_path / "logs").touch()
    LogFile(tmp_path / "logs").write("lost")
    assert log_files(tmp_path / "logs") == []


def test_children_of_a_script_in_the_background_still_take_sigint() -> None:
    asked = [sys.executable, "-c", "import signal; print(signal.getsignal(signal.SIGINT) is signal.SIG_IGN)"]
    ours = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        said = [subprocess.check_output(asked, preexec_fn=before, text=True).strip() for before in (None, as_our_child)]
    finally:
        signal.signal(signal.SIGINT, ours)
    assert said == ["True", "False"]
