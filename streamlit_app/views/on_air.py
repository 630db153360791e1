"""The page that says what is playing, and what played on a day.

What belongs here: asking for the day and drawing it. What does not: the shape of the chart (`timeline`), the
table (`play_list`), the address (`address`), the reads (`reads`), the looks (`ui`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import streamlit as st

from streamlit_app import address, art, play_list, reads, timeline, ui
from tagger_platform.model import Play
from tagger_platform.store.reports import day_bounds
from tagger_platform.store.rows import plays_csv

POLL_S = 2
"""Seconds between two looks at the log's version: a play shows within this and the time to draw."""
NOW_HOPS = 2.5
"""A track is on air now while its last window is at most this many hops old: one hop is the normal age of news."""
HOW_TO_CONFIGURE = "Set `STREAM_1_NAME` and `STREAM_1_URL`, or list streams in `streams.yaml`, then start `tagger up`."
DAY_KEY, STREAMS_KEY, DRAWN_KEY = "on_air_day", "on_air_streams", "on_air_drawn"


@dataclass(frozen=True)
class Shown:
    """What the page shows now: the address, understood, and the streams there are (title and colour by name)."""

    wanted: address.Wanted
    today: date
    version: str
    titles: dict[str, str]
    colours: dict[str, str]

    @property
    def day(self) -> timeline.Day:
        tz = reads.settings().tz
        return timeline.Day(*day_bounds(self.wanted.day, tz), tz)


def page() -> None:
    with ui.sentences():
        shown = _shown()
        st.session_state[DRAWN_KEY] = _state_of_things(shown.wanted.day, shown.version, shown.titles)
        _live(shown.wanted.day)
        for problem in shown.wanted.problems:
            st.warning(problem)
        if not shown.titles:
            st.info("No stream is configured yet. " + HOW_TO_CONFIGURE)
            return
        plays = reads.plays_of_day(shown.version, shown.wanted.day, shown.wanted.streams)
        _controls(shown, plays)
        _day(shown, plays)


def _shown() -> Shown:
    today = datetime.now(reads.settings().tz).date()
    version = reads.version()
    titles = reads.titles(version)
    parameters = st.query_params
    wanted = address.read(
        parameters.get("date", ""), ",".join(parameters.get_all("stream")), today=today, known=list(titles)
    )
    return Shown(wanted, today, version, titles, ui.stream_colours(list(titles)))


def _state_of_things(day: date, version: str, titles: Mapping[str, str]) -> tuple[object, ...]:
    """What the page depends on beside its address; when it differs from what was drawn, the page is drawn again."""
    now = datetime.now(reads.settings().tz)
    minute = now.replace(second=0, microsecond=0) if day == now.date() else None
    return now.date(), minute, version, tuple(titles)


@st.fragment(run_every=POLL_S)
def _live(day: date) -> None:
    """The live cards, drawn again every POLL_S; the rest of the page only when there is something new."""
    with ui.sentences():
        version = reads.version()
        titles = reads.titles(version)
        if st.session_state.get(DRAWN_KEY) != _state_of_things(day, version, titles):
            st.rerun()
        known = reads.live_streams()
        latest = reads.latest_plays(version)
        colours = ui.stream_colours(list(titles))
        now = datetime.now(UTC)
        ui.cards(
            [_card(stream, latest.get(stream.name), colours.get(stream.name, ui.GREY), now) for stream in known.streams]
        )
        if problem := known.problem or ui.plain(reads.not_well()):
            st.warning(problem)


def _card(stream: reads.LiveStream, play: Play | None, colour: str, now: datetime) -> ui.Card:
    live = stream.state == "live"
    idle = stream.state in ("disabled", reads.UNKNOWN)
    state = stream.state.replace("_", " ")
    return ui.Card(
        colour=colour,
        dot=ui.GREEN if live else ui.GREY if idle else ui.AMBER,
        state=state,
        art=art.picture(play.track) if play else art.blank(),
        stream=stream.title,
        when=(_age(play, now) if play else "") if live else state,
        title=play.track.title if play else "Listening…" if live else "Nothing yet",
        artist=play.track.artist if play else "no track has been named yet",
        hint=" · ".join(text for text in (state, _from_to(play) if play else "", stream.last_error) if text),
    )


