"""The platform as its users run it: `python -m tagger_platform ...` with everything in the environment.

What belongs here: the environment, running commands and processes in it, ending them. What does not: judging them.
"""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from tagger_platform.settings import VARIABLES
from tagger_platform_tests.journeys.processes import LOOK_S, kill_all, start, with_variable
from tagger_platform_tests.samples import PORT_NAMES

COMMAND_S = 180
"""seconds for one command; adding the catalogue takes most, 20 on a quiet machine"""
ANSWER_S = 10
ZONES = ("America/Los_Angeles", "Asia/Tokyo")
"""Seven or eight hours of clock time apart: in one of them no day ends while the test runs."""
LATE_HOURS = (22, 23)


class PlatformRun:
    """A platform that keeps everything below `folder`. Use it as a context: nothing of it is left running after."""

    def __init__(
        self, folder: Path, ports: Iterator[int], streams: Mapping[str, str], *, log: str, **more: str
    ) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.log = folder / f"{log}.log"
        self.tz = next(zone for zone in map(ZoneInfo, ZONES) if datetime.now(zone).hour not in LATE_HOURS)
        self.ports = dict(zip(PORT_NAMES, ports, strict=False))
        ours = {variable.name for variable in VARIABLES}
        kept = {k: v for k, v in os.environ.items() if k not in ours and not k.startswith("STREAM")}
        self.environ = kept | {
            "DATA_DIR": str(self.data),
            "STREAMS_FILE": str(folder / "streams.yaml"),
            "TZ": self.tz.key,
            "SHAZAM_ENABLED": "false",
            **{name: str(port) for name, port in self.ports.items()},
            **{f"STREAM_{n}_NAME": name for n, name in enumerate(streams, start=1)},
            **{f"STREAM_{n}_URL": url for n, url in enumerate(streams.values(), start=1)},
            **more,
        }
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "PlatformRun":
        return self

    def __exit__(self, *exception: object) -> None:
        while left := self.processes():
            kill_all(left)
            time.sleep(LOOK_S)
        if self._process:
            self._process.kill()
            self._process.wait()

    @property
    def today(self) -> date:
        return datetime.now(self.tz).date()

    def command(self, *words: str | Path) -> str:
        """Run a command to its end, and return what it printed."""
        done = self._run(*words)
        assert done.returncode == 0, f"tagger {words[0]} ended with {done.returncode}: {done.stderr[-2000:]}"
        return done.stdout

    def attempt(self, *words: str | Path) -> str:
        """The same of a command that may fail: all that it said."""
        done = self._run(*words)
        return done.stdout + done.stderr

    def _run(self, *words: str | Path) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [sys.executable, "-m", "tagger_platform", *map(str, words)],
            env=self.environ,
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=COMMAND_S,
        )
        with self.log.open("a") as log:
            log.write(done.stdout + done.stderr)
        return done

    def json(self, *words: str | Path) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.command(*words, "--json").splitlines()]

    def start(self, command: str) -> None:
        """Start a command that goes on until it is told to stop."""
        words = [sys.executable, "-m", "tagger_platform", command]
        self._process = start(words, self.log, environ=self.environ, cwd=self.folder)

    @property
    def pid(self) -> int:
        """Of what was started last."""
        assert self._process
        return self._process.pid

    def runs(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def ended(self) -> None:
        """Wait for what was killed."""
        assert self._process
        self._process.wait()

    def stop(self, within_s: float) -> tuple[int, float]:
        """SIGTERM; returns the exit code and the seconds it took."""
        assert self._process
        began = time.monotonic()
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(within_s), time.monotonic() - began

    def processes(self) -> dict[int, str]:
        """Every process of this platform, whoever started it: all inherit its DATA_DIR."""
        return with_variable("DATA_DIR", str(self.data))

    def get(self, path: str, port: str = "PORT") -> tuple[int, str]:
        """Status and text of what the platform answers; 0 while nobody does."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.ports[port]}{path}", timeout=ANSWER_S) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except OSError as error:
            return 0, str(error)

    def said(self) -> str:
        return self.log.read_text(errors="replace") if self.log.exists() else ""


def seconds(text: str) -> float:
    """An ISO instant as seconds since the epoch."""
    return datetime.fromisoformat(text).astimezone(UTC).timestamp()
