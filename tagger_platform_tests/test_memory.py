"""What capture frees goes back to the system, and what a search frees is used again.

In processes of their own: the setting is for all of a process.
"""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

LARGE_PIECES = """
import contextlib
import numpy as np
from tagger_platform.memory import LARGE_BYTES
from tagger_platform.capture.service import run
from tagger_platform.errors import RequestError
from tagger_platform.settings import Settings

if {capture}:
    with contextlib.suppress(RequestError):
        run(Settings.load())
np.zeros(64 * LARGE_BYTES, np.uint8)  # freed at once: glibc now wants pieces up to this size on its heap
piece = np.zeros(32 * LARGE_BYTES, np.uint8)  # more than any hole that starting may have left
heap = next(line.split()[0] for line in open("/proc/self/maps") if "[heap]" in line)
start, end = (int(address, 16) for address in heap.split("-"))
print("on the heap" if start <= piece.ctypes.data < end else "on its own")
"""
ONE_TICK = """
import os, signal
from tagger_platform.capture.service import Loop

class OneTick:
    "As a supervisor and as a writer."
    def tick(self, wall, mono):
        os.kill(os.getpid(), signal.SIGTERM)
    def stop(self, *_):
        pass
    def stopped(self, mono):
        return True
"""
HOLES = """
def held_kb():
    return int(next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmRSS")))

pairs = [(b"x" * 100_000, b"y" * (1000 + number)) for number in range(200)]
small = [pair[1] for pair in pairs]
del pairs
before = held_kb()
Loop(OneTick(), OneTick()).run()
print(before - held_kb())
"""
CIRCLES = """
import gc, weakref

class Circle:
    pass

circle = Circle()
circle.itself = circle
left = weakref.ref(circle)
gc.disable()
del circle
Loop(OneTick(), OneTick()).run()
print("gone" if left() is None else "there")
"""
SMALL_PIECE = """
import contextlib, threading
import numpy as np
from tagger_platform.capture.service import run
from tagger_platform.errors import RequestError
from tagger_platform.settings import Settings

if {capture}:
    with contextlib.suppress(RequestError):
        run(Settings.load())
pieces = []
thread = threading.Thread(target=lambda: pieces.append(np.zeros(9000, np.uint8)))
thread.start()
thread.join()
heap = next(line.split()[0] for line in open("/proc/self/maps") if "[heap]" in line)
start, end = (int(address, 16) for address in heap.split("-"))
print("on the heap" if start <= pieces[0].ctypes.data < end else "on its own")
"""
AGAIN = """
import resource
from pathlib import Path
import numpy as np
from tagger_platform.fingerprint.index import Index
from tagger_platform.fingerprint.match import guesses

if {searches}:
    guesses(np.zeros(24_000, np.float32), Index(Path({folder!r})))
for _ in range(3):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    pieces = [np.full(3_000_000, 1, np.uint8) for _ in range(8)]
    del pieces
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""
FEW_PAGES = 100
"""of the 6,000 (4 kB) of eight pieces of 3 MB, such as a search frees before it makes the next"""
NO_PROGRAM = {"FFMPEG_PATH": "/nowhere/ffmpeg"}
"""capture gives up as soon as it has begun"""
HOLES_KB = 15_000
"""of the 20,000 of the program's holes; some share their pages with what is still in use"""


@pytest.mark.parametrize(("capture", "where"), [(True, "on its own"), (False, "on the heap")])
def test_in_capture_what_is_large_never_lies_on_the_heap(capture: bool, where: str, tmp_path: Path) -> None:
    said = printed(LARGE_PIECES.format(capture=capture), {**NO_PROGRAM, "DATA_DIR": str(tmp_path)})
    assert said == where


@pytest.mark.parametrize(("capture", "where"), [(True, "on the heap"), (False, "on its own")])
def test_in_capture_all_threads_share_one_heap(capture: bool, where: str, tmp_path: Path) -> None:
    assert printed(SMALL_PIECE.format(capture=capture), {**NO_PROGRAM, "DATA_DIR": str(tmp_path)}) == where


def test_capture_gives_the_holes_in_its_heap_back() -> None:
    assert int(printed(ONE_TICK + HOLES, {})) > HOLES_KB


def test_capture_frees_what_only_holds_itself() -> None:
    assert printed(ONE_TICK + CIRCLES, {}) == "gone"


def test_what_a_search_frees_is_used_again(tmp_path: Path) -> None:
    asked = {
        searches: int(printed(AGAIN.format(searches=searches, folder=str(tmp_path)), {})) for searches in (True, False)
    }
    assert asked[True] < FEW_PAGES < asked[False]


def printed(program: str, environ: Mapping[str, str]) -> str:
    words = [sys.executable, "-c", program]
    environ = {"PYTHONPATH": os.pathsep.join(sys.path), **environ}
    done = subprocess.run(words, env=environ, capture_output=True, text=True, check=True, timeout=60)
    return done.stdout.strip()
