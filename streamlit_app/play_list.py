"""Plays as numbers and as a table.

What belongs here: drawing a list of plays. What does not: asking for it, the timeline.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from statistics import median

import pandas as pd
import streamlit as st

from streamlit_app import art, formats, timeline
from streamlit_app.ui import states
from streamlit_app.ui.text import plain, web_link
from streamlit_app.words import _
from tagger_platform.model import Play, PlayStatus

ROW_PX, HEAD_PX, ROWS_SHOWN = 44, 38, 14


def numbers(plays: Sequence[Play]) -> None:
    """The day in four numbers."""
    artists = Counter(play.track.artist for play in plays if play.track.artist)
    told = {
        _("Plays"): formats.number(len(plays)),
        _("Different tracks"): formats.number(len({play.track.track_id for play in plays})),
        _("Most played artist"): plain(min(artists, key=lambda name: (-artists[name], name))) if artists else "–",
        _("Median confidence"): formats.percent(median(play.confidence for play in plays)),
    }
    with st.container(key="numbers"):
        for column, (label, value) in zip(st.columns(len(told)), told.items(), strict=True):
            column.metric(label, value, border=True)


def table(day: timeline.Day, plays: Sequence[Play], titles: Mapping[str, str]) -> None:
    """The plays of a day, newest first; a click on a head sorts."""
    newest_first = sorted(plays, key=lambda play: (play.started_at, play.stream), reverse=True)
    st.dataframe(
        pd.DataFrame([_row(day, play, titles) for play in newest_first]),
        hide_index=True,
        row_height=ROW_PX,
        height=HEAD_PX + ROW_PX * min(len(plays), ROWS_SHOWN),
        key="plays",
        column_config={
            "time": st.column_config.TextColumn(_("Time"), width=70),
            "art": st.column_config.ImageColumn("", width=56),
            "title": st.column_config.TextColumn(_("Title"), width="medium"),
            "artist": st.column_config.TextColumn(_("Artist")),
            "stream": st.column_config.TextColumn(_("Stream")),
            "confidence": st.column_config.ProgressColumn(
                _("Confidence"), format="percent", min_value=0, max_value=1, width=150
            ),
            "by": st.column_config.TextColumn(_("By")),
            "link": st.column_config.LinkColumn(_("Link"), display_text=_("Open ↗"), width="small"),
        },
    )


def _row(day: timeline.Day, play: Play, titles: Mapping[str, str]) -> dict[str, object]:
    probable = play.status is PlayStatus.PROBABLE
    return {
        "time": day.clock(play.started_at),
        "art": art.picture(play.track),
        "title": play.track.title,
        "artist": play.track.artist,
        "stream": titles.get(play.stream, play.stream),
        "confidence": play.confidence,
        "by": play.track.provider + (f" · {states.word(play.status)}" if probable else ""),
        "link": web_link(play.track.link) or "",
    }
