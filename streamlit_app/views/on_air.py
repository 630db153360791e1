"""The page that says what is playing, and what played on a day.

What belongs here: the order of the page, and what it says when there is nothing to show. What does not: its address
(`shown_day`), the cards (`live_cards`), the chart (`timeline`), choosing hours (`listed_hours`), the table
(`play_list`), what is behind a play (`play_evidence`), what is known of the day (`drawn_day`, `day_reads`).
"""

from collections.abc import Collection, Mapping
from datetime import date, datetime

import streamlit as st

from streamlit_app import (
    address,
    day_reads,
    drawn_day,
    formats,
    listed_hours,
    play_evidence,
    play_list,
    plays_file,
    reads,
    stream_reads,
    timeline,
)
from streamlit_app.drawn_day import DrawnDay
from streamlit_app.live_cards import live_cards
from streamlit_app.shown_day import Shown, go, shown_now
from streamlit_app.ui import control, failures, states
from streamlit_app.ui.days import day_picker
from streamlit_app.ui.text import plain
from streamlit_app.words import _, ngettext

POLL_S = 2
"""Seconds between two looks at the log's version: a play shows within this and the time to draw."""
DRAWN_KEY = "on_air_drawn"


def page() -> None:
    shown = shown_now()
    st.session_state[DRAWN_KEY] = _state_of_things(shown.wanted, shown.version, shown.titles)
    _live(shown.wanted)
    for problem in shown.problems:
        st.warning(problem)
    if not shown.titles:
        states.empty(
            _("No stream is configured yet.")
            + " "
            + _("Set `STREAM_1_NAME` and `STREAM_1_URL`, or list streams in `streams.yaml`, then start `tagger up`.")
        )
        return
    _filters(shown)
    drawn = _day(shown)
    if drawn.plays:
        _plays()
    else:
        states.empty(_why_empty(shown, heard=drawn.heard))
    drawn_day.prepare_the_day_before(shown)


def _state_of_things(day: date, version: str, titles: Mapping[str, str]) -> tuple[object, ...]:
    """What the page depends on beside its address; when it differs from what was drawn, the page is drawn again."""
    now = datetime.now(reads.settings().tz)
    minute = now.replace(second=0, microsecond=0) if day == now.date() else None
    return now.date(), minute, version, tuple(titles)


@st.fragment(run_every=POLL_S)
def _live(day: date) -> None:
    """The live cards, drawn again every POLL_S; the rest of the page only when there is something new."""
    with st.container(key="live"), failures.told():
        address.tell_again()
        version = reads.version()
        titles = stream_reads.titles(version)
        if st.session_state.get(DRAWN_KEY) != _state_of_things(day, version, titles):
            st.rerun()
        live_cards(version, titles)


def _filters(shown: Shown) -> None:
    with st.container(horizontal=True, vertical_alignment="center", key="controls"):
        day_picker(shown.wanted, shown.today, lambda day: go(wanted=day, page=1, play=""))
        with st.container(width="stretch"):
            st.pills(
                _("Streams"),
                list(shown.titles),
                selection_mode="multi",
                format_func=lambda name: plain(shown.titles[name]),
                label_visibility="collapsed",
                **control.showing("on_air_streams", list(shown.streams), lambda names: _streams_picked(shown, names)),
            )


def _streams_picked(shown: Shown, picked: Collection[str]) -> None:
    go(streams=tuple(name for name in shown.titles if name in picked), page=1, play="")


def _day(shown: Shown) -> DrawnDay:
    """Draw the timeline."""
    drawn = drawn_day.drawn_day(shown)
    said = ngettext(
        "Timeline of {day}: {count} play, listed in the table below",
        "Timeline of {day}: {count} plays, listed in the table below",
        drawn.plays,
        day=formats.day(shown.wanted),
    )
    st.echarts_chart(
        drawn.chart,
        height=timeline.height(len(shown.names)),
        key=control.key_of(listed_hours.CHART),
        on_select=control.heard(listed_hours.CHART, lambda: listed_hours.dragged(shown)),
        alt=said,
    )
    return drawn


@st.fragment
def _plays() -> None:
    """The hours to be listed, their numbers and plays: drawn alone when a visitor chooses among them."""
    with failures.told():
        shown = shown_now()
        listed_hours.slider(shown)
        found = drawn_day.listed(shown)
        play_list.numbers(found.numbers, found.others, so_far=shown.wanted == shown.today)
        with st.container(horizontal=True, vertical_alignment="center", key="listed"):
            play_list.pager(found.page, found.numbers.plays, lambda page: go(page=page))
            st.space("stretch")
            st.link_button(
                _("CSV"),
                plays_file.link(shown),
                icon=":material/download:",
                help=_("All plays of these hours and streams"),
            )
        if found.plays:
            play_list.table(shown.day, found.plays, shown.titles, lambda play: go(play=play or shown.play))
        else:
            states.empty(_("No play began in these hours: choose more of them under the timeline."))
        if shown.play and (play := day_reads.play(shown.version, shown.play)):
            play_evidence.show(play, shown.titles, lambda: go(play=""))


def _why_empty(shown: Shown, *, heard: bool) -> str:
    if not shown.version:
        return _("Nothing has been logged yet. Start `tagger up` (or `tagger demo`): the first plays appear here.")
    some = bool(shown.streams)
    if heard and some:
        return _("Nothing was named on these streams that day: what was heard is in no catalogue that was asked.")
    if heard:
        return _("Nothing was named on any stream that day: what was heard is in no catalogue that was asked.")
    if shown.wanted == shown.today and some:
        return _("Nothing has been heard on these streams yet today. The first play appears here by itself.")
    if shown.wanted == shown.today:
        return _("Nothing has been heard on any stream yet today. The first play appears here by itself.")
    if some:
        return _("Nothing was heard on these streams that day. Choose another day, or other streams.")
    return _("Nothing was heard on any stream that day. Choose another day, or other streams.")
