"""Plays as numbers and as a table.

What belongs here: drawing a list of plays. What does not: asking for it, the timeline.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from statistics import median

import pandas as pd
import streamlit as st

from streamlit_app import art, timeline, ui
from tagger_platform.model import Play, PlayStatus

ROW_PX, HEAD_PX, ROWS_SHOWN = 44, 38, 14


def numbers(plays: Sequence[Play]) -> None:
    """The day in four numbers."""
    artists = Counter(play.track.artist for play in plays if play.track.artist)
    told = {
        "Plays": f"{len(plays):,}",
        "Different tracks": f"{len({play.track.track_id for play in plays}):,}",
        "Most played artist": ui.plain(min(artists, key=lambda name: (-artists[name], name))) if artists else "–",
        "Median confidence": f"{median(play.confidence for play in plays):.0%}",
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
            "Time": st.column_config.TextColumn(width=70),
            "Art": st.column_config.ImageColumn("", width=56),
            "Title": st.column_config.TextColumn(width="medium"),
            "Confidence": st.column_config.ProgressColumn(format="percent", min_value=0, max_value=1, width=150),
            "Link": st.column_config.LinkColumn(display_text="Open ↗", width="small"),
        },
    )


def _row(day: timeline.Day, play: Play, titles: Mapping[str, str]) -> dict[str, object]:
    by = play.track.provider + (" · probable" if play.status is PlayStatus.PROBABLE else "")
    return {
        "Time": day.clock(play.started_at),
        "Art": art.picture(play.track),
        "Title": play.track.title,
        "Artist": play.track.artist,
        "Stream": titles.get(play.stream, play.stream),
        "Confidence": play.confidence,
        "By": by,
        "Link": ui.web_link(play.track.link) or "",
    }
