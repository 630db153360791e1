"""A browser that hears late of what was drawn, as on a slow machine: timers and visitors go on, and nothing is undone.

What it was drawn is held back for a while; what it asks goes through at once.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from playwright.sync_api import Locator, Page, expect

from streamlit_app.views.on_air import POLL_S
from tagger_platform.store.reports import plays_of_day
from tagger_platform_tests import samples
from tagger_platform_tests.app.browsing import Line, Platform, platform_over, query_of, settled

pytestmark = pytest.mark.real

DAY, DAY_BEFORE = samples.DAY, samples.DAY - timedelta(days=1)
LATE_MS = 2000 * POLL_S
"""The timer asks twice meanwhile."""


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    with platform_over(tmp_path_factory.mktemp("data")) as running:
        samples.write_day(running.database, DAY)
        samples.write_day(running.database, DAY_BEFORE, seed=2)
        yield running


@pytest.fixture
def line(page: Page) -> Line:
    return Line(page)


def shows(platform: Platform, page: Page, day: object, *streams: str) -> None:
    count = plays_of_day(platform.database, day, samples.TZ, streams=streams).total
    expect(page.get_by_test_id("stMetricValue").first).to_have_text(f"{count:,}")


def opened(platform: Platform, page: Page, address: str) -> None:
    page.goto(f"{platform.url}/?{address}")
    settled(page)


def nova(page: Page) -> Locator:
    return page.get_by_role("button", name="Nova Jazz", exact=True).first


def test_a_day_that_was_chosen_stays_chosen(platform: Platform, page: Page, line: Line) -> None:
    opened(platform, page, f"date={DAY}")
    line.held = True
    page.get_by_role("button", name="The day before").click()
    page.wait_for_timeout(LATE_MS)
    line.let_go()
    shows(platform, page, DAY_BEFORE)
    page.wait_for_timeout(LATE_MS)
    assert line.addresses == [f"date={DAY}", f"date={DAY_BEFORE}"]
    shows(platform, page, DAY_BEFORE)


def test_two_quick_choices_both_count(platform: Platform, page: Page, line: Line) -> None:
    opened(platform, page, f"date={DAY}")
    line.held = True
    page.get_by_role("button", name="The day before").click()
    nova(page).click()
    page.wait_for_timeout(LATE_MS)
    line.let_go()
    shows(platform, page, DAY_BEFORE, "nova")
    assert query_of(page) == {"date": [str(DAY_BEFORE)], "stream": ["nova"]}


def test_a_play_that_arrives_takes_no_choice_back(platform: Platform, page: Page, line: Line) -> None:
    opened(platform, page, f"date={DAY}")
    line.held = True
    nova(page).click()
    page.wait_for_timeout(1000)
    last = datetime(DAY.year, DAY.month, DAY.day, 23, 59, 59, tzinfo=samples.TZ)
    samples.write_plays(platform.database, [samples.play("nova", last, seconds=1)])
    page.wait_for_timeout(LATE_MS)
    line.let_go()
    shows(platform, page, DAY, "nova")
    assert query_of(page) == {"date": [str(DAY)], "stream": ["nova"]}


def test_a_row_that_is_clicked_before_a_play_pushes_it_down_is_the_one_that_opens(
    platform: Platform, page: Page, line: Line
) -> None:
    newest = plays_of_day(platform.database, DAY, samples.TZ, streams=["playa"]).plays[-1]
    opened(platform, page, f"date={DAY}&stream=playa")
    line.held = True
    last = datetime(DAY.year, DAY.month, DAY.day, 23, 59, 58, tzinfo=samples.TZ)
    samples.write_plays(platform.database, [samples.play("playa", last, seconds=1)])
    page.wait_for_timeout(LATE_MS)
    page.get_by_test_id("stDataFrame").click(position={"x": 18, "y": 60})
    page.wait_for_timeout(1000)
    line.let_go()
    expect(page.get_by_role("dialog")).to_be_visible()
    assert query_of(page)["play"] == [newest.play_id]


def test_what_was_gone_back_from_does_not_come_again(platform: Platform, page: Page, line: Line) -> None:
    opened(platform, page, f"date={DAY}")
    nova(page).click()
    shows(platform, page, DAY, "nova")
    settled(page)
    line.held = True
    page.go_back(wait_until="commit")
    page.wait_for_timeout(LATE_MS)
    line.let_go()
    shows(platform, page, DAY)
    page.wait_for_timeout(LATE_MS)
    assert line.addresses == [f"date={DAY}", f"date={DAY}&stream=nova", f"date={DAY}"]
    shows(platform, page, DAY)


def test_an_address_that_is_typed_after_a_choice_counts_at_once(platform: Platform, page: Page) -> None:
    opened(platform, page, f"date={DAY}")
    nova(page).click()
    shows(platform, page, DAY, "nova")
    opened(platform, page, f"date={DAY_BEFORE}")
    shows(platform, page, DAY_BEFORE)
