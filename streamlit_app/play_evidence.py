"""The evidence of one play: which windows made it, what was said of each, to read and to listen to.

What belongs here: drawing it, beside the page. What does not: which play (the view), the rules (`decide`).
"""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from html import escape
from typing import Any
from urllib.parse import quote

import streamlit as st

from streamlit_app import art, formats, links, reads
from streamlit_app.ui import failures, states, theme, track_list
from streamlit_app.ui.text import plain, web_link
from streamlit_app.words import _
from tagger_platform.model import STREAM_NAME, Play, PlayStatus, parse_iso, parts_of, window_start

MADE_UP = "made_up"
"""The policy of the demo's made-up history."""
WINDOW_ID = re.compile(STREAM_NAME.pattern + r"/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\+\d+")


def show(play: Play, titles: Mapping[str, str], close: Callable[[], None]) -> None:
    """Open the evidence; `close` is called when the visitor has seen enough."""
    opened = st.dialog(plain(play.track.title) or _("Play"), width="medium", position="right", on_dismiss=close)
    opened(_evidence)(play, titles.get(play.stream, play.stream))


def _evidence(play: Play, stream: str) -> None:
    st.html(_head(play, stream))
    if play.policy == MADE_UP:
        st.info(_("This is part of the demo's made-up history: nothing was heard."), icon=":material/science:")
    elif play.explanation:
        st.subheader(_("The rule that made it a play"))
        explained = escape(WINDOW_ID.sub(_as_time, play.explanation))
        st.html(f'<p>{escape(_rule(play))}</p><p class="detail" lang="en">{explained}</p>')
    if play.windows:
        st.subheader(_("The windows behind it"))
        with failures.told():
            windows = reads.api().get(f"/api/plays/{quote(play.play_id, safe='')}/proof")["windows"]
            st.html(f'<ol class="windows">{"".join(map(_window, windows))}</ol>')
            _raw_answers(windows)
    _links(play)


def _rule(play: Play) -> str:
    """The rules that were met, or those that one hit is not enough for; which windows met them is told in English."""
    rules = " ".join(filter(None, (rule_in_words(name) for name in play.policy.split("+"))))
    if play.status is PlayStatus.PROBABLE:
        return _("It was heard, but not in a way that a rule asks for: {rules}").format(rules=rules)
    return rules


def rule_in_words(policy: str) -> str:
    """What a policy asks for, in a sentence."""
    known = {
        "shazam_two_hit": _("Shazam named it in two consecutive windows that it was asked about."),
        "catalogue_two_hit": _(
            "The catalogue named it in two consecutive windows that it was asked about, at offsets that agree on when"
            " it began."
        ),
        "catalogue_single": _("The catalogue named it in a window, and it is a jingle or an ad."),
        "any_two_agree": _("Two providers named it in one window, or one of them in two consecutive windows."),
        "timeline": _("Its offsets advance as the clock does."),
    }
    return known.get(policy, "")


def _head(play: Play, stream: str) -> str:
    tz = reads.settings().tz
    start, end = (formats.second(instant, tz) for instant in (play.started_at, play.ended_at))
    facts = {
        _("Stream"): stream,
        _("Day"): formats.day(play.started_at.astimezone(tz).date()),
        _("Time"): f"{start}–{end} ± {formats.number(round(play.uncertainty_s, 1))} s",
        _("Length"): formats.length((play.ended_at - play.started_at).total_seconds()),
        _("State"): states.word(play.status),
        _("Confidence"): formats.percent(play.confidence),
        _("By"): play.track.provider,
        _("Album"): play.track.album,
        "ISRC": play.track.isrc,
    }
    rows = "".join(f"<dt>{escape(name)}</dt><dd>{escape(text)}</dd>" for name, text in facts.items() if text)
    return (
        f'<div class="named"><img src="{escape(art.picture(play.track))}" alt="" width="72" height="72">'
        f'<p>{escape(play.track.artist)}</p></div><dl class="facts">{rows}</dl>'
    )


def _as_time(found: re.Match[str]) -> str:
    return formats.second(window_start(found[0]), reads.settings().tz)


def _window(window: Mapping[str, Any]) -> str:
    """A window: when it began, its audio where that is kept, and every answer about it."""
    begins = formats.second(parse_iso(window["started_at"]), reads.settings().tz)
    label = escape(_("The window at {time}, to listen to").format(time=begins))
    source = escape(f"/api/windows/{quote(window['window_id'])}/clip")
    kept = f'<audio controls preload="none" src="{source}" aria-label="{label}"></audio>'
    gone, expired = escape(_("Its audio is no longer kept.")), escape(_("The answers have expired."))
    answers = "".join(map(_answer, window["answers"])) or f"<li>{expired}</li>"
    heard = kept if window["has_clip"] else f"<p>{gone}</p>"
    return f"<li><b>{escape(begins)}</b><ul>{answers}</ul>{heard}</li>"


def _answer(answer: Mapping[str, Any]) -> str:
    """Who said what: of a match, where in the track the window began, how fast it was played, and how sure that is."""
    told = [states.word(answer["status"])]
    if answer["title"]:
        told.append(f"{answer['title']} – {answer['artist']}" if answer["artist"] else answer["title"])
    if (offset := answer["offset_s"]) is not None:
        told.append(_("at {offset} of the track").format(offset=formats.length(max(offset, 0))))
    if answer["speed"] is not None:
        told.append(_("speed {share}").format(share=formats.percent(answer["speed"])))
    if answer["confidence"] is not None:
        told.append(_("{share} sure").format(share=formats.percent(answer["confidence"])))
    colour = states.colour(answer["status"], theme.palette())
    text = escape(" · ".join(told))
    return f'<li><i class="dot" style="background:{colour}"></i><b>{escape(answer["provider"])}</b> {text}</li>'


def _raw_answers(windows: list[dict[str, Any]]) -> None:
    """A provider's own words, of the window that the visitor picks."""
    kept = {
        f"/api/windows/{quote(window['window_id'])}/raw/{quote(answer['provider'])}": (
            parse_iso(window["started_at"]),
            answer["provider"],
        )
        for window in windows
        for answer in window["answers"]
        if answer["has_raw"]
    }
    if kept:
        picked = st.pills(
            _("The provider's own words"), list(kept), format_func=lambda path: _spoken(*kept[path]), key="raw_answer"
        )
        if picked:
            st.json(reads.api().get(picked), expanded=2)


def _spoken(at: datetime, provider: str) -> str:
    return plain(f"{formats.second(at, reads.settings().tz)} {provider}")


def _links(play: Play) -> None:
    with st.container(horizontal=True):
        if link := web_link(play.track.link):
            st.link_button(_("The track at {provider}").format(provider=play.track.provider), link)
        st.link_button(_("All plays"), track_list.path(play.track.track_id), icon=":material/music_note:")
        st.link_button(_("Permanent link"), links.play(play.play_id), icon=":material/link:")
        for slot in dict.fromkeys(parts_of(window)[1] for window in play.windows[:1]):
            st.link_button(_("The slot's runs in Dagster"), links.runs_of_slot(slot), icon=":material/open_in_new:")
