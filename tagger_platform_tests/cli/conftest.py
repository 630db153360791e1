"""The console script, run in this process."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tagger_platform import cli

Tagger = Callable[..., tuple[int, str, str]]


@pytest.fixture
def tagger(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], environ: dict[str, str], tmp_path: Path
) -> Tagger:
    """Runs a command as the console script does: (exit code, stdout, stderr)."""
    monkeypatch.chdir(tmp_path)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["tagger", *arguments])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        out, err = capsys.readouterr()
        return int(ended.value.code or 0), out, err

    return run
