"""Choosing a local day: the day before, a calendar, the day after.

What belongs here: drawing it. What does not: where the choice goes (the page's address). The buttons are called by
their words; the style sheet shows arrows instead.
"""

from collections.abc import Callable
from datetime import date, timedelta

import streamlit as st

from streamlit_app.address import FIRST_DAY
from streamlit_app.ui import control
from streamlit_app.words import _


def day_picker(day: date, today: date, choose: Callable[[date], None]) -> None:
    """`choose` is called with what the visitor picks, up to `today`."""
    before, after = day - timedelta(days=1), day + timedelta(days=1)
    with st.container(horizontal=True, vertical_alignment="center", width="content", wrap=False):
        st.button(_("The day before"), key="day_before", on_click=choose, args=(before,), disabled=before < FIRST_DAY)
        shown = control.showing("chosen_day", day, lambda chosen: choose(chosen or today))
        st.date_input(
            _("Day"),
            min_value=FIRST_DAY,
            max_value=today,
            format="YYYY-MM-DD",
            label_visibility="collapsed",
            width=150,
            key=shown["key"],
            on_change=shown["on_change"],
        )
        st.button(_("The day after"), key="day_after", on_click=choose, args=(after,), disabled=after > today)
