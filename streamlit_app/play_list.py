"""The plays of a stretch of time as four numbers and as a table, page by page.

What belongs here: drawing them. What does not: asking for them, the timeline, what is behind a play (`play_evidence`).
"""

from collections.abc import Callable, Mapping, Sequence

import streamlit as st

from streamlit_app import art, formats, timeline
from streamlit_app.ui import states
from streamlit_app.ui.row_choice import row_choice
from streamlit_app.ui.text import plain, web_link
from streamlit_app.words import _
from tagger_platform.model import Play, PlayStatus
from tagger_platform.store.airtime import Numbers

ROW_PX, HEAD_PX, ROWS_SHOWN = 44, 38, 14
PAGE_PLAYS = 200
"""More make a page heavy: every row has its picture."""
NOBODY = "–"


def numbers(told: Numbers, before: Numbers, *, so_far: bool) -> None:
    """Four numbers, and beside them those of the day before; `so_far`: of a day that is not over."""
    with st.container(key="numbers"):
        columns = st.columns(4)
        for column, (label, value), (_label, other) in zip(columns, _told(told), _told(before), strict=True):
            beside = _("yesterday by now: {value}") if so_far else _("the day before: {value}")
            column.metric(label, value, beside.format(value=other), delta_color="off", delta_arrow="off", border=True)


def _told(numbers: Numbers) -> list[tuple[str, str]]:
    return [
        (_("Plays"), formats.number(numbers.plays)),
        (_("Different tracks"), formats.number(numbers.tracks)),
        (_("Most played artist"), plain(numbers.artist) or NOBODY),
        (_("Median confidence"), NOBODY if numbers.confidence is None else formats.percent(numbers.confidence)),
    ]


def table(day: timeline.Day, plays: Sequence[Play], titles: Mapping[str, str], choose: Callable[[str], None]) -> None:
    """The plays, one a row; `choose` is called with the id of the one that the visitor selects."""
    row_choice(
        "play",
        [_row(day, play, titles) for play in plays],
        [play.play_id for play in plays],
        choose,
        row_height=ROW_PX,
        height=HEAD_PX + ROW_PX * min(len(plays), ROWS_SHOWN),
        column_config={
            "time": st.column_config.TextColumn(_("Time"), width=78),
            "art": st.column_config.ImageColumn("", width=56),
            "title": st.column_config.TextColumn(_("Title"), width="medium"),
            "artist": st.column_config.TextColumn(_("Artist")),
            "stream": st.column_config.TextColumn(_("Stream")),
            "length": st.column_config.TextColumn(_("Length"), width=70),
            "confidence": st.column_config.ProgressColumn(
                _("Confidence"), format="percent", min_value=0, max_value=1, width=130
            ),
            "by": st.column_config.TextColumn(_("By")),
            "link": st.column_config.LinkColumn(_("Link"), display_text=_("Open ↗"), width=82),
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
        "length": formats.length((play.ended_at - play.started_at).total_seconds()),
        "confidence": play.confidence,
        "by": play.track.provider + (f" · {states.word(play.status)}" if probable else ""),
        "link": web_link(play.track.link) or "",
    }


def pager(page: int, total: int, go: Callable[[int], None]) -> None:
    """Which plays of how many are listed, and buttons to those before and after where there are more."""
    if not total:
        return
    first, last = (page - 1) * PAGE_PLAYS + 1, min(page * PAGE_PLAYS, total)
    told = {"first": formats.number(first), "last": formats.number(last), "total": formats.number(total)}
    text = _("{first}–{last} of {total}, the newest first; tick one to see what made it a play")
    st.caption(text.format(**told), width="content")
    if total > PAGE_PLAYS:
        st.button(_("Newer"), key="newer", on_click=go, args=(page - 1,), disabled=page <= 1)
        st.button(_("Older"), key="older", on_click=go, args=(page + 1,), disabled=last >= total)
