"""Files on their way: a name, a state and a reason each.

What belongs here: the markup. What does not: what it says. Whatever is said is escaped here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import streamlit as st


@dataclass(frozen=True)
class Line:
    """What is to be read of a file; `reason` is the platform's own, in English."""

    name: str
    state: str
    colour: str
    advice: str
    reason: str


def upload_list(lines: Sequence[Line]) -> None:
    st.html('<ul class="uploads">' + "".join(map(_item, lines)) + "</ul>")


def _item(line: Line) -> str:
    advice = f"<span>{escape(line.advice)}</span>" if line.advice else ""
    reason = f'<span class="detail" lang="en">{escape(line.reason)}</span>' if line.reason else ""
    return (
        f'<li><i class="dot" style="background:{line.colour}"></i><b>{escape(line.name)}</b>'
        f"<span>{escape(line.state)}</span>{advice}{reason}</li>"
    )
