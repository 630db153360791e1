"""Capture is what has to stay up: it must not load what it does not need."""

import subprocess
import sys

import pytest


@pytest.mark.parametrize("module", ["tagger_platform.capture.service", "tagger_platform.capture.check"])
def test_importing_capture_loads_nothing_heavy(module: str):
    heavy = "{'dagster', 'duckdb', 'torch', 'streamlit', 'scipy', 'pandas', 'imageio_ffmpeg'}"
    code = f"import sys, {module}; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
