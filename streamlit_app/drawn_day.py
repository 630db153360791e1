"""A day of On air as it is shown: its timeline and its list, kept, and those of the day before made ready.

What belongs here: what is kept of a day, and for how many. What does not: the chart (`timeline`), the reads
(`day_reads`), the page (`views.on_air`). Most visitors leaf back, and half of the wait for a day is the server's: while
they look at one, the one before it is read and drawn.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from threading import Thread

import streamlit as st
from streamlit.runtime.scriptrunner import add_script_run_ctx

from streamlit_app import day_reads, preferences, reads, timeline
from streamlit_app.preferences import Preferences
from streamlit_app.shown_day import ONE_DAY, Shown
from streamlit_app.ui import theme
from tagger_platform.errors import TaggerError
from tagger_platform.store.airtime import Listed, Stretch

KEPT = 6
"""Timelines kept in memory at once, by day, streams and visitors' preferences: up to 10 MB each."""
AHEAD = "day_before"
"""Name of the threads that make it ready."""


@dataclass(frozen=True)
class DrawnDay:
    """The timeline of a day, how many plays are on it, and whether anything was heard."""

    chart: timeline.Option
    plays: int
    heard: bool


def drawn_day(shown: Shown) -> DrawnDay:
    """The timeline of the day that is shown."""
    rows = [timeline.Row(name, shown.titles[name], shown.colours[name]) for name in shown.names]
    until = _now() if shown.wanted == shown.today else shown.day.end
    path = str(reads.settings().database_path)
    return _drawn(path, shown.version, shown.whole, rows, until, preferences.current(), shown)


def listed(shown: Shown) -> Listed:
    """The page of plays that is shown, and the numbers of the day and of the day before."""
    return day_reads.listed(shown.version, shown.stretch, shown.day_before(_now()), shown.page)


def prepare_the_day_before(shown: Shown) -> None:
    """Read and draw what a visitor sees who presses the button for it; nobody waits for that."""
    before = replace(shown, wanted=shown.wanted - ONE_DAY, page=1, play="")
    visitor = preferences.current()

    def prepare() -> None:
        preferences.take_over(visitor)
        with suppress(TaggerError):  # whoever goes there is told
            drawn_day(before)
            listed(before)

    thread = Thread(target=prepare, name=AHEAD, daemon=True)
    add_script_run_ctx(thread)
    thread.start()


def _now() -> datetime:
    return datetime.now(UTC).replace(second=0, microsecond=0)


@st.cache_resource(max_entries=KEPT, show_spinner=False)
def _drawn(
    path: str,
    version: str,
    stretch: Stretch,
    rows: Sequence[timeline.Row],
    now: datetime,
    visitor: Preferences,
    _shown: Shown,
) -> DrawnDay:
    """The timeline of a stretch as this visitor wants it; `_shown` says no more than the others. As a resource, which
    nobody changes: to copy ten thousand plays for every visitor takes nearly as long as to draw them."""
    found = day_reads.drawn(version, stretch)
    gaps = {one.stream: one.gaps for one in found.coverage}
    chart = timeline.option(_shown.day, rows, found.plays, gaps, now, theme.palette())
    return DrawnDay(chart, len(found.plays), any(one.heard or one.silent for one in found.coverage))
