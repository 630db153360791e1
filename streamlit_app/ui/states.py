"""States of streams, questions and parts: one word and one colour for each, and the empty state of a page.

What belongs here: what a state is called for people. What does not: which state something is in.
"""

from typing import Literal

import streamlit as st
from streamlit.elements.lib.column_types import ThemeColor

from streamlit_app.ui.theme import Palette
from streamlit_app.words import _

WELL = frozenset({"live", "ok", "heard", "match", "READY", "confirmed"})
IDLE = frozenset({"disabled", "unknown", "not_needed", "not_asked", "no_match", "QUEUED", "DUPLICATE", "REMOVED"})
BROKEN = frozenset({"failing", "FAILED", "wrong"})


Mood = Literal["green", "grey", "red", "amber"]
COLOUR_NAMES: dict[Mood, ThemeColor] = {"green": "green", "grey": "gray", "red": "red", "amber": "orange"}
"""What Streamlit calls them, where it sees to it itself that they can be read."""


def mood(state: str) -> Mood:
    """Green where all is well, grey where nothing is to be said, red where a person is needed, else amber."""
    if state in WELL:
        return "green"
    if state in IDLE:
        return "grey"
    return "red" if state in BROKEN else "amber"


def colour(state: str, palette: Palette) -> str:
    """The palette's colour of the state's mood."""
    return str(getattr(palette, mood(state)))


def word(state: str) -> str:
    """The state in the visitor's language; one without a word of its own as it is."""
    return _words().get(state) or state.replace("_", " ")


def advice(state: str) -> str:
    """What a stream or a file in this state lacks and what to do, in a sentence; empty where there is nothing to say.

    Of a file that is ready or queued this holds only where it has a reason.
    """
    return _advice().get(state, "")


def of_answer(status: str) -> str:
    """What it means that a provider's answer is none that names a track, in a sentence; empty where it does."""
    again = _("It is asked again by itself.")
    known = {
        "no_match": _("It knows nothing that sounds like this."),
        **dict.fromkeys(("pending", "throttled", "provider_down", "timeout", "bad_answer"), again),
        "expired": _("Nobody can be asked any more: the audio is gone."),
        "disabled": _("It lacks what it needs to be asked."),
        "wrong": _("It named another track."),
        "not_asked": _("There was nothing to ask it, or no room for another question."),
    }
    return known.get(status, "")


def empty(text: str) -> None:
    """What a page says that has nothing to show: `text` says why, and what to do."""
    st.info(text, icon=":material/inbox:")


def _words() -> dict[str, str]:
    return {
        "live": _("live"),
        "ok": _("fine"),
        "warning": _("warning"),
        "failing": _("failing"),
        "unknown": _("unknown"),
        "disabled": _("switched off"),
        "captured": _("recorded"),
        "heard": _("heard"),
        "silent": _("silence"),
        "reconnecting": _("reconnecting"),
        "stalled": _("stalled"),
        "auth_failed": _("password refused"),
        "not_found": _("not found"),
        "no_audio": _("no audio"),
        "blank": _("digital silence"),
        "discontinuous": _("interrupted"),
        "dropped": _("dropped"),
        "corrupt": _("damaged"),
        "capture_down": _("capture is down"),
        "clock_stepped": _("the clock was set"),
        "starting": _("starting"),
        "disk_full": _("disk full"),
        "unaccounted": _("unaccounted for"),
        "match": _("match"),
        "no_match": _("no match"),
        "pending": _("waiting"),
        "throttled": _("told to slow down"),
        "provider_down": _("provider is down"),
        "timeout": _("no answer in time"),
        "bad_answer": _("answer made no sense"),
        "expired": _("expired"),
        "not_needed": _("not needed"),
        "not_asked": _("not asked"),
        "wrong": _("wrong answer"),
        "closed": _("closed: it is asked"),
        "open": _("open: nobody asks it"),
        "half_open": _("half open: it is being tried"),
        "unmetered": _("none: it is on this machine"),
        "confirmed": _("confirmed"),
        "probable": _("probable"),
        "QUEUED": _("queued"),
        "FINGERPRINTING": _("being fingerprinted"),
        "READY": _("ready"),
        "FAILED": _("failed"),
        "DUPLICATE": _("duplicate"),
        "REMOVED": _("removed"),
    }


def _advice() -> dict[str, str]:
    return {
        "starting": _("It has just been started."),
        "reconnecting": _("It cannot be reached just now, and is tried again and again: is its server on?"),
        "stalled": _("It is connected, but nothing comes: restart its server if this lasts."),
        "auth_failed": _("User name or password are refused: correct them in its address."),
        "not_found": _("There is no such stream at its address: check the path, and that its source is on."),
        "no_audio": _("What comes is no audio that can be played: check that its address is that of the sound."),
        "blank": _("It sends digital silence: check what feeds it."),
        "capture_down": _("Capture does not answer: nothing is being recorded now."),
        "bad_url": _("This is no address that can be listened to: it begins with rtsp, rtsps, http or https."),
        "FAILED": _("It could not be taken up, so it is not recognised."),
        "DUPLICATE": _("It sounds the same as another item, which is recognised in its place."),
        "READY": _("Only a part of it could be read, and only that is recognised."),
        "QUEUED": _("There is no room on the disk: make some, and it goes on."),
    }
