"""What no page may break on: damaged addresses, a log that cannot be read, an api that is down. Every page of the list.

A page says something then, and nothing that it says is the sentence for what nobody foresaw.
"""

import ast
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from importlib import import_module
from operator import attrgetter
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

import streamlit_app
from streamlit_app.pages import PAGES
from tagger_platform.store.database import Database
from tagger_platform_tests import samples
from tagger_platform_tests.api.capture_standin import capture_standin
from tagger_platform_tests.api.test_serving import free_ports
from tagger_platform_tests.app.opening import forget, opened, words

PATHS = [page.path for page in PAGES]
RUBBISH = {
    "words": "yesterday,gone",
    "markup": "<script>alert(1)</script>'; DROP TABLE plays; --",
    "numbers": "-1",
    "a long one": "9" * 5000,
    "nothing printable": "\x00\u202e💥",
    "what was deleted": "catalogue:0123456789abcdef",
}
READS = tuple(f"asked.{kind}" for kind in ("choice", "choices", "loop", "number", "text"))
UNFORESEEN = "Something went wrong here"


def parameters() -> list[str]:
    """The name of every parameter that an address of ours can have, as the pages read them."""
    names = {"date", "hours", "stream"}
    root = Path(streamlit_app.__file__).parent
    for path in root.rglob("*.py"):
        module = ".".join((root.name, *path.relative_to(root).with_suffix("").parts))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in READS:
                match node.args[0]:
                    case ast.Constant(value=str(name)):
                        names.add(name)
                    case constant:
                        names.add(attrgetter(ast.unparse(constant))(import_module(module)))
    return sorted(names)


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    """A log of one play; nothing answers on the api's port."""
    for name, value in samples.environ(tmp_path, free_ports(5)).items():
        monkeypatch.setenv(name, value)
    forget()
    made = Database(tmp_path / "tagger.duckdb")
    samples.write_plays(made, [samples.play("kexp", samples.noon(samples.DAY))])
    yield made
    forget()


def assert_told(page: AppTest) -> None:
    told = words(page)
    assert told.strip(), "the page is blank"
    assert UNFORESEEN not in told
    assert "Traceback" not in told


def test_the_parameters_of_the_pages_are_found():
    own = "answer asked cluster date hours id item kind loop page play provider q show status stream"
    assert " ".join(parameters()) == own


@pytest.mark.parametrize("rubbish", RUBBISH)
@pytest.mark.parametrize("path", PATHS)
def test_a_damaged_address_shows_something_sensible(path: str, rubbish: str, database: Database):
    assert_told(opened(path, **dict.fromkeys(parameters(), RUBBISH[rubbish])))


def busy(database: Database) -> Any:
    """As it is while the log is written, compacted or restored for longer than a visitor waits."""
    return database.writing()


def damaged(database: Database) -> Any:
    database.path.write_bytes(b"not a log" * 1000)
    return nullcontext()


def of_a_newer_version(database: Database) -> Any:
    with database.writing() as connection:
        connection.execute("INSERT INTO schema_migrations VALUES (9999, 'later', now()::TIMESTAMP)")
    return nullcontext()


STATES: dict[str, tuple[Callable[[Database], Any], str]] = {
    "busy": (busy, "was busy for too long"),
    "damaged": (damaged, "cannot be opened"),
    "newer": (of_a_newer_version, "newer version"),
}
"""What each does to the log, and what a page that reads the log says then."""
ASKING = {"track": {"id": "shazam:1"}}
"""What makes a page read the log that else asks for a question."""


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("path", PATHS)
def test_a_log_that_cannot_be_read_is_a_sentence(
    path: str, state: str, database: Database, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("streamlit_app.reads.STORE_TIMEOUT_S", 0.05)
    make, says = STATES[state]
    with make(database):
        page = opened(path, **ASKING.get(path, {}))
    assert_told(page)
    assert any(says in error.value for error in page.error)


@pytest.mark.parametrize("path", PATHS)
def test_a_log_that_is_missing_for_a_moment_is_an_empty_one(path: str, database: Database):
    """While a copy takes its place."""
    database.path.unlink()
    page = opened(path, **ASKING.get(path, {}))
    assert_told(page)
    assert not page.error


@pytest.mark.parametrize("path", PATHS)
def test_what_answers_like_no_api_of_ours_is_a_sentence(path: str, database: Database, monkeypatch: pytest.MonkeyPatch):
    with capture_standin() as standin:
        standin.plain_text = "<html>502 Bad Gateway</html>"
        monkeypatch.setenv("API_URL", f"http://127.0.0.1:{standin.port}")
        assert_told(opened(path))
