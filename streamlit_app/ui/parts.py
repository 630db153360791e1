"""Tiles that say how the parts of the platform are: a state, and a sentence.

What belongs here: their markup. What does not: finding out. Whatever is said is escaped here.
"""

from collections.abc import Mapping
from html import escape

import streamlit as st

from streamlit_app.live_reads import Part
from streamlit_app.ui import states, theme


def parts(told: Mapping[str, Part]) -> None:
    """One tile for each part, in their order."""
    st.html('<div class="parts">' + "".join(_tile(name, part) for name, part in told.items()) + "</div>")


def _tile(name: str, part: Part) -> str:
    colour = states.colour(part.state, theme.palette())
    return (
        f'<article class="part" style="border-left-color:{colour}"><b>{escape(name)}</b>'
        f'<span class="state"><i class="dot" style="background:{colour}"></i>{escape(states.word(part.state))}</span>'
        f"<p>{escape(part.detail)}</p></article>"
    )
