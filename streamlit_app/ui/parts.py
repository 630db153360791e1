"""Tiles that say how the parts of the platform are: a state, and what was found.

What belongs here: their markup, which escapes whatever is said. What does not: finding out, words (`ui.findings`).
"""

from collections.abc import Mapping
from html import escape

import streamlit as st

from streamlit_app.live_reads import Finding, Part
from streamlit_app.ui import findings, states, theme


def parts(told: Mapping[str, Part]) -> None:
    """One tile for each part, in their order."""
    st.html('<div class="parts">' + "".join(_tile(name, part) for name, part in told.items()) + "</div>")


def _tile(name: str, part: Part) -> str:
    colour = states.colour(part.state, theme.palette())
    return (
        f'<article class="part" style="border-left-color:{colour}"><b>{escape(findings.name(name))}</b>'
        f'<span class="state"><i class="dot" style="background:{colour}"></i>{escape(states.word(part.state))}</span>'
        f"{''.join(map(_told, part.findings))}</article>"
    )


def _told(finding: Finding) -> str:
    text = f"<p>{escape(findings.sentence(finding))}</p>"
    why = findings.why(finding)
    return f'{text}<p class="detail" lang="en">{escape(why)}</p>' if why else text
