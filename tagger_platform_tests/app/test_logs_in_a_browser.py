"""Every page over logs that are odd: empty, of one play, of days of 23 and 25 hours; on a phone, far away."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from streamlit_app.pages import PATHS
from tagger_platform.store.database import Database
from tagger_platform_tests import samples
from tagger_platform_tests.app.browsing import PHONE, Platform, platform_over, settled, sticks_out, visit
from tagger_platform_tests.app.logs import DAYS, write

pytestmark = pytest.mark.real
ODD = ("empty", "one play", "23 h", "25 h")


@pytest.fixture(scope="module", params=ODD)
def log(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def platform(log: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    folder: Path = tmp_path_factory.mktemp("data")
    write(log, Database(folder / "tagger.duckdb"))
    with platform_over(folder) as running:
        yield running


@pytest.fixture
def phone(browser: Browser) -> Iterator[Page]:
    with visit(browser, PHONE) as opened:
        yield opened


def test_every_page_says_something_and_stays_within_the_screen(platform: Platform, phone: Page) -> None:
    for path in ("", *PATHS):
        phone.goto(f"{platform.url}/{path}")
        settled(phone)
        assert len(phone.get_by_test_id("stMain").inner_text()) > 20, path
        expect(phone.get_by_text("Something went wrong")).to_have_count(0)
        assert not sticks_out(phone), path


def test_on_air_counts_the_plays_of_the_day_and_has_all_its_hours(platform: Platform, phone: Page, log: str) -> None:
    day = DAYS[log]
    phone.goto(f"{platform.url}/?date={day}")
    settled(phone)
    if plays := samples.plays_on(platform.database, day):
        expect(phone.get_by_test_id("stMetricValue").first).to_have_text(str(len(plays)))
        quarters = {"23 h": 92, "25 h": 100}.get(log, 96)
        expect(phone.get_by_role("slider").last).to_have_attribute("max", str(quarters))
    else:
        expect(phone.get_by_text("Nothing was heard on any stream that day.")).to_be_visible()
