"""Sending files to the library, and watching what becomes of them.

What belongs here: the form, the visitor's own files and their progress. What does not: the work, which is the api's to
have done (`tagger_platform.library`), all other items (`views.library`).
"""

from collections.abc import Collection
from typing import BinaryIO, cast

import streamlit as st

from streamlit_app import formats, library_reads, reads
from streamlit_app.api_client import ApiDownError, ApiError
from streamlit_app.ui import failures, states, theme
from streamlit_app.ui.upload_list import Line, upload_list
from streamlit_app.words import _, ngettext
from tagger_platform.store.library_page import ListedItem

ENDINGS = ("mp3", "wav", "flac", "ogg", "oga", "opus", "m4a", "mp4", "aac", "aif", "aiff")
"""Of the files that the api takes."""
KINDS = ("music", "jingle", "ad", "other")
OPEN = frozenset({"QUEUED", "FINGERPRINTING"})
FORM_KEY, FILES_KEY, SORT_KEY = "library_form", "library_files", "library_sort"
SENT_KEY, PROBLEMS_KEY = "library_sent", "library_problems"


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
        st.file_uploader(label, type=ENDINGS, accept_multiple_files=True, key=FILES_KEY)
        with st.container(horizontal=True, vertical_alignment="bottom"):
            st.selectbox(
                _("What it is"),
                KINDS,
                key=SORT_KEY,
                format_func=lambda kind: called[kind],
                width=220,
                help=_("A jingle or an ad counts as heard after one window, music after two in a row"),
            )
            st.form_submit_button(_("Add to the library"), type="primary", icon=":material/upload:", on_click=_send)
    for problem in st.session_state.pop(PROBLEMS_KEY, ()):
        st.error(problem if isinstance(problem, str) else failures.sentence(problem))


def _send() -> None:
    """One by one, so that one that is refused does not keep back the others.

    Nothing is drawn or put into words while they are sent, and no state is set: there, a click on anything else would
    end it.
    """
    files = st.session_state[FILES_KEY]
    if not files:
        st.session_state[PROBLEMS_KEY] = [_("No file was chosen yet.")]
        return
    sent: dict[str, str] = {}
    problems: list[ApiError | ApiDownError] = []
    st.session_state.update({SENT_KEY: sent, PROBLEMS_KEY: problems})
    kind = {"kind": st.session_state[SORT_KEY]}
    for file in files:
        try:
            answer = reads.api().send("/api/library", {file.name: cast(BinaryIO, file)}, kind)
            sent |= {str(item["item_id"]): file.name for item in answer["items"]}
        except (ApiError, ApiDownError) as error:
            problems.append(error)


def forget(item_ids: Collection[str]) -> None:
    """What was taken out again is not waited for."""
    sent = st.session_state.get(SENT_KEY) or {}
    st.session_state[SENT_KEY] = {item_id: name for item_id, name in sent.items() if item_id not in item_ids}


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
