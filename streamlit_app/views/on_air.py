"""The page that says what is playing, and what played on a day.

What belongs here: asking for the day and drawing it. What does not: the shape of the chart (`timeline`), the
table (`play_list`), the address (`address`), the reads (`reads`), the looks (`ui`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import streamlit as st

from streamlit_app import address, art, formats, play_list, reads, timeline
from streamlit_app.reads import Trouble
from streamlit_app.ui import failures, states, theme
from streamlit_app.ui.cards import Card, cards
from streamlit_app.ui.text import plain
from streamlit_app.words import _, ngettext
from tagger_platform.model import Play
from tagger_platform.store.reports import day_bounds
from tagger_platform.store.rows import plays_csv

POLL_S = 2
"""Seconds between two looks at the log's version: a play shows within this and the time to draw."""
NOW_HOPS = 2.5
"""A track is on air now while its last window is at most this many hops old: one hop is the normal age of news."""
DAY_KEY, STREAMS_KEY, DRAWN_KEY = "on_air_day", "on_air_streams", "on_air_drawn"


@dataclass(frozen=True)
class Shown:
    """What the page shows now: the address, understood, and the streams there are (title and colour by name)."""

    wanted: date
    streams: tuple[str, ...]
    problems: list[str]
    today: date
    version: str
    titles: dict[str, str]
    colours: dict[str, str]

    @property
    def day(self) -> timeline.Day:
        tz = reads.settings().tz
        return timeline.Day(*day_bounds(self.wanted, tz), tz)


def page() -> None:
    shown = _shown()
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
    plays = reads.plays_of_day(shown.version, shown.wanted, shown.streams)
    _controls(shown, plays)
    _day(shown, plays)


def _shown() -> Shown:
    today = datetime.now(reads.settings().tz).date()
    version = reads.version()
    titles = reads.titles(version)
    asked = address.Asked({name: ",".join(st.query_params.get_all(name)) for name in st.query_params})
    day, streams = asked.day(today), asked.streams(list(titles))
    colours = theme.palette().of_streams(list(titles))
    return Shown(day, streams, asked.problems, today, version, titles, colours)


def _state_of_things(day: date, version: str, titles: Mapping[str, str]) -> tuple[object, ...]:
    """What the page depends on beside its address; when it differs from what was drawn, the page is drawn again."""
    now = datetime.now(reads.settings().tz)
    minute = now.replace(second=0, microsecond=0) if day == now.date() else None
    return now.date(), minute, version, tuple(titles)


@st.fragment(run_every=POLL_S)
def _live(day: date) -> None:
    """The live cards, drawn again every POLL_S; the rest of the page only when there is something new."""
    with failures.told():
        version = reads.version()
        titles = reads.titles(version)
        if st.session_state.get(DRAWN_KEY) != _state_of_things(day, version, titles):
            st.rerun()
        known = reads.live_streams()
        latest = reads.latest_plays(version)
        palette = theme.palette()
        colours = palette.of_streams(list(titles))
        now = datetime.now(UTC)
        cards(
            [
                _card(stream, latest.get(stream.name), colours.get(stream.name, palette.grey), now)
                for stream in known.streams
            ]
        )
        if problem := _trouble(known.trouble) or plain(reads.not_well()):
            st.warning(problem)


def _trouble(trouble: Trouble | None) -> str:
    match trouble:
        case Trouble.API_DOWN:
            text = _("The api does not answer at {url}, so nobody can say how the streams are.")
            return text.format(url=plain(reads.settings().api_url))
        case Trouble.CAPTURE_DOWN:
            return _("Capture does not answer: nothing is being recorded now.")
    return ""


def _card(stream: reads.LiveStream, play: Play | None, colour: str, now: datetime) -> Card:
    live = stream.state == "live"
    state = states.word(stream.state)
    return Card(
        colour=colour,
        dot=states.colour(stream.state, theme.palette()),
        state=state,
        art=art.picture(play.track) if play else art.blank(),
        stream=stream.title,
        when=(_age(play, now) if play else "") if live else state,
        title=play.track.title if play else _("Listening…") if live else _("Nothing yet"),
        artist=play.track.artist if play else _("no track has been named yet"),
        hint=" · ".join(text for text in (state, _from_to(play) if play else "", stream.last_error) if text),
    )


