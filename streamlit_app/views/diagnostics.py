"""The page that says how the platform is: every part of it, and what the providers made of their canaries.

What belongs here: drawing both. What does not: finding out (the api's `/readyz`), the reads (`reads`).
"""

import streamlit as st

from streamlit_app import reads, ui

FIRST_CANARY = "No canary was sent yet: once an hour, each provider is asked about a clip that it should know."


def page() -> None:
    with ui.sentences():
        st.subheader("How every part is")
        _parts()
        st.subheader("Canaries")
        _canaries()


def _parts() -> None:
    if not (parts := reads.health()):
        st.warning(f"The api does not answer at {reads.settings().api_url}, so nobody can say how the parts are.")
        return
    rows = [{"Part": name, "State": part.state, "What it says": part.detail} for name, part in parts.items()]
    st.dataframe(rows, hide_index=True, width="stretch")


def _canaries() -> None:
    if not (sent := reads.canaries(reads.version())):
        st.info(FIRST_CANARY)
        return
    tz = reads.settings().tz
    rows = [
        {
            "Provider": one.provider,
            "Asked": f"{one.asked_at.astimezone(tz):%Y-%m-%d %H:%M}",
            "What came of it": one.outcome.replace("_", " "),
            "After": "" if one.latency_ms is None else f"{one.latency_ms:.0f} ms",
            "More": one.detail,
        }
        for one in sent
    ]
    st.dataframe(rows, hide_index=True, width="stretch")
