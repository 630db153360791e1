"""The platform's processes, each started again at once whatever ends it.

What belongs here: starting, killing and finding them, run workers too. What does not: when one is killed. `tagger up`
does the same and waits longer each time, which would make hundreds of kills take a day.
"""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

from benchmarks.faults import location
from benchmarks.slot_run import children_cpu
from tagger_platform.cli.platform import CODE_MODULE, processes
from tagger_platform.settings import Settings
from tagger_platform_tests.journeys.processes import LOOK_S, end, kill_all, start, wait_until, with_variable

UP_S = 60
CODE, DAEMON, API, PAGES = "code server", "daemon", "api", "pages"
KEPT = (CODE, DAEMON, API, PAGES)
RUN_WORKER = "run worker"
REPOSITORY = Path(__file__).parents[2]


class Keeper:
    """Use it as a context: nothing is left running after."""

    def __init__(
        self, settings: Settings, environ: Mapping[str, str], log: Path, *, only: tuple[str, ...] = KEPT
    ) -> None:
        self._log = log
        self._data = str(settings.data_dir)
        self._environ = {**os.environ, **environ, "PYTHONPATH": str(REPOSITORY)}
        self._wanted = {process.name: process for process in processes(settings) if process.name in only}
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> "Keeper":
        for name in self._wanted:
            self._start(name)
            if name == CODE:
                wait_until(lambda: _listens(self.port(CODE)), UP_S, lambda: f"{CODE} listens: {self.said()[:4000]}")
        return self

    def __exit__(self, *exception: object) -> None:
        for process in reversed(self._running.values()):
            end(process)
        while left := with_variable("DATA_DIR", self._data):
            kill_all(left)
            time.sleep(LOOK_S)

    def _start(self, name: str) -> None:
        process = self._wanted[name]
        argv = [location.__name__ if word == CODE_MODULE else word for word in process.argv]
        self._running[name] = start(argv, self._log, environ={**self._environ, **process.environ}, cwd=REPOSITORY)

    def kill(self, name: str) -> None:
        """KILL it, and start it again."""
        self._running[name].kill()
        self._running[name].wait()
        self._start(name)

    def look_after(self) -> list[str]:
        """Start again what ended by itself; returns the names."""
        ended = [name for name, process in self._running.items() if process.poll() is not None]
        for name in ended:
            self._start(name)
        return ended

    def run_workers(self) -> list[int]:
        """Ids of the processes in which runs are executed now: the code server's children."""
        threads = Path(f"/proc/{self._running[CODE].pid}/task").glob("*/children")
        listed = [int(pid) for thread in threads for pid in thread.read_text().split()]
        return [pid for pid in listed if "spawn_main" in _command(pid)]

    def kill_run_worker(self) -> bool:
        """KILL a run in the middle of its work; False when none is under way."""
        for pid in self.run_workers():
            os.kill(pid, signal.SIGKILL)
            return True
        return False

    def workers_cpu_s(self) -> float:
        """CPU-seconds of all runs that have ended."""
        return children_cpu(self._running[CODE])

    def port(self, name: str) -> int:
        return self._wanted[name].port or 0

    def said(self) -> str:
        return self._log.read_text(errors="replace")


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
