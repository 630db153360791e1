"""The short benchmarks that run with the tests: they fail when the product got worse than what was recorded."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.mark.real
def test_music_is_recognised_as_well_as_recorded(tmp_path):
    command = [sys.executable, "benchmarks/fingerprint.py", "--short", "--check", "benchmarks/fingerprint-short.json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=1200)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
