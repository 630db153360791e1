"""The page of one track: all its plays, by stream and by day, and the tracks that are like it.

What belongs here: asking for the track its address names, and drawing it. What does not: the chart (`histogram`), lists
of tracks (`ui.track_list`).
"""

from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import date
from html import escape
from typing import Any
from urllib.parse import quote

import streamlit as st

from streamlit_app import address, art, formats, histogram, reads, stream_reads, track_reads
from streamlit_app.ui import failures, states, theme, track_list
from streamlit_app.ui.text import web_link
from streamlit_app.words import _, ngettext
from tagger_platform.model import PlayStatus, Track
from tagger_platform.store.track_reports import Airing, TrackStory

LAST_PAGE = 999_999
ROW_PX, HEAD_PX, ROWS_SHOWN = 36, 38, 15


def page() -> None:
    asked = address.asked_now()
    track_id = asked.text(track_list.ID)
    number = asked.number("page", 1, LAST_PAGE, 1)
    for problem in asked.problems:
        st.warning(problem)
    if not track_id:
        states.empty(_("This page shows one track: choose it on the page Search or on the Sound map."))
        return
    with ThreadPoolExecutor(1) as meanwhile:  # the api looks through all vectors while the log is read and drawn
        _story(track_id, number, meanwhile.submit(reads.api().get, f"/api/tracks/{quote(track_id, safe='')}/similar"))


def _story(track_id: str, number: int, similar: Future[dict[str, Any]]) -> None:
    version, today = reads.version(), reads.today()
    story = track_reads.track_story(version, track_id, today, number)
    if story is None:
        states.empty(_("The log has no play of such a track, or no longer: find another one on the page Search."))
        return
    titles = stream_reads.titles(version)
    _head(story.track)
    _numbers(story)
    _by_day(story, today)
    plays, others = st.columns([3, 2], gap="large")
    with plays:
        _by_stream(story, titles)
        _plays(story, titles)
    with others, failures.told():
        _similar(similar)


def _head(track: Track) -> None:
    more = [track.album, track.label, track.isrc, formats.length(track.duration_s) if track.duration_s else ""]
    told = " · ".join(escape(text) for text in more if text)
    link = web_link(track.link)
    opened = f'<a href="{escape(link)}" target="_blank" rel="noreferrer">{escape(_("Open ↗"))}</a>' if link else ""
    cover = f'<img class="cover" src="{escape(art.picture(track))}" alt="" width="96" height="96">'
    names = f'<h1>{escape(track.title)}</h1><div class="artist">{escape(track.artist)}</div>'
    words = f'<div class="words">{names}<div class="note">{told} {opened}</div></div>'
    st.html(f'<header class="track-head">{cover}{words}</header>')


def _numbers(story: TrackStory) -> None:
    tz = reads.settings().tz
    told = {
        _("Plays"): formats.number(story.plays),
        _("Streams"): formats.number(len(story.by_stream)),
        _("First heard"): formats.day(story.first.astimezone(tz).date()),
        _("Last heard"): formats.ago(story.last),
    }
    with st.container(key="numbers"):
        for column, (label, value) in zip(st.columns(len(told)), told.items(), strict=True):
            column.metric(label, value, border=True)


def _by_day(story: TrackStory, today: date) -> None:
    st.subheader(_("Plays by day"))
    said = ngettext(
        "{count} play in {days} days", "{count} plays in {days} days", sum(story.by_day), days=str(len(story.by_day))
    )
    chart = histogram.option(story.by_day, today, theme.palette())
    st.echarts_chart(chart, height=histogram.HEIGHT_PX, key="by_day", alt=said)


def _by_stream(story: TrackStory, titles: Mapping[str, str]) -> None:
    st.subheader(_("Plays by stream"))
    palette = theme.palette()
    colours = palette.of_streams(list(titles))
    most = max(story.by_stream.values())
    rows = "".join(
        f'<li><span class="name">{escape(titles.get(stream, stream))}</span>'
        f'<span class="bar"><i style="width:{count / most:.1%};background:{colours.get(stream, palette.grey)}"></i>'
        f'</span><span class="count">{escape(formats.number(count))}</span></li>'
        for stream, count in story.by_stream.items()
    )
    st.html(f'<ul class="shares" aria-label="{escape(_("Plays by stream"))}">{rows}</ul>')


def _plays(story: TrackStory, titles: Mapping[str, str]) -> None:
    st.subheader(_("All plays"))
    st.dataframe(
        [_play(airing, titles) for airing in story.airings],
        hide_index=True,
        row_height=ROW_PX,
        height=HEAD_PX + ROW_PX * min(len(story.airings), ROWS_SHOWN),
        key="airings",
        column_config={
            "moment": st.column_config.TextColumn(_("Time")),
            "stream": st.column_config.TextColumn(_("Stream")),
            "length": st.column_config.TextColumn(_("Length"), width="small"),
            "confidence": st.column_config.ProgressColumn(
                _("Confidence"), format="percent", min_value=0, max_value=1, width="small"
            ),
            "status": st.column_config.TextColumn("", width="small"),
        },
    )
    pages = -(-story.plays // track_reads.PAGE_PLAYS)
    if pages > 1:
        _leaf(story.page, pages)


def _play(airing: Airing, titles: Mapping[str, str]) -> dict[str, object]:
    return {
        "moment": formats.moment(airing.started_at, reads.settings().tz),
        "stream": titles.get(airing.stream, airing.stream),
        "length": formats.length((airing.ended_at - airing.started_at).total_seconds()),
        "confidence": airing.confidence,
        "status": states.word(airing.status) if airing.status is PlayStatus.PROBABLE else "",
    }


def _leaf(number: int, pages: int) -> None:
    """Buttons to the pages before and after."""
    with st.container(horizontal=True, vertical_alignment="center"):
        for key, icon, text, there in (
            ("page_before", "chevron_left", _("Newer plays"), number - 1),
            ("page_after", "chevron_right", _("Older plays"), number + 1),
        ):
            st.button(
                text,
                key=key,
                icon=f":material/{icon}:",
                on_click=address.change,
                kwargs={"page": there},
                disabled=not 1 <= there <= pages,
            )
        st.caption(_("Page {number} of {pages}").format(number=number, pages=pages))


def _similar(similar: Future[dict[str, Any]]) -> None:
    st.subheader(_("Similar tracks"))
    st.caption(_("Those whose names are nearest in meaning; 1.00 is the same."))
    answer = similar.result()
    if missing := _missing(answer["missing"]):
        states.empty(missing)
        return
    rows = [
        track_list.Row(
            one["track_id"],
            one["title"],
            one["artist"],
            art.picture_of(one["track_id"], one["artwork"]),
            figure=f"{one['cosine']:.2f}",
        )
        for one in answer["similar"]
    ]
    track_list.track_list(rows, _("Similar tracks"))


def _missing(what: str | None) -> str:
    if what == "no_vectors":
        return _(
            "Which tracks are alike is told by vectors, and there are none yet: the nightly run makes them, and "
            "`tagger embed-backfill` makes them now."
        )
    if what:
        return _("This track has no vector yet: the nightly run makes it, and `tagger embed-backfill` makes it now.")
    return ""
