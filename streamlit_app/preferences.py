"""How a visitor wants the pages: language, theme and clock, kept in cookies of the browser.

What belongs here: reading and checking them. What does not: setting the cookies (`document`), words (`words`), colours
(`ui.theme`). Cookies belong to a host, not to a port: their names say whose they are. A page that is open knows those
that it was opened with: a language that is chosen on it is the session's too, so that no page has to be loaded for it.
"""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

PREFIX = "tagger_"
LANGUAGES = {"en": "English", "es": "Español", "uk": "Українська", "ru": "Русский"}
"""Every language that there is a catalogue for, by its own name."""


class Theme(StrEnum):
    DARK = "dark"
    LIGHT = "light"


class Clock(StrEnum):
    H24 = "24"
    H12 = "12"


CHOICES = {"language": tuple(LANGUAGES), "theme": tuple(Theme), "clock": tuple(Clock)}


@dataclass(frozen=True)
class Preferences:
    language: str = "en"
    theme: Theme = Theme.DARK
    clock: Clock = Clock.H24


def read(cookies: Mapping[str, str], locale: str = "") -> Preferences:
    """What the cookies say; for a language that was never chosen the browser's `locale`, such as ``es-MX``."""
    chosen = {name: cookies.get(PREFIX + name) for name in CHOICES}
    given = {name: value for name, value in chosen.items() if value in CHOICES[name]}
    language = given.get("language") or locale.partition("-")[0].lower()
    return Preferences(
        language if language in LANGUAGES else "en",
        Theme(given.get("theme", Theme.DARK)),
        Clock(given.get("clock", Clock.H24)),
    )


_SPOKEN = "language"
_known = threading.local()
"""What was found out for the page that this thread draws: a page of thousands of rows asks for every one."""


def speak(language: str) -> None:
    """From now on this visitor's pages are in `language`."""
    st.session_state[_SPOKEN] = language
    _known.page = None


def current() -> Preferences:
    """Those of the visitor whose page is being drawn; the usual ones outside of any page."""
    page = get_script_run_ctx(suppress_warning=True)
    if page is None:
        return Preferences()
    if getattr(_known, "page", None) is not page:
        chosen = read(st.context.cookies, st.context.locale or "")
        _known.chosen = replace(chosen, language=st.session_state.get(_SPOKEN, chosen.language))
        _known.page = page
    found: Preferences = _known.chosen
    return found


def take_over(visitor: Preferences) -> None:
    """In a thread that draws for a visitor: theirs, who may have gone by the time it would ask."""
    _known.page, _known.chosen = get_script_run_ctx(), visitor
