"""The page Search: tracks by their names, and what was heard most lately while nothing is asked for.

What belongs here: asking, and saying why each track is there. What does not: finding (the api), the list
(`ui.track_list`).
"""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import streamlit as st

from streamlit_app import address, reads, track_reads
from streamlit_app.ui import control, states, track_list
from streamlit_app.words import _, ngettext
from tagger_platform.model import Track

QUERY = "q"


def page() -> None:
    asked = address.asked_now()
    text = asked.text(QUERY)
    st.text_input(
        _("Search"),
        max_chars=address.LONGEST_TEXT,
        placeholder=_("A title, an artist, an album or an ISRC"),
        icon=":material/search:",
        label_visibility="collapsed",
        **control.showing("search_box", text, lambda typed: address.change(q=typed.strip())),
    )
    if text:
        _found(text)
    else:
        _lately()


def _found(text: str) -> None:
    answer = reads.api().get("/api/search", {QUERY: text})
    results: Sequence[Mapping[str, Any]] = answer["results"]
    if why := answer["words_alone"]:
        said = _words_alone(answer["words_alone_code"], why)
        st.html(f'<p class="aside">{said}</p>')  # as Markdown, an address in it would become a link
    if not results:
        states.empty(_("No track is called so, or like it. Try fewer words, another spelling, or just the artist."))
        return
    st.caption(_how_many(results))
    tracks = track_reads.known_tracks(reads.version(), [one["track_id"] for one in results])
    rows = [
        track_list.row(
            tracks.get(one["track_id"]) or _as_indexed(one),
            note=_why(one["why"]),
            figure=ngettext("{count} play", "{count} plays", sum(one["plays_by_day"])),
            by_day=one["plays_by_day"],
        )
        for one in results
    ]
    track_list.track_list(rows, _("Tracks found"))


def _words_alone(code: str, why: str) -> str:
    """Why meaning had no say, as markup; of a model that cannot be used `why` says more, in English."""
    known = {
        "not_embedded": _(
            "Found by words alone, not by meaning: no track has a vector yet. The nightly run makes them, and 'tagger"
            " embed-backfill' makes them now."
        ),
        "starting": _(
            "Found by words alone, not by meaning: what finds by meaning is starting, or busy. Ask again in some"
            " seconds."
        ),
    }
    if code in known:
        return escape(known[code])
    said = escape(_("Found by words alone, not by meaning: the model cannot be used."))
    return f'{said} <span lang="en">({escape(why)})</span>'


def _as_indexed(one: Mapping[str, Any]) -> Track:
    """A track that search knows and the log does not yet."""
    provider, _colon, number = one["track_id"].partition(":")
    return Track(provider, number, one["title"], one["artist"])


def _how_many(results: Sequence[Mapping[str, Any]]) -> str:
    by_words = sum(any(one["why"][how] for how in ("words", "begun", "corrected")) for one in results)
    count = ngettext("{count} track", "{count} tracks", len(results))
    how = _("{words} by words, {meaning} by meaning").format(words=by_words, meaning=len(results) - by_words)
    return f"{count} · {how} · {_bars_are()}"


def _bars_are() -> str:
    text = _("the bars are plays on each of the last {days} days")
    return text.format(days=track_reads.LATELY_DAYS)


def _why(why: Mapping[str, Any]) -> str:
    """Why a track was found, in one line."""
    reasons = []
    if why["words"]:
        reasons.append(_("has {words}").format(words=", ".join(why["words"])))
    if why["begun"]:
        reasons.append(_("begins with {words}").format(words=", ".join(why["begun"])))
    for typed, meant in why["corrected"].items():
        reasons.append(_("{typed} read as {meant}").format(typed=typed, meant=meant))
    if why["cosine"] is not None:
        reasons.append(_("alike in meaning: {share}").format(share=f"{why['cosine']:.2f}"))
    return " · ".join(reasons)


def _lately() -> None:
    version = reads.version()
    heard = track_reads.most_heard(version, reads.today())
    if not heard:
        states.empty(_nothing(version))
        return
    st.subheader(_("Heard most lately"))
    st.caption(_bars_are())
    rows = [
        track_list.row(
            one.track,
            figure=ngettext("{count} play", "{count} plays", sum(one.plays_by_day)),
            by_day=one.plays_by_day,
        )
        for one in heard
    ]
    track_list.track_list(rows, _("Heard most lately"))


def _nothing(version: str) -> str:
    if not version:
        return _("Nothing has been logged yet. Start `tagger up` (or `tagger demo`): what was heard is found here.")
    return _("Nothing was heard in the last 30 days. Type a title or an artist to find what was heard before.")
