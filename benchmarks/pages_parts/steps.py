"""What people open, and what they do there.

What belongs here: the list. What does not: clocks (`drawing`), the log. Every round asks for other days, streams, words
and tracks, so that no answer is one that the server still knows.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from playwright.sync_api import Locator, Page

from pages_parts.drawing import Step
from tagger_platform_tests.samples import ARTISTS, PLACES, STREAMS, VERBS

CHART, TABLE = "[data-testid='stEChartsChart'] canvas", "[data-testid='stDataFrame'] canvas"
NUMBER, TRACK = "[data-testid='stMetricValue']", ".track"
FIRST_ROW = (17, 60)
"""Where a table has the box of its first row."""
CHART_MARGINS = (48, 84, 48, 16)
"""Left, top, right and bottom of the dots on the sound map, pixels."""
NEARBY = 200


@dataclass(frozen=True)
class Round:
    """One round: its number, the log's zone, and a track that is played often."""

    number: int
    tz: ZoneInfo
    track: str = ""

    @property
    def day(self) -> date:
        """A day that is over."""
        return datetime.now(self.tz).date() - timedelta(days=1 + 2 * self.number)


TODAY = Step("On air, today", "/", (".card", CHART, TABLE, NUMBER))


def loads(this: Round) -> list[Step]:
    """All pages, and the fullest one twice: today is over only once a day."""
    return [
        TODAY,
        Step("On air, a whole day", f"/?date={this.day}", TODAY.parts),
        Step("Search", "/search", (TRACK,)),
        Step("Track", f"/track?id={this.track}", (".track-head", CHART, TABLE, ".shares")),
        Step("Sound map", "/map", (CHART, ".clusters")),
        Step("Streams", "/streams", (".stream-panel",)),
        Step("Library", "/library", (TABLE, NUMBER)),
        Step("Identify", "/identify", ("[data-testid='stAudioInput']", TABLE)),
        Step("Diagnostics", f"/diagnostics?date={this.day}", (".part", ".figure", TABLE)),
    ]


def visits(this: Round) -> list[tuple[Step, list[Step]]]:
    """Pages that are opened, and what is done on each, one after the other."""
    return [
        (loads(this)[1], _on_air(this)),
        (Step("", "/search", (TRACK,)), [_search(this)]),
        (Step("", "/map", (CHART, ".clusters")), [_dot(this)]),
        (Step("", "/map", (CHART, ".clusters")), [_cluster(this)]),
        (loads(this)[-1], _diagnostics()),
        (Step("", "/library", (TABLE, NUMBER)), _library(this)),
        (loads(this)[1], [_language()]),
    ]


def _on_air(this: Round) -> list[Step]:
    title = list(STREAMS.values())[this.number % len(STREAMS)]
    return [
        Step("the day before", f"date={this.day - timedelta(days=1)}", TODAY.parts, _button("The day before")),
        Step("the day after", f"date={this.day}", TODAY.parts, _button("The day after")),
        Step("older plays", "page=2", (TABLE,), _button("Older")),
        Step("fewer hours", "hours=0-23.75", (TABLE,), _shorten),
        Step("one stream", "stream=", TODAY.parts, _button(title)),
        Step("the evidence of a play", "play=", ("[role='dialog'] .windows",), _first_row),
    ]


def _search(this: Round) -> Step:
    words = [words[this.number % len(words)] for words in (VERBS, PLACES, ARTISTS)]

    def type_in(page: Page) -> None:
        page.get_by_role("textbox").fill(f"{words[0]} {words[1]} {words[2]}".lower())
        page.keyboard.press("Enter")

    return Step("a search", "q=", (".track .note",), type_in)


def _dot(this: Round) -> Step:
    """A click on a dot near the middle of the map, on the right; one in thirty tracks there was never played."""

    def click(page: Page) -> None:
        canvas = page.locator(CHART).first
        box = canvas.bounding_box()
        assert box
        left, top, right, bottom = CHART_MARGINS
        x = box["x"] + (left + box["width"] - right) / 2 + 3 * this.number
        y = box["y"] + (top + box["height"] - bottom) / 2
        for step in range(NEARBY):
            page.mouse.move(x + step, y)
            if _points(canvas):
                break
        page.mouse.down()
        page.mouse.up()

    return Step("a dot on the map", "/track?id=", (".track-head, [data-testid='stAlert']",), click)


def _points(canvas: Locator) -> bool:
    """Whether the pointer is on something that can be clicked."""
    shown: str = canvas.evaluate("canvas => canvas.parentElement.style.cursor")
    return shown == "pointer"


def _cluster(this: Round) -> Step:
    def pick(page: Page) -> None:
        page.get_by_role("combobox").click()
        page.get_by_role("option").nth(this.number % 5).click()

    return Step("a cluster of the map", "cluster=", (CHART, TRACK), pick)


def _diagnostics() -> list[Step]:
    parts = (".figure", TABLE)
    return [
        Step("one provider", "provider=catalogue", parts, _button(re.compile("^catalogue"))),
        Step("one state", "status=no_match", parts, _button(re.compile("^no match"))),
        Step("older questions", "page=2", parts, _button(re.compile("Older"))),
        Step("one answer", "answer=", (".facts",), _first_row),
    ]


def _library(this: Round) -> list[Step]:
    def type_in(page: Page) -> None:
        page.get_by_role("textbox", name="Search").fill(f"{VERBS[this.number % len(VERBS)]} {this.number}")
        page.keyboard.press("Enter")

    return [
        Step(
            "the next page of items",
            "page=2",
            (TABLE,),
            lambda page: page.locator(".st-key-page_after button").first.click(),
        ),
        Step("items with two words", "q=", (TABLE,), type_in),
    ]


def _language() -> Step:
    def choose(page: Page) -> None:
        page.locator(".st-key-settings button:visible").click()
        page.get_by_role("button", name="Українська", exact=True).click()

    return Step("another language", "/", (*TODAY.parts, ".st-key-language_uk [kind='primary']"), choose)


def _button(name: str | re.Pattern[str]) -> Callable[[Page], None]:
    return lambda page: page.get_by_role("button", name=name, exact=isinstance(name, str)).first.click()


def _shorten(page: Page) -> None:
    page.get_by_role("slider").last.press("ArrowLeft")


def _first_row(page: Page) -> None:
    x, y = FIRST_ROW
    page.locator("[data-testid='stDataFrame']").first.click(position={"x": x, "y": y})
