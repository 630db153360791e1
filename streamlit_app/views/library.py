"""The page of the user's own audio: adding files, watching what becomes of them, looking through them.

What belongs here: asking, the numbers and the list. What does not: sending files (`library_upload`), one item
(`library_item`), the reads (`library_reads`).
"""

from dataclasses import dataclass
from math import ceil

import streamlit as st

from streamlit_app import address, formats, library_item, library_reads, library_upload, reads
from streamlit_app.library_reads import ROWS
from streamlit_app.ui import control, failures, states
from streamlit_app.ui.row_choice import row_choice
from streamlit_app.words import _, ngettext
from tagger_platform.store.library_page import LibraryPage, ListedItem, Standing, Wanted

POLL_S = 1
"""Seconds between two looks at the log's version, so that a file is seen to go from state to state."""
STATUSES = ("READY", "QUEUED", "FINGERPRINTING", "FAILED", "DUPLICATE")
ROWS_SHOWN, ROW_PX = 10, 36
MOST_PAGES = 100_000
DRAWN_KEY = "library_drawn"


@dataclass(frozen=True)
class Shown:
    """The address, understood: which items, which page of them, and the one that is looked at."""

    wanted: Wanted
    page: int
    item: str
    problems: list[str]


def page() -> None:
    version = reads.version()
    st.session_state[DRAWN_KEY] = version
    _watch()
    library_item.tell_outcome()
    shown = _shown()
    for problem in shown.problems:
        st.warning(problem)
    standing = library_reads.standing(version)
    library_upload.form()
    library_upload.progress(version)
    if not standing.by_status:
        states.empty(
            _("The library is empty. Drop music, jingles or ads above: they are then recognised without the internet.")
        )
        return
    _numbers(standing)
    _filters(shown, standing)
    found = library_reads.page(version, shown.wanted, shown.page)
    if found.items:
        _table(found)
    else:
        states.empty(_("Nothing in the library is like this. Ask for less."))
    _pages(found)
    if shown.item:
        library_item.draw(version, shown.item)


@st.fragment(run_every=POLL_S)
def _watch() -> None:
    with failures.told():
        address.tell_again()
        if st.session_state.get(DRAWN_KEY) != reads.version():
            st.rerun()


def _shown() -> Shown:
    asked = address.asked_now()
    wanted = Wanted(asked.text("q"), asked.choice("status", STATUSES), asked.choice("kind", library_upload.KINDS))
    return Shown(wanted, asked.number("page", 1, MOST_PAGES, 1), asked.text("item"), asked.problems)


def _go(page: int = 1, **filters: address.Filter) -> None:
    """To another list, or another page of it."""
    address.change(page=page, item=None, **filters)


def _numbers(standing: Standing) -> None:
    told = {
        _("Can be recognised"): formats.number(standing.recognisable),
        _("Hours"): formats.number(standing.hours),
        _("Heard in 30 days"): formats.number(standing.heard_lately),
        _("Last heard"): formats.ago(standing.heard_at) if standing.heard_at else "–",
    }
    with st.container(key="numbers"):
        for column, (label, value) in zip(st.columns(len(told)), told.items(), strict=True):
            column.metric(label, value, border=True)


def _filters(shown: Shown, standing: Standing) -> None:
    kinds = library_upload.kinds()
    wanted = shown.wanted
    with st.container(horizontal=True, vertical_alignment="bottom", key="library_filters"):
        st.text_input(
            _("Search"),
            icon=":material/search:",
            placeholder=_("Title, artist or album"),
            max_chars=address.LONGEST_TEXT,
            **control.showing("library_q", wanted.text, lambda typed: _go(q=typed.strip())),
        )
        st.selectbox(
            _("State"),
            ("", *STATUSES),
            format_func=lambda status: _status(status, standing) if status else _("Any"),
            width=240,
            **control.showing("library_status", wanted.status, lambda status: _go(status=status)),
        )
        st.selectbox(
            _("Kind"),
            ("", *library_upload.KINDS),
            format_func=lambda kind: kinds.get(kind) or _("Any"),
            width=160,
            **control.showing("library_kind", wanted.kind, lambda kind: _go(kind=kind)),
        )


def _status(status: str, standing: Standing) -> str:
    return f"{states.word(status)} · {formats.number(standing.by_status.get(status, 0))}"


def _table(found: LibraryPage) -> None:
    """A row that is chosen opens below."""
    kinds = library_upload.kinds()
    row_choice(
        "item",
        [_row(one, kinds) for one in found.items],
        [one.item.item_id for one in found.items],
        lambda item: address.change(item=item),
        row_height=ROW_PX,
        height=ROW_PX * (min(len(found.items), ROWS_SHOWN) + 1) + 2,
        alt=_("The items of the library; choose one to listen to it or to remove it"),
        column_config={
            "title": st.column_config.TextColumn(_("Title"), width="medium"),
            "artist": st.column_config.TextColumn(_("Artist")),
            "album": st.column_config.TextColumn(_("Album")),
            "kind": st.column_config.TextColumn(_("Kind"), width="small"),
            "length": st.column_config.TextColumn(_("Length"), width="small"),
            "status": st.column_config.TextColumn(_("State")),
            "heard": st.column_config.TextColumn(_("Last heard")),
        },
    )


def _row(one: ListedItem, kinds: dict[str, str]) -> dict[str, str]:
    item = one.item
    return {
        "title": item.title,
        "artist": item.artist,
        "album": item.album,
        "kind": kinds.get(item.kind, item.kind),
        "length": formats.length(item.duration_s) if item.duration_s else "",
        "status": states.word(item.status),
        "heard": formats.moment(one.heard_at, reads.settings().tz) if one.heard_at else "",
    }


def _pages(found: LibraryPage) -> None:
    last = max(ceil(found.total / ROWS), 1)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            "",
            key="page_before",
            icon=":material/chevron_left:",
            help=_("The page before"),
            on_click=_go,
            args=(found.page - 1,),
            disabled=found.page <= 1,
        )
        number, pages = formats.number(found.page), formats.number(last)
        counted = ngettext("{count} item", "{count} items", found.total)
        st.text(_("Page {number} of {pages}").format(number=number, pages=pages) + f" · {counted}", width="content")
        st.button(
            "",
            key="page_after",
            icon=":material/chevron_right:",
            help=_("The page after"),
            on_click=_go,
            args=(found.page + 1,),
            disabled=found.page >= last,
        )
