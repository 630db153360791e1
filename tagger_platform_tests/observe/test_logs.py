"""No log line, whatever its shape, holds the user info of a URL."""

import json
import logging
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagger_platform.observe.logs import redact, set_up_logging

URL = "rtsp://bob:s3cret@cam/x"


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        (URL, "rtsp://***@cam/x"),
        (f"a {URL}, b", "a rtsp://***@cam/x, b"),
        ("HTTPS://bob@cam/", "HTTPS://***@cam/"),
        ("rtsp://bob:p@ss/w'ord@cam/x", "rtsp://***@cam/x"),
        (quote(URL, safe=""), "rtsp%3A%2F%2F***%40cam%2Fx"),
        (quote(URL, safe="").lower(), "rtsp%3a%2f%2f***%40cam%2fx"),
        ("http://radio/live and me@home", "http://radio/live and me@home"),
        ("http://radio/live", "http://radio/live"),
    ],
)
def test_redacting(text: str, clean: str):
    assert redact(text) == clean


@given(password=st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="@"), min_size=8))
def test_no_password_survives(password: str):
    assert password not in redact(f"failed: rtsp://bob:{password}@cam/x again")
    assert quote(password, safe="") not in redact(f"failed: {quote(f'rtsp://bob:{password}@cam/x', safe='')} again")


@pytest.mark.parametrize("structured", [False, True])
def test_message_arguments_exceptions_and_stacks(structured: bool, capsys: pytest.CaptureFixture[str]):
    set_up_logging("INFO", structured=structured)
    logger = logging.getLogger("some.part")
    logger.debug("not worth a line")
    logger.info("plain %s", URL)
    logger.warning("%(url)s", {"url": quote(URL, safe="")}, stack_info=True)
    try:
        raise ValueError(URL)
    except ValueError:
        logger.exception("it failed")
    written = capsys.readouterr().err
    assert "s3cret" not in written
    assert "ValueError: rtsp://***@cam/x" in written
    assert "not worth" not in written
    if structured:
        lines = [json.loads(line) for line in written.splitlines()]
        assert [line["level"] for line in lines] == ["INFO", "WARNING", "ERROR"]
        assert lines[0]["message"] == "plain rtsp://***@cam/x"
        assert lines[0]["logger"] == "some.part"
        assert lines[0]["at"].endswith("Z")
    else:
        assert written.splitlines()[0].endswith("Z INFO some.part: plain rtsp://***@cam/x")
