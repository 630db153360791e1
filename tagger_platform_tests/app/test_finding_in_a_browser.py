"""Search, the page of a track and the sound map as people meet them: real servers, a real browser."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from playwright.sync_api import Browser, Page, expect

from streamlit_app.map_chart import ROOM
from tagger_platform.insight.index import sync
from tagger_platform.store.clusters import NightMap, Place, write_map
from tagger_platform.store.embeddings import ModelName
from tagger_platform.store.search_index import SearchIndex
from tagger_platform_tests import samples
from tagger_platform_tests.app.browsing import (
    PHONE,
    Platform,
    barriers,
    picture,
    platform_over,
    query_of,
    settled,
    sticks_out,
    visit,
)

pytestmark = pytest.mark.real

SONGS = [samples.Track("shazam", str(number), f"Neon Harbor {number}", "Lonely Motel") for number in range(40)]
OFTEN = samples.Track("shazam", "often", "Often <i>Heard</i>", "The Royal Static")
FAR, LONELY = (0.0, 0.0), (10.0, 0.0)
"""Where on the map OFTEN is, and the track that is in no cluster; all others are about (5, 10)."""
GRID = {"left": 48, "right": 48, "top": 84, "bottom": 16}
"""Pixels of the chart around its dots."""
LIGHT = {"cookies": [{"name": "tagger_theme", "value": "light", "domain": "127.0.0.1", "path": "/"}]}


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """A log of songs with like names, one of which was played sixty times, with a search index and a map."""
    with platform_over(tmp_path_factory.mktemp("data")) as running:
        now = datetime.now(samples.TZ)
        often = [samples.play("kexp", now - timedelta(hours=5 * number + 1), of=OFTEN) for number in range(60)]
        once = [
            samples.play("nova", now - timedelta(hours=number, minutes=30), of=song)
            for number, song in enumerate(SONGS)
        ]
        samples.write_plays(running.database, [*often, *once])
        sync(SearchIndex(running.settings.search_index_path), running.database)
        about = [
            Place(song.track_id, 4.5 + number % 8 / 8, 9.5 + number // 8 / 8, 1, "harbor, neon")
            for number, song in enumerate(SONGS[1:])
        ]
        places = (*about, Place(OFTEN.track_id, *FAR, 2, "often"), Place(SONGS[0].track_id, *LONELY))
        with running.database.writing() as connection:
            write_map(connection, NightMap(now.date(), ModelName("fake", "1"), places))
        yield running


def on_map(page: Page, x: float, y: float) -> tuple[float, float]:
    """Where on the screen a place of the map is."""
    box = page.get_by_test_id("stEChartsChart").locator("canvas").first.bounding_box()
    assert box
    wide, high = box["width"] - GRID["left"] - GRID["right"], box["height"] - GRID["top"] - GRID["bottom"]
    across, up = ((value / 10 + ROOM) / (1 + 2 * ROOM) for value in (x, y * 10 / TOP))
    return box["x"] + GRID["left"] + across * wide, box["y"] + GRID["top"] + (1 - up) * high


TOP = 9.5 + 38 // 8 / 8
"""The highest place on the map; the lowest is 0."""


def test_what_is_typed_is_found_and_one_click_opens_the_track(platform: Platform, page: Page) -> None:
    page.goto(f"{platform.url}/search")
    expect(page.get_by_role("link", name="Often <i>Heard</i>")).to_be_visible()
    page.get_by_role("textbox").fill("neon harb")
    page.get_by_role("textbox").press("Enter")
    expect(page.locator(".track")).to_have_count(40)
    expect(page.get_by_text("has neon · begins with harb").first).to_be_visible()
    assert query_of(page) == {"q": ["neon harb"]}
    page.locator(".track").first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Neon Harbor")
    page.go_back()
    expect(page.locator(".track")).to_have_count(40)
    expect(page.get_by_role("textbox")).to_have_value("neon harb")


def test_a_result_is_reached_and_opened_from_the_keyboard(platform: Platform, page: Page) -> None:
    page.goto(f"{platform.url}/search?q=often")
    expect(page.locator(".track")).to_have_count(1)
    page.get_by_role("textbox").focus()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Often <i>Heard</i>")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Often <i>Heard</i>")


def test_all_plays_of_a_track_are_there_page_by_page(platform: Platform, page: Page) -> None:
    page.goto(f"{platform.url}/track?id={OFTEN.track_id}")
    expect(page.get_by_text("Page 1 of 2")).to_be_visible()
    expect(page.get_by_test_id("stMetricValue").first).to_have_text("60")
    expect(page.get_by_text("there are none yet")).to_be_visible()
    page.get_by_role("button", name="Older plays").click()
    expect(page.get_by_text("Page 2 of 2")).to_be_visible()
    assert query_of(page) == {"id": [OFTEN.track_id], "page": ["2"]}


def test_a_dot_tells_its_track_and_a_click_opens_it(platform: Platform, page: Page) -> None:
    page.goto(f"{platform.url}/map")
    settled(page)
    expect(page.get_by_test_id("stEChartsChart").locator("canvas").first).to_be_visible()
    page.mouse.move(*on_map(page, *LONELY))
    expect(page.get_by_text("Neon Harbor 0", exact=False).first).to_be_visible()
    page.mouse.move(*on_map(page, *FAR))
    expect(page.get_by_text("60 plays", exact=False).first).to_be_visible()
    picture(page, "map-hover")
    page.mouse.click(*on_map(page, *FAR))
    expect(page.get_by_role("heading", level=1)).to_have_text("Often <i>Heard</i>")
    assert query_of(page) == {"id": [OFTEN.track_id]}
    page.go_back()
    expect(page.get_by_text("41 tracks · 2 clusters")).to_be_visible()


def test_a_loop_lists_the_tracks_within_it(platform: Platform, page: Page) -> None:
    page.goto(f"{platform.url}/map")
    settled(page)
    canvas = page.get_by_test_id("stEChartsChart").locator("canvas").first
    expect(canvas).to_be_visible()
    canvas.click(position={"x": 23, "y": 23})
    around = [on_map(page, *corner) for corner in ((4, 9), (6, 9), (6, TOP), (4, TOP))]
    (left, top), (right, bottom) = (around[0][0], around[2][1] - 10), (around[1][0], around[0][1])
    page.mouse.move(left, top)
    page.mouse.down()
    for corner in ((right, top), (right, bottom), (left, bottom), (left, top + 5)):
        page.mouse.move(*corner, steps=5)
    page.mouse.up()
    expect(page.get_by_role("heading", name="In what you drew · 39 tracks")).to_be_visible()
    expect(page.locator(".track")).to_have_count(39)
    picture(page, "map-loop")
    page.reload()  # as somebody sees it who was sent the link
    expect(page.get_by_role("heading", name="In what you drew · 39 tracks")).to_be_visible()
    page.get_by_role("button", name="Remove what was drawn").click()
    expect(page.get_by_role("heading", name="In what you drew")).to_have_count(0)
    assert query_of(page) == {}


def test_a_cluster_is_chosen_and_its_address_works(platform: Platform, page: Page) -> None:
    page.goto(f"{platform.url}/map?cluster=2")
    expect(page.get_by_role("heading", name="often · 1 track")).to_be_visible()
    page.get_by_role("combobox").click()
    page.get_by_role("option", name="harbor, neon (39)").click()
    expect(page.get_by_role("heading", name="harbor, neon · 39 tracks")).to_be_visible()
    assert query_of(page) == {"cluster": ["1"]}


@pytest.mark.parametrize("path", ["search?q=neon", f"track?id={OFTEN.track_id}", "map?cluster=2"])
def test_in_the_light_on_a_phone_nothing_keeps_people_out(platform: Platform, browser: Browser, path: str) -> None:
    with visit(browser, PHONE, storage_state=LIGHT) as page:
        page.goto(f"{platform.url}/{path}")
        settled(page)
        expect(page.locator(".track, .track-head").first).to_be_visible()
        assert not sticks_out(page)
        assert barriers(page) == []
        picture(page, f"phone-light-{path.partition('?')[0]}")
