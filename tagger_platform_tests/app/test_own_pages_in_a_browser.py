"""The pages Streams and Library as people meet them: one set of real servers, a real browser, nothing off loopback."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import soundfile
import yaml
from playwright.sync_api import Browser, Page, expect

from streamlit_app.views.streams import POLL_S
from tagger_platform.capture.spectrogram import COLUMNS, spectrogram
from tagger_platform.capture.writer import flac
from tagger_platform.library.intake import take_note
from tagger_platform.library.places import Library
from tagger_platform.library.work import fingerprint_queued
from tagger_platform.spool.last_windows import LastWindows
from tagger_platform_tests import samples
from tagger_platform_tests.app.browsing import (
    PHONE,
    Line,
    Platform,
    barriers,
    picture,
    platform_over,
    settled,
    sticks_out,
    visit,
)
from tagger_platform_tests.capture.test_spectrogram import tone
from tagger_platform_tests.fingerprint.tunes import RATE, tune

pytestmark = pytest.mark.real

SOUND = tone(440, 12)
LIGHT = {"name": "tagger_theme", "value": "light"}


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    folder = tmp_path_factory.mktemp("data")
    patio = {"name": "patio", "url": "rtsp://bob:secret-word@127.0.0.1:1/a", "title": "Patio"}
    (folder / "streams.yaml").write_text(yaml.safe_dump({"streams": [patio]}))
    with platform_over(folder) as running:
        listed = running.capture.health["streams"]
        listed.append({**listed[0], "name": "patio", "title": "Patio", "last_window": "2025-11-20T20:00:00Z"})
        LastWindows(running.settings.last_windows_dir, keep_audio=True).keep("patio", spectrogram(SOUND), flac(SOUND))
        samples.write_plays(running.database, [samples.play("kexp", samples.noon(samples.DAY))])
        yield running


@pytest.fixture
def song(tmp_path: Path) -> Path:
    path = tmp_path / "My song.flac"
    soundfile.write(path, tune(1, 8.0), RATE)
    return path


def test_the_last_window_is_seen_and_plays(platform: Platform, page: Page):
    page.goto(f"{platform.url}/streams")
    panel = page.get_by_role("article", name="Patio")
    seen = panel.get_by_role("img", name="Spectrogram")
    assert seen.evaluate("async image => { await image.decode(); return image.naturalWidth }") == COLUMNS
    audio = panel.locator("audio")
    audio.evaluate("async player => { player.muted = true; await player.play() }")
    assert audio.evaluate("player => player.duration") == pytest.approx(12, abs=0.1)
    expect(page.get_by_text("secret-word")).to_have_count(0)


def test_streams_are_filtered_and_the_address_follows(platform: Platform, page: Page):
    page.goto(f"{platform.url}/streams")
    expect(page.locator(".stream-panel")).to_have_count(len(samples.STREAMS) + 1)
    page.get_by_role("radio", name="In trouble").click()
    expect(page.locator(".stream-panel")).to_have_count(1)
    assert page.url == f"{platform.url}/streams?show=trouble"
    page.reload()
    expect(page.locator(".stream-panel h3")).to_have_text(["Nova Jazz"])


def test_a_stream_that_somebody_else_switched_off_stays_off(platform: Platform, page: Page):
    line = Line(page)
    page.goto(f"{platform.url}/streams")
    settled(page)
    line.held = True
    httpx.patch(f"{platform.settings.api_url}/api/streams/patio", json={"enabled": False}).raise_for_status()
    platform.capture.health["streams"][-1] |= {"enabled": False, "state": "disabled"}
    written = platform.settings.streams_file.stat().st_mtime_ns
    page.wait_for_timeout(4000 * POLL_S)
    line.let_go()
    expect(page.get_by_role("switch", name="Listen to Patio")).not_to_be_checked()
    page.wait_for_timeout(1000 * POLL_S)
    assert platform.settings.streams_file.stat().st_mtime_ns == written


def test_a_stream_is_tried_added_and_removed_by_keyboard_and_mouse(platform: Platform, page: Page):
    page.goto(f"{platform.url}/streams")
    page.get_by_text("Add a stream").click()
    page.get_by_role("textbox", name="Address").fill("http://bob:secret-word@127.0.0.1:1/live")
    page.get_by_role("button", name="Try it").click()
    expect(page.get_by_text("nothing listens at 127.0.0.1:1")).to_be_visible()
    page.get_by_role("textbox", name="Name").fill("porch")
    page.get_by_test_id("stForm").get_by_role("button").last.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("porch was added")).to_be_visible()
    assert "porch" in platform.settings.streams_file.read_text()
    page.get_by_role("button", name="Remove…").first.click()
    page.get_by_role("button", name="Remove Patio").click()
    expect(page.get_by_text("Patio was removed")).to_be_visible()
    assert "patio" not in platform.settings.streams_file.read_text()


def test_a_file_is_dropped_in_watched_found_listened_to_and_removed(platform: Platform, page: Page, song: Path):
    page.goto(f"{platform.url}/library")
    expect(page.get_by_text("The library is empty")).to_be_visible()
    page.locator("input[type=file]").set_input_files(song)
    expect(page.get_by_text("My song.flac")).to_be_visible()
    page.get_by_role("button", name="Add to the library").click()
    files = page.locator(".uploads")
    expect(files).to_contain_text("queued")
    library = Library(platform.settings)
    take_note(library)
    fingerprint_queued(library)
    expect(files).to_contain_text("ready")
    expect(page.get_by_text("1 of 1 file is done")).to_be_visible()
    (item,) = library.watched.rglob("*.flac")
    assert item.read_bytes() == song.read_bytes()
    settled(page)
    page.get_by_test_id("stDataFrame").click(position={"x": 14, "y": 54})
    player = page.locator(".library-item audio")
    player.evaluate("async player => { player.muted = true; await player.play() }")
    assert player.evaluate("player => player.duration") == pytest.approx(8, abs=0.1)
    assert "/library?item=" in page.url
    assert barriers(page) == []
    page.get_by_role("button", name="Remove…").click()
    page.get_by_role("button", name="Remove My song").click()
    expect(page.get_by_text("1 item was removed")).to_be_visible()
    assert library.catalogue.exists()


@pytest.mark.parametrize("path", ["library", "identify"])
def test_the_box_for_files_speaks_the_visitors_language(platform: Platform, browser: Browser, path: str):
    with visit(browser, locale="es-ES") as page:
        page.goto(f"{platform.url}/{path}")
        word = page.get_by_test_id("stFileUploaderDropzone").locator("button p")
        expect(word).to_be_attached()
        assert word.evaluate("word => getComputedStyle(word, '::after').content") == '"Elegir…"'
        assert word.evaluate("word => getComputedStyle(word).fontSize") == "0px"
        expect(page.get_by_text("per file")).to_be_hidden()
        expect(page.get_by_text("95 MB").first).to_be_visible()
        assert barriers(page) == []
        picture(page, f"{path}-es")


@pytest.mark.parametrize("path", ["streams", "library"])
def test_in_the_light_and_on_a_phone_nothing_keeps_people_out(platform: Platform, browser: Browser, path: str):
    with visit(browser, PHONE) as page:
        page.context.add_cookies([{**LIGHT, "url": platform.url}])
        page.goto(f"{platform.url}/{path}")
        expect(page.get_by_text("Nova Jazz" if path == "streams" else "Add your own audio").first).to_be_visible()
        assert barriers(page) == []
        assert not sticks_out(page)
        picture(page, f"phone-light-{path}")
