"""One item of the library: listening to it, why it is in its state, and taking it out.

What belongs here: drawing it, and asking the api to remove it. What does not: the list (`views.library`).
"""

from html import escape

import streamlit as st

from streamlit_app import address, formats, library_reads, library_upload, reads
from streamlit_app.api_client import ApiDownError, ApiError
from streamlit_app.ui import failures, states, theme
from streamlit_app.ui.text import plain
from streamlit_app.words import _, ngettext
from tagger_platform.store.library_page import ListedItem

OUTCOME_KEY = "library_outcome"


def tell_outcome() -> None:
    """What came of the last removal, once."""
    if told := st.session_state.pop(OUTCOME_KEY, None):
        good, text = told
        (st.success if good else st.error)(text)


def draw(version: str, item_id: str) -> None:
    """The item that the address names."""
    found = library_reads.listed(version, [item_id]).get(item_id)
    if found is None:
        st.warning(_("The item that the address names is not in the library: it was removed, or never there."))
        return
    with st.container(border=True, key="library_item"):
        st.html(_markup(found))
        _removal(found)


def _markup(found: ListedItem) -> str:
    item = found.item
    dot = states.colour(item.status, theme.palette())
    facts = {
        _("Artist"): item.artist,
        _("Album"): item.album,
        _("ISRC"): item.isrc,
        _("Length"): formats.length(item.duration_s) if item.duration_s else "",
        _("Last heard"): formats.moment(found.heard_at, reads.settings().tz) if found.heard_at else _("never yet"),
        _("File"): item.path.name,
    }
    listed = "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in facts.items() if value)
    told = ""
    if item.reason:
        told = f'<p class="problem">{escape(states.advice(item.status))}</p>'
        told += f'<p class="detail" lang="en">{escape(item.reason)}</p>'
    if item.duplicate_of:
        first = escape(_("Show the one it is a copy of"))
        told += f'<p><a href="?item={escape(item.duplicate_of)}">{first}</a></p>'
    label = escape(_("Listen to {title}").format(title=item.title))
    return (
        f'<article class="library-item"><h3>{escape(item.title)}</h3><p class="state">'
        f'<i class="dot" style="background:{dot}"></i>{escape(states.word(item.status))}</p>{told}<dl>{listed}</dl>'
        f'<audio controls preload="none" src="/api/library/{escape(item.item_id)}/audio" aria-label="{label}"></audio>'
        "</article>"
    )


def _removal(found: ListedItem) -> None:
    title = plain(found.item.title)
    with st.popover(_("Remove…"), icon=":material/delete:"):
        text = _("Take {title} and its copies out of the library? It is no longer recognised then. Its file stays.")
        st.write(text.format(title=title))
        st.button(
            _("Remove {title}").format(title=title),
            key="library_remove",
            type="primary",
            on_click=_remove,
            args=(found.item.item_id,),
        )


def _remove(item_id: str) -> None:
    try:
        removed = reads.api().delete(f"/api/library/{item_id}")["removed"]
    except (ApiError, ApiDownError) as error:
        st.session_state[OUTCOME_KEY] = (False, failures.sentence(error))
        return
    library_upload.forget({one["item_id"] for one in removed})
    told = ngettext("{count} item was removed.", "{count} items were removed.", len(removed))
    st.session_state[OUTCOME_KEY] = (True, told)
    address.change(item=None)
