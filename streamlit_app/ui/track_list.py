"""Tracks as a list: picture, name, why it is there, and bars of how often it was played.

What belongs here: its markup. What does not: which tracks (the views). Whatever is said is escaped here. A row is a
plain link to the track's page, as a whole: it works from the keyboard, on a phone, and in a tab of its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from urllib.parse import quote

import streamlit as st

from streamlit_app import art
from streamlit_app.ui import theme
from streamlit_app.words import ngettext
from tagger_platform.model import Track

TRACK_PATH = "track"
ID = "id"
"""The parameter of the track page's address."""
BAR_PX, BARS_PX = 5, 32


@dataclass(frozen=True)
class Row:
    """A track in a list: `note` says why it is there, `figure` how much; `by_day` are plays by day, where known."""

    track_id: str
    title: str
    artist: str
    picture: str
    note: str = ""
    figure: str = ""
    by_day: Sequence[int] = ()


def row(track: Track, *, note: str = "", figure: str = "", by_day: Sequence[int] = ()) -> Row:
    """The row of a track that the log knows."""
    return Row(track.track_id, track.title, track.artist, art.picture(track), note, figure, by_day)


def track_list(rows: Sequence[Row], label: str) -> None:
    """Draw the list; `label` is its name for those who do not see it."""
    st.html(f'<ol class="tracks" aria-label="{escape(label)}">{"".join(map(_row, rows))}</ol>')


def link(track_id: str, text: str) -> str:
    """A link to the track's page, as markup."""
    return f'<a href="{escape(path(track_id))}">{escape(text)}</a>'


def path(track_id: str) -> str:
    """The address of the track's page on this server."""
    return f"/{TRACK_PATH}?{ID}={quote(track_id, safe='')}"


def _row(one: Row) -> str:
    note = f'<div class="note">{escape(one.note)}</div>' if one.note else ""
    return (
        f'<li class="track"><img class="cover" src="{escape(one.picture)}" alt="" width="48" height="48">'
        f'<div class="words"><div class="title">{link(one.track_id, one.title)}</div>'
        f'<div class="artist">{escape(one.artist)}</div>{note}</div>'
        f'{_bars(one.by_day) if one.by_day else ""}<div class="figure">{escape(one.figure)}</div></li>'
    )


def _bars(by_day: Sequence[int]) -> str:
    """A picture of plays by day, as high as the most of them."""
    high, width = max(*by_day, 1), len(by_day) * BAR_PX
    bars = "".join(
        f"M{day * BAR_PX} {BARS_PX}v-{max(2, round(count / high * (BARS_PX - 2)))}h{BAR_PX - 1}V{BARS_PX}z"
        for day, count in enumerate(by_day)
        if count
    )
    palette = theme.palette()
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{BARS_PX}">'
        f'<path fill="{palette.line}" d="M0 {BARS_PX - 1}h{width}v1h-{width}z"/>'
        f'<path fill="{palette.amber}" d="{bars}"/></svg>'
    )
    said = ngettext("{count} play in {days} days", "{count} plays in {days} days", sum(by_day), days=str(len(by_day)))
    source = "data:image/svg+xml," + quote(svg, safe=" =:/'")
    return f'<img class="bars" src="{escape(source)}" alt="{escape(said)}" width="{width}" height="{BARS_PX}">'
