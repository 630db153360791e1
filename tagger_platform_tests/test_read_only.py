"""DATA_DIR on a file system that has become read-only, as Linux makes one whose disk fails: a real mount.

What is there can still be read; whatever would write says so in a sentence.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tagger_platform.store.database import Database
from tagger_platform_tests import samples

IN_A_READ_ONLY_MOUNT = 'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && exec "$@"'


def tagger(data_dir: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the command in a namespace of its own, in which DATA_DIR cannot be written."""
    argv = [sys.executable, "-m", "tagger_platform", *words]
    return subprocess.run(
        ["unshare", "--map-root-user", "--mount", "sh", "-c", IN_A_READ_ONLY_MOUNT, str(data_dir), *argv],
        env={**os.environ, **samples.environ(data_dir)},
        cwd=data_dir.parent,
        capture_output=True,
        text=True,
        timeout=120,
    )


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    """With a log of one play."""
    folder = tmp_path / "data"
    folder.mkdir(mode=0o700)
    samples.write_plays(Database(folder / "tagger.duckdb"), [samples.play("kexp", samples.noon(samples.DAY))])
    return folder


def test_the_log_can_still_be_read(data_dir: Path) -> None:
    (play,) = samples.plays_on(Database(data_dir / "tagger.duckdb"), samples.DAY)
    done = tagger(data_dir, "plays", "--date", str(samples.DAY), "--csv")
    assert (done.returncode, done.stderr) == (0, "")
    assert play.track.title in done.stdout


@pytest.mark.parametrize(
    "words",
    [
        "prepare",
        "capture",
        "up",
        "library status",
        "library add /tmp",
        "backup --to .",
        "embed-backfill",
        "clusters-recompute",
    ],
)
def test_what_would_write_says_that_it_cannot(words: str, data_dir: Path) -> None:
    done = tagger(data_dir, *words.split())
    assert done.returncode in (1, 2)
    assert "ead-only file system" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_doctor_says_what_is_wrong(data_dir: Path) -> None:
    done = tagger(data_dir, "doctor")
    assert done.returncode == 1
    assert "Traceback" not in done.stdout + done.stderr
    (line,) = (line for line in done.stdout.splitlines() if line.startswith("data folder"))
    assert "WRONG" in line
    assert "Read-only file system" in line
