"""Choosing hours on On air with a mouse: over the timeline and under it."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from streamlit_app.timeline import LABELS_PX, RIGHT_PX, ROW_PX
from streamlit_app.views.on_air import POLL_S
from tagger_platform.store.airtime import Stretch, plays_within
from tagger_platform.store.reports import day_bounds
from tagger_platform.store.rows import plays_csv
from tagger_platform_tests import samples
from tagger_platform_tests.app.browsing import Line, Platform, picture, platform_over, query_of, settled

pytestmark = pytest.mark.real

DAY = samples.DAY
BUTTON_PX = (33, 17)
"""Where the timeline's button is, from its left edge and from below."""


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    with platform_over(tmp_path_factory.mktemp("data")) as running:
        samples.write_day(running.database, DAY)
        yield running


def plays_metric(page: Page) -> Locator:
    return page.get_by_test_id("stMetricValue").first


def count_within(platform: Platform, first: float, last: float, *streams: str) -> str:
    midnight = day_bounds(DAY, samples.TZ)[0]
    stretch = Stretch(midnight + timedelta(hours=first), midnight + timedelta(hours=last), streams)
    return f"{len(plays_within(platform.database, stretch)):,}"


def test_hours_are_dragged_and_the_csv_is_of_just_these(platform: Platform, page: Page) -> None:
    page.goto(f"{platform.url}/?date={DAY}&stream=kexp,nova")
    expect(plays_metric(page)).to_have_text(count_within(platform, 0, 24, "kexp", "nova"))
    expect(page.get_by_role("slider")).to_have_count(2)
    first, last = page.get_by_role("slider").all()
    drag(page, first, halfway_to=last)
    expect(page).to_have_url(re.compile(r"hours=1[12](\.\d+)?-24"))
    last.press("ArrowLeft")
    expect(page).to_have_url(re.compile(r"hours=1[12](\.\d+)?-23\.75"))
    midnight = day_bounds(DAY, samples.TZ)[0]
    begin, over = (midnight + timedelta(hours=float(hour)) for hour in query_of(page)["hours"][0].split("-"))
    held = plays_within(platform.database, Stretch(begin, over, ("kexp", "nova")))
    expect(plays_metric(page)).to_have_text(f"{len(held)}")
    csv = page.get_by_role("link", name="CSV")
    expect(csv).to_have_attribute("href", re.compile(r"hours=1[12](\.\d+)?-23\.75"))
    with page.expect_download() as download:
        csv.click()
    assert Path(download.value.path()).read_text(encoding="utf-8") == plays_csv(held, samples.TZ)


def test_a_csv_can_be_had_while_the_page_is_drawn_again(platform: Platform, page: Page) -> None:
    page.goto(f"{platform.url}/?date={DAY}")
    expect(plays_metric(page)).to_have_text(count_within(platform, 0, 24))
    for _ in range(8):
        page.get_by_role("slider").last.press("ArrowLeft")
        with page.expect_download() as download:
            page.get_by_role("link", name="CSV").click()
        assert Path(download.value.path()).read_text(encoding="utf-8").count("\n") > 1


def test_quick_presses_are_all_counted(platform: Platform, page: Page) -> None:
    page.goto(f"{platform.url}/?date={DAY}")
    last = page.get_by_role("slider").last
    for _ in range(40):  # begun while the page is still being drawn
        last.press("ArrowLeft", delay=30)
    expect(page).to_have_url(re.compile(r"hours=0-14$"))
    expect(plays_metric(page)).to_have_text(count_within(platform, 0, 14))
    expect(last).to_have_attribute("aria-valuetext", "14:00")


def test_hours_are_dragged_over_on_the_timeline_until_the_slider_says_otherwise(platform: Platform, page: Page) -> None:
    page.goto(f"{platform.url}/?date={DAY}&stream=kexp,nova")
    expect(plays_metric(page)).to_have_text(count_within(platform, 0, 24, "kexp", "nova"))
    choose_by_dragging(page)
    drag_over(page, 9, 12)
    expect(page).to_have_url(re.compile(r"hours=9-12$"))
    expect(plays_metric(page)).to_have_text(count_within(platform, 9, 12, "kexp", "nova"))
    expect(page.get_by_role("slider").first).to_have_attribute("aria-valuetext", "09:00")
    settled(page)
    picture(page, "on-air-dragged")
    drag_over(page, 18.1, 24)
    expect(page).to_have_url(re.compile(r"hours=18-24$"))
    expect(page.locator(".st-key-timeline-0")).to_have_count(1)
    expect(page.get_by_role("slider").first).to_have_attribute("aria-valuetext", "18:00")
    page.get_by_role("slider").first.press("ArrowRight")
    expect(page).to_have_url(re.compile(r"hours=18\.25-24$"))
    expect(page.locator(".st-key-timeline-1")).to_have_count(1)
    expect(page.locator(".st-key-timeline-0")).to_have_count(0)


