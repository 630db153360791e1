"""What the page On air knows of a day: reads of the log, cached by its version.

What belongs here: asking, once for all visitors, so nothing here is in anybody's language. What does not: drawing.
"""

import streamlit as st

from streamlit_app import reads
from streamlit_app.play_list import PAGE_PLAYS
from streamlit_app.reads import ENTRIES
from tagger_platform.model import Play
from tagger_platform.store import airtime
from tagger_platform.store.airtime import Drawn, Listed, Numbers, Stretch

DRAWN = 3
"""Stretches kept in memory at once to be drawn: up to 4 MB each, as the drawings themselves are kept too."""
NOTHING = Numbers(0, 0, "", None)


def drawn(version: str, stretch: Stretch) -> Drawn:
    """What is drawn of a stretch, for drawings in any language; nobody changes it."""
    return _drawn(str(reads.settings().database_path), version, stretch)


def listed(version: str, stretch: Stretch, other: Stretch, page: int) -> Listed:
    """A page of the plays of a stretch, its numbers, and those of another."""
    return _listed(str(reads.settings().database_path), version, stretch, other, page)


def play(version: str, play_id: str) -> Play | None:
    """One play, whenever it was."""
    return _play(str(reads.settings().database_path), version, play_id)


def plays_to_keep(stretch: Stretch) -> list[Play]:
    """All plays of a stretch as they are now, for a file: never cached."""
    return airtime.plays_within(reads.database(str(reads.settings().database_path)), stretch)


@st.cache_resource(max_entries=DRAWN, show_spinner=False)
def _drawn(path: str, version: str, stretch: Stretch) -> Drawn:
    return airtime.drawn(reads.database(path), stretch) if version else Drawn([], [])


@st.cache_data(max_entries=ENTRIES, show_spinner=False)
def _listed(path: str, version: str, stretch: Stretch, other: Stretch, page: int) -> Listed:
    if not version:
        return Listed([], 1, NOTHING, NOTHING)
    return airtime.listed(reads.database(path), stretch, other, page=page, page_plays=PAGE_PLAYS)


@st.cache_data(max_entries=ENTRIES, show_spinner=False)
def _play(path: str, version: str, play_id: str) -> Play | None:
    return airtime.play_with_id(reads.database(path), play_id) if version else None
