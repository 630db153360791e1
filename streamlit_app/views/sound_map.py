"""The page Sound map: a dot per track, near each other where they read alike, in clusters that have names.

What belongs here: asking for the map and drawing it, its table, and the tracks that were chosen on it. What does not:
the chart (`map_chart`), lists of tracks (`ui.track_list`).
"""

from collections.abc import Mapping, Sequence
from html import escape

import streamlit as st

from streamlit_app import address, formats, map_chart, preferences, reads, track_reads
from streamlit_app.preferences import Theme
from streamlit_app.ui import control, states, theme, track_list
from streamlit_app.ui.text import plain
from streamlit_app.views import track
from streamlit_app.words import _, ngettext
from tagger_platform.store.clusters import NO_CLUSTER
from tagger_platform.store.map_report import Dot, SoundMap

CLUSTER, LOOP = "cluster", "loop"
LARGEST_NUMBER = 999_999_999
TOP_TRACKS = 3
LISTED = 100
"""Tracks of a cluster or a loop that are listed, those played most first."""
DRAWN = 4
"""Maps as they are drawn, by language, theme and cluster, kept in memory at once."""


def page() -> None:
    if not reads.settings().clusters_enabled:
        states.empty(_("The sound map is switched off here: `CLUSTERS_ENABLED=true` draws it every night."))
        return
    version = reads.version()
    map_version = track_reads.map_version(version)
    drawn = track_reads.sound_map(map_version)
    if drawn is None or not drawn.dots:
        states.empty(_why_empty(drawn))
        return
    asked = address.asked_now()
    number, loop = asked.number(CLUSTER, 0, LARGEST_NUMBER, NO_CLUSTER), asked.loop(LOOP)
    chosen = number if number in drawn.names else None
    for problem in asked.problems:
        st.warning(problem)
    if number != NO_CLUSTER and chosen is None:
        st.warning(_("The cluster in the address is not on this map any more: these are all of them."))
    visitor = preferences.current()
    groups, option = _drawn(map_version, visitor.language, visitor.theme, chosen)
    _open_clicked(groups, chosen)
    clusters = _clusters(map_version)
    st.caption(_in_words(drawn, chosen))
    _picker(drawn, clusters, chosen)
    with st.container(key="sound_map"):
        _chart(option, chosen)
    if loop:
        if not st.session_state[_key(chosen)].selection.areas:
            st.button(_("Remove what was drawn"), icon=":material/deselect:", on_click=_choose, args=(chosen,))
        _listed(_("In what you drew"), map_chart.inside(loop, drawn.dots), version)
    elif chosen is not None:
        _listed(drawn.names[chosen], clusters[chosen], version)
    _table(drawn, clusters)


def _why_empty(drawn: SoundMap | None) -> str:
    if drawn is None:
        return _(
            "There is no sound map yet. It is drawn every night of the tracks that were played twice or more; "
            "`tagger embed-backfill` and then `tagger clusters-recompute` draw it now."
        )
    if drawn.nowhere.get("too_few"):
        return ngettext(
            "There is {count} track for the sound map, too few: it needs some dozens that were played twice or more.",
            "There are {count} tracks for the sound map, too few: it needs some dozens that were played twice or more.",
            sum(drawn.nowhere.values()),
        )
    return _(
        "No track on the sound map has a vector: `tagger embed-backfill` makes them, and then "
        "`tagger clusters-recompute` draws the map. If that was done, `tagger doctor` says what is missing."
    )


@st.cache_resource(max_entries=track_reads.MAPS, show_spinner=False)
def _clusters(map_version: str) -> dict[int, list[Dot]]:
    """The tracks of every cluster, the largest cluster first."""
    drawn = track_reads.sound_map(map_version)
    found: dict[int, list[Dot]] = {}
    for dot in drawn.dots if drawn else ():
        if dot.cluster != NO_CLUSTER:
            found.setdefault(dot.cluster, []).append(dot)
    return dict(sorted(found.items(), key=lambda one: (-len(one[1]), one[0])))


def _in_words(drawn: SoundMap, chosen: int | None) -> str:
    told = [
        _tracks(len(drawn.dots)),
        ngettext("{count} cluster", "{count} clusters", len(drawn.names)),
        _("drawn on {day}").format(day=formats.day(drawn.night)),
    ]
    if lost := sum(drawn.nowhere.values()):
        told.append(ngettext("{count} track has no place yet", "{count} tracks have no place yet", lost))
    if chosen is not None and (one_in := map_chart.one_in(drawn)) > 1:
        told.append(_("of the other tracks one in {count} is drawn").format(count=formats.number(one_in)))
    what = _(
        "Each dot is a track; those near each other read alike. "
        "Draw a loop round some to list them, click one to open it."
    )
    return f"{what}  \n{' · '.join(told)}"


