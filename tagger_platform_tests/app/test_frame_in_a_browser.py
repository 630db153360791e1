"""What is around every page, in a real browser: navigation, settings, headers, and nothing that keeps people out."""

import urllib.request
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection
from urllib.error import HTTPError
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from streamlit_app.pages import PATHS
from streamlit_app.ui.theme import DARK, LIGHT
from tagger_platform_tests import samples
from tagger_platform_tests.app.browsing import (
    PHONE,
    Platform,
    barriers,
    picture,
    platform_over,
    settled,
    sticks_out,
    visit,
)

pytestmark = pytest.mark.real

SONG = b"fLaC" + bytes(range(200))


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    with platform_over(tmp_path_factory.mktemp("data"), API_HOSTS="pages.example") as running:
        samples.write_plays(running.database, [samples.play("kexp", samples.noon(samples.DAY))])
        yield running


def ground(page: Page) -> str:
    """The page's background as #RRGGBB."""
    colour = page.get_by_test_id("stApp").evaluate("element => getComputedStyle(element).backgroundColor")
    return "#" + "".join(f"{int(part):02X}" for part in colour.removeprefix("rgb(").removesuffix(")").split(","))


def choose(page: Page, link: str) -> None:
    page.locator(".st-key-settings button:visible").click()
    page.get_by_role("link", name=link, exact=True).click()


def speak(page: Page, language: str) -> None:
    page.locator(".st-key-settings button:visible").click()
    page.get_by_role("button", name=language, exact=True).click()


def test_a_language_is_there_at_once_and_is_kept(platform: Platform, browser: Browser):
    with visit(browser) as page:
        page.goto(f"{platform.url}/?date={samples.DAY}")
        expect(page.get_by_text("Different tracks")).to_be_visible()
        page.evaluate("window.loaded = 'once'")
        with page.expect_response("**/preferences?language=uk"):
            speak(page, "Українська")
        expect(page.get_by_text("Різних треків")).to_be_visible()
        assert page.url == f"{platform.url}/?date={samples.DAY}"
        assert page.evaluate("[window.loaded, document.documentElement.lang]") == ["once", "uk"]
        page.get_by_role("button", name="Español", exact=True).press("Enter")
        expect(page.get_by_text("Temas distintos")).to_be_visible()
        page.get_by_role("button", name="Українська", exact=True).click()
        expect(page.get_by_text("Різних треків")).to_be_visible()
        page.goto(f"{platform.url}/diagnostics")
        expect(page.get_by_text("Стан кожної частини")).to_be_visible()
        assert page.evaluate("document.documentElement.lang") == "uk"


def test_theme_and_clock_are_chosen_kept_and_lead_back_to_the_same_page(platform: Platform, browser: Browser):
    with visit(browser, locale="uk-UA") as page:
        page.goto(f"{platform.url}/?date={samples.DAY}")
        expect(page.get_by_text("Різних треків")).to_be_visible()
        assert ground(page) == DARK.ground
        choose(page, "Світла")
        expect(page.get_by_text("Різних треків")).to_be_visible()
        assert page.url == f"{platform.url}/?date={samples.DAY}"
        assert ground(page) == LIGHT.ground
        picture(page, "on-air-light-uk")
        page.goto(f"{platform.url}/diagnostics")
        expect(page.get_by_text("Стан кожної частини")).to_be_visible()
        assert ground(page) == LIGHT.ground


def test_a_browser_that_speaks_russian_gets_russian(platform: Platform, browser: Browser):
    with visit(browser, locale="ru-RU") as page:
        page.goto(f"{platform.url}/?date={samples.DAY}")
        expect(page.get_by_text("Разных треков")).to_be_visible()


