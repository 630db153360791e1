"""The page that says how every stream is, and where streams are tried, added, switched and removed.

What belongs here: asking, and what a panel says. What does not: its markup (`ui.stream_panels`), the form
(`stream_form`), the reads (`live_reads`, `stream_reads`).
"""

from datetime import UTC, datetime, timedelta

import streamlit as st

from streamlit_app import address, formats, live_reads, reads, stream_form, stream_reads
from streamlit_app.live_reads import LiveStream, Trouble
from streamlit_app.ui import control, failures, states, stream_panels, theme
from streamlit_app.ui.stream_panels import Panel, Rate
from streamlit_app.ui.text import plain
from streamlit_app.words import _
from tagger_platform.model import Play, parse_iso
from tagger_platform.store.stream_stats import HOURS, Period, StreamStats

POLL_S = 3
"""Seconds between two looks at how the streams are."""
DRAWN_KEY = "streams_drawn"
NOTHING = StreamStats(Period(), (Period(),) * HOURS, Period())
WORKING = frozenset({"live", "starting"})


def page() -> None:
    known = live_reads.live_streams()
    version = reads.version()
    st.session_state[DRAWN_KEY] = (known, version)
    _watch()
    stream_form.tell_outcome()
    _trouble(known.trouble)
    if not known.streams:
        states.empty(_("No stream is configured yet. Try its address below, then add it."))
    else:
        _list(known.streams, version)
    stream_form.form(expanded=not known.streams)


@st.fragment(run_every=POLL_S)
def _watch() -> None:
    """Has the page drawn again when a stream, or the log, is not as it was drawn."""
    with failures.told():
        address.tell_again()
        if st.session_state.get(DRAWN_KEY) != (live_reads.live_streams(), reads.version()):
            st.rerun()


def _trouble(trouble: Trouble | None) -> None:
    if trouble is Trouble.API_DOWN:
        text = _("The api does not answer at {url}, so nobody can say how the streams are.")
        st.warning(text.format(url=plain(reads.settings().api_url)))
    elif trouble is Trouble.CAPTURE_DOWN:
        st.warning(_("Capture does not answer: nothing is being recorded now."))


def _list(streams: tuple[LiveStream, ...], version: str) -> None:
    groups = {
        "all": streams,
        "trouble": tuple(one for one in streams if one.enabled and one.state not in WORKING),
        "off": tuple(one for one in streams if not one.enabled),
    }
    shown = _filter({name: len(group) for name, group in groups.items()})
    stats, latest = stream_reads.stats(version), stream_reads.latest_plays(version)
    if not groups[shown]:
        states.empty(_why_none(shown))
    for stream in groups[shown]:
        with st.container(border=True, key=f"stream-{stream.name}"):
            stream_panels.draw(_panel(stream, stats.get(stream.name, NOTHING), latest.get(stream.name)))
            stream_form.switches(stream)


def _filter(counts: dict[str, int]) -> str:
    asked = address.asked_now()
    shown = asked.choice("show", list(counts), "all")
    for problem in asked.problems:
        st.warning(problem)
    words = {"all": _("All"), "trouble": _("In trouble"), "off": _("Switched off")}
    st.segmented_control(
        _("Which streams"),
        list(counts),
        required=True,
        format_func=lambda name: f"{words[name]} · {formats.number(counts[name])}",
        label_visibility="collapsed",
        **control.showing(
            "streams_show", shown, lambda chosen: address.change(show=None if chosen == "all" else chosen)
        ),
    )
    return shown


def _why_none(shown: str) -> str:
    if shown == "trouble":
        return _("No stream is in trouble.")
    return _("No stream is switched off.")


def _panel(stream: LiveStream, stats: StreamStats, play: Play | None) -> Panel:
    return Panel(
        name=stream.name,
        title=stream.title,
        dot=states.colour(stream.state, theme.palette()),
        state=_state(stream),
        facts=(
            (_("The station says"), stream.icy_title or "–"),
            (_("We heard"), _heard(play)),
        ),
        problem="" if stream.state == "live" else states.advice(stream.state),
        detail="" if stream.state == "live" else stream.last_error,
        level_dbfs=stream.level_dbfs if stream.enabled else None,
        rates=(
            Rate(
                _("Coverage, 24 h"),
                _("How many of the expected windows were heard"),
                stats.day.coverage,
                stats.week.coverage,
            ),
            Rate(
                _("Named, 24 h"),
                _("In how many of the windows that were heard a track was named"),
                stats.day.hit_rate,
                stats.week.hit_rate,
            ),
        ),
        hours=[hour.hit_rate for hour in stats.hours],
        picture=_last(stream, "picture") if stream.has_picture else "",
        audio=_last(stream, "audio") if stream.has_audio else "",
        no_picture=_("A picture of the last window appears here."),
        heard_at=_clock(stream.last_window),
    )


def _state(stream: LiveStream) -> str:
    since = _("since {time}").format(time=_when(stream.since)) if stream.since else ""
    return " · ".join(part for part in (states.word(stream.state), stream.kind, since) if part)


def _when(instant: datetime) -> str:
    """The time of day; with its date where that was not in the last 24 hours."""
    tz = reads.settings().tz
    lately = datetime.now(UTC) - instant < timedelta(days=1)
    return formats.clock(instant, tz) if lately else formats.moment(instant, tz)


def _heard(play: Play | None) -> str:
    if play is None:
        return _("no track has been named yet")
    named = " – ".join(part for part in (play.track.title, play.track.artist) if part)
    return f"{named} · {formats.ago(play.ended_at)}"


def _last(stream: LiveStream, what: str) -> str:
    """The window is named so that the browser asks anew when there is another."""
    return f"/api/streams/{stream.name}/last/{what}?of={stream.last_window}"


def _clock(text: str) -> str:
    return _when(parse_iso(text)) if text else ""
