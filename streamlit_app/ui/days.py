"""Choosing a local day: the day before, a calendar, the day after.

What belongs here: drawing it. What does not: where the choice goes (the page's address).
"""

from collections.abc import Callable
from datetime import date, timedelta

import streamlit as st

from streamlit_app.address import FIRST_DAY
from streamlit_app.words import _

KEY = "chosen_day"


def day_picker(day: date, today: date, choose: Callable[[date], None]) -> None:
    """`choose` is called with what the visitor picks, up to `today`."""
    before, after = day - timedelta(days=1), day + timedelta(days=1)
    with st.container(horizontal=True, vertical_alignment="center", width="content", wrap=False):
        st.button(
            "", key="day_before", icon=":material/chevron_left:", help=_("The day before"), on_click=choose,
            args=(before,), disabled=before < FIRST_DAY,
        )  # fmt: skip
        st.session_state[KEY] = day
        st.date_input(
            _("Day"),
            min_value=FIRST_DAY,
            max_value=today,
            key=KEY,
            format="YYYY-MM-DD",
            on_change=lambda: choose(st.session_state[KEY] or today),
            label_visibility="collapsed",
            width=150,
        )
        st.button(
            "", key="day_after", icon=":material/chevron_right:", help=_("The day after"), on_click=choose,
            args=(after,), disabled=after > today,
        )  # fmt: skip
