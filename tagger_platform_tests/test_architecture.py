"""The dependency rule of the house: pyproject's import-linter contracts, and what light processes really load."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "tagger_platform"


def test_every_module_keeps_the_dependency_rule() -> None:
    linter = Path(sys.executable).parent / "lint-imports"
    done = subprocess.run([linter, "--no-cache"], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr


def loaded(code: str) -> set[str]:
    """The top-level modules that a process has loaded after `code`."""
    after = f"{code}\nimport json, sys\nprint(json.dumps(sorted({{name.partition('.')[0] for name in sys.modules}})))"
    done = subprocess.run([sys.executable, "-c", after], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout.splitlines()[-1]))


def test_capture_loads_no_dagster_no_duckdb_and_no_torch() -> None:
    names = sorted(path.stem for path in (PACKAGE / "capture").glob("*.py") if path.stem != "__init__")
    code = "\n".join(f"import tagger_platform.capture.{name}" for name in names)
    assert loaded(code).isdisjoint({"dagster", "duckdb", "torch", "streamlit", "scipy", "starlette", "pandas"})


@pytest.mark.parametrize("command", ["capture", "streams", "--help"])
def test_light_commands_load_neither_dagster_nor_torch(command: str) -> None:
    code = (
        "import contextlib, io, sys\n"
        "from tagger_platform.cli import tagger\n"
        f"arguments = [{command!r}] if {command!r} == '--help' else [{command!r}, '--help']\n"
        "with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):\n"
        "    tagger.main(arguments, prog_name='tagger')"
    )
    assert loaded(code).isdisjoint({"dagster", "torch", "streamlit"})


def test_no_folder_is_an_empty_shell() -> None:
    folders = [path.parent for path in PACKAGE.rglob("__init__.py") if path.parent != PACKAGE]
    empty = [str(folder) for folder in folders if not any(path.stem != "__init__" for path in folder.glob("*.py"))]
    assert empty == []


def test_every_module_says_what_belongs_in_it() -> None:
    for path in PACKAGE.rglob("*.py"):
        assert path.read_text(encoding="utf-8").startswith(('"""', "'''")), path
