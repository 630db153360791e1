"""The page that says how the platform is: its parts, what the providers were asked and said, and what waits for them.

What belongs here: the address, asking, and the order of things. What does not: how recognitions are drawn
(`recognition_list`), finding out how the parts are (the api's `/readyz`), the reads (`asked_reads`, `live_reads`).
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

import streamlit as st

from streamlit_app import (
    address,
    asked_reads,
    formats,
    live_reads,
    provider_list,
    reads,
    recognition_list,
    stream_reads,
)
from streamlit_app.provider_list import PROVIDERS
from streamlit_app.ui import parts, states
from streamlit_app.ui.days import day_picker
from streamlit_app.ui.text import plain
from streamlit_app.words import _, ngettext
from tagger_platform.model import Status
from tagger_platform.store.recent import Numbers, Page, Span
from tagger_platform.store.reports import day_bounds

PAGE_ROWS = 100
MOST_PAGES = 9999
ANSWER = "answer"
STATUSES = tuple(str(status) for status in Status)
STREAMS_KEY, PROVIDERS_KEY, STATUSES_KEY = "asked_streams", "asked_providers", "asked_statuses"


@dataclass(frozen=True)
class Filters:
    """What the address asks for; `answer` is a window's id and a provider, such as ``kexp/SLOT+0/shazam``."""

    day: date
    streams: tuple[str, ...] = ()
    providers: tuple[str, ...] = ()
    statuses: tuple[str, ...] = ()
    page: int = 1
    answer: str = ""

    def span(self) -> Span:
        return Span(*day_bounds(self.day, reads.settings().tz), self.streams)

    def go(self, today: date) -> None:
        """Make these the address. Today needs no date, so that a bookmark stays on today."""
        st.query_params.from_dict(
            address.parameters(
                date=None if self.day == today else self.day,
                stream=self.streams,
                provider=self.providers,
                status=self.statuses,
                page=None if self.page == 1 else self.page,
                answer=self.answer,
            )
        )


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
    version = reads.version()
    _questions(version)
    left, right = st.columns(2)
    with left:
        st.subheader(_("Providers"))
        provider_list.providers(version, health)
    with right:
        st.subheader(_("What waits for an answer"))
        provider_list.waiting(version)


def _questions(version: str) -> None:
    today = datetime.now(reads.settings().tz).date()
    titles = stream_reads.titles(version)
    asked = address.Asked({name: ",".join(st.query_params.get_all(name)) for name in st.query_params})
    filters = Filters(
        asked.day(today),
        asked.streams(list(titles)),
        asked.choices("provider", PROVIDERS),
        asked.choices("status", STATUSES),
        asked.number("page", 1, MOST_PAGES, 1),
        asked.text(ANSWER),
    )
    for problem in asked.problems:
        st.warning(problem)
    told = asked_reads.questions(version, filters.span())
    _controls(filters, today, titles, told)
    if not told.hours:
        states.empty(_why_empty(version, filters, today))
        return
    recognition_list.numbers(told, _hours_so_far(filters.span()), filters.providers)
    _list(version, filters, today, titles, told)


