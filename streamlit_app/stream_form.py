"""What people change about streams: trying an address, adding, switching on and off, removing. The api does it.

What belongs here: the widgets, and telling what came of them. What does not: how streams are (`views.streams`).
"""

from collections.abc import Callable, Mapping
from html import escape
from typing import Any

import streamlit as st

from streamlit_app import formats, live_reads, reads
from streamlit_app.api_client import ApiDownError, ApiError
from streamlit_app.live_reads import LiveStream
from streamlit_app.ui import control, failures, states
from streamlit_app.ui.text import plain
from streamlit_app.words import _

OUTCOME_KEY, FOUND_KEY, FORM_KEY = "streams_outcome", "streams_found", "streams_form"
EXAMPLE = "https://radio.example/live.mp3"
URL_KEY, NAME_KEY, TITLE_KEY = "stream_url", "stream_name", "stream_title"


def tell_outcome() -> None:
    """What came of the last change, once."""
    if told := st.session_state.pop(OUTCOME_KEY, None):
        good, text = told
        (st.success if good else st.error)(text)


def switches(stream: LiveStream) -> None:
    """On or off, and removing, under a stream."""
    if stream.fixed:
        note = escape(_("Set by STREAM_n_* variables: only a restart can change it."))
        st.html(f'<p class="fixed-note">{note}</p>')
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.toggle(
            _("Listen to {stream}").format(stream=plain(stream.title)),
            **control.showing(f"stream-on-{stream.name}", stream.enabled, lambda on: _switch(stream.name, on)),
        )
        with st.popover(_("Remove…"), icon=":material/delete:"):
            text = _("Stop listening to {stream} and take it out of the list? What was logged of it stays.")
            st.write(text.format(stream=plain(stream.title)))
            st.button(
                _("Remove {stream}").format(stream=plain(stream.title)),
                key=f"stream-remove-{stream.name}",
                type="primary",
                on_click=_remove,
                args=(stream.name, stream.title),
            )


def _switch(name: str, enabled: bool) -> None:
    _changed(lambda: reads.api().patch(f"/api/streams/{name}", {"enabled": enabled}), "")


def _remove(name: str, title: str) -> None:
    done = _("{stream} was removed.").format(stream=plain(title))
    _changed(lambda: reads.api().delete(f"/api/streams/{name}"), done)


def _changed(change: Callable[[], Mapping[str, Any]], done: str) -> bool:
    """Whether it was done; either way it is told when the page is drawn."""
    try:
        answer = change()
    except (ApiError, ApiDownError) as error:
        st.session_state[OUTCOME_KEY] = (False, failures.sentence(error))
        return False
    finally:
        live_reads.look_again()
    if not answer.get("reloaded"):
        later = _("It is saved; capture takes it up when it runs again.")
        st.session_state[OUTCOME_KEY] = (True, f"{done} {later}".strip())
    elif done:
        st.session_state[OUTCOME_KEY] = (True, done)
    return True


def form(*, expanded: bool) -> None:
    """Try an address, then add it."""
    with st.expander(_("Add a stream"), expanded=expanded, icon=":material/add:"), st.form(FORM_KEY):
        st.text_input(
            _("Address"),
            key=URL_KEY,
            placeholder=EXAMPLE,
            help=_("rtsp, rtsps, http or https; with user and password where it needs them"),
            autocomplete="off",
        )
        name, title = st.columns(2)
        name.text_input(
            _("Name"), key=NAME_KEY, max_chars=40, help=_("1 to 40 of a-z, 0-9, _ and -: it is part of file names")
        )
        title.text_input(_("Title"), key=TITLE_KEY, max_chars=200, help=_("How people know it; may be left empty"))
        with st.container(horizontal=True):
            tried = st.form_submit_button(_("Try it"), icon=":material/hearing:")
            st.form_submit_button(_("Add"), type="primary", icon=":material/add:", on_click=_add)
        if tried:
            _try(str(st.session_state[URL_KEY]).strip())
        _tell_found()


def _try(url: str) -> None:
    with st.spinner(_("Listening for some seconds…")):
        try:
            st.session_state[FOUND_KEY] = reads.api().post("/api/streams/check", {"url": url})
        except (ApiError, ApiDownError) as error:
            st.session_state[FOUND_KEY] = {"ok": False, "refused": failures.sentence(error)}


def _tell_found() -> None:
    """What trying it found; our words first, then ffmpeg's as capture reads them."""
    if (found := st.session_state.get(FOUND_KEY)) is None:
        return
    if refused := found.get("refused"):
        st.error(refused)
        return
    if not found.get("ok"):
        sentence = plain(str(found.get("sentence") or ""))
        st.error("\n\n".join((states.advice(str(found.get("state"))), sentence)))
        return
    named = {_("Station"): found.get("icy_name"), _("It plays now"): found.get("icy_title")}
    more = [f"{label}: {plain(str(value))}" for label, value in named.items() if value]
    st.success("\n\n".join((_("This can be listened to."), _sound(found), *more)))


def _sound(found: Mapping[str, Any]) -> str:
    """What plays there, in figures and names that are the same in all languages."""
    rate, level = found.get("sample_rate_hz"), found.get("level_dbfs")
    parts = [
        str(found.get("codec") or ""),
        _("{number} Hz").format(number=formats.number(rate)) if rate else "",
        str(found.get("channels") or ""),
        "" if level is None else _("level {number} dBFS").format(number=formats.number(level)),
    ]
    return plain(" · ".join(part for part in parts if part))


def _add() -> None:
    typed = {"url": st.session_state[URL_KEY], "name": st.session_state[NAME_KEY], "title": st.session_state[TITLE_KEY]}
    body = {name: str(text).strip() for name, text in typed.items() if str(text).strip()}
    done = _("{stream} was added: its first window comes within minutes.").format(
        stream=plain(body.get("title") or body.get("name", ""))
    )
    if _changed(lambda: reads.api().post("/api/streams", body), done):
        for key in (URL_KEY, NAME_KEY, TITLE_KEY):
            st.session_state[key] = ""
        st.session_state.pop(FOUND_KEY, None)
