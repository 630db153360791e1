"""What the address of a page may say, and what is made of it."""

from datetime import date

import pytest

from streamlit_app import address

TODAY = date(2026, 11, 21)
KNOWN = ("kexp", "nova", "cafe")


def read(day: str = "", streams: str = "") -> address.Wanted:
    return address.read(day, streams, today=TODAY, known=KNOWN)


def test_nothing_asked_is_today_and_all_streams():
    assert read() == address.Wanted(TODAY, ())


def test_streams_come_in_their_own_order():
    assert read("2026-11-20", "cafe, kexp") == address.Wanted(date(2026, 11, 20), ("kexp", "cafe"))


@pytest.mark.parametrize(
    "text",
    ["yesterday", "2026-02-30", "20261120", "2026-11-20T00:00", "1999-12-31", "2026-11-22", "'; DROP", "٢٠٢٦-١١-٢٠"],
)
def test_a_date_that_cannot_be_shown_is_today_with_a_sentence(text):
    wanted = read(text)
    assert (wanted.day, len(wanted.problems)) == (TODAY, 1)


@pytest.mark.parametrize(
    ("text", "streams", "says"),
    [
        ("gone", (), "a stream called gone, which does not exist; these are all streams."),
        ("kexp,gone", ("kexp",), "a stream called gone, which does not exist."),
        ("<b>x</b>", (), "asks for such a stream"),
    ],
)
def test_a_stream_that_does_not_exist_is_left_out_with_a_sentence(text, streams, says):
    wanted = read("", text)
    assert wanted.streams == streams
    assert says in wanted.problems[0]


@pytest.mark.parametrize(
    ("day", "streams", "expected"),
    [
        (TODAY, (), {}),
        (date(2026, 11, 1), ("kexp", "nova"), {"date": "2026-11-01", "stream": "kexp,nova"}),
    ],
)
def test_what_is_written_is_understood_again(day, streams, expected):
    written = address.write(day, streams, today=TODAY)
    assert written == expected
    assert read(written.get("date", ""), written.get("stream", "")) == address.Wanted(day, streams)
