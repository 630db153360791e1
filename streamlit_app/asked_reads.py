"""What was asked: of the providers about windows, by the canaries, and by people about their own clips.

What belongs here: asking the log, cached by its version. What does not: the api, drawing.
"""

import streamlit as st

from streamlit_app.reads import ENTRIES, database, settings
from tagger_platform.model import CanaryResult, Play
from tagger_platform.store import recent, reports
from tagger_platform.store.identifications import Identification
from tagger_platform.store.proof import Answer


def canaries(version: str) -> list[CanaryResult]:
    """What became of every provider's last canary."""
    return _canaries(str(settings().database_path), version)


def questions(version: str, span: recent.Span) -> recent.Numbers:
    """What the providers were asked, in numbers."""
    return _questions(str(settings().database_path), version, span)


def asked(version: str, page: recent.Page) -> list[recent.Asked]:
    """What the providers were asked, one by one."""
    return _asked(str(settings().database_path), version, page)


def answer(version: str, window_id: str, provider: str) -> Answer | None:
    return _answer(str(settings().database_path), version, window_id, provider)


def waiting(version: str) -> list[recent.Waiting]:
    """What waits for an answer."""
    return _waiting(str(settings().database_path), version)


def identifications(version: str, limit: int, offset: int) -> list[Identification]:
    """What people asked about by hand, the newest first."""
    return _identifications(str(settings().database_path), version, limit, offset)


def identification(version: str, identification_id: str) -> tuple[Identification, Play | None] | None:
    """One of these, and when its track was last heard."""
    return _identification(str(settings().database_path), version, identification_id)


@st.cache_data(max_entries=ENTRIES, show_spinner=False)
def _canaries(path: str, version: str) -> list[CanaryResult]:
    return reports.canary_results(database(path)) if version else []


@st.cache_data(max_entries=ENTRIES, show_spinner=False)
def _questions(path: str, version: str, span: recent.Span) -> recent.Numbers:
    return recent.numbers(database(path), span) if version else recent.Numbers((), {})


@st.cache_data(max_entries=ENTRIES, show_spinner=False)
def _asked(path: str, version: str, page: recent.Page) -> list[recent.Asked]:
    return recent.asked(database(path), page) if version else []


@st.cache_data(max_entries=ENTRIES, show_spinner=False)
def _answer(path: str, version: str, window_id: str, provider: str) -> Answer | None:
    return recent.answer(database(path), window_id, provider) if version else None


@st.cache_data(max_entries=ENTRIES, show_spinner=False)
def _waiting(path: str, version: str) -> list[recent.Waiting]:
    return recent.waiting(database(path)) if version else []


@st.cache_data(max_entries=ENTRIES, show_spinner=False)
def _identifications(path: str, version: str, limit: int, offset: int) -> list[Identification]:
    return reports.identifications(database(path), limit=limit, offset=offset) if version else []


@st.cache_data(max_entries=ENTRIES, show_spinner=False)
def _identification(path: str, version: str, identification_id: str) -> tuple[Identification, Play | None] | None:
    return reports.identification(database(path), identification_id) if version else None
