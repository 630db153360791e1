"""Whatever fails becomes a sentence on the page, never a stack trace: `with failures.told():` around every page.

What belongs here: which failure is which sentence, and drawing the page again where it can pass.
"""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from streamlit_app.api_client import ApiDownError, ApiError
from streamlit_app.ui.text import plain
from streamlit_app.words import _
from tagger_platform.errors import DiskFullError, NewerVersionError, SettingsError, StoreBusyError, TaggerError

RETRY_S = 5
"""Seconds after which a page that could not be drawn is tried again."""
BUSY = frozenset({"store_busy", "unavailable"})
"""The api's words for what can pass."""
log = logging.getLogger(__name__)


@contextmanager
def told() -> Iterator[None]:
    """Errors become sentences; after one that can pass, the page is drawn again."""
    try:
        yield
    except Exception as error:
        st.error(sentence(error))
        if can_pass(error):
            _try_again(time.monotonic())


def can_pass(error: Exception) -> bool:
    """Whether it may be gone in some seconds."""
    if isinstance(error, ApiError):
        return error.code in BUSY
    return isinstance(error, TaggerError | ApiDownError) and not isinstance(error, SettingsError | NewerVersionError)


def sentence(error: Exception) -> str:
    """What happened and what to do, as Markdown. What nobody foresaw goes to the log with its trace."""
    match error:
        case SettingsError():
            return _("The settings are wrong:") + "\n" + "".join(f"\n- {plain(one)}" for one in error.problems)
        case StoreBusyError():
            return _("The log was busy for too long: it is being written, compacted or restored. Trying again…")
        case NewerVersionError():
            return _("The log was written by a newer version: upgrade this one.") + f"\n\n{plain(str(error))}"
        case ApiDownError():
            return _("The api does not answer at {url}: is it running?").format(url=plain(error.url))
        case ApiError():
            return f"{_refusal(error)}\n\n{plain(str(error))}"
        case DiskFullError():
            return _("The disk is full: make room.") + f"\n\n{plain(str(error))}"
        case TaggerError():
            return _("The log cannot be read just now. Trying again…") + f"\n\n{plain(str(error))}"
    log.error("a page could not be drawn", exc_info=error)
    return _("Something went wrong here. The log of the pages says what; reload the page to try again.")


def _refusal(error: ApiError) -> str:
    """What the api refused, in the visitor's language; its own sentence says more, in English."""
    known = {
        "name": _("This name cannot be used."),
        "url": _("This address cannot be used."),
        "file": _("This file cannot be used."),
        "no_audio": _("This file cannot be used."),
        "too_large": _("This file is too large."),
        "too_slow": _("This file did not arrive in time."),
        "conflict": _("The list of streams does not allow this."),
        "not_found": _("There is no such thing, or no longer."),
        "unavailable": _("This cannot be done just now."),
        "store_busy": _("The log is busy just now: try again in some seconds."),
    }
    return known.get(error.parameter) or known.get(error.code) or _("The api refused this.")


@st.fragment(run_every=RETRY_S)
def _try_again(failed_at: float) -> None:
    if time.monotonic() - failed_at >= RETRY_S / 2:  # not the run that has just failed
        st.rerun()
