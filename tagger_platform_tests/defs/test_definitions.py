"""Dagster accepts the definitions, and loading them stays cheap: every run is a new process."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tagger_platform.definitions import build
from tagger_platform.health.nightly import WORKS
from tagger_platform.settings import Settings

ROOT = Path(__file__).parent.parent.parent
BIN = Path(sys.executable).parent
HEAVY = (
    "sqlalchemy",
    "alembic",
    "torch",
    "streamlit",
    "pandas",
    "sklearn",
    "sentence_transformers",
    "transformers",
    "huggingface_hub",
    "umap",
    "hdbscan",
    "numba",
    "matplotlib",
    "shazamio",
    "aiohttp",
    "acoustid",
    "requests",
    "PIL",
)
"""What no run may pay for before it needs it: a provider's library comes with the first question to it."""


def run(folder: Path, *command: object, **environ: str) -> subprocess.CompletedProcess[str]:
    home = folder / "dagster"
    home.mkdir(exist_ok=True)
    told = {"DAGSTER_HOME": str(home), "DATA_DIR": str(folder / "data"), "STREAMS_FILE": str(folder / "none.yaml")}
    return subprocess.run(
        [str(part) for part in command],
        cwd=ROOT,
        env={**os.environ, **told, "DG_TELEMETRY": "", "HOME": str(folder), **environ},
        capture_output=True,
        text=True,
        timeout=120,
    )


@pytest.mark.parametrize(
    "command",
    [["dg", "check", "defs"], ["dagster", "definitions", "validate", "-w", "workspace.yaml"]],
    ids=["dg check defs", "dagster definitions validate"],
)
def test_dagster_accepts_the_definitions(tmp_path: Path, command: list[str]) -> None:
    done = run(tmp_path, BIN / command[0], *command[1:])
    assert done.returncode == 0, done.stdout + done.stderr


def test_loading_the_definitions_imports_nothing_heavy(tmp_path: Path) -> None:
    code = "import sys, json; import tagger_platform.definitions; print(json.dumps(sorted(sys.modules)))"
    done = run(tmp_path, sys.executable, "-c", code)
    assert done.returncode == 0, done.stderr
    loaded = {name.partition(".")[0] for name in json.loads(done.stdout)}
    assert loaded.isdisjoint(HEAVY), sorted(loaded & set(HEAVY))


def test_loading_the_definitions_opens_no_store(tmp_path: Path) -> None:
    run(tmp_path, sys.executable, "-c", "import tagger_platform.definitions")
    assert not (tmp_path / "data").exists()


def test_the_definitions_warn_of_nothing(tmp_path: Path) -> None:
    done = run(
        tmp_path,
        sys.executable,
        "-W",
        "error::DeprecationWarning:tagger_platform",
        "-c",
        "import tagger_platform.definitions",
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_wrong_settings_are_said_in_plain_words(tmp_path: Path) -> None:
    done = run(tmp_path, sys.executable, "-c", "import tagger_platform.definitions", PORT="x")
    assert done.returncode != 0
    assert "PORT must be a whole number" in done.stderr


def test_the_hot_path_is_one_job_of_three_assets_in_order(settings: Settings) -> None:
    definitions = build(settings)
    job = definitions.resolve_job_def("window_job")
    graph = definitions.resolve_asset_graph()
    order = [key.to_user_string() for level in graph.toposorted_asset_keys_by_level for key in level]
    hot = [name for name in order if name in ("windows", "recognitions", "plays")]
    assert hot == ["windows", "recognitions", "plays"]
    assert job.partitions_def is not None
    assert job.partitions_def.name == "window_slots"


def test_every_work_of_the_night_that_is_watched_has_its_job(settings: Settings) -> None:
    known = build(settings)
    for work in WORKS:
        assert known.resolve_job_def(work.job).name == work.job