def test_hours_that_were_dragged_over_stay_while_the_browser_hears_late(platform: Platform, page: Page) -> None:
    line = Line(page)
    page.goto(f"{platform.url}/?date={DAY}")
    choose_by_dragging(page)
    line.held = True
    drag_over(page, 9, 12)
    page.wait_for_timeout(2000 * POLL_S)
    line.let_go()
    expect(page.get_by_role("slider").first).to_have_attribute("aria-valuetext", "09:00")
    page.wait_for_timeout(2000 * POLL_S)
    assert line.addresses == [f"date={DAY}", f"date={DAY}&hours=9-12"]
    expect(plays_metric(page)).to_have_text(count_within(platform, 9, 12))


def test_the_hours_stay_when_a_stream_and_another_day_are_chosen(platform: Platform, page: Page) -> None:
    page.goto(f"{platform.url}/?date={DAY}")
    page.get_by_role("slider").last.press("ArrowLeft")
    expect(page).to_have_url(re.compile(r"hours=0-23\.75$"))
    page.get_by_role("button", name="Nova Jazz", exact=True).first.click()
    expect(page).to_have_url(re.compile(r"hours=0-23\.75&stream=nova$"))
    expect(plays_metric(page)).to_have_text(count_within(platform, 0, 23.75, "nova"))
    page.get_by_role("button", name="The day before").click()
    expect(page).to_have_url(re.compile(r"hours=0-23\.75&stream=nova$"))


def test_evidence_that_was_closed_stays_closed(platform: Platform, page: Page) -> None:
    play = samples.plays_on(platform.database, DAY)[0]
    page.goto(f"{platform.url}/?play={play.play_id}")
    page.get_by_role("dialog").get_by_role("button", name="Close").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    settled(page)
    choose_by_dragging(page)
    drag_over(page, 9, 12)
    expect(page).to_have_url(re.compile(r"hours=9-12$"))
    settled(page)
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_a_double_click_on_the_timeline_lists_all_hours_again(platform: Platform, page: Page) -> None:
    page.goto(f"{platform.url}/?date={DAY}&stream=kexp")
    expect(plays_metric(page)).to_have_text(count_within(platform, 0, 24, "kexp"))
    choose_by_dragging(page)
    drag_over(page, 9, 12)
    expect(page).to_have_url(re.compile(r"hours=9-12$"))
    settled(page)
    left, top, _right = timeline_of(page)
    page.mouse.dblclick(left + 20, top)
    expect(page).to_have_url(f"{platform.url}/?date={DAY}&stream=kexp")
    expect(plays_metric(page)).to_have_text(count_within(platform, 0, 24, "kexp"))


def timeline_of(page: Page) -> tuple[float, float, float]:
    """Where its hours begin, its first row, and where its hours end."""
    box = page.get_by_test_id("stEChartsChart").bounding_box()
    assert box
    return box["x"] + LABELS_PX, box["y"] + ROW_PX / 2, box["x"] + box["width"] - RIGHT_PX


def choose_by_dragging(page: Page) -> None:
    """Press the timeline's button, which is left of its hours."""
    settled(page)
    box = page.get_by_test_id("stEChartsChart").bounding_box()
    assert box
    page.mouse.click(box["x"] + BUTTON_PX[0], box["y"] + box["height"] - BUTTON_PX[1])


def drag_over(page: Page, first: float, last: float) -> None:
    left, top, right = timeline_of(page)
    page.mouse.move(left + (right - left) * first / 24, top)
    page.mouse.down()
    page.mouse.move(left + (right - left) * last / 24, top, steps=8)
    page.mouse.up()


def drag(page: Page, handle: Locator, *, halfway_to: Locator) -> None:
    """Take hold of it with the mouse, and let go half-way to another."""
    start, end = handle.bounding_box(), halfway_to.bounding_box()
    assert start
    assert end
    page.mouse.move(start["x"] + start["width"] / 2, start["y"] + start["height"] / 2)
    page.mouse.down()
    page.mouse.move((start["x"] + end["x"]) / 2, start["y"], steps=5)
    page.mouse.up()
