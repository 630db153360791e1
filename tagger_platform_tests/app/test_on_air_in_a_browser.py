"""The On air page as people meet it: real servers, a real browser in another time zone, nothing off loopback."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tagger_platform.recognize.cover_art import Picture, keep
from tagger_platform.store.art import Tried, note_tried
from tagger_platform.store.reports import plays_of_day
from tagger_platform.store.rows import plays_csv
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
from tagger_platform_tests.app.evidence import write_evidence
from tagger_platform_tests.standins.pictures import image

pytestmark = pytest.mark.real

NEW_PLAY_MS = 8_000
"""A new play shows within five seconds; a loaded machine gets some more."""
DAY = samples.DAY


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    with platform_over(tmp_path_factory.mktemp("data")) as running:
        samples.write_day(running.database, DAY)
        write_evidence(running.database, running.settings.clips_dir)
        yield running


@pytest.fixture
def phone(browser: Browser) -> Iterator[Page]:
    with visit(browser, PHONE) as opened:
        yield opened


def plays_metric(page: Page) -> Locator:
    return page.get_by_test_id("stMetricValue").first


def count_of(platform: Platform, *streams: str) -> str:
    return f"{plays_of_day(platform.database, DAY, samples.TZ, streams=streams).total:,}"


def test_the_page_shows_cards_timeline_numbers_and_table(platform: Platform, page: Page) -> None:
    page.goto(f"{platform.url}/?date={DAY}")
    expect(page.locator(".card")).to_have_count(len(samples.STREAMS))
    expect(plays_metric(page)).to_have_text(count_of(platform))
    expect(page.get_by_test_id("stEChartsChart").locator("canvas, svg").first).to_be_visible()
    expect(page.get_by_test_id("stDataFrame")).to_be_visible()
    expect(page.get_by_test_id("stException")).to_have_count(0)
    assert page.evaluate("document.fonts.check('16px Inter')")


def test_a_stream_is_picked_and_the_address_follows(platform: Platform, page: Page) -> None:
    page.goto(f"{platform.url}/?date={DAY}")
    page.get_by_role("button", name="Nova Jazz").click()
    expect(plays_metric(page)).to_have_text(count_of(platform, "nova"))
    assert query_of(page) == {"date": [DAY.isoformat()], "stream": ["nova"]}
    page.get_by_role("button", name="KEXP 90.3").click()
    expect(plays_metric(page)).to_have_text(count_of(platform, "nova", "kexp"))
    assert query_of(page)["stream"] == ["kexp,nova"]


def test_a_deep_link_shows_what_it_names(platform: Platform, page: Page) -> None:
    page.goto(f"{platform.url}/?date={DAY}&stream=playa,kitchen")
    expect(plays_metric(page)).to_have_text(count_of(platform, "playa", "kitchen"))
    page.get_by_role("button", name="The day before", exact=True).click()
    expect(page.get_by_text("Nothing was heard on these streams that day")).to_be_visible()
    query = query_of(page)
    assert query == {"date": [(DAY - timedelta(days=1)).isoformat()], "stream": ["playa,kitchen"]}
    page.go_back()
    expect(plays_metric(page)).to_have_text(count_of(platform, "playa", "kitchen"))


def test_a_span_says_what_it_is(platform: Platform, page: Page) -> None:
    page.goto(f"{platform.url}/?date={DAY}&stream=kexp")
    expect(plays_metric(page)).to_have_text(count_of(platform, "kexp"))
    chart = page.get_by_test_id("stEChartsChart")
    box = chart.bounding_box()
    assert box
    for step in range(40):
        page.mouse.move(box["x"] + box["width"] / 2 + step, box["y"] + 14)
        if page.get_by_text("KEXP 90.3 · ").count():
            break
    expect(page.get_by_text("KEXP 90.3 · ")).to_be_visible()


@pytest.mark.parametrize("streams", [(), ("downtown",)])
def test_the_csv_is_what_the_store_holds(platform: Platform, page: Page, streams: tuple[str, ...]) -> None:
    page.goto(f"{platform.url}/?date={DAY}&stream={','.join(streams)}")
    expect(plays_metric(page)).to_have_text(count_of(platform, *streams))
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").click()
    held = plays_of_day(platform.database, DAY, samples.TZ, streams=streams).plays
    assert Path(download.value.path()).read_text(encoding="utf-8") == plays_csv(held, samples.TZ)
    assert download.value.suggested_filename == f"plays-{DAY}-{'+'.join(streams) or 'all'}.csv"


def test_the_evidence_of_a_play_is_read_and_heard_and_closed_again(platform: Platform, page: Page) -> None:
    page.goto(f"{platform.url}/?play=proven")
    evidence = page.get_by_role("dialog")
    expect(evidence.get_by_text("two consecutive windows (23:56:00 and 23:56:30)")).to_be_visible()
    clip = evidence.locator("audio")
    clip.evaluate("audio => { audio.muted = true; return audio.play() }")
    expect(clip).to_have_js_property("duration", 12)
    evidence.get_by_text("23:56:00 shazam").click()
    expect(evidence.get_by_test_id("stJson")).to_contain_text("Doubt")
    expect(evidence.get_by_role("link", name="All plays")).to_have_attribute("href", re.compile(r"^/track\?id="))
    assert barriers(page) == []
    picture(page, "on-air-evidence")
    page.keyboard.press("Escape")
    expect(evidence).to_have_count(0)
    expect(page).to_have_url(f"{platform.url}/?date={DAY}")


def test_a_play_is_selected_in_the_table(platform: Platform, page: Page) -> None:
    page.goto(f"{platform.url}/?date={DAY}&stream=kexp&hours=23.75-24")
    settled(page)
    table = page.get_by_test_id("stDataFrame")
    expect(table.locator("canvas").first).to_be_visible()
    table.click(position={"x": 18, "y": 60})
    evidence = page.get_by_role("dialog")
    expect(evidence).to_be_visible()
    (play,) = query_of(page)["play"]
    newest = [one.play_id for one in plays_of_day(platform.database, DAY, samples.TZ, streams=["kexp"]).plays][-1]
    assert play == newest
    page.keyboard.press("Escape")
    expect(evidence).to_have_count(0)
    table.click(position={"x": 18, "y": 60})
    expect(evidence).to_be_visible()


def test_in_the_light_theme_what_is_chosen_can_be_read(platform: Platform, page: Page) -> None:
    page.context.add_cookies([{"name": "tagger_theme", "value": "light", "url": platform.url}])
    page.goto(f"{platform.url}/?date={DAY}&stream=kexp&hours=6-14.5")
    expect(page.get_by_test_id("stDataFrame")).to_be_visible()
    settled(page)
    assert barriers(page) == []
    picture(page, "on-air-light")


def test_a_damaged_address_is_told_and_shown_as_today(platform: Platform, page: Page) -> None:
    page.goto(f"{platform.url}/?date=2025-02-31&stream=%3Cscript%3E")
    expect(page.get_by_text("so this is today")).to_be_visible()
    expect(page.get_by_text("these are all streams")).to_be_visible()


def test_a_play_that_arrives_appears_by_itself(platform: Platform, page: Page) -> None:
    page.goto(f"{platform.url}/?date={DAY}")
    expect(plays_metric(page)).to_have_text(count_of(platform))
    before = count_of(platform)
    song = samples.Track("shazam", "fresh", "Fresh <i>Arrival</i>", "The Newcomers")
    now = datetime.now(samples.TZ)
    last_second = datetime(DAY.year, DAY.month, DAY.day, 23, 59, 59, tzinfo=samples.TZ)
    samples.write_plays(
        platform.database,
        [samples.play("kexp", last_second, of=song, seconds=1), samples.play("kexp", now, of=song, seconds=10)],
    )
    expect(page.locator(".card .title").first).to_have_text("Fresh <i>Arrival</i>", timeout=NEW_PLAY_MS)
    assert count_of(platform) != before
    expect(plays_metric(page)).to_have_text(count_of(platform), timeout=NEW_PLAY_MS)


def painted(platform: Platform, name: str) -> tuple[samples.Track, str]:
    """A track with cover art that was fetched, and the path of its local copy."""
    url = f"https://images.example/{name}.jpg"
    kept = keep(Picture(image(), "jpg"), url, platform.settings.art_dir)
    with platform.database.writing() as connection:
        note_tried(connection, [Tried(url, kept)], datetime.now(samples.TZ))
    return samples.Track("shazam", name, name, artwork=url), f"/api/art/{kept}"


def test_cover_art_is_shown_on_cards_and_in_the_table_from_this_server_alone(platform: Platform, page: Page) -> None:
    on_card, card_path = painted(platform, "card")
    in_table, table_path = painted(platform, "table")
    latest = datetime(DAY.year, DAY.month, DAY.day, 23, 59, 58, tzinfo=samples.TZ)
    now = datetime.now(samples.TZ)
    samples.write_plays(
        platform.database,
        [samples.play("kitchen", now, of=on_card), samples.play("kitchen", latest, of=in_table, seconds=1)],
    )
    with page.expect_response(platform.url + table_path) as shown:
        page.goto(f"{platform.url}/?date={DAY}&stream=kitchen")
    assert (shown.value.status, shown.value.headers["content-type"]) == (200, "image/jpeg")
    assert shown.value.headers["x-content-type-options"] == "nosniff"
    picture = page.locator(f'.card img[src="{card_path}"]')
    expect(picture).to_have_count(1)
    assert picture.evaluate("async image => { await image.decode(); return image.naturalWidth }") == 64


def test_a_busy_store_is_a_sentence_until_it_is_free(platform: Platform, page: Page) -> None:
    with platform.database.writing():
        page.goto(f"{platform.url}/?date={DAY - timedelta(days=3)}")
        expect(page.get_by_text("was busy for too long").first).to_be_visible()
    expect(page.get_by_text("Nothing was heard on any stream that day")).to_be_visible()
    expect(page.get_by_text("was busy for too long")).to_have_count(0)


def test_on_a_phone_cards_stack_and_nothing_sticks_out(platform: Platform, phone: Page) -> None:
    phone.goto(f"{platform.url}/?date={DAY}")
    expect(plays_metric(phone)).to_have_text(count_of(platform))
    boxes = [card.bounding_box() for card in phone.locator(".card").all()]
    assert len({round(box["x"]) for box in boxes if box}) == 1
    assert not sticks_out(phone)
