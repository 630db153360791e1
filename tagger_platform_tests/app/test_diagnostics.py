"""The page Diagnostics: its parts, what the providers were asked, filters, one answer in full, what it cannot know."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from tagger_platform.model import CanaryOutcome, CanaryResult
from tagger_platform.store import recent
from tagger_platform.store.canary import note_canaries
from tagger_platform.store.database import Database
from tagger_platform.store.recent import Page, Span
from tagger_platform.store.reports import day_bounds
from tagger_platform_tests import samples
from tagger_platform_tests.api.capture_standin import CaptureStandIn
from tagger_platform_tests.app.opening import forget, opened, part, words
from tagger_platform_tests.app.questions import write_questions

BREAKER = {"breaker": "open", "budget_left": 2.5}
PARTS = {
    "store": part("ok", "log_read", path="<b>/data</b>", plays=7),
    "disk": part("warning", "disk_low", free_bytes=1_234_567_890, folder="/data"),
    "dagster": part("failing", "ticks_no_more", age_s=7200.0),
    "capture": part("failing", "capture_trouble", why="<i>no room</i>"),
    "attic": part("ok", "a code that came later", "the attic is <u>dry</u>"),
    "providers": {**part("ok", "answers", provider="shazam"), "numbers": {"shazam": BREAKER}},
}
DAY = samples.DAY.isoformat()
TOLD = (
    *("fine", "warning", "failing", "<b>Log</b>", "<b>attic</b>"),
    *("Plays in &lt;b&gt;/data&lt;/b&gt;: 7.", "1.2 GB are free", "Its sensor has not ticked for 2 h"),
    *('lang="en">&lt;i&gt;no room&lt;/i&gt;', "the attic is &lt;u&gt;dry&lt;/u&gt;"),
)


@pytest.fixture
def api(standin: CaptureStandIn) -> CaptureStandIn:
    standin.health = {"parts": PARTS}
    return standin


@pytest.fixture(scope="module")
def asked_day(tmp_path_factory: pytest.TempPathFactory) -> Database:
    made = Database(tmp_path_factory.mktemp("asked") / "tagger.duckdb")
    write_questions(made, samples.DAY)
    return made


@pytest.fixture
def database(api: CaptureStandIn, asked_day: Database, monkeypatch: pytest.MonkeyPatch) -> Database:
    """A log of a day on which 240 questions were asked."""
    monkeypatch.setenv("DATA_DIR", str(asked_day.path.parent))
    return asked_day


def shown(**parameters: str) -> AppTest:
    return opened("diagnostics", **{"date": DAY, **parameters})


def rows(page: AppTest) -> list[dict[str, object]]:
    return page.dataframe[0].value.to_dict("records")


def figures(page: AppTest) -> str:
    return next(text for text in words(page).splitlines() if "Questions" in text)


def test_every_part_has_a_tile_with_its_state_and_sentence(api: CaptureStandIn):
    page = opened("diagnostics")
    tiles = next(element.proto.body for element in page.get("html") if 'class="parts"' in element.proto.body)
    assert tiles.count("<article") == len(PARTS)
    for told in TOLD:
        assert told in tiles


def test_an_api_that_is_down_is_a_sentence(api: CaptureStandIn):
    api.health = {}
    assert "The api does not answer" in opened("diagnostics").warning[0].value


def test_a_provider_is_told_with_its_breaker_its_budget_and_its_canary_in_local_time(
    api: CaptureStandIn, tmp_path: Path
):
    asked_at = datetime(2026, 11, 21, 20, 17, tzinfo=UTC)
    with Database(tmp_path / "tagger.duckdb").writing() as connection:
        note_canaries(connection, [CanaryResult("shazam", asked_at, CanaryOutcome.NO_MATCH, 812.4, "a clip of kexp")])
    assert rows(opened("diagnostics")) == [
        {
            "provider": "shazam",
            "breaker": "open: nobody asks it",
            "left": 2.5,
            "canary": "no match",
            "asked": "Nov 21, 2026 12:17",
            "after": 812.4,
            "detail": "It knows nothing that sounds like this. (a clip of kexp)",
        }
    ]


def test_without_questions_the_page_says_why(api: CaptureStandIn, tmp_path: Path):
    assert "tagger up" in words(opened("diagnostics"))
    Database(tmp_path / "tagger.duckdb").migrate()
    forget()
    told = words(opened("diagnostics"))
    assert "Nobody has been asked anything yet today" in told
    assert "No window waits for an answer" in told
    assert "Nobody was asked anything that day" in words(shown())


def test_a_day_is_told_in_numbers_and_listed_newest_first(database: Database):
    page = shown()
    for told in ("240", "Without an answer", "shazam: 95 of 100 within", "catalogue: 95 of 100 within"):
        assert told in figures(page)
    listed = rows(page)
    assert len(listed) == 100
    assert listed[0]["time"] == "23:00:00"
    assert {row["stream"] for row in listed} == set(samples.STREAMS.values())
    slot = "2025-11-21T07%3A00%3A00Z"
    assert listed[0]["run"] == f"http://127.0.0.1:2/runs?q%5B0%5D=tag%3Adagster%2Fpartition%3D{slot}"
    assert "Page 1 of 3: 240 questions" in words(page)


@pytest.mark.parametrize(
    ("filters", "left"),
    [
        ({"stream": "nova"}, {"stream": "Nova Jazz"}),
        ({"provider": "shazam"}, {"by": "shazam"}),
        ({"status": "timeout"}, {"by": "shazam", "status": ["no answer in time"]}),
        ({"provider": "catalogue", "status": "match", "stream": "kexp"}, {"by": "catalogue", "status": ["match"]}),
    ],
)
def test_a_deep_link_filters(database: Database, filters: dict[str, str], left: dict[str, object]):
    page = shown(**filters)
    assert rows(page)
    assert not page.warning
    for row in rows(page):
        assert {name: row[name] for name in left} == left


def test_a_filter_that_leaves_nothing_says_so(database: Database):
    assert "No question of that day went so" in words(shown(provider="catalogue", status="timeout"))


def test_choosing_changes_the_address_and_begins_at_the_first_page(database: Database):
    page = shown(page="2")
    assert "Page 2 of 3" in words(page)
    page.button_group(key="asked_providers-0").set_value(["shazam"]).run()
    assert page.query_params == {"date": DAY, "provider": "shazam"}
    page.multiselect(key="asked_streams-0").set_value(["nova", "kexp"]).run()
    assert page.query_params["stream"] == "kexp,nova"
    page.button(key="day_before").click().run()
    assert page.query_params["date"] == "2025-11-19"


def test_pages_are_turned_and_end(database: Database):
    page = shown()
    assert page.button(key="newer").disabled
    page.button(key="older").click().run()
    assert (page.query_params["page"], len(rows(page))) == ("2", 100)
    last = shown(page="77")
    assert (len(rows(last)), last.button(key="older").disabled) == (40, True)


def test_an_answer_is_shown_in_full(database: Database, api: CaptureStandIn):
    span = Span(*day_bounds(samples.DAY, samples.TZ))
    match = recent.asked(database, Page(span, ("shazam",), ("match",), 1, 0))[0]
    page = shown(answer=f"{match.window_id}/shazam")
    told = words(page)
    for text in (match.title, "1:02", "90%", "The provider's own words"):
        assert text in told
    assert any(path.endswith("/raw/shazam") for path in api.asked)


@pytest.mark.parametrize("answer", ["kexp/2025-11-20T20:00:01Z+0/shazam", "nonsense", "/"])
def test_an_answer_that_is_not_in_the_log_is_a_sentence(database: Database, answer: str):
    assert "not in the log" in shown(answer=answer).warning[0].value


def test_what_waits_is_told_with_how_long_it_may(database: Database):
    page = shown()
    waits = page.dataframe[-1].value.to_dict("records")
    assert [row["why"] for row in waits] == ["answer made no sense", "told to slow down", "no answer in time"]
    assert "for 48 hours" in words(page)


def test_a_damaged_filter_is_told(database: Database):
    assert len(shown(date="2025-02-30", provider="<b>", status="x", page="0").warning) == 4
