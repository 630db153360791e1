"""Which hours of the day are listed on On air: dragged over on the timeline, or chosen with the slider under it.

What belongs here: both ways of choosing, and keeping them in step. What does not: the chart (`timeline`), the list. A
mouse drags on the timeline; the slider is for keyboards and phones too.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import streamlit as st

from streamlit_app.shown_day import Shown, go
from streamlit_app.ui import control
from streamlit_app.words import _

QUARTER = timedelta(minutes=15)
CHART = "timeline"
"""Name of the timeline among the controls. It remembers what was drawn on it, until it begins anew."""
Hours = tuple[float, float] | None
"""From and to which hour since midnight, in quarters; None for all of them."""
Area = Mapping[str, Any]
"""What was dragged over, as the chart tells of it: `coord_range` are hours since midnight."""


def dragged(shown: Shown) -> None:
    """Somebody has dragged over hours on the timeline, or has taken that back: these are listed, or all."""
    go(hours=drawn_hours(_areas(), _quarters(shown)), page=1, play="")


def slider(shown: Shown) -> None:
    """From and to when plays are listed, quarter by quarter. What is drawn on the timeline goes if it is not that."""
    quarters = _quarters(shown)
    if _areas() and drawn_hours(_areas(), quarters) != shown.hours:
        control.begin_anew(CHART)
        st.rerun()
    first, last = shown.hours or (0, quarters / 4)
    with st.container(key="hours"):
        st.select_slider(
            _("Hours to list"),
            list(range(quarters + 1)),
            value=(0, quarters),
            format_func=lambda quarter: _quarter(shown, quarter, quarters),
            label_visibility="collapsed",
            **control.showing(
                "on_air_hours",
                (round(first * 4), round(last * 4)),
                lambda chosen: go(hours=_hours(*chosen, quarters), page=1),
            ),
        )


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


def _hours(first: int, last: int, quarters: int) -> Hours:
    return None if (first, last) == (0, quarters) or first == last else (first / 4, last / 4)


def _areas() -> Sequence[Area]:
    """What is drawn on the timeline."""
    state = st.session_state.get(control.key_of(CHART))
    return state.selection.areas if state else ()
