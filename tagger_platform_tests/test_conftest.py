"""The rule for skipped tests, seen from outside: a small test file run with our conftest."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ONE_SKIPPED = "import pytest\ndef test_passes(): pass\n@pytest.mark.skip\ndef test_skipped(): pass\n"
NONE_SKIPPED = "import pytest\ndef test_passes(): pass\n@pytest.mark.xfail\ndef test_expected(): assert False\n"
REAL = "import pytest\n@pytest.mark.real\ndef test_real(): pass\n"


def run(folder: Path, content: str, ci: str, *more: str) -> subprocess.CompletedProcess[str]:
    (folder / "test_it.py").write_text(content)
    start = "import pytest, sys\nfrom tagger_platform_tests import conftest\n{change}"
    start += (
        "sys.exit(pytest.main(['-q', '-p', 'no:cacheprovider', '-c', '/dev/null', *sys.argv[1:]], plugins=[conftest]))"
    )
    change = "conftest.missing_tools = lambda: ['chromium', 'icecast2']\n" if content == REAL else ""
    return subprocess.run(
        [sys.executable, "-c", start.format(change=change), folder / "test_it.py", *more],
        cwd=ROOT,
        env={**os.environ, "CI": ci},
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.mark.parametrize("more", [pytest.param([], id="one process"), pytest.param(["-n", "2"], id="two processes")])
@pytest.mark.parametrize(
    ("content", "ci", "code"),
    [
        pytest.param(ONE_SKIPPED, "", 0, id="a skipped test is fine at home"),
        pytest.param(ONE_SKIPPED, "true", 1, id="a skipped test fails CI"),
        pytest.param(NONE_SKIPPED, "true", 0, id="an expected failure is not a skipped test"),
    ],
)
def test_only_ci_forbids_skipped_tests(tmp_path: Path, content: str, ci: str, code: int, more: list[str]) -> None:
    done = run(tmp_path, content, ci, *more)
    assert done.returncode == code, done.stdout + done.stderr
    assert ("CI=true and 1 tests were skipped" in done.stdout) == (code == 1)


def test_missing_tools_skip_real_tests_with_one_line(tmp_path: Path) -> None:
    done = run(tmp_path, REAL, "")
    assert done.returncode == 0
    lines = [line for line in done.stdout.splitlines() if "chromium" in line]
    assert lines == [
        "1 tests marked real are skipped, missing: chromium, icecast2; "
        "scripts/install-test-tools.sh installs what they need"
    ]
