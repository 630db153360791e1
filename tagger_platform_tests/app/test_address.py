"""What the address of a page may say, and what is made of it."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as some
from streamlit.testing.v1 import AppTest

from streamlit_app.address import LONGEST_TEXT, Asked, parameters

TODAY = date(2026, 11, 21)
KNOWN = ("kexp", "nova", "cafe")


def test_nothing_asked_is_today_and_all_streams():
    asked = Asked({})
    assert (asked.day(TODAY), asked.streams(KNOWN), asked.choice("by", KNOWN, "nova")) == (TODAY, (), "nova")
    assert (asked.number("page", 1, 9, 1), asked.text("q"), asked.problems) == (1, "", [])


def test_streams_come_in_their_own_order():
    assert Asked({"stream": "cafe, kexp"}).streams(KNOWN) == ("kexp", "cafe")


@pytest.mark.parametrize(
    ("text", "hours"),
    [("13.5-15", (13.5, 15)), ("0-25", (0, 25)), ("1.1-2.13", (1, 2.25)), ("", None)],
)
def test_hours_are_read_in_quarters(text, hours):
    asked = Asked({"hours": text})
    assert (asked.hours(25), asked.problems) == (hours, [])


@pytest.mark.parametrize("text", ["15-13.5", "5-5", "5-5.1", "0-25.25", "-1-4", "9", "a-b", "1e1-12", "٣-٥", "0-100"])
def test_hours_that_the_day_does_not_have_are_all_of_it_with_a_sentence(text):
    asked = Asked({"hours": text})
    assert (asked.hours(25), len(asked.problems)) == (None, 1)


@pytest.mark.parametrize(
    "text",
    ["yesterday", "2026-02-30", "20261120", "2026-11-20T00:00", "1999-12-31", "2026-11-22", "'; DROP", "٢٠٢٦-١١-٢٠"],
)
def test_a_date_that_cannot_be_shown_is_today_with_a_sentence(text):
    asked = Asked({"date": text})
    assert (asked.day(TODAY), len(asked.problems)) == (TODAY, 1)


@pytest.mark.parametrize(
    ("text", "streams", "says"),
    [
        ("gone", (), "a stream called gone, which does not exist; these are all streams."),
        ("kexp,gone", ("kexp",), "a stream called gone, which does not exist."),
        ("<b>x</b>", (), "asks for such a stream"),
        ("kexp,<b>x</b>", ("kexp",), "asks for such a stream"),
    ],
)
def test_a_stream_that_does_not_exist_is_left_out_with_a_sentence(text, streams, says):
    asked = Asked({"stream": text})
    assert asked.streams(KNOWN) == streams
    assert says in asked.problems[0]


@pytest.mark.parametrize("text", ["0", "10", "-1", "1.5", "٣", "99999999999999999999", "x"])
def test_a_number_out_of_bounds_is_left_out_with_a_sentence(text):
    asked = Asked({"page": text})
    assert (asked.number("page", 1, 9, 1), "page" in asked.problems[0]) == (1, True)


def test_a_choice_that_does_not_exist_is_left_out_with_a_sentence():
    asked = Asked({"status": "<script>"})
    assert (asked.choice("status", ("match",)), "status" in asked.problems[0]) == ("", True)


def test_a_text_is_cut():
    assert len(Asked({"q": "x" * 10_000}).text("q")) == LONGEST_TEXT


def test_what_is_empty_needs_no_parameter():
    assert parameters(date=None, stream=(), q="", page=None) == {}


@given(
    day=some.dates(date(2000, 1, 1), TODAY),
    streams=some.lists(some.sampled_from(KNOWN), unique=True),
    page=some.integers(1, 999),
)
def test_what_is_written_is_understood_again(day, streams, page):
    asked = Asked(parameters(date=day, stream=streams, page=page))
    assert asked.day(TODAY) == day
    assert set(asked.streams(KNOWN)) == set(streams)
    assert (asked.number("page", 1, 999, 1), asked.problems) == (page, [])


def a_page_with_buttons() -> None:
    import streamlit as st

    from streamlit_app import address

    asked = address.asked_now()
    st.text(f"{asked.text('date')} {asked.text('stream')}".strip())
    st.button("yesterday", on_click=lambda: address.change(date="2026-11-20"))
    st.button("nova", on_click=lambda: address.change(stream="nova"))


@pytest.fixture
def page() -> AppTest:
    return AppTest.from_function(a_page_with_buttons).run()


def hears_late(page: AppTest) -> AppTest:
    """The browser tells the address that it had first, as it has not heard of another."""
    page.query_params.clear()
    return page


def test_what_was_chosen_is_asked_for_also_while_the_browser_tells_an_older_address(page):
    page.button[0].click().run()
    assert hears_late(page).run().text[0].value == "2026-11-20"
    assert hears_late(page).button[1].click().run().text[0].value == "2026-11-20 nova"
    assert page.query_params == {"date": "2026-11-20", "stream": "nova"}
