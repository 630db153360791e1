"""The CSV of On air at its own address: exactly what is asked for, or the page that tells why not."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.testclient import TestClient

from streamlit_app.address import Asked
from streamlit_app.plays_file import PATH, link, plays_file
from streamlit_app.shown_day import shown_for
from tagger_platform.model import Play
from tagger_platform.store.database import Database
from tagger_platform.store.rows import plays_csv
from tagger_platform_tests import samples
from tagger_platform_tests.app.opening import forget

MIDNIGHT = datetime.combine(samples.DAY, datetime.min.time(), samples.TZ)
PARAMETERS = ("date", "stream", "hours", "play", "page", "strange")
TEXTS = st.sampled_from(["2025-11-20", "kexp,nova", "kexp", "9-12.5", "25", "", "\x00"]) | st.text(max_size=20)


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    for name, value in samples.environ(tmp_path).items():
        monkeypatch.setenv(name, value)
    forget()
    yield Database(tmp_path / "tagger.duckdb")
    forget()


@pytest.fixture
def plays(database: Database) -> list[Play]:
    return samples.write_day(database, samples.DAY)


@pytest.fixture
def client() -> TestClient:
    return TestClient(Starlette(routes=[Route(PATH, plays_file)]), follow_redirects=False)


@pytest.mark.parametrize(
    ("asked", "streams", "hours", "name"),
    [
        ("", set(samples.STREAMS), (0, 24), "all"),
        ("&stream=nova", {"nova"}, (0, 24), "nova"),
        ("&stream=nova,kexp&page=3", {"kexp", "nova"}, (0, 24), "kexp+nova"),
        ("&hours=9-12.5", set(samples.STREAMS), (9, 12.5), "9-12.5h-all"),
        ("&stream=kexp&hours=23.75-24", {"kexp"}, (23.75, 24), "23.75-24h-kexp"),
    ],
)
def test_the_file_has_the_plays_of_the_day_the_hours_and_the_streams(
    client: TestClient,
    plays: list[Play],
    asked: str,
    streams: set[str],
    hours: tuple[float, float],
    name: str,
) -> None:
    start, end = (MIDNIGHT + timedelta(hours=hour) for hour in hours)
    answer = client.get(f"{PATH}?date={samples.DAY}{asked}")
    wanted = [play for play in plays if play.stream in streams and start <= play.started_at < end]
    assert answer.text == plays_csv(
        sorted(wanted, key=lambda play: (play.started_at, play.stream, play.play_id)), samples.TZ
    )
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == f'attachment; filename="plays-{samples.DAY}-{name}.csv"'


@pytest.mark.parametrize("asked", ["date=yesterday", "stream=gone", "stream=kexp,gone", "hours=9-99", "play=gone"])
def test_what_the_page_would_put_something_else_for_is_no_file(
    client: TestClient, plays: list[Play], asked: str
) -> None:
    answer = client.get(f"{PATH}?{asked}")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/?{asked}")


def test_while_the_log_is_busy_the_page_tells(
    client: TestClient, plays: list[Play], database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("streamlit_app.reads.STORE_TIMEOUT_S", 0.05)
    with database.writing():
        assert client.get(f"{PATH}?date={samples.DAY}").headers["location"] == f"/?date={samples.DAY}"


def test_without_a_log_the_page_tells_and_none_is_made(client: TestClient, database: Database) -> None:
    assert client.get(PATH).headers["location"] == "/"
    assert not database.path.exists()


@pytest.mark.parametrize("asked", [{}, {"stream": "nova,kexp"}, {"hours": "9-12.5", "page": "2"}])
def test_a_link_asks_for_what_is_shown_and_names_its_day(plays: list[Play], asked: dict[str, str]) -> None:
    shown = shown_for(Asked(asked))
    path, _, query = link(shown).partition("?")
    parameters = dict(one.split("=") for one in query.split("&"))
    assert (path, parameters["date"]) == (PATH, shown.wanted.isoformat())
    assert shown_for(Asked(parameters)).stretch == shown.stretch


# One log does for all examples: it is only read.
@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(asked=st.dictionaries(st.sampled_from(PARAMETERS), TEXTS))
def test_whatever_is_asked_the_answer_is_a_file_or_the_page(
    client: TestClient, plays: list[Play], asked: dict[str, str]
) -> None:
    assert client.get(PATH, params=asked).status_code in (200, 303)
