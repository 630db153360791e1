"""Servers with every bad habit at once, and hundreds of reconnects: the long form is `benchmarks.faults.streams`."""

import gc
import time
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from benchmarks.faults.moody_radio import Fault, MoodyRadio
from benchmarks.faults.streams import GRACE_S, TIMEOUT_S, Listening, listening_run
from tagger_platform.capture.ffmpeg import Command, Process, find_ffmpeg
from tagger_platform.capture.listener import Listener
from tagger_platform.capture.metrics import Metrics
from tagger_platform.model import Stream
from tagger_platform_tests.journeys.processes import free_ports, tell

STRUCK = [fault for fault in Fault if fault not in (Fault.BLANK, Fault.SPLICE)]
"""Blank audio is noticed after a minute (`capture/test_listener` has it, on its own clock), and what a decoder of MP3
makes of AAC sounds like audio for a second or two: the long form has both."""
LISTENERS, RECONNECTS = 20, 300
"""A thousand are in the long form."""
SETTLED = 100
"""Reconnects after which memory counts."""
GREW_MOST = 100_000
"""Bytes: 500 for each of the reconnects that follow; seen: 30,000, and 700,000 while each made a CDLL of its own."""


@pytest.fixture
def listening(tmp_path: Path) -> Iterator[Listening]:
    with MoodyRadio(find_ffmpeg(None)) as radio, listening_run(tmp_path, free_ports()) as run:
        one = Listening(run, radio, [fault.name.lower() for fault in STRUCK])
        one.start()
        yield one


def test_whatever_a_server_does_its_stream_recovers_in_time_and_nothing_leaks(listening: Listening) -> None:
    before = listening.sample(0)
    for fault in STRUCK:
        listening.strike(fault.name.lower(), fault)
    until = time.monotonic() + max(TIMEOUT_S.values()) + GRACE_S
    while listening.hits and time.monotonic() < until:
        listening.look()
        time.sleep(0.1)
    after, outcome = listening.sample(1), listening.outcome
    tell(str({fault.value: round(found[0], 1) for fault, found in outcome.recoveries.items()}))
    assert listening.hits == {}
    assert outcome.late == []
    assert outcome.unaccounted == []
    assert (after.descriptors, after.processes) == (before.descriptors, before.processes)


def test_hundreds_of_reconnects_leave_no_process_no_descriptor_and_no_memory_behind() -> None:
    now, pids = 0.0, []

    def spawn(_: Command) -> Process:
        process = Process(Command(["/bin/sh", "-c", "echo no such stream >&2"]))
        pids.append(process._process.pid)
        return process

    streams = [Stream(f"s{number}", "http://127.0.0.1/fm") for number in range(LISTENERS)]
    gc.collect()
    before = descriptors()
    listeners = [Listener(stream, "ff", 5, spawn, Metrics(), now) for stream in streams]

    def reconnect(times: int) -> None:
        nonlocal now
        while len(pids) < times:
            now += 100  # longer than any pause before the next attempt
            for listener in listeners:
                listener.tick(now)

    with traced():
        reconnect(SETTLED)
        gc.collect()
        settled, _ = tracemalloc.get_traced_memory()
        reconnect(RECONNECTS)
        grown = tracemalloc.get_traced_memory()[0] - settled
    for listener in listeners:
        listener.stop()
    while [listener for listener in listeners if not listener.stopped()]:
        time.sleep(0.01)
    assert descriptors() == before
    assert [pid for pid in pids if Path(f"/proc/{pid}").exists()] == []
    assert grown < GREW_MOST


@contextmanager
def traced() -> Iterator[None]:
    """What is allocated is counted, and the collector does not tidy up after whoever leaves circles behind."""
    gc.disable()
    tracemalloc.start()
    try:
        yield
    finally:
        tracemalloc.stop()
        gc.enable()


def descriptors() -> int:
    return len([*Path("/proc/self/fd").iterdir()])
