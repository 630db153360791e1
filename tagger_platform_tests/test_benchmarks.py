"""The short benchmarks that run with the tests: they fail when the product got worse than what was recorded."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.mark.real
@pytest.mark.parametrize("name", ["fingerprint", "radio_day"])
def test_music_is_recognised_as_well_as_recorded(name: str) -> None:
    recorded = f"benchmarks/{name.replace('_', '-')}-short.json"
    command = [sys.executable, f"benchmarks/{name}.py", "--short", "--check", recorded]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=1200)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]


def test_the_history_that_is_made_up_still_fits_the_store() -> None:
    command = [sys.executable, "benchmarks/history.py", "--slots", "1", "--days", "1"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-4000:]
    assert "rows that differ                            0" in done.stdout
