"""Processes of a journey: started with their words in a file, found again and ended by id, never by name.

What belongs here: starting and ending processes, and waiting. What does not: which ones.
"""

import contextlib
import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

END_S = 3.0
"""seconds between TERM and KILL for a test's own servers"""
PR_SET_PDEATHSIG = 1
"""prctl option, from linux/prctl.h: when the tests themselves are killed, the servers go too"""
LOOK_S = 0.1


def start(
    command: Sequence[str | Path],
    log: Path,
    *,
    environ: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    **pipes: Any,
) -> subprocess.Popen[bytes]:
    """Start a process in a group of its own; what it says is added to `log`, except where `pipes` say otherwise."""
    prctl = ctypes.CDLL(None).prctl
    with log.open("ab") as file:
        return subprocess.Popen(
            [str(word) for word in command],
            env=dict(environ) if environ is not None else None,
            cwd=cwd,
            process_group=0,
            preexec_fn=lambda: prctl(PR_SET_PDEATHSIG, signal.SIGKILL),
            **{"stdin": subprocess.DEVNULL, "stdout": file, "stderr": file, **pipes},
        )


def end(process: subprocess.Popen[bytes]) -> None:
    """End a process that may be stopped, or gone already."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(process.pid, signal.SIGCONT)
        process.terminate()
    try:
        process.wait(END_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def with_variable(name: str, value: str) -> dict[int, str]:
    """The processes (id: command) that were started with this environment variable, by whomever."""
    wanted = f"{name}={value}".encode()
    found = {}
    for folder in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if folder.name.isdigit() and wanted in (folder / "environ").read_bytes().split(b"\0"):
                command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                found[int(folder.name)] = command[:200]
    return found


def command_lines(pids: Iterable[int]) -> list[str]:
    """Whole command lines, as every user of the machine can read them."""
    found = []
    for pid in pids:
        with contextlib.suppress(OSError):
            found.append(Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace"))
    return found


def kill_all(pids: Iterable[int]) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def wait_until(condition: Callable[[], object], seconds: float, what: Callable[[], str]) -> None:
    """Look again and again until `condition` holds; fail with `what` was waited for."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"after {seconds:.0f} s still not: {what()}")
        time.sleep(LOOK_S)


def tell(text: str) -> None:
    """What was measured, for whoever reads the report (`-rA`, or a failure)."""
    sys.stdout.write(text + "\n")


def free_ports() -> Iterator[int]:
    """Ports nobody listens on, each another one. (The fixture of this name gives them to single tests only.)"""
    given: set[int] = set()
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
        if port not in given:
            given.add(port)
            yield port
