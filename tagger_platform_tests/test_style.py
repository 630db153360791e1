"""ruff, mypy and the shell agree with every file."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SHELL_SCRIPTS = [
    path
    for folder in ("scripts", ".ci")
    for path in sorted((ROOT / folder).glob("*"))
    if path.is_file() and path.read_bytes().startswith((b"#!/bin/sh", b"#!/usr/bin/env bash", b"#!/bin/bash"))
]


@pytest.mark.parametrize(
    "command",
    [["ruff", "check", "."], ["ruff", "format", "--check", "."], ["mypy"]],
    ids=["ruff check", "ruff format", "mypy --strict"],
)
def test_every_file_passes(command: list[str]) -> None:
    done = subprocess.run([sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr


def test_mypy_is_strict() -> None:
    assert "strict = true" in (ROOT / "pyproject.toml").read_text(encoding="utf-8")


def test_there_are_shell_scripts() -> None:
    assert {path.name for path in SHELL_SCRIPTS} >= {"install-test-tools.sh", "run"}


@pytest.mark.parametrize("path", SHELL_SCRIPTS, ids=lambda path: path.name)
def test_shell_scripts_parse(path: Path) -> None:
    shell = "bash" if b"bash" in path.read_bytes().splitlines()[0] else "sh"
    done = subprocess.run([shell, "-n", path], capture_output=True, text=True, timeout=10)
    assert (done.returncode, done.stderr) == (0, "")
