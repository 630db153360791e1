"""The page that answers what a clip is: from the microphone or from a file, and everything that was asked so far.

What belongs here: sending a clip once, showing its answer and the history. What does not: finding the answer (the
api's `/api/identify`, which also keeps it), the reads (`asked_reads`). The address names the answer that is shown.
"""

from collections.abc import Mapping
from html import escape
from typing import Any
from urllib.parse import urlencode, urlsplit

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from streamlit_app import address, art, asked_reads, formats, reads, stream_reads
from streamlit_app.api_client import ApiDownError, ApiError
from streamlit_app.ui import failures, states
from streamlit_app.ui.figures import Figure, figures
from streamlit_app.ui.row_choice import row_choice
from streamlit_app.ui.text import plain
from streamlit_app.words import _
from tagger_platform.model import UNANSWERED, Play
from tagger_platform.store.identifications import Identification

PAGE_ROWS = 25
MOST_PAGES = 40
ASKED = "asked"
"""The parameter that names the answer which is shown."""
SENT_KEY = "identify_sent"
"""What came of each file of this visitor, by its id: a sentence, empty where there is an answer."""
LOCAL = ("localhost", "127.0.0.1", "::1")


def page() -> None:
    _ask()
    asked = address.asked_now()
    shown, number = asked.text(ASKED), asked.number("page", 1, MOST_PAGES, 1)
    for problem in asked.problems:
        st.warning(problem)
    version = reads.version()
    if shown:
        _shown(version, shown)
    st.subheader(_("What was asked so far"))
    _history(version, number)


def _ask() -> None:
    left, right = st.columns(2)
    with left:
        recording = st.audio_input(_("Record some seconds of what is playing"), key="recording")
        if not _microphone_allowed():
            st.caption(_("Browsers give the microphone only to pages that are opened over https or on this machine."))
    with right:
        most = formats.number(st.get_option("server.maxUploadSize"))
        clip = st.file_uploader(_("Or drop a clip of at most {size} MB").format(size=most), key="clip")
    for file in filter(None, (recording, clip)):
        _send(file)


def _microphone_allowed() -> bool:
    parts = urlsplit(st.context.url or "")
    return parts.scheme != "http" or parts.hostname in LOCAL


def _send(file: UploadedFile) -> None:
    """Ask about a file, once, however often the page is drawn with it."""
    sent: dict[str, str] = st.session_state.setdefault(SENT_KEY, {})
    if file.file_id not in sent:
        with st.spinner(_("Finding out what it is…")):
            try:
                answer = reads.api().send("/api/identify", {file.name: file})
                sent[file.file_id] = ""
                address.change(asked=str(answer["identification_id"]), page=None)
            except (ApiDownError, ApiError) as error:
                sent[file.file_id] = f"**{plain(file.name)}**: {failures.sentence(error)}"
    if problem := sent[file.file_id]:
        st.error(problem)


def _shown(version: str, identification_id: str) -> None:
    found = asked_reads.identification(version, identification_id)
    if found is None:
        st.warning(_("The address asks for an answer that is not there: only the newest thousand are kept."))
        return
    noted, last_play = found
    with st.container(border=True, key="answer"):
        if noted.answer["match"]:
            _match(noted, last_play)
        else:
            _no_match(noted)


def _match(noted: Identification, last_play: Play | None) -> None:
    answer = noted.answer
    st.html(_named(answer, art.picture(last_play.track) if last_play else art.tile(answer["track_id"])))
    figures(
        [
            Figure(_("How sure"), _sure(answer) or _("it does not say")),
            Figure(_("Where in the track it begins"), _place(answer) or _("it does not say")),
            Figure(_("Last heard"), formats.ago(last_play.ended_at) if last_play else _("never")),
        ]
    )
    if last_play:
        st.markdown(_last_heard(last_play))
    st.caption(" · ".join(_circumstances(noted)))


def _named(answer: Mapping[str, Any], picture: str) -> str:
    return (
        f'<div class="named"><img src="{escape(picture)}" alt="" width="72" height="72"><div>'
        f"<h3>{escape(answer['title'])}</h3><p>{escape(answer['artist'] or '')}</p></div></div>"
    )