@pytest.mark.parametrize("path", ["", *PATHS])
def test_every_page_opens_by_its_address_without_barriers_or_sideways_scrolling(
    path: str, platform: Platform, browser: Browser
):
    with visit(browser, PHONE) as page:
        page.goto(f"{platform.url}/{path}")
        settled(page)
        expect(page.get_by_test_id("stException")).to_have_count(0)
        assert not sticks_out(page)
        assert barriers(page) == []
        picture(page, f"phone-{path or 'on-air'}")


@pytest.mark.parametrize("path", ["/", "/diagnostics", "/app/static/logo.svg", "/_stcore/health", "/preferences"])
def test_every_answer_carries_the_security_headers(path: str, platform: Platform):
    with urllib.request.urlopen(platform.url + path) as answer:
        assert "frame-ancestors 'self'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["X-Frame-Options"] == "SAMEORIGIN"


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:{port}", 200),
        ("localhost:{port}", 200),
        ("192.168.7.20:{port}", 200),
        ("radio.local", 200),
        ("pages.example", 200),
        ("evil.example", 421),
        ("evil.example:{port}", 421),
    ],
)
@pytest.mark.parametrize("path", ["/", "/_stcore/stream"], ids=["a page", "its socket"])
def test_a_foreign_name_that_was_pointed_at_this_machine_opens_nothing(
    host: str, status: int, path: str, platform: Platform
):
    """The socket's page is of that host too, as after DNS rebinding: Origin and Host are the same."""
    given = host.format(port=urlsplit(platform.url).port)
    headers = {"Host": given}
    if path != "/":
        headers |= {"Upgrade": "websocket", "Connection": "Upgrade", "Origin": f"http://{given}"}
        headers |= {"Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="}
        status = {200: 101, 421: 403}[status]
    with closing(HTTPConnection(urlsplit(platform.url).netloc, timeout=20)) as connection:
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
    assert answer.status == status


@pytest.mark.parametrize(
    ("referer", "back"),
    [
        ("{url}/diagnostics?date=2025-11-20", "/diagnostics?date=2025-11-20"),
        ("https://evil.example/diagnostics", "/"),
        ("{url}//evil.example/x", "/"),
        ("rubbish", "/"),
    ],
)
def test_choosing_leads_back_to_our_own_pages_only(referer: str, back: str, platform: Platform):
    class Stay(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *_: object) -> None:
            """Let the answer itself be seen."""

    asked = urllib.request.Request(
        platform.url + "/preferences?language=es&theme=pink", headers={"Referer": referer.format(url=platform.url)}
    )
    with pytest.raises(HTTPError) as told:
        urllib.request.build_opener(Stay).open(asked)
    assert (told.value.code, told.value.headers["Location"]) == (303, back)
    assert [cookie.partition(";")[0] for cookie in told.value.headers.get_all("Set-Cookie")] == ["tagger_language=es"]


def test_a_page_that_there_is_not_leads_home(platform: Platform, browser: Browser):
    with visit(browser) as page:
        page.goto(f"{platform.url}/no-such-page?date={samples.DAY}")
        settled(page)
        assert page.url == f"{platform.url}/"
        expect(page.get_by_text("pages/")).to_have_count(0)


def test_a_clip_is_listened_to_through_the_pages_own_server(platform: Platform):
    (play,) = samples.plays_on(platform.database, samples.DAY)
    stream, slot = play.windows[0].removesuffix("+0").split("/")
    clip = platform.settings.clips_dir / stream / f"{slot.replace(':', '-')}+0.flac"
    clip.parent.mkdir(parents=True)
    clip.write_bytes(SONG)
    paths = [f"/api/windows/{stream}/{slot}+0/clip", f"/api/plays/{play.play_id}/clip"]
    for path in paths:
        asked = urllib.request.Request(platform.url + path, headers={"Range": "bytes=4-"})
        with urllib.request.urlopen(asked) as part:
            assert (part.status, part.headers["Content-Type"], part.read()) == (206, "audio/flac", SONG[4:])
    with pytest.raises(HTTPError, match="404"):
        urllib.request.urlopen(f"{platform.url}/api/library/nothing/audio")