def _age(play: Play, now: datetime) -> str:
    """For how long a track has been on; when it is over, how long ago that was."""
    if now - play.ended_at > timedelta(seconds=NOW_HOPS * reads.settings().hop_s):
        return formats.ago(play.ended_at, now)
    minutes = int((now - play.started_at).total_seconds()) // 60
    return _("{count} min").format(count=minutes) if minutes > 0 else _("now")


def _from_to(play: Play) -> str:
    tz = reads.settings().tz
    start, end = (formats.clock(instant, tz) for instant in (play.started_at, play.ended_at))
    return _("heard from {start} to {end}").format(start=start, end=end)


def _controls(shown: Shown, plays: Sequence[Play]) -> None:
    with st.container(horizontal=True, vertical_alignment="center", key="controls"):
        with st.container(horizontal=True, vertical_alignment="center", width="content", wrap=False):
            _day_picker(shown)
        st.session_state[STREAMS_KEY] = list(shown.streams)
        with st.container(width="stretch"):
            st.pills(
                _("Streams"),
                list(shown.titles),
                selection_mode="multi",
                format_func=lambda name: plain(shown.titles[name]),
                key=STREAMS_KEY,
                on_change=_streams_picked,
                args=(shown,),
                label_visibility="collapsed",
            )
        tz = reads.settings().tz
        st.download_button(
            _("CSV"),
            lambda: plays_csv(plays, tz),
            file_name=f"plays-{shown.wanted.isoformat()}-{'+'.join(shown.streams) or 'all'}.csv",
            mime="text/csv",
            icon=":material/download:",
            on_click="ignore",
            help=_("The plays of this day, as filtered"),
        )


def _day_picker(shown: Shown) -> None:
    day = shown.wanted
    before, after = day - timedelta(days=1), day + timedelta(days=1)
    st.button(
        "", key="day_before", icon=":material/chevron_left:", help=_("The day before"), on_click=_go,
        args=(shown, before), disabled=before < address.FIRST_DAY,
    )  # fmt: skip
    st.session_state[DAY_KEY] = day
    st.date_input(
        _("Day"),
        min_value=address.FIRST_DAY,
        max_value=shown.today,
        key=DAY_KEY,
        format="YYYY-MM-DD",
        on_change=_day_picked,
        args=(shown,),
        label_visibility="collapsed",
        width=150,
    )
    st.button(
        "", key="day_after", icon=":material/chevron_right:", help=_("The day after"), on_click=_go,
        args=(shown, after), disabled=after > shown.today,
    )  # fmt: skip


def _go(shown: Shown, day: date) -> None:
    _set_address(shown, day, shown.streams)


def _day_picked(shown: Shown) -> None:
    _set_address(shown, st.session_state[DAY_KEY] or shown.today, shown.streams)


def _streams_picked(shown: Shown) -> None:
    picked = [name for name in shown.titles if name in st.session_state[STREAMS_KEY]]
    _set_address(shown, shown.wanted, picked)


def _set_address(shown: Shown, day: date, streams: Sequence[str]) -> None:
    """Today needs no date, so that a bookmark stays on today."""
    st.query_params.from_dict(address.parameters(date=None if day == shown.today else day, stream=streams))


def _day(shown: Shown, plays: Sequence[Play]) -> None:
    names = shown.streams or tuple(shown.titles)
    rows = [timeline.Row(name, shown.titles[name], shown.colours[name]) for name in names]
    coverage = reads.coverage_of_day(shown.version, shown.wanted, shown.streams)
    gaps = {one.stream: one.gaps for one in coverage}
    chart = timeline.option(shown.day, rows, plays, gaps, datetime.now(UTC), theme.palette())
    st.echarts_chart(chart, height=timeline.height(rows), key="timeline", alt=_in_words(shown, plays))
    if plays:
        play_list.numbers(plays)
        play_list.table(shown.day, plays, shown.titles)
    else:
        states.empty(_why_empty(shown, heard=any(one.heard or one.silent for one in coverage)))


def _in_words(shown: Shown, plays: Sequence[Play]) -> str:
    return ngettext(
        "Timeline of {day}: {count} play, listed in the table below",
        "Timeline of {day}: {count} plays, listed in the table below",
        len(plays),
        day=formats.day(shown.wanted),
    )


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
