"""What capture frees goes back to the system, in a process of its own: the setting is for all of a process."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import contextlib
import numpy as np
from tagger_platform.capture.memory import LARGE_BYTES
from tagger_platform.capture.service import run
from tagger_platform.errors import RequestError
from tagger_platform.settings import Settings

if {capture}:
    with contextlib.suppress(RequestError):
        run(Settings.load())
np.zeros(64 * LARGE_BYTES, np.uint8)  # freed at once: glibc now wants pieces up to this size on its heap
ring = np.zeros(32 * LARGE_BYTES, np.uint8)  # more than any hole that starting may have left
heap = next(line.split()[0] for line in open("/proc/self/maps") if "[heap]" in line)
start, end = (int(address, 16) for address in heap.split("-"))
print("on the heap" if start <= ring.ctypes.data < end else "on its own")
"""


@pytest.mark.parametrize(("capture", "where"), [(True, "on its own"), (False, "on the heap")])
def test_in_capture_what_is_large_never_lies_on_the_heap_where_it_would_leave_holes(
    capture: bool, where: str, tmp_path: Path
) -> None:
    environ = {
        "PYTHONPATH": os.pathsep.join(sys.path),
        "DATA_DIR": str(tmp_path),
        "FFMPEG_PATH": str(tmp_path / "none"),  # no program: capture gives up as soon as it has begun
    }
    words = [sys.executable, "-c", PROGRAM.format(capture=capture)]
    done = subprocess.run(words, env=environ, capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == where