def _last_heard(play: Play) -> str:
    tz = reads.settings().tz
    day = play.started_at.astimezone(tz).date()
    text = _("{moment} on {stream}").format(
        moment=formats.moment(play.started_at, tz),
        stream=plain(stream_reads.titles(reads.version()).get(play.stream, play.stream)),
    )
    return f"{_('Last heard')}: [{text}](/?{urlencode(address.parameters(date=day, stream=[play.stream]))})"


def _sure(answer: Mapping[str, Any]) -> str:
    return "" if answer["confidence"] is None else formats.percent(answer["confidence"])


def _place(answer: Mapping[str, Any]) -> str:
    return "" if answer["offset_s"] is None else formats.length(max(answer["offset_s"], 0))


def _no_match(noted: Identification) -> None:
    st.markdown("#### " + _("Nothing in the library sounds like this"))
    for provider, status in noted.others.items():
        st.markdown(f"**{plain(provider)}**: {states.word(status)}")
    if UNANSWERED & set(noted.others.values()):
        st.markdown(_("Not everybody answered: ask again in a while."))
    st.markdown(
        _(
            "What is in the library is always recognised here: [add it there](/library) and ask again. Some seconds of"
            " music without much talk are enough."
        )
    )
    st.caption(" · ".join(_circumstances(noted)))


def _circumstances(noted: Identification) -> list[str]:
    answer, rival = noted.answer, noted.answer["runner_up"]
    told = [
        plain(answer["file"]),
        _("asked {moment}").format(moment=formats.moment(noted.asked_at, reads.settings().tz)),
        _("answered within {time}").format(time=formats.milliseconds(answer["elapsed_ms"])),
    ]
    if answer["provider"]:
        told.append(_("recognised by {provider}").format(provider=answer["provider"]))
    if answer["speed"]:
        told.append(_("played at {speed} of its speed").format(speed=formats.percent(answer["speed"])))
    return [*told, _("next best: {title}").format(title=plain(rival["title"]))] if rival else told


def _history(version: str, number: int) -> None:
    first = (number - 1) * PAGE_ROWS
    found = asked_reads.identifications(version, PAGE_ROWS + 1, first)
    rows, older = found[:PAGE_ROWS], len(found) > PAGE_ROWS
    if not rows:
        states.empty(
            _("Nobody has asked yet. Record what is playing near you, or drop a clip: the answers are kept here.")
            if number == 1
            else _("There are no answers so old.")
        )
    else:
        _table(rows)
    if number > 1 or older:
        with st.container(horizontal=True, key="pager"):
            _step(_("Newer"), "chevron_left", number - 1, number > 1)
            _step(_("Older"), "chevron_right", number + 1, older)


def _step(text: str, icon: str, number: int, there: bool) -> None:
    go = {"page": number}
    st.button(text, key=icon, icon=f":material/{icon}:", on_click=address.change, kwargs=go, disabled=not there)


def _table(rows: list[Identification]) -> None:
    row_choice(
        ASKED,
        [_row(row) for row in rows],
        [row.identification_id for row in rows],
        lambda chosen: address.change(asked=chosen),
        column_config={
            "asked": st.column_config.TextColumn(_("Asked"), width=160),
            "file": st.column_config.TextColumn(_("File")),
            "title": st.column_config.TextColumn(_("Title"), width="medium"),
            "artist": st.column_config.TextColumn(_("Artist")),
            "sure": st.column_config.ProgressColumn(
                _("How sure"), format="percent", min_value=0, max_value=1, width=150
            ),
            "place": st.column_config.TextColumn(_("Place"), width=70),
        },
    )


def _row(noted: Identification) -> dict[str, object]:
    answer = noted.answer
    return {
        "asked": formats.moment(noted.asked_at, reads.settings().tz),
        "file": answer["file"],
        "title": answer["title"] or _("nothing known"),
        "artist": answer["artist"] or "",
        "sure": answer["confidence"],
        "place": _place(answer),
    }
