"""The pages in a real browser: servers around a log, and Debian's Chromium, which reports whatever is not as it should.

What belongs here: starting both, looking over a page, pictures. What does not: tests, the logs themselves (`logs`).
A page fails its test when anything is asked for off this machine, or anything breaks or is refused in the browser.
"""

import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, WebSocketRoute, expect, sync_playwright

import streamlit_app
from tagger_platform.settings import Settings
from tagger_platform.store.database import Database
from tagger_platform_tests import samples
from tagger_platform_tests.api.capture_standin import CaptureStandIn, capture_standin
from tagger_platform_tests.api.test_serving import free_ports

CHROMIUM = "/usr/bin/chromium"
FLAGS = [
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update", "--disable-dev-shm-usage"),
    "--use-fake-device-for-media-stream",
]
FOREIGN_ZONE = "Asia/Kolkata"
READY_S, PATIENCE_MS = 60, 30_000
DESKTOP, PHONE = (1440, 900), (390, 844)
PICTURES = Path(__file__).parents[2] / "build" / "pictures"
"""Where CI picks up what the pages looked like; git ignores it."""
ACCESSIBLE = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}}
SERVE_API = (
    "from tagger_platform.api.app import run; from tagger_platform.settings import Settings; run(Settings.load())"
)
expect.set_options(timeout=PATIENCE_MS)


@dataclass(frozen=True)
class Platform:
    """The running pages and api, the log behind them, capture's stand-in, and the process that serves the pages."""

    url: str
    settings: Settings
    database: Database
    capture: CaptureStandIn
    pages: subprocess.Popen[bytes]


@contextmanager
def platform_over(folder: Path, **more: str) -> Iterator[Platform]:
    """The pages and the api over DATA_DIR `folder`, with the sample streams, of which nova is reconnecting."""
    environ = samples.environ(folder, free_ports(5), **more)
    settings = Settings.load(environ)
    api = [sys.executable, "-c", SERVE_API]
    with capture_standin(settings.capture_port) as capture:
        capture.health = {"status": "ok", "since": "2025-11-20T08:00:00Z", "streams": []}
        capture.health["streams"] = [live(name, title) for name, title in samples.STREAMS.items()]
        processes = [
            subprocess.Popen(argv, env={**os.environ, **environ}) for argv in (api, streamlit_app.command(settings))
        ]
        try:
            url = f"http://127.0.0.1:{settings.ui_port}"
            wait_for(f"{url}/_stcore/health")
            wait_for(f"http://127.0.0.1:{settings.port}/healthz")
            yield Platform(url, settings, Database(settings.database_path), capture, processes[-1])
        finally:
            for process in processes:
                process.terminate()
            for process in processes:
                process.wait(timeout=10)


def live(name: str, title: str) -> dict[str, object]:
    """A stream as capture tells of it."""
    state = "reconnecting" if name == "nova" else "live"
    return {"name": name, "title": title, "kind": "rtsp", "enabled": True, "state": state, "last_error": None}


def wait_for(url: str) -> None:
    """Until something answers there."""
    deadline = time.monotonic() + READY_S
    while True:
        try:
            urllib.request.urlopen(url).close()
        except OSError:
            assert time.monotonic() < deadline, f"{url} does not answer"
            time.sleep(0.2)
        else:
            return


@contextmanager
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield opened
        opened.close()


@contextmanager
def visit(browser: Browser, size: tuple[int, int] = DESKTOP, **context: Any) -> Iterator[Page]:
    """A visitor of their own, far away; `context` is Playwright's, such as ``locale="uk-UA"``."""
    opened = browser.new_context(
        viewport={"width": size[0], "height": size[1]}, **{"timezone_id": FOREIGN_ZONE, **context}
    )
    page = opened.new_page()
    page.set_default_timeout(PATIENCE_MS)
    strange: list[str] = []
    page.on("request", lambda request: strange.append(request.url) if leaves(request.url) else None)
    page.on("websocket", lambda socket: strange.append(socket.url) if leaves(socket.url) else None)
    page.on("pageerror", lambda error: strange.append(str(error)))
    page.on("console", lambda message: strange.append(message.text) if message.type == "error" else None)
    yield page
    opened.close()
    assert strange == []


class Line:
    """The connection between the pages and a browser, which hears nothing while it is `held`; what it asks goes on.

    `addresses` are those that the page had since it was opened, one after the other.
    """

    def __init__(self, page: Page) -> None:
        self.held = False
        self.addresses: list[str] = []
        self._waiting: list[str | bytes] = []
        self._sockets: list[WebSocketRoute] = []
        page.route_web_socket("**/_stcore/stream", self._opened)
        page.on("framenavigated", lambda frame: self.addresses.append(urlsplit(frame.url).query))

    def _opened(self, socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()
        self._sockets.append(socket)
        server.on_message(lambda message: self._waiting.append(message) if self.held else socket.send(message))

    def let_go(self) -> None:
        self.held = False
        for message in self._waiting:
            self._sockets[-1].send(message)
        self._waiting.clear()


def leaves(url: str) -> bool:
    """Whether a request would go anywhere but to this machine."""
    parts = urlsplit(url)
    return parts.scheme not in ("data", "blob", "about", "chrome") and parts.hostname not in ("127.0.0.1", "localhost")


def query_of(page: Page) -> dict[str, list[str]]:
    """The parameters of the page's address."""
    return parse_qs(urlsplit(page.url).query)


def settled(page: Page) -> None:
    """Wait until the page is drawn and nothing is under way."""
    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")
    expect(page.locator("[data-stale='true']")).to_have_count(0)
    expect(page.get_by_test_id("stSkeleton")).to_have_count(0)


def barriers(page: Page) -> list[str]:
    """What keeps people out by WCAG 2.1 AA, a line each: the rule, and where."""
    found: Mapping[str, Any] = Axe().run(page, options=ACCESSIBLE).response
    return [
        f"{violation['id']}: {node['target'][0]}: {node['failureSummary']}"
        for violation in found["violations"]
        for node in violation["nodes"]
    ]


def sticks_out(page: Page) -> bool:
    """Whether anything makes the page scroll sideways."""
    main = page.get_by_test_id("stMain")
    return not (
        page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        and main.evaluate("element => element.scrollWidth <= element.clientWidth")
    )


def picture(page: Page, name: str) -> Path:
    """Photograph what is to be seen now."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=PICTURES / f"{name}.png")
    return PICTURES / f"{name}.png"