def _tracks(count: int) -> str:
    return ngettext("{count} track", "{count} tracks", count)


def _picker(drawn: SoundMap, clusters: Mapping[int, Sequence[Dot]], chosen: int | None) -> None:
    st.selectbox(
        _("Cluster"),
        [*clusters],
        index=None,
        placeholder=_("All clusters"),
        format_func=lambda number: f"{drawn.names[number]} ({len(clusters[number])})",
        label_visibility="collapsed",
        **control.showing("map_cluster", chosen, _choose),
    )


def _choose(cluster: int | None) -> None:
    address.change(cluster=cluster, loop=None)


def _chart(option: map_chart.Option, chosen: int | None) -> None:
    st.echarts_chart(
        option,
        height=map_chart.HEIGHT_PX,
        key=_key(chosen),
        on_select=lambda: _drew(chosen),
        alt=_("Sound map: its clusters and their tracks are listed in the table below"),
    )


def _drew(chosen: int | None) -> None:
    """The address holds what was drawn, so that it can be sent to somebody."""
    areas = st.session_state[_key(chosen)].selection.areas
    loop = address.loop(map_chart.loop_of(areas[-1])) if areas else None
    address.change(cluster=chosen, loop=loop)


@st.cache_resource(max_entries=DRAWN, show_spinner=False)
def _drawn(
    map_version: str, language: str, theme_name: Theme, chosen: int | None
) -> tuple[list[map_chart.Group], map_chart.Option]:
    """The dots and the chart in the visitor's language and theme: what is told of a dot has words in it."""
    drawn, palette = track_reads.sound_map(map_version), theme.palette()
    if drawn is None:
        return [], {}
    groups = map_chart.groups(drawn, len(palette.streams), chosen)
    return groups, map_chart.option(drawn, groups, chosen, palette)


def _key(chosen: int | None) -> str:
    return f"map_of_{chosen}"


def _open_clicked(groups: Sequence[map_chart.Group], chosen: int | None) -> None:
    """A click on a dot leads to its track, before anything is drawn: to draw a hundred thousand dots only to leave
    them takes longer than the track's own page."""
    if _key(chosen) not in st.session_state:
        return
    for selected in st.session_state[_key(chosen)].selection.selected:
        if selected["series_index"] < len(groups):
            dot = groups[selected["series_index"]].dots[selected["data_indices"][0]]
            _open(dot.track_id)


def _open(track_id: str) -> None:
    st.switch_page(st.Page(track.page, url_path=track_list.TRACK_PATH), query_params={track_list.ID: track_id})


def _listed(title: str, dots: Sequence[Dot], version: str) -> None:
    st.subheader(f"{plain(title)} · {_tracks(len(dots))}")
    if not dots:
        states.empty(_("No track lies there: draw a larger loop."))
        return
    if len(dots) > LISTED:
        st.caption(_("These are the {count} played most.").format(count=LISTED))
    tracks = track_reads.known_tracks(version, [dot.track_id for dot in dots[:LISTED]])
    rows = [
        track_list.row(tracks[dot.track_id], figure=ngettext("{count} play", "{count} plays", dot.plays))
        for dot in dots[:LISTED]
        if dot.track_id in tracks
    ]
    track_list.track_list(rows, title)


def _table(drawn: SoundMap, clusters: Mapping[int, Sequence[Dot]]) -> None:
    """The clusters, the largest first, with their tracks that were played most."""
    st.subheader(_("Clusters"))
    if not clusters:
        states.empty(_("No tracks are alike enough to be a cluster yet."))
        return
    colours = theme.palette().streams
    heads = "".join(
        f'<th scope="col">{escape(text)}</th>' for text in (_("Cluster"), _("Tracks"), _("Plays"), _("Played most"))
    )
    rows = "".join(
        _row(number, drawn.names[number], dots, colours[number % len(colours)]) for number, dots in clusters.items()
    )
    st.html(f'<table class="clusters"><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>')


def _row(number: int, name: str, dots: Sequence[Dot], colour: str) -> str:
    top = "".join(f"<li>{track_list.link(dot.track_id, _named(dot))}</li>" for dot in dots[:TOP_TRACKS])
    return (
        f'<tr><th scope="row"><i class="dot" style="background:{colour}"></i>'
        f'<a href="?{CLUSTER}={number}">{escape(name)}</a></th>'
        f'<td class="count">{escape(formats.number(len(dots)))}</td>'
        f'<td class="count">{escape(formats.number(sum(dot.plays for dot in dots)))}</td><td><ul>{top}</ul></td></tr>'
    )


def _named(dot: Dot) -> str:
    return f"{dot.title} – {dot.artist}" if dot.artist else dot.title
