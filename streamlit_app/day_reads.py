"""What the page On air knows of a day: reads of the log, cached by its version.

What belongs here: asking, once for all visitors, so nothing here is in anybody's language. What does not: drawing.
"""

from collections.abc import Sequence
from datetime import date

import streamlit as st

from streamlit_app import reads
from streamlit_app.reads import ENTRIES
from tagger_platform.decide.coverage import Coverage
from tagger_platform.model import Play
from tagger_platform.store import airtime, reports
from tagger_platform.store.airtime import Listed, Numbers, Span, Stretch

NOTHING = Numbers(0, 0, "", None)


def coverage_of_day(version: str, day: date, streams: Sequence[str]) -> list[Coverage]:
    return _coverage_of_day(str(reads.settings().database_path), version, day, tuple(streams))


def spans(version: str, stretch: Stretch) -> list[Span]:
    """Every play of a stretch, to be drawn: asked for anew each time, as what is drawn of it is kept."""
    return airtime.spans(reads.database(str(reads.settings().database_path)), stretch) if version else []


def listed(version: str, stretch: Stretch, other: Stretch, *, limit: int, offset: int) -> Listed:
    """The newest plays of a stretch, its numbers, and those of another."""
    return _listed(str(reads.settings().database_path), version, stretch, other, limit, offset)


def play(version: str, play_id: str) -> Play | None:
    """One play, whenever it was."""
    return _play(str(reads.settings().database_path), version, play_id)


def plays_to_keep(stretch: Stretch) -> list[Play]:
    """All plays of a stretch as they are now, for a file: never cached."""
    return airtime.plays_within(reads.database(str(reads.settings().database_path)), stretch)


@st.cache_data(max_entries=ENTRIES, show_spinner=False)
def _coverage_of_day(path: str, version: str, day: date, streams: tuple[str, ...]) -> list[Coverage]:
    return reports.coverage_of_day(reads.database(path), day, reads.settings().tz, streams=streams) if version else []


@st.cache_data(max_entries=ENTRIES, show_spinner=False)
def _listed(path: str, version: str, stretch: Stretch, other: Stretch, limit: int, offset: int) -> Listed:
    if not version:
        return Listed([], NOTHING, NOTHING)
    return airtime.listed(reads.database(path), stretch, other, limit=limit, offset=offset)


@st.cache_data(max_entries=ENTRIES, show_spinner=False)
def _play(path: str, version: str, play_id: str) -> Play | None:
    return airtime.play_with_id(reads.database(path), play_id) if version else None
