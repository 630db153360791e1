"""What a page's address asks for: every filter is a query parameter, as ``?date=2026-11-20&stream=kexp,nova``.

What belongs here: reading parameters, however damaged, writing them, and what the browser was sent last. What does not:
widgets. What cannot be used is told in a sentence, and what stands in for it is shown.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from streamlit_app.words import _
from tagger_platform.model import STREAM_NAME

FIRST_DAY = date(2000, 1, 1)
LONGEST_TEXT, MOST_CORNERS = 200, 99
SENT_KEY = "address_sent"
Filter = date | int | str | Sequence[str] | None
"""What a parameter may be made of."""


class Asked:
    """The parameters of an address; `problems` are sentences about those that were not understood so far."""

    def __init__(self, parameters: Mapping[str, str]) -> None:
        self._parameters = parameters
        self.problems: list[str] = []

    def day(self, today: date, name: str = "date") -> date:
        """A day of the log up to `today`, which stands in for any other."""
        text = self._parameters.get(name, "")
        try:
            day = date.fromisoformat(text) if re.fullmatch(r"\d{4}-\d\d-\d\d", text) else None
        except ValueError:
            day = None
        if text and day is None:
            self.problems.append(_("The date in the address is not a day such as 2026-11-20, so this is today."))
        elif day and not FIRST_DAY <= day <= today:
            self.problems.append(_("{day} is not a day of the log, so this is today.").format(day=day.isoformat()))
            day = None
        return day or today

    def streams(self, known: Sequence[str], name: str = "stream") -> tuple[str, ...]:
        """Streams in their own order; none named: all of them."""
        names = [one.strip() for one in self._parameters.get(name, "").split(",") if one.strip()]
        wanted = tuple(one for one in known if one in names)
        if strange := [one for one in names if one not in known]:
            self.problems.append(_strange(strange[0], bool(wanted)))
        return wanted

    def choice(self, name: str, known: Sequence[str], otherwise: str = "") -> str:
        """One of `known`; `otherwise` stands in for anything else."""
        text = self._parameters.get(name, "")
        if text and text not in known:
            self._not_understood(name)
        return text if text in known else otherwise

    def choices(self, name: str, known: Sequence[str]) -> tuple[str, ...]:
        """Those of `known` that are asked for, in their own order; none named: all of them."""
        texts = {one.strip() for one in self._parameters.get(name, "").split(",")} - {""}
        if texts - set(known):
            self._not_understood(name)
        return tuple(one for one in known if one in texts)

    def number(self, name: str, low: int, high: int, otherwise: int) -> int:
        """A whole number from `low` to `high`."""
        text = self._parameters.get(name, "")
        value = int(text) if re.fullmatch(r"[0-9]{1,9}", text) else None
        if value is not None and low <= value <= high:
            return value
        if text:
            self._not_understood(name)
        return otherwise

    def hours(self, most: float, name: str = "hours") -> tuple[float, float] | None:
        """From and to which hour since midnight, such as ``13.5-15``, in quarters of an hour; None for all of them."""
        text = self._parameters.get(name, "")
        found = re.fullmatch(r"([0-9]{1,2}(?:\.[0-9]{1,2})?)-([0-9]{1,2}(?:\.[0-9]{1,2})?)", text)
        first, last = (round(float(part) * 4) / 4 for part in found.groups()) if found else (0, 0)
        if first < last <= most:
            return first, last
        if text:
            self.problems.append(_("The address asks for hours that the day does not have, so this is all of it."))
        return None

    def loop(self, name: str) -> list[tuple[float, float]]:
        """The corners of a closed line, such as ``0,0_4,0_4,2.5``; none where none is asked for."""
        text = self._parameters.get(name, "")
        number = r"-?[0-9]{1,6}(?:\.[0-9]{1,6})?"
        if re.fullmatch(rf"{number},{number}(?:_{number},{number}){{0,{MOST_CORNERS}}}", text):
            return [(float(x), float(y)) for x, _comma, y in (corner.partition(",") for corner in text.split("_"))]
        if text:
            self._not_understood(name)
        return []

    def text(self, name: str) -> str:
        """Whatever was typed, of a sensible length."""
        return self._parameters.get(name, "").strip()[:LONGEST_TEXT]

    def _not_understood(self, name: str) -> None:
        self.problems.append(
            _("The address asks for a {name} that does not exist, so it is left out.").format(name=name)
        )


def _strange(name: str, some: bool) -> str:
    known_as = name if STREAM_NAME.fullmatch(name) else ""
    if known_as and some:
        return _("The address asks for a stream called {name}, which does not exist.").format(name=name)
    if known_as:
        text = _("The address asks for a stream called {name}, which does not exist; these are all streams.")
        return text.format(name=name)
    if some:
        return _("The address asks for such a stream as does not exist.")
    return _("The address asks for such a stream as does not exist; these are all streams.")


def loop(corners: Sequence[tuple[float, float]]) -> str:
    """As `Asked.loop` reads it."""
    return "_".join(f"{x:.3f},{y:.3f}" for x, y in corners)


def asked_now() -> Asked:
    """What the page's address asks for now."""
    return Asked(_parameters_now())


def change(**filters: Filter) -> None:
    """Have the page's address ask for this too, or no longer where it is empty, and for all else as it does now.

    For callbacks: a visitor may choose in a list that was drawn for an older address. It reads no log, for whatever
    fails in a callback is told by nobody.
    """
    wanted = parameters(**{**_parameters_now(), **filters})
    st.session_state[SENT_KEY] = _Sent(_page(), wanted)
    st.query_params.from_dict(wanted)


def tell_again() -> None:
    """For timers: a browser that has not heard of the last change is sent it again. Streamlit can lose what it sent."""
    if (now := _parameters_now()) != _told():
        st.query_params.from_dict(now)


@dataclass(frozen=True)
class _Sent:
    """What a browser was sent as the address of a page."""

    page: str
    parameters: dict[str, str]


def _parameters_now() -> dict[str, str]:
    """The parameters of the page's address. What the browser tells may be older than what it was sent: a click, or a
    timer's request, can come before it has heard. A visitor who goes back is told of as such."""
    sent: _Sent | None = st.session_state.get(SENT_KEY)
    if sent and sent.page == _page() and not _gone_back():
        return dict(sent.parameters)
    st.session_state.pop(SENT_KEY, None)
    return _told()


def _told() -> dict[str, str]:
    return {name: ",".join(st.query_params.get_all(name)) for name in st.query_params}


def _page() -> str:
    run = get_script_run_ctx()
    return run.page_script_hash if run else ""


def _gone_back() -> bool:
    run = get_script_run_ctx()
    return run is not None and run.is_history_navigation


def parameters(**filters: Filter) -> dict[str, str]:
    """The parameters for an address. What is empty needs none, so that a bookmark of today stays on today; nor does
    the first page of a list."""
    texts = {name: _text(value) for name, value in filters.items()}
    return {name: text for name, text in texts.items() if text and (name, text) != ("page", "1")}


def _text(value: Filter) -> str:
    if value is None:
        return ""
    if isinstance(value, date):
        return value.isoformat()
    return str(value) if isinstance(value, int | str) else ",".join(value)
