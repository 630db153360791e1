"""Live cards: what is on now, one card per stream.

What belongs here: their markup. What does not: what they say (`views.on_air`). Whatever is said is escaped here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import streamlit as st

from streamlit_app.words import _


@dataclass(frozen=True)
class Card:
    """What is to be read on a live card."""

    colour: str
    dot: str
    state: str
    art: str
    stream: str
    when: str
    title: str
    artist: str
    hint: str


def cards(items: Sequence[Card]) -> None:
    """Live cards side by side, below each other on a phone."""
    if items:
        label = escape(_("On air now"))
        st.html(f'<section class="cards" aria-label="{label}">' + "".join(map(_card, items)) + "</section>")


def _card(card: Card) -> str:
    return (
        f'<article class="card" style="border-left-color:{card.colour}" title="{escape(card.hint)}">'
        f'<img src="{escape(card.art)}" alt="" width="56" height="56">'
        '<div class="words"><div class="line">'
        f'<i class="dot" style="background:{card.dot}" role="img" aria-label="{escape(card.state)}"></i>'
        f'<span class="stream">{escape(card.stream)}</span><span class="when">{escape(card.when)}</span></div>'
        f'<div class="title">{escape(card.title)}</div><div class="artist">{escape(card.artist)}</div></div></article>'
    )
