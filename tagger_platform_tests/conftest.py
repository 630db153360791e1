"""Fixtures for every test, and three rules: `real` tests need real tools, in CI nothing may be skipped, and no example
of hypothesis fails because the machine is busy."""

import os
import shutil
import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings as hypothesis_settings

from tagger_platform.settings import Settings

CHROMIUM = Path("/usr/bin/chromium")
MUSIC_FOLDERS = (
    Path("/usr/share/games/singularity/music"),
    Path("/usr/share/planetblupi/music"),
    Path("/usr/share/games/asc/music"),
)
LONGEST = tuple(f"tagger_platform_tests/{name}" for name in ("journeys/", "test_benchmarks.py", "faults/"))
"""What takes minutes."""
SKIPPED_IN_CI = pytest.StashKey[list[str]]()
NOT_REAL = pytest.StashKey[list[str]]()
MISSING = "missing: "

hypothesis_settings.register_profile("patient", deadline=None)
hypothesis_settings.load_profile("patient")


def missing_tools() -> list[str]:
    """What the tests marked `real` need and this machine lacks."""
    missing = [] if CHROMIUM.exists() else ["chromium"]
    missing += [] if shutil.which("icecast2") else ["icecast2"]
    missing += [] if shutil.which("fpcalc") else ["fpcalc"]
    missing += [] if shutil.which("prometheus") and shutil.which("promtool") else ["prometheus"]
    missing += [] if [*Path("/usr/lib").glob("*/girepository-1.0/GstRtspServer-1.0.typelib")] else ["GStreamer's RTSP"]
    return missing + [folder.parent.name + " music" for folder in MUSIC_FOLDERS if not folder.is_dir()]


def pytest_configure(config: pytest.Config) -> None:
    config.stash[SKIPPED_IN_CI] = []
    config.stash[NOT_REAL] = []


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: not item.nodeid.startswith(LONGEST))  # or one of them runs alone in the end
    real = [item for item in items if item.get_closest_marker("real")]
    missing = missing_tools() if real else []
    for item in real if missing else []:
        item.add_marker(pytest.mark.skip(reason=f"{MISSING}{', '.join(missing)}"))


class _Skips:
    """Notes what was skipped, while collecting and while running: in the process that sees all of it."""

    def __init__(self, config: pytest.Config) -> None:
        self._names, self._not_real = config.stash[SKIPPED_IN_CI], config.stash[NOT_REAL]

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.skipped and not hasattr(report, "wasxfail"):
            self._names.append(report.nodeid)
            reason = report.longrepr[2].removeprefix("Skipped: ") if isinstance(report.longrepr, tuple) else ""
            self._not_real += [reason] if reason.startswith(MISSING) else []

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.skipped:
            self._names.append(report.nodeid)


def pytest_sessionstart(session: pytest.Session) -> None:
    session.config.pluginmanager.register(_Skips(session.config))


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    if session.config.stash[SKIPPED_IN_CI] and os.environ.get("CI") == "true" and session.exitstatus == 0:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if skipped := config.stash[NOT_REAL]:
        terminalreporter.write_line(
            f"{len(skipped)} tests marked real are skipped, {skipped[0]}; "
            f"scripts/install-test-tools.sh installs what they need"
        )
    if (skipped := config.stash[SKIPPED_IN_CI]) and os.environ.get("CI") == "true":
        terminalreporter.write_line(f"CI=true and {len(skipped)} tests were skipped: {', '.join(skipped)}", red=True)


@pytest.fixture
def free_port() -> Callable[[], int]:
    """A function that returns a port nobody listens on, another one each time."""
    given: set[int] = set()

    def find() -> int:
        while True:
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", 0))
                port = int(probe.getsockname()[1])
            if port not in given:
                given.add(port)
                return port

    return find


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """The environment of a platform with two streams that keeps everything under `tmp_path` and asks nobody."""
    return {
        "DATA_DIR": str(tmp_path / "data"),
        "STREAMS_FILE": str(tmp_path / "streams.yaml"),
        "TZ": "America/Los_Angeles",
        "SHAZAM_ENABLED": "false",
        "STREAM_1_NAME": "kexp",
        "STREAM_1_URL": "http://127.0.0.1:1/kexp",
        "STREAM_1_TITLE": "KEXP 90.3",
        "STREAM_2_NAME": "cafe",
        "STREAM_2_URL": "rtsp://user:secret@127.0.0.1:1/cafe",
    }


@pytest.fixture
def settings(environ: dict[str, str]) -> Settings:
    return Settings.load(environ)
