"""The page that says how the platform is: its parts, what the providers were asked and said, and what waits for them.

What belongs here: asking, choosing, and the order of things. What does not: the address, understood
(`shown_questions`), how recognitions are drawn (`recognition_list`), finding out how the parts are (the api's
`/readyz`), the reads (`asked_reads`, `live_reads`).
"""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import streamlit as st

from streamlit_app import address, asked_reads, formats, live_reads, provider_list, reads, recognition_list
from streamlit_app.provider_list import PROVIDERS
from streamlit_app.shown_questions import STATUSES, Shown, shown_now
from streamlit_app.ui import control, parts, states
from streamlit_app.ui.days import day_picker
from streamlit_app.ui.text import plain
from streamlit_app.words import _, ngettext
from tagger_platform.store.recent import Asked, Numbers, Page, Span

PAGE_ROWS = 100


def page() -> None:
    st.subheader(_("How every part is"))
    health = live_reads.health()
    if health:
        parts.parts(health)
    else:
        st.warning(
            _("The api does not answer at {url}, so nobody can say how the parts are.").format(
                url=plain(reads.settings().api_url)
            )
        )
    st.subheader(_("What the providers were asked"))
    shown = shown_now()
    _questions(shown)
    left, right = st.columns(2)
    with left:
        st.subheader(_("Providers"))
        provider_list.providers(shown.version, health)
    with right:
        st.subheader(_("What waits for an answer"))
        provider_list.waiting(shown.version)


def _questions(wanted: Shown) -> None:
    """All is read before any is drawn: new numbers over an old list invite a click on a row that is about to go."""
    for problem in wanted.problems:
        st.warning(problem)
    told = asked_reads.questions(wanted.version, wanted.span)
    total = _counted(told, "status", wanted.statuses, wanted.providers).total()
    shown = replace(wanted, page=min(wanted.page, max(_pages(total), 1)))
    first = (shown.page - 1) * PAGE_ROWS
    rows = asked_reads.asked(shown.version, Page(shown.span, shown.providers, shown.statuses, PAGE_ROWS, first))
    _controls(shown, told)
    if not told.hours:
        states.empty(_why_empty(shown))
        return
    recognition_list.numbers(told, _hours_so_far(shown.span), shown.providers)
    if total:
        _list(shown, rows, total)
    else:
        states.empty(_("No question of that day went so. Choose other providers or other states."))


def _pages(total: int) -> int:
    return -(-total // PAGE_ROWS)


def _controls(shown: Shown, told: Numbers) -> None:
    by_provider = _counted(told, "provider", shown.statuses, ())
    by_status = _counted(told, "status", (), shown.providers)
    with st.container(horizontal=True, vertical_alignment="center", key="controls"):
        day_picker(shown.day, shown.today, lambda day: _go(date=None if day == shown.today else day))
        st.multiselect(
            _("Streams"),
            list(shown.titles),
            format_func=lambda name: shown.titles[name],
            placeholder=_("All streams"),
            label_visibility="collapsed",
            width=320,
            **control.showing(
                "asked_streams", list(shown.streams), lambda names: _go(stream=_in_order(shown.titles, names))
            ),
        )
        st.pills(
            _("Providers"),
            [name for name in PROVIDERS if name in by_provider or name in shown.providers],
            selection_mode="multi",
            format_func=lambda name: f"{name} {formats.number(by_provider[name])}",
            label_visibility="collapsed",
            **control.showing(
                "asked_providers", list(shown.providers), lambda names: _go(provider=_in_order(PROVIDERS, names))
            ),
        )
    st.pills(
        _("State"),
        [status for status in STATUSES if status in by_status or status in shown.statuses],
        selection_mode="multi",
        format_func=lambda status: f"{states.word(status)} {formats.number(by_status[status])}",
        label_visibility="collapsed",
        **control.showing("asked_statuses", list(shown.statuses), lambda names: _go(status=_in_order(STATUSES, names))),
    )


def _go(page: int = 1, **filters: address.Filter) -> None:
    """To another list, or another page of it."""
    address.change(page=page, answer=None, **filters)


def _in_order(known: Iterable[str], chosen: Collection[str]) -> tuple[str, ...]:
    return tuple(one for one in known if one in chosen)


def _counted(told: Numbers, by: str, statuses: Sequence[str], providers: Sequence[str]) -> Counter[str]:
    found: Counter[str] = Counter()
    for one in told.hours:
        if (not statuses or one.status in statuses) and (not providers or one.provider in providers):
            found[str(getattr(one, by))] += one.count
    return found


def _hours_so_far(span: Span) -> int:
    """Hours of the day that have begun: 24 of a day that is over, or 23, or 25."""
    until = min(max(datetime.now(UTC), span.start + timedelta(hours=1)), span.end)
    return -(-(until - span.start) // timedelta(hours=1))


def _list(shown: Shown, rows: Sequence[Asked], total: int) -> None:
    left, right = st.columns([0.74, 0.26])
    with left:
        recognition_list.table(rows, shown.titles, lambda answer: address.change(answer=answer))
        if _pages(total) > 1:
            _pager(shown.page, total)
    with right:
        _chosen(shown)


def _pager(page: int, total: int) -> None:
    pages = _pages(total)
    with st.container(horizontal=True, vertical_alignment="center", key="pager"):
        for there, icon, text, name in (
            (page - 1, "chevron_left", _("Newer"), "newer"),
            (page + 1, "chevron_right", _("Older"), "older"),
        ):
            st.button(
                text,
                key=name,
                icon=f":material/{icon}:",
                on_click=_go,
                args=(there,),
                disabled=not 1 <= there <= pages,
            )
        st.caption(
            ngettext(
                "Page {page} of {pages}: {count} question",
                "Page {page} of {pages}: {count} questions",
                total,
                page=formats.number(page),
                pages=formats.number(pages),
            )
        )


def _chosen(shown: Shown) -> None:
    if not shown.answer:
        st.caption(_("Select a row to see what the provider answered."))
        return
    window_id, _slash, provider = shown.answer.rpartition("/")
    if answer := asked_reads.answer(shown.version, window_id, provider):
        recognition_list.detail(window_id, answer, shown.titles)
    else:
        st.warning(_("The address asks for an answer that is not in the log: it has expired, or there never was one."))


def _why_empty(shown: Shown) -> str:
    if not shown.version:
        return _("Nothing has been logged yet. Start `tagger up` (or `tagger demo`): the first plays appear here.")
    if shown.day == shown.today:
        return _("Nobody has been asked anything yet today. The first questions appear here when a window was heard.")
    return _("Nobody was asked anything that day, or it has expired. Choose another day, or other streams.")
