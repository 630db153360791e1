"""What the tests of pages share: one browser for all of them, and a visitor's page in it."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tagger_platform_tests.app.browsing import chromium


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened
