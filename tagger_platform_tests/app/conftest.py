"""What the tests of pages share: a browser, and leaving the process as it was."""

import sys
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tagger_platform_tests.app.browsing import chromium


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


@pytest.fixture(autouse=True)
def the_main_module_stays() -> Iterator[None]:
    """AppTest leaves its script in the place of `__main__`, and processes that are spawned later would run that."""
    ours = sys.modules["__main__"]
    yield
    sys.modules["__main__"] = ours
