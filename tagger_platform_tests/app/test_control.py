"""Controls that show what something else asks for: what a visitor chose in them, and what they only still tell."""

import pytest
from streamlit.testing.v1 import AppTest

from streamlit_app.ui.control import LIVES


def drawn() -> None:
    import streamlit as st

    from streamlit_app.ui import control

    def choose(names: list[str]) -> None:
        st.session_state["asked"] = sorted(names)

    shown = control.showing("streams", list(st.session_state.get("asked", [])), choose)
    st.multiselect("Streams", ["cafe", "kexp", "nova"], **shown)


@pytest.fixture
def page() -> AppTest:
    return AppTest.from_function(drawn).run()


def test_what_a_visitor_chooses_is_heard_and_the_control_stays_the_same(page: AppTest) -> None:
    page.multiselect(key="streams-0").set_value(["nova", "cafe"]).run()
    assert page.session_state["asked"] == ["cafe", "nova"]
    assert page.multiselect(key="streams-0").value == ["nova", "cafe"]


def test_a_control_that_is_set_begins_anew(page: AppTest) -> None:
    page.session_state["asked"] = ["kexp"]
    page.run()
    assert page.multiselect(key="streams-1").value == ["kexp"]
    page.multiselect(key="streams-1").set_value([]).run()
    assert page.session_state["asked"] == []


def test_what_is_told_of_the_control_as_it_was_is_not_listened_to(page: AppTest) -> None:
    as_it_was = page.multiselect(key="streams-0")
    page.session_state["asked"] = ["kexp"]
    page.run()
    as_it_was.set_value(["cafe"]).run()
    assert page.session_state["asked"] == ["kexp"]


def reborn() -> None:
    import streamlit as st

    from streamlit_app.ui import control

    st.text(control.key_of("chart"))
    control.begin_anew("chart")


def test_a_page_that_is_open_for_months_has_so_many_keys_and_no_more() -> None:
    page = AppTest.from_function(reborn)
    keys = [page.run().text[0].value for _ in range(3 * LIVES)]
    assert len(set(keys[:LIVES])) == len(set(keys)) == LIVES
