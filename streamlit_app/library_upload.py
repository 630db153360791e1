"""Sending files to the library, and watching what becomes of them.

What belongs here: the form, the visitor's own files and their progress. What does not: the work, which is the api's to
have done (`tagger_platform.library`), all other items (`views.library`).
"""

from collections.abc import Sequence
from typing import Any, BinaryIO, cast

import streamlit as st

from streamlit_app import formats, library_reads, reads
from streamlit_app.api_client import ApiDownError, ApiError
from streamlit_app.ui import failures, states, theme
from streamlit_app.ui.text import plain
from streamlit_app.ui.upload_list import Line, upload_list
from streamlit_app.words import _, ngettext
from tagger_platform.store.library_page import ListedItem

ENDINGS = ("mp3", "wav", "flac", "ogg", "oga", "opus", "m4a", "mp4", "aac", "aif", "aiff")
"""Of the files that the api takes."""
KINDS = ("music", "jingle", "ad", "other")
OPEN = frozenset({"QUEUED", "FINGERPRINTING"})
FORM_KEY, SENT_KEY = "library_form", "library_sent"


def kinds() -> dict[str, str]:
    """What each kind is called."""
    return {"music": _("music"), "jingle": _("jingle"), "ad": _("ad"), "other": _("other")}


def form() -> None:
    """Choose or drop files, say what they are, send them."""
    called = kinds()
    with st.form(FORM_KEY, clear_on_submit=True):
        label = _("Add your own audio: {formats}; at most {size} MB a file").format(
            formats=", ".join(ENDINGS).upper(), size=formats.number(st.get_option("server.maxUploadSize"))
        )
        files = st.file_uploader(label, type=ENDINGS, accept_multiple_files=True)
        with st.container(horizontal=True, vertical_alignment="bottom"):
            kind = st.selectbox(
                _("What it is"),
                KINDS,
                format_func=lambda kind: called[kind],
                width=220,
                help=_("A jingle or an ad counts as heard after one window, music after two in a row"),
            )
            if st.form_submit_button(_("Add to the library"), type="primary", icon=":material/upload:"):
                _send(files or [], kind)


def _send(files: Sequence[Any], kind: str) -> None:
    """One by one, so that one that is refused does not keep back the others."""
    if not files:
        st.warning(_("No file was chosen yet."))
        return
    sent: dict[str, str] = {}
    problems: list[str] = []
    bar = st.progress(0.0)
    for number, file in enumerate(files):
        bar.progress(number / len(files), _("Sending {file}…").format(file=plain(file.name)))
        try:
            answer = reads.api().send("/api/library", {file.name: cast(BinaryIO, file)}, {"kind": kind})
            sent |= {str(item["item_id"]): file.name for item in answer["items"]}
        except (ApiError, ApiDownError) as error:
            problems.append(failures.sentence(error))
    bar.empty()
    st.session_state[SENT_KEY] = sent
    for problem in problems:
        st.error(problem)


def progress(version: str) -> None:
    """The visitor's own files of the last time, from state to state."""
    sent: dict[str, str] = st.session_state.get(SENT_KEY) or {}
    if not sent:
        return
    known = library_reads.listed(version, sorted(sent))
    lines = [_line(name, known.get(item_id)) for item_id, name in sent.items()]
    done = sum(one.item.status not in OPEN for one in known.values())
    told = ngettext("{done} of {count} file is done", "{done} of {count} files are done", len(sent), done=str(done))
    st.progress(done / len(sent), told)
    upload_list(lines)


def _line(name: str, found: ListedItem | None) -> Line:
    """A file of which nobody has taken note yet is queued."""
    status = str(found.item.status) if found else "QUEUED"
    reason = found.item.reason if found else ""
    advice = states.advice(status) if reason else ""
    return Line(name, states.word(status), states.colour(status, theme.palette()), advice, reason)
