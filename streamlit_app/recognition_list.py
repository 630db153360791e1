"""What the providers were asked, as numbers and as a table, and one answer with all that is known of it.

What belongs here: drawing recognitions. What does not: asking for them, filters (`views.diagnostics`).
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from html import escape
from urllib.parse import quote

import streamlit as st

from streamlit_app import formats, links, reads
from streamlit_app.api_client import ApiError
from streamlit_app.ui import failures, states
from streamlit_app.ui.figures import Figure, figures
from streamlit_app.ui.row_choice import row_choice
from streamlit_app.ui.text import plain
from streamlit_app.words import _
from tagger_platform.model import ANSWERED, UNANSWERED, Status, parts_of, window_start
from tagger_platform.store.proof import Answer
from tagger_platform.store.recent import Asked, Hour, Numbers

NOT_ASKED = frozenset({Status.NOT_NEEDED, Status.SILENT, Status.DISABLED})
LOST = UNANSWERED | {Status.EXPIRED}
ROW_PX, HEAD_PX, ROWS_SHOWN = 36, 38, 14


def numbers(told: Numbers, hours: int, providers: Sequence[str]) -> None:
    """A day of so many hours so far: how much was asked, named and lost, and how long each provider took."""
    asked = [one for one in told.hours if one.status not in NOT_ASKED and (not providers or one.provider in providers)]
    answered = [one for one in asked if one.status in ANSWERED]
    named = [one for one in answered if one.status is Status.MATCH]
    lost = [one for one in asked if one.status in LOST]
    slow = {name: ms for (name, hour), ms in told.slow_ms.items() if hour is None}
    shown = [name for name in slow if not providers or name in providers]
    share = formats.percent(_sum(named) / _sum(answered)) if answered else "–"
    figures(
        [
            Figure(_("Questions"), formats.number(_sum(asked)), _by_hour(asked, hours)),
            Figure(_("Named"), share, _shares(named, answered, hours), line=True),
            Figure(_("Without an answer"), formats.number(_sum(lost)), _by_hour(lost, hours)),
            *(
                Figure(
                    _("{provider}: 95 of 100 within").format(provider=name),
                    formats.milliseconds(slow[name]),
                    [told.slow_ms.get((name, hour)) for hour in range(hours)],
                    line=True,
                )
                for name in shown
            ),
        ]
    )


def _sum(counted: Sequence[Hour]) -> int:
    return sum(one.count for one in counted)


def _by_hour(counted: Sequence[Hour], hours: int) -> list[int]:
    found: Counter[int] = Counter()
    for one in counted:
        found[one.hour] += one.count
    return [found[hour] for hour in range(hours)]


def _shares(some: Sequence[Hour], of: Sequence[Hour], hours: int) -> list[float | None]:
    """Hours in which nothing was answered have no share."""
    pairs = zip(_by_hour(some, hours), _by_hour(of, hours), strict=True)
    return [part / whole if whole else None for part, whole in pairs]


def table(rows: Sequence[Asked], titles: Mapping[str, str], choose: Callable[[str], None]) -> None:
    """The questions, one a row. An answer is named by its window's id and its provider: ``kexp/SLOT+0/shazam``."""
    row_choice(
        "answer",
        [_row(row, titles) for row in rows],
        [f"{row.window_id}/{row.provider}" for row in rows],
        choose,
        row_height=ROW_PX,
        height=HEAD_PX + ROW_PX * min(len(rows), ROWS_SHOWN),
        column_config={
            "time": st.column_config.TextColumn(_("Time"), width=88),
            "stream": st.column_config.TextColumn(_("Stream"), width=122),
            "by": st.column_config.TextColumn(_("By"), width=80),
            "status": st.column_config.MultiselectColumn(
                _("State"),
                width=150,
                options=[states.word(status) for status in Status],
                color=[states.COLOUR_NAMES[states.mood(status)] for status in Status],
            ),
            "after": st.column_config.NumberColumn(_("After"), format=_("%d ms"), width=76),
            "title": st.column_config.TextColumn(_("Title"), width=170),
            "artist": st.column_config.TextColumn(_("Artist"), width=120),
            "run": st.column_config.LinkColumn(_("Run"), display_text=_("Dagster ↗"), width=90),
        },
    )


def _row(row: Asked, titles: Mapping[str, str]) -> dict[str, object]:
    stream, slot, _offset = parts_of(row.window_id)
    return {
        "time": formats.second(row.started_at, reads.settings().tz),
        "stream": titles.get(stream, stream),
        "by": row.provider,
        "status": [states.word(row.status)],
        "after": row.latency_ms,
        "title": row.title,
        "artist": row.artist,
        "run": links.runs_of_slot(slot),
    }


def detail(window_id: str, answer: Answer, titles: Mapping[str, str]) -> None:
    """One answer: what it is, the window to listen to where its audio is kept, the provider's own words."""
    stream, slot, _offset = parts_of(window_id)
    st.markdown(f"**{plain(answer.title or states.word(answer.status))}**  \n{plain(answer.artist)}")
    st.html(_facts(window_id, answer, titles.get(stream, stream)))
    path = f"/api/windows/{quote(window_id)}"
    with failures.told():
        if reads.api().there_is(f"{path}/clip"):
            st.html(_player(f"{path}/clip"))
        else:
            st.caption(_("Its audio is not kept: only that of windows which prove a play is."))
    st.link_button(_("The slot's runs in Dagster"), links.runs_of_slot(slot), icon=":material/open_in_new:")
    with failures.told():
        _words(f"{path}/raw/{quote(answer.provider)}", answer)


def _player(path: str) -> str:
    label = escape(_("The window, to listen to"))
    return f'<audio controls preload="none" src="{escape(path)}" aria-label="{label}"></audio>'


def _facts(window_id: str, answer: Answer, stream: str) -> str:
    tz = reads.settings().tz
    begins = window_start(window_id)
    facts = {
        _("Window"): f"{formats.day(begins.astimezone(tz).date())} {formats.second(begins, tz)}",
        _("Stream"): stream,
        _("By"): answer.provider,
        _("State"): states.word(answer.status),
        _("Asked"): formats.moment(answer.asked_at, tz),
        _("After"): formats.milliseconds(answer.latency_ms),
        _("Place in the track"): "" if answer.offset_s is None else formats.length(max(answer.offset_s, 0)),
        _("Speed"): "" if answer.speed is None else formats.percent(answer.speed),
        _("Confidence"): "" if answer.confidence is None else formats.percent(answer.confidence),
    }
    rows = "".join(f"<dt>{escape(name)}</dt><dd>{escape(text)}</dd>" for name, text in facts.items() if text)
    if answer.detail:
        meant, more = escape(states.of_answer(answer.status)), escape(_("More"))
        rows += f'<dt>{more}</dt><dd>{meant} <span lang="en">({escape(answer.detail)})</span></dd>'
    return f'<dl class="facts">{rows}</dl>'


def _words(path: str, answer: Answer) -> None:
    """The provider's own words, where it said any and they are kept."""
    if not answer.has_raw:
        st.caption(_("The provider's own words are not kept, or it said none."))
        return
    try:
        raw = reads.api().get(path)
    except ApiError as error:
        st.caption(failures.sentence(error))
        return
    st.caption(_("The provider's own words"))
    st.json(raw, expanded=2)
