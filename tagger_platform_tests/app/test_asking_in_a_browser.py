"""Diagnostics and Identify as people meet them: filters, a row's answer, deep links, a clip, the microphone."""

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Locator, Page, Position, expect

from tagger_platform.library.places import Library
from tagger_platform.model import parts_of
from tagger_platform.store import recent
from tagger_platform.store.recent import Span
from tagger_platform.store.reports import day_bounds
from tagger_platform_tests import samples
from tagger_platform_tests.api.test_identify import audio
from tagger_platform_tests.api.test_library import send, work
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
from tagger_platform_tests.app.questions import write_questions

pytestmark = pytest.mark.real

TOO_LARGE = 200_000_000
TICK: Position = {"x": 17, "y": 56}
RECORD_MS = 3000
"""Of the browser's own made-up microphone, which beeps."""


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """A day of questions, the clip of one of them, and a library of one song."""
    folder = tmp_path_factory.mktemp("data")
    with platform_over(folder) as running:
        write_questions(running.database, samples.DAY)
        with httpx.Client(base_url=running.settings.api_url) as api:
            send(api, ("My Song.wav", audio(tmp_path_factory.mktemp("song"), 1)))
        work(Library(running.settings))
        yield running


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    with visit(browser, permissions=["microphone"]) as opened:
        yield opened


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    path = tmp_path / "clip.wav"
    path.write_bytes(audio(tmp_path, 1, 5.0, 13.0))
    return path


def first_row(page: Page) -> Locator:
    """The first table; at `TICK` of it is the box that chooses its first row."""
    return page.get_by_test_id("stDataFrame").first


def first_match(platform: Platform) -> recent.Asked:
    span = Span(*day_bounds(samples.DAY, samples.TZ), ("kexp",))
    return recent.asked(platform.database, recent.Page(span, ("shazam",), ("match",), 1, 0))[0]


def test_questions_are_filtered_and_a_row_shows_its_answer(platform: Platform, page: Page):
    page.goto(f"{platform.url}/diagnostics?date={samples.DAY}&stream=kexp")
    expect(page.locator(".figure b").first).to_have_text("48")
    page.get_by_role("button", name=re.compile("^shazam")).click()
    expect(page.locator(".figure b").first).to_have_text("24")
    assert query_of(page) == {"date": [str(samples.DAY)], "stream": ["kexp"], "provider": ["shazam"]}
    settled(page)
    first_row(page).click(position=TICK)
    expect(page.locator(".facts dd").first).to_be_visible()
    assert query_of(page)["answer"] == ["kexp/2025-11-21T07:00:00Z+0/shazam"]
    settled(page)
    assert barriers(page) == []
    picture(page, "diagnostics")
    page.go_back()
    expect(page.get_by_text("Select a row")).to_be_visible()
    settled(page)
    first_row(page).click(position=TICK)
    expect(page.locator(".facts dd").first).to_be_visible()


def test_a_row_of_the_old_list_keeps_the_filter_that_was_just_chosen(platform: Platform, page: Page):
    with page.expect_websocket() as opened:
        page.goto(f"{platform.url}/diagnostics?date={samples.DAY}&stream=kexp")
    expect(page.locator(".figure b").first).to_have_text("48")
    settled(page)
    with platform.database.writing():
        page.get_by_role("button", name=re.compile("^no match")).click()
        expect(page).to_have_url(re.compile("status=no_match"))
        with opened.value.expect_event("framesent"):
            first_row(page).click(position=TICK)
    expect(page.locator(".facts dd").first).to_be_visible()
    settled(page)
    assert query_of(page)["status"] == ["no_match"]


def test_an_answer_has_a_link_with_the_providers_words_and_the_clip(platform: Platform, browser: Browser):
    match = first_match(platform)
    stream, slot, _ = parts_of(match.window_id)
    kept = platform.settings.clips_dir / stream / f"{slot.replace(':', '-')}+0.flac"
    kept.parent.mkdir(parents=True)
    kept.write_bytes(b"fLaC" + bytes(200))
    with visit(browser, PHONE, color_scheme="light") as phone:
        phone.context.add_cookies([{"name": "tagger_theme", "value": "light", "url": platform.url}])
        answer = match.window_id.replace("+", "%2B") + "/shazam"
        phone.goto(f"{platform.url}/diagnostics?date={samples.DAY}&answer={answer}")
        expect(phone.locator(".facts")).to_contain_text("1:02")
        expect(phone.get_by_text('"isrc"')).to_be_visible()
        expect(phone.locator("audio")).to_have_attribute("src", re.compile(r"^/api/windows/kexp/.*/clip$"))
        expect(phone.get_by_role("link", name="The slot's runs in Dagster")).to_have_attribute(
            "href", re.compile(f":{platform.settings.dagster_port}/runs")
        )
        settled(phone)
        assert not sticks_out(phone)
        assert barriers(phone) == []
        picture(phone, "diagnostics-phone-light")


def test_a_clip_is_named_kept_and_found_again_by_its_link(platform: Platform, page: Page, clip: Path):
    page.goto(f"{platform.url}/identify")
    expect(page.get_by_text("Nobody has asked yet")).to_be_visible()
    page.get_by_test_id("stFileUploaderDropzoneInput").set_input_files(clip)
    expect(page.locator(".named h3")).to_have_text("My Song")
    expect(page.get_by_test_id("stDataFrame")).to_be_visible()
    settled(page)
    assert barriers(page) == []
    picture(page, "identify")
    page.goto(page.url)
    expect(page.locator(".named h3")).to_have_text("My Song")


def test_a_clip_from_the_microphone_is_answered(platform: Platform, page: Page):
    page.goto(f"{platform.url}/identify")
    page.get_by_role("button", name="Record", exact=True).click()
    page.wait_for_timeout(RECORD_MS)
    page.get_by_role("button", name="Stop recording").click()
    expect(page.get_by_text("Nothing in the library sounds like this")).to_be_visible()


def test_what_is_too_large_or_no_audio_is_a_sentence(platform: Platform, page: Page, tmp_path: Path):
    text, large = tmp_path / "text.mp3", tmp_path / "large.wav"
    text.write_text("Once upon a time")
    with large.open("wb") as file:
        file.truncate(TOO_LARGE)
    page.goto(f"{platform.url}/identify")
    page.get_by_test_id("stFileUploaderDropzoneInput").set_input_files(text)
    expect(page.get_by_test_id("stAlert").get_by_text("not audio")).to_be_visible()
    page.get_by_test_id("stFileUploaderDropzoneInput").set_input_files(large)
    expect(page.get_by_text(re.compile("must be 95.*MB or smaller"))).to_be_visible()
