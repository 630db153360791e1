"""Starts processes in order, waits until each is ready, restarts those that die, ends them in reverse order.

What belongs here: supervising any processes. What does not: which ones (`platform`, `demo`). Every process has its
own group, so that one Ctrl-C reaches us alone and we end the others in order; on Linux the kernel ends them when we
are killed.
"""

import asyncio
import contextlib
import logging
import os
import signal
import socket
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import click

from tagger_platform.cli.log_file import LogFile, Said
from tagger_platform.errors import RequestError, TransientError
from tagger_platform.libc import libc

log = logging.getLogger("tagger.up")

READY_TIMEOUT_S = 120
"""A slow machine compiles bytecode at the first start."""
STOP_TIMEOUT_S = 8
FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 60.0
"""Before a process that died is started again; doubled each time."""
STEADY_S = 60.0
"""A process that ran this long is well: the next pause is the first again."""
_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True)
class Process:
    """A process to run. It is ready when it listens on `port` (None: as soon as it has started)."""

    name: str
    argv: Sequence[str]
    port: int | None
    port_variable: str = ""
    reloads: bool = False
    """Whether SIGHUP to us is passed on to it."""
    environ: Mapping[str, str] = field(default_factory=dict)


def as_our_child() -> None:
    """For a child before it becomes its program: end when we are gone (Linux), and take SIGINT as programs do.

    What a script starts in its background has SIGINT ignored, and Dagster's code server then ignores SIGTERM too.
    """
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    if sys.platform == "linux":
        libc().prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0


async def supervise(processes: Sequence[Process], *, addresses: Mapping[str, str], logs: Path) -> int:
    """Run `processes` until SIGINT or SIGTERM; what they say goes to stderr and into the folder `logs`.

    Raises RequestError when a port is taken before the start.
    """
    taken = [process for process in processes if process.port and _listens(process.port)]
    if taken:
        raise RequestError(
            "\n".join(
                f"port {process.port} is in use, and {process.name} needs it: end what listens there, "
                f"or set {process.port_variable} to another port"
                for process in taken
            )
        )
    said = Said(LogFile(logs))
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    said.listen(loop)
    log.addHandler(said.handler())
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    reload: set[int] = set()
    loop.add_signal_handler(signal.SIGHUP, _pass_on_reload, reload)
    tasks: list[tuple[asyncio.Task[None], asyncio.Event]] = []
    try:
        for process in processes:
            ended = asyncio.Event()
            ready = asyncio.Event()
            tasks.append((asyncio.create_task(_keep(process, ready, ended, reload, said)), ended))
            if not await _ready_or_stopped(process, ready, stop):
                return 0
        click.echo("ready")
        for name, address in addresses.items():
            click.echo(f"  {name:<8} {address}")
        await stop.wait()
    finally:
        click.echo("stopping ...")
        for task, ended in reversed(tasks):
            task.cancel()
            await ended.wait()
        said.close()
    return 0


async def _ready_or_stopped(process: Process, ready: asyncio.Event, stop: asyncio.Event) -> bool:
    waiters = [asyncio.create_task(ready.wait()), asyncio.create_task(stop.wait())]
    done, pending = await asyncio.wait(waiters, timeout=READY_TIMEOUT_S, return_when=asyncio.FIRST_COMPLETED)
    for waiter in pending:
        waiter.cancel()
    if not done:
        raise TransientError(f"{process.name} did not become ready within {READY_TIMEOUT_S} s; its log is above")
    return not stop.is_set()


def _pass_on_reload(pids: set[int]) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGHUP)


async def _keep(process: Process, ready: asyncio.Event, ended: asyncio.Event, reload: set[int], said: Said) -> None:
    """Run one process again and again until cancelled, then end it and set `ended`."""
    pause = FIRST_PAUSE_S
    try:
        while True:
            began = time.monotonic()
            code = await _run(process, ready, reload, said)
            pause = FIRST_PAUSE_S if time.monotonic() - began > STEADY_S else pause
            log.warning("%s ended with code %s; starting it again in %.0f s", process.name, code, pause)
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE_S)
    finally:
        ended.set()


async def _run(process: Process, ready: asyncio.Event, reload: set[int], said: Said) -> int:
    child = await asyncio.create_subprocess_exec(
        *process.argv,
        env={**os.environ, **process.environ},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=said.mouth,
        stderr=said.mouth,
        start_new_session=True,
        preexec_fn=as_our_child,
    )
    try:
        if not ready.is_set():
            await _become_ready(process, child, ready)
        if process.reloads:
            reload.add(child.pid)
        return await child.wait()
    finally:
        reload.discard(child.pid)
        await _end(child)


async def _become_ready(process: Process, child: asyncio.subprocess.Process, ready: asyncio.Event) -> None:
    while child.returncode is None:
        if process.port is None or await asyncio.to_thread(_listens, process.port):
            ready.set()
            return
        await asyncio.sleep(0.1)


async def _end(child: asyncio.subprocess.Process) -> None:
    """TERM to the process, KILL to what is left of its group."""
    if child.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            child.terminate()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(asyncio.shield(child.wait()), STOP_TIMEOUT_S)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)
    await child.wait()