def _controls(filters: Filters, today: date, titles: dict[str, str], told: Numbers) -> None:
    """Every choice begins at the first page again."""
    first = replace(filters, page=1, answer="")
    by_provider = _counted(told, "provider", filters.statuses, ())
    by_status = _counted(told, "status", (), filters.providers)
    with st.container(horizontal=True, vertical_alignment="center", key="controls"):
        day_picker(filters.day, today, lambda day: replace(first, day=day).go(today))
        st.session_state[STREAMS_KEY] = list(filters.streams)
        st.multiselect(
            _("Streams"),
            list(titles),
            format_func=lambda name: titles[name],
            key=STREAMS_KEY,
            placeholder=_("All streams"),
            on_change=lambda: replace(first, streams=_in_order(titles, STREAMS_KEY)).go(today),
            label_visibility="collapsed",
            width=320,
        )
        st.session_state[PROVIDERS_KEY] = list(filters.providers)
        st.pills(
            _("Providers"),
            [name for name in PROVIDERS if name in by_provider or name in filters.providers],
            selection_mode="multi",
            format_func=lambda name: f"{name} {formats.number(by_provider[name])}",
            key=PROVIDERS_KEY,
            on_change=lambda: replace(first, providers=_in_order(PROVIDERS, PROVIDERS_KEY)).go(today),
            label_visibility="collapsed",
        )
    st.session_state[STATUSES_KEY] = list(filters.statuses)
    st.pills(
        _("State"),
        [status for status in STATUSES if status in by_status or status in filters.statuses],
        selection_mode="multi",
        format_func=lambda status: f"{states.word(status)} {formats.number(by_status[status])}",
        key=STATUSES_KEY,
        on_change=lambda: replace(first, statuses=_in_order(STATUSES, STATUSES_KEY)).go(today),
        label_visibility="collapsed",
    )


def _in_order(known: Sequence[str] | dict[str, str], key: str) -> tuple[str, ...]:
    return tuple(one for one in known if one in st.session_state[key])


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


def _list(version: str, filters: Filters, today: date, titles: dict[str, str], told: Numbers) -> None:
    total = _counted(told, "status", filters.statuses, filters.providers).total()
    if not total:
        states.empty(_("No question of that day went so. Choose other providers or other states."))
        return
    pages = -(-total // PAGE_ROWS)
    shown = replace(filters, page=min(filters.page, pages))
    rows = asked_reads.asked(
        version,
        Page(filters.span(), filters.providers, filters.statuses, PAGE_ROWS, (shown.page - 1) * PAGE_ROWS),
    )
    ids = [f"{row.window_id}/{row.provider}" for row in rows]
    left, right = st.columns([0.74, 0.26])
    with left:
        recognition_list.table(
            rows,
            titles,
            key=f"asked_{hash((version, shown.span(), filters.providers, filters.statuses, shown.page))}",
            chosen=ids.index(filters.answer) if filters.answer in ids else None,
            choose=lambda place: replace(shown, answer=ids[place] if place >= 0 else "").go(today),
        )
        if pages > 1:
            _pager(shown, pages, total, today)
    with right:
        _chosen(version, filters.answer, titles)


def _pager(shown: Filters, pages: int, total: int, today: date) -> None:
    with st.container(horizontal=True, vertical_alignment="center", key="pager"):
        for step, icon, text, name in (
            (-1, "chevron_left", _("Newer"), "newer"),
            (1, "chevron_right", _("Older"), "older"),
        ):
            st.button(
                text,
                key=name,
                icon=f":material/{icon}:",
                on_click=replace(shown, page=shown.page + step, answer="").go,
                args=(today,),
                disabled=not 1 <= shown.page + step <= pages,
            )
        st.caption(
            ngettext(
                "Page {page} of {pages}: {count} question",
                "Page {page} of {pages}: {count} questions",
                total,
                page=formats.number(shown.page),
                pages=formats.number(pages),
            )
        )


def _chosen(version: str, chosen: str, titles: dict[str, str]) -> None:
    if not chosen:
        st.caption(_("Select a row to see what the provider answered."))
        return
    window_id, _slash, provider = chosen.rpartition("/")
    if answer := asked_reads.answer(version, window_id, provider):
        recognition_list.detail(window_id, answer, titles)
    else:
        st.warning(_("The address asks for an answer that is not in the log: it has expired, or there never was one."))


def _why_empty(version: str, filters: Filters, today: date) -> str:
    if not version:
        return _("Nothing has been logged yet. Start `tagger up` (or `tagger demo`): the first plays appear here.")
    if filters.day == today:
        return _("Nobody has been asked anything yet today. The first questions appear here when a window was heard.")
    return _("Nobody was asked anything that day, or it has expired. Choose another day, or other streams.")
