"""The shared looks: colours, the frame of every page, live cards, and making texts from outside harmless.

What belongs here: what several pages draw the same way. What does not: asking for data.
Titles come from radio stations and providers: whatever of them goes into markup is escaped here.
"""

import re
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from html import escape
from pathlib import Path

import streamlit as st

from tagger_platform.errors import SettingsError, TaggerError, TransientError

STATIC = Path(__file__).with_name("static")
STYLE = STATIC / "style.css"

AMBER, GREEN, RED, GREY = "#F5A524", "#56CF87", "#EF5B50", "#6B7687"
TEXT, MUTED, LINE = "#E9EDF5", "#98A2B3", "#262D3A"
STREAM_COLOURS = (
    AMBER,
    "#4CC3F0",
    "#B08CF9",
    "#56CF87",
    "#F8748A",
    "#2FD4C4",
    "#F58A4B",
    "#7C9BFF",
    "#B7D64F",
    "#E879D2",
)
"""One per stream in their order, beginning again where there are more streams."""

RETRY_S = 5
"""Seconds after which a page that could not be drawn is tried again."""
_MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+\-.!|~$<>:^=&])")


def stream_colours(names: Sequence[str]) -> dict[str, str]:
    """The colour of every stream; it stays the same whatever is filtered."""
    return {name: STREAM_COLOURS[index % len(STREAM_COLOURS)] for index, name in enumerate(names)}


def plain(text: str) -> str:
    """`text` for places where Streamlit reads Markdown: shown as it is."""
    return _MARKDOWN.sub(r"\\\1", " ".join(text.split()))


def web_link(url: str) -> str | None:
    """`url` when a browser may follow it; None for anything but http and https."""
    return url if re.match(r"https?://", url, re.IGNORECASE) else None


def frame() -> None:
    """What every page has: the style sheet."""
    st.html(STYLE)


@contextmanager
def sentences() -> Iterator[None]:
    """Errors of the platform become sentences on the page; after one that can pass, the page is drawn again."""
    try:
        yield
    except SettingsError as error:
        st.error("The settings are wrong:\n" + "".join(f"\n- {plain(problem)}" for problem in error.problems))
    except TransientError as error:
        st.error(plain(str(error)))
        _try_again(time.monotonic())
    except TaggerError as error:
        st.error(plain(str(error)))


@st.fragment(run_every=RETRY_S)
def _try_again(failed_at: float) -> None:
    if time.monotonic() - failed_at >= RETRY_S / 2:  # not the run that has just failed
        st.rerun()


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
        st.html('<section class="cards" aria-label="On air now">' + "".join(map(_card, items)) + "</section>")


def _card(card: Card) -> str:
    return (
        f'<article class="card" style="border-left-color:{card.colour}" title="{escape(card.hint)}">'
        f'<img src="{escape(card.art)}" alt="" width="56" height="56">'
        '<div class="words"><div class="line">'
        f'<i class="dot" style="background:{card.dot}" role="img" aria-label="{escape(card.state)}"></i>'
        f'<span class="stream">{escape(card.stream)}</span><span class="when">{escape(card.when)}</span></div>'
        f'<div class="title">{escape(card.title)}</div><div class="artist">{escape(card.artist)}</div></div></article>'
    )
