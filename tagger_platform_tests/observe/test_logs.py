"""No log line, whatever its shape, holds the user info of a URL."""

import asyncio
import json
import logging
import sys
import warnings
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagger_platform.observe.logs import bound, redact, set_up_logging

URL = "rtsp://bob:s3cret@cam/x"


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(False)


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


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, str]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_a_line_carries_what_is_bound_and_what_it_is_given(capsys: pytest.CaptureFixture[str]):
    set_up_logging("INFO", structured=True)
    with bound(slot="s", provider=None), bound(stream="kexp"):
        logging.getLogger("a").warning("one", extra={"window": URL, "unknown": "left out"})
    logging.getLogger("a").warning("two")
    one, two = lines(capsys)
    assert {key: one[key] for key in one if key not in ("at", "level", "logger", "message")} == {
        "stream": "kexp",
        "slot": "s",
        "window": "rtsp://***@cam/x",
    }
    assert set(two) == {"at", "level", "logger", "message"}


def test_text_lines_end_with_their_fields(capsys: pytest.CaptureFixture[str]):
    set_up_logging("INFO", structured=False)
    with bound(stream="kexp", slot="s"):
        logging.getLogger("a").warning("one")
    assert capsys.readouterr().err.endswith("Z WARNING a: one stream=kexp slot=s\n")


def test_what_a_task_binds_stays_in_it(capsys: pytest.CaptureFixture[str]):
    async def work(name: str) -> None:
        with bound(stream=name):
            await asyncio.sleep(0)
            logging.getLogger("a").warning(name)

    async def both() -> None:
        await asyncio.gather(work("kexp"), work("cafe"))

    set_up_logging("INFO", structured=True)
    asyncio.run(both())
    assert [(line["stream"], line["message"]) for line in lines(capsys)] == [("kexp", "kexp"), ("cafe", "cafe")]


def test_libraries_write_the_same_lines_once_and_keep_their_levels(capsys: pytest.CaptureFixture[str]):
    library = logging.getLogger("test_logs.library")
    library.addHandler(logging.StreamHandler(sys.stderr))
    library.handlers[0].setLevel(logging.ERROR)
    set_up_logging("INFO", structured=True)
    library.warning("less than it wants to say")
    library.error("failed on %s", URL)
    warnings.warn(f"asked of {URL}", UserWarning, stacklevel=1)
    told = lines(capsys)
    assert [(line["logger"], line["message"]) for line in told[:1]] == [
        ("test_logs.library", "failed on rtsp://***@cam/x")
    ]
    assert told[1]["logger"] == "py.warnings"
    assert "UserWarning: asked of rtsp://***@cam/x" in told[1]["message"]
    assert len(told) == 2
