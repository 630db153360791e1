"""The page that says how the platform is: every part of it, and what the providers made of their canaries.

What belongs here: drawing both. What does not: finding out (the api's `/readyz`), the reads (`reads`).
"""

import streamlit as st

from streamlit_app import formats, reads
from streamlit_app.ui import states
from streamlit_app.ui.text import plain
from streamlit_app.words import _


def page() -> None:
    st.subheader(_("How every part is"))
    _parts()
    st.subheader(_("Canaries"))
    _canaries()


def _parts() -> None:
    if not (parts := reads.health()):
        st.warning(
            _("The api does not answer at {url}, so nobody can say how the parts are.").format(
                url=plain(reads.settings().api_url)
            )
        )
        return
    rows = [{"part": name, "state": states.word(part.state), "detail": part.detail} for name, part in parts.items()]
    columns = {"part": _("Part"), "state": _("State"), "detail": _("What it says")}
    st.dataframe(rows, hide_index=True, width="stretch", column_config=columns)


def _canaries() -> None:
    if not (sent := reads.canaries(reads.version())):
        states.empty(
            _("No canary was sent yet: once an hour, each provider is asked about a clip that it should know.")
        )
        return
    tz = reads.settings().tz
    rows = [
        {
            "provider": one.provider,
            "asked": formats.moment(one.asked_at, tz),
            "outcome": states.word(one.outcome),
            "after": formats.milliseconds(one.latency_ms),
            "detail": one.detail,
        }
        for one in sent
    ]
    columns = {
        "provider": _("Provider"),
        "asked": _("Asked"),
        "outcome": _("What came of it"),
        "after": _("After"),
        "detail": _("More"),
    }
    st.dataframe(rows, hide_index=True, width="stretch", column_config=columns)
