"""What is on now, a card per configured stream, and what is wrong where nobody can say.

What belongs here: what the cards say. What does not: their markup (`ui.cards`), drawing them again (the view).
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import streamlit as st

from streamlit_app import art, formats, links, live_reads, reads, stream_reads
from streamlit_app.live_reads import Trouble
from streamlit_app.ui import findings, states, theme
from streamlit_app.ui.cards import Card, cards
from streamlit_app.ui.text import plain
from streamlit_app.words import _
from tagger_platform.model import Play

NOW_HOPS = 2.5
"""A track is on air now while its last window is at most this many hops old: one hop is the normal age of news."""
FAINTEST_DBFS = -60.0
"""What is fainter is as good as silent."""


def live_cards(version: str, titles: Mapping[str, str]) -> None:
    """Draw the cards, and say what is not well."""
    known = live_reads.live_streams()
    latest = stream_reads.latest_plays(version)
    palette = theme.palette()
    colours = palette.of_streams(list(titles))
    now = datetime.now(UTC)
    cards([_card(one, latest.get(one.name), colours.get(one.name, palette.grey), now) for one in known.streams])
    if problem := _trouble(known.trouble) or plain(findings.not_well(live_reads.health())):
        st.warning(problem)


def _trouble(trouble: Trouble | None) -> str:
    match trouble:
        case Trouble.API_DOWN:
            text = _("The api does not answer at {url}, so nobody can say how the streams are.")
            return text.format(url=plain(reads.settings().api_url))
        case Trouble.CAPTURE_DOWN:
            return _("Capture does not answer: nothing is being recorded now.")
    return ""


def _card(stream: live_reads.LiveStream, play: Play | None, colour: str, now: datetime) -> Card:
    live = stream.state == "live"
    state = states.word(stream.state)
    level = stream.level_dbfs if live else None
    hints = (state, _from_to(play) if play else "", "" if live else states.advice(stream.state), stream.last_error)
    return Card(
        colour=colour,
        dot=states.colour(stream.state, theme.palette()),
        state=state,
        art=art.picture(play.track) if play else art.blank(),
        stream=stream.title,
        when=(_age(play, now) if play else "") if live else state,
        since=_since(play) if live and play and _is_on(play, now) else "",
        title=play.track.title if play else _("Listening…") if live else _("Nothing yet"),
        artist=play.track.artist if play else _("no track has been named yet"),
        hint=" · ".join(filter(None, hints)),
        link=links.play(play.play_id) if play else "",
        level=0.0 if level is None else min(max(1 - level / FAINTEST_DBFS, 0.0), 1.0),
        loudness="" if level is None else _("level {number} dBFS").format(number=formats.number(round(level))),
    )


def _is_on(play: Play, now: datetime) -> bool:
    return now - play.ended_at <= timedelta(seconds=NOW_HOPS * reads.settings().hop_s)


def _age(play: Play, now: datetime) -> str:
    """For how long a track has been on; when it is over, how long ago that was."""
    if not _is_on(play, now):
        return formats.ago(play.ended_at, now)
    minutes = int((now - play.started_at).total_seconds()) // 60
    return _("{count} min").format(count=minutes) if minutes > 0 else _("now")


def _since(play: Play) -> str:
    return _("since {time}").format(time=formats.clock(play.started_at, reads.settings().tz))


def _from_to(play: Play) -> str:
    tz = reads.settings().tz
    start, end = (formats.clock(instant, tz) for instant in (play.started_at, play.ended_at))
    return _("heard from {start} to {end}").format(start=start, end=end)