def _age(play: Play, now: datetime) -> str:
    """For how long a track has been on; when it is over, how long ago that was."""
    if now - play.ended_at <= timedelta(seconds=NOW_HOPS * reads.settings().hop_s):
        minutes = int((now - play.started_at).total_seconds()) // 60
        return f"{minutes} min" if minutes > 0 else "now"
    minutes = int((now - play.ended_at).total_seconds()) // 60
    if minutes < 60:
        return f"{max(minutes, 1)} min ago"
    return f"{minutes // 60} h ago" if minutes < 48 * 60 else f"{minutes // 1440} days ago"


def _from_to(play: Play) -> str:
    times = [instant.astimezone(reads.settings().tz).strftime("%H:%M") for instant in (play.started_at, play.ended_at)]
    return "heard from {} to {}".format(*times)


def _controls(shown: Shown, plays: Sequence[Play]) -> None:
    with st.container(horizontal=True, vertical_alignment="center", key="controls"):
        with st.container(horizontal=True, vertical_alignment="center", width="content", wrap=False):
            _day_picker(shown)
        st.session_state[STREAMS_KEY] = list(shown.wanted.streams)
        with st.container(width="stretch"):
            st.pills(
                "Streams",
                list(shown.titles),
                selection_mode="multi",
                format_func=lambda name: ui.plain(shown.titles[name]),
                key=STREAMS_KEY,
                on_change=_streams_picked,
                args=(shown,),
                label_visibility="collapsed",
            )
        tz = reads.settings().tz
        st.download_button(
            "CSV",
            lambda: plays_csv(plays, tz),
            file_name=f"plays-{shown.wanted.day.isoformat()}-{'+'.join(shown.wanted.streams) or 'all'}.csv",
            mime="text/csv",
            icon=":material/download:",
            on_click="ignore",
            help="The plays of this day, as filtered",
        )


def _day_picker(shown: Shown) -> None:
    day = shown.wanted.day
    before, after = day - timedelta(days=1), day + timedelta(days=1)
    st.button(
        "", key="day_before", icon=":material/chevron_left:", help="The day before", on_click=_go, args=(shown, before),
        disabled=before < address.FIRST_DAY,
    )  # fmt: skip
    st.session_state[DAY_KEY] = day
    st.date_input(
        "Day",
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
        "", key="day_after", icon=":material/chevron_right:", help="The day after", on_click=_go, args=(shown, after),
        disabled=after > shown.today,
    )  # fmt: skip


def _go(shown: Shown, day: date) -> None:
    _set_address(shown, day, shown.wanted.streams)


def _day_picked(shown: Shown) -> None:
    _set_address(shown, st.session_state[DAY_KEY] or shown.today, shown.wanted.streams)


def _streams_picked(shown: Shown) -> None:
    picked = [name for name in shown.titles if name in st.session_state[STREAMS_KEY]]
    _set_address(shown, shown.wanted.day, picked)


def _set_address(shown: Shown, day: date, streams: Sequence[str]) -> None:
    st.query_params.from_dict(address.write(day, streams, today=shown.today))


def _day(shown: Shown, plays: Sequence[Play]) -> None:
    names = shown.wanted.streams or tuple(shown.titles)
    rows = [timeline.Row(name, shown.titles[name], shown.colours[name]) for name in names]
    coverage = reads.coverage_of_day(shown.version, shown.wanted.day, shown.wanted.streams)
    gaps = {one.stream: one.gaps for one in coverage}
    chart = timeline.option(shown.day, rows, plays, gaps, datetime.now(UTC))
    st.echarts_chart(chart, height=timeline.height(rows), key="timeline", alt=_in_words(shown, plays))
    if plays:
        play_list.numbers(plays)
        play_list.table(shown.day, plays, shown.titles)
    else:
        st.info(_why_empty(shown, heard=any(one.heard or one.silent for one in coverage)))


def _in_words(shown: Shown, plays: Sequence[Play]) -> str:
    return f"Timeline of {shown.wanted.day.isoformat()}: {len(plays)} plays, listed in the table below"


def _why_empty(shown: Shown, *, heard: bool) -> str:
    if not shown.version:
        return "Nothing has been logged yet. Start `tagger up` (or `tagger demo`): the first plays appear here."
    where = "these streams" if shown.wanted.streams else "any stream"
    if heard:
        return f"Nothing was named on {where} that day: what was heard is in no catalogue that was asked."
    if shown.wanted.day == shown.today:
        return f"Nothing has been heard on {where} yet today. The first play appears here by itself."
    return f"Nothing was heard on {where} that day. Choose another day, or other streams."
