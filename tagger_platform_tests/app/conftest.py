"""What the tests of pages share: a browser, an api to ask, and leaving the process as it was."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tagger_platform_tests import samples
from tagger_platform_tests.api.capture_standin import CaptureStandIn, capture_standin
from tagger_platform_tests.app.browsing import chromium, visit
from tagger_platform_tests.app.opening import forget


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A visitor at a desk, on no page yet."""
    with visit(browser) as opened:
        yield opened


@pytest.fixture
def standin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[CaptureStandIn]:
    """A server that gives one answer to every question, its `health`, to pages with DATA_DIR `tmp_path`."""
    with capture_standin() as running:
        for name, value in samples.environ(tmp_path, (running.port, 1, 2, 3, 4)).items():
            monkeypatch.setenv(name, value)
        forget()
        yield running
        forget()


@pytest.fixture(autouse=True)
def the_main_module_stays() -> Iterator[None]:
    """AppTest leaves its script in the place of `__main__`, and processes that are spawned later would run that."""
    ours = sys.modules["__main__"]
    yield
    sys.modules["__main__"] = ours
