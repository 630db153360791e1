"""Live cards: what is on now, one card per stream.

What belongs here: their markup. What does not: what they say (`live_cards`). Whatever is said is escaped here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import streamlit as st

from streamlit_app.words import _


@dataclass(frozen=True)
class Card:
    """What is to be read on a live card; `link` leads to what is on, `level` is from 0 to 1."""

    colour: str
    dot: str
    state: str
    art: str
    stream: str
    when: str
    title: str
    artist: str
    hint: str
    since: str = ""
    link: str = ""
    level: float = 0.0
    loudness: str = ""


def cards(items: Sequence[Card]) -> None:
    """Live cards side by side, below each other on a phone."""
    if items:
        label = escape(_("On air now"))
        st.html(f'<section class="cards" aria-label="{label}">' + "".join(map(_card, items)) + "</section>")


def _card(card: Card) -> str:
    title = escape(card.title)
    if card.link:
        title = f'<a href="{escape(card.link)}" target="_self">{title}</a>'
    return (
        f'<article class="card" style="border-left-color:{card.colour}" title="{escape(card.hint)}">'
        f'<img src="{escape(card.art)}" alt="" width="56" height="56">'
        '<div class="words"><div class="line">'
        f'<i class="dot" style="background:{card.dot}" role="img" aria-label="{escape(card.state)}"></i>'
        f'<span class="stream">{escape(card.stream)}</span><span class="when">{escape(card.when)}</span></div>'
        f'<div class="title">{title}</div><div class="artist">{escape(card.artist)}</div>'
        f'<div class="foot"><span>{escape(card.since)}</span>{_level(card)}</div></div></article>'
    )


def _level(card: Card) -> str:
    if not card.loudness:
        return ""
    said = escape(card.loudness)
    bar = f'<i style="width:{card.level:.0%};background:{card.colour}"></i>'
    return f'<div class="level" role="img" aria-label="{said}" title="{said}">{bar}</div>'
