"""What is around every page: the style sheet, and the settings in the corner: language, theme and clock.

What belongs here: drawing them. What does not: keeping what was chosen (`document`). Theme and clock are plain
links: the page comes back as a whole. A language is there at once: who looks for theirs may have to try some.
"""

import json
from collections.abc import Mapping
from html import escape
from pathlib import Path

import streamlit as st

from streamlit_app import preferences
from streamlit_app.preferences import LANGUAGES, Clock, Theme
from streamlit_app.ui import theme
from streamlit_app.words import _

STATIC = Path(__file__).parent.with_name("static")
PREFERENCES_PATH = "/preferences"
LANGUAGE_KEY = "language_"
"""With its code, a language's button; the script in the document looks for it, and keeps what was chosen."""


def frame() -> None:
    """Draw the frame; once, before the page."""
    st.html(STATIC / "style.css")
    choose_file = json.dumps(_("Choose…"), ensure_ascii=False)
    st.html(f"<style>{theme.palette().as_css()}:root{{--choose-file:{choose_file}}}</style>")
    with st.container(key="settings"), st.popover("", icon=":material/settings:", help=_("Language, theme and clock")):
        chosen = preferences.current()
        themes = {str(Theme.DARK): _("Dark"), str(Theme.LIGHT): _("Light")}
        clocks = {str(Clock.H24): _("24 hours"), str(Clock.H12): _("12 hours")}
        _languages(chosen.language)
        st.html(_links(_("Theme"), "theme", themes, chosen.theme) + _links(_("Clock"), "clock", clocks, chosen.clock))


def _languages(spoken: str) -> None:
    with st.container(key="languages", gap=None):
        st.html("<b>" + escape(_("Language")) + "</b>")
        for language, name in LANGUAGES.items():
            st.button(
                name,
                key=LANGUAGE_KEY + language,
                type="primary" if language == spoken else "tertiary",
                width="stretch",
                on_click=preferences.speak,
                args=(language,),
            )


def _links(title: str, name: str, choices: Mapping[str, str], chosen: str) -> str:
    current = ' aria-current="true"'
    links = "".join(
        f'<a href="{PREFERENCES_PATH}?{name}={value}"{current if value == chosen else ""}>{escape(text)}</a>'
        for value, text in choices.items()
    )
    return f'<nav class="choices" aria-label="{escape(title)}"><b>{escape(title)}</b>{links}</nav>'
