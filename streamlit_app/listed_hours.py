"""Which hours of the day are listed on On air: dragged over on the timeline, or chosen with the slider under it.

What belongs here: both ways of choosing, and keeping them in step. What does not: the chart (`timeline`), the list. A
mouse drags on the timeline; the slider is for keyboards and phones too.
"""

import time
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import streamlit as st

from streamlit_app.shown_day import Shown, go
from streamlit_app.words import _

QUARTER = timedelta(minutes=15)
HOURS_KEY, CHARTS_KEY, MOVED_KEY = "on_air_hours", "on_air_charts", "on_air_hours_moved"
BEHIND_S = 2.0
"""Seconds for which the address that a browser tells may be older than what was pressed."""
Hours = tuple[float, float] | None
"""From and to which hour since midnight, in quarters; None for all of them."""
Area = Mapping[str, Any]
"""What was dragged over, as the chart tells of it: `coord_range` are hours since midnight."""


def chart_key() -> str:
    """The timeline's key. A chart remembers by its key what was drawn on it: one with another key begins anew."""
    return f"timeline-{st.session_state.get(CHARTS_KEY, 0)}"


def dragged(shown: Shown) -> None:
    """Somebody has dragged over hours on the timeline, or has taken that back: these are listed, or all."""
    st.session_state.pop(MOVED_KEY, None)
    go(hours=drawn_hours(_areas(), _quarters(shown)), page=1, play="")


def slider(shown: Shown) -> None:
    """From and to when plays are listed, quarter by quarter. What is drawn on the timeline goes if it is not that."""
    quarters = _quarters(shown)
    if _areas() and drawn_hours(_areas(), quarters) != shown.hours:
        st.session_state[CHARTS_KEY] = st.session_state.get(CHARTS_KEY, 0) + 1
        st.rerun()
    _keep_in_step(shown, tuple(round(hour * 4) for hour in shown.hours or (0, quarters / 4)))
    with st.container(key="hours"):
        st.select_slider(
            _("Hours to list"),
            list(range(quarters + 1)),
            value=(0, quarters),
            format_func=lambda quarter: _quarter(shown, quarter, quarters),
            key=HOURS_KEY,
            on_change=_picked,
            args=(shown,),
            label_visibility="collapsed",
        )


def _keep_in_step(shown: Shown, wanted: tuple[int, ...]) -> None:
    """Set the slider to the hours of the address; but of quick presses the browser's address may not know the last."""
    if st.session_state.get(HOURS_KEY) == wanted:
        return
    if time.monotonic() - st.session_state.get(MOVED_KEY, -BEHIND_S) < BEHIND_S:
        _go(shown)
        st.rerun()
    st.session_state[HOURS_KEY] = wanted


def drawn_hours(areas: Sequence[Area], quarters: int) -> Hours:
    """The hours that are drawn on a timeline of a day of so many quarters: the nearest quarters, one at least."""
    if not areas:
        return None
    start, end = (min(max(round(hour * 4), 0), quarters) for hour in areas[0]["coord_range"])
    first = min(start, quarters - 1)
    return _hours(first, max(end, first + 1), quarters)


def _quarters(shown: Shown) -> int:
    return round((shown.day.end - shown.day.start) / QUARTER)


def _quarter(shown: Shown, quarter: int, quarters: int) -> str:
    """What the clock says; the day's end has a name of its own, for Streamlit tells values apart by what they show."""
    return _("midnight") if quarter == quarters else shown.day.clock(shown.day.start + quarter * QUARTER)


def _picked(shown: Shown) -> None:
    st.session_state[MOVED_KEY] = time.monotonic()
    _go(shown)


def _go(shown: Shown) -> None:
    first, last = st.session_state[HOURS_KEY]
    go(hours=_hours(first, last, _quarters(shown)), page=1)


def _hours(first: int, last: int, quarters: int) -> Hours:
    return None if (first, last) == (0, quarters) or first == last else (first / 4, last / 4)


def _areas() -> Sequence[Area]:
    """What is drawn on the timeline."""
    state = st.session_state.get(chart_key())
    return state.selection.areas if state else ()
