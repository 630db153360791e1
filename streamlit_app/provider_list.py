"""The providers: their budgets, breakers and canaries, and what waits for their answers.

What belongs here: drawing them. What does not: what they were asked (`recognition_list`), finding out (the api's
`/readyz`, `live_reads`).
"""

from collections.abc import Mapping

import streamlit as st

from streamlit_app import asked_reads, formats, live_reads, reads
from streamlit_app.ui import states
from streamlit_app.words import _
from tagger_platform.model import CanaryResult

PROVIDERS = ("catalogue", "shazam", "acoustid")


def providers(version: str, health: Mapping[str, live_reads.Part]) -> None:
    """Whether each may be asked, and whether it knew its last canary."""
    canaries = {one.provider: one for one in asked_reads.canaries(version)}
    told = health["providers"].numbers if "providers" in health else {}
    names = [name for name in PROVIDERS if name in canaries or name in told]
    if not names:
        states.empty(_("No provider was tried yet. Once an hour each is asked about a clip that it should know."))
        return
    tz = reads.settings().tz
    rows = [
        {
            "provider": name,
            "breaker": states.word(str(told.get(name, {}).get("breaker") or "unmetered")),
            "left": told.get(name, {}).get("budget_left"),
            "canary": states.word(canaries[name].outcome) if name in canaries else "",
            "asked": formats.moment(canaries[name].asked_at, tz) if name in canaries else "",
            "after": canaries[name].latency_ms if name in canaries else None,
            "detail": _more(canaries[name]) if name in canaries else "",
        }
        for name in names
    ]
    columns = {
        "provider": st.column_config.TextColumn(_("Provider")),
        "breaker": st.column_config.TextColumn(_("Breaker")),
        "left": st.column_config.NumberColumn(_("Questions left"), format="%.1f"),
        "canary": st.column_config.TextColumn(_("Last canary")),
        "asked": st.column_config.TextColumn(_("Asked")),
        "after": st.column_config.NumberColumn(_("After"), format=_("%d ms")),
        "detail": st.column_config.TextColumn(_("More")),
    }
    st.dataframe(rows, hide_index=True, width="stretch", key="providers", column_config=columns)
    st.caption(
        _(
            "A provider may be asked as often at once as questions are left. While its breaker is open nobody asks it,"
            " and the windows wait. The canary is a clip that it should know: it is sent once an hour."
        )
    )


def _more(canary: CanaryResult) -> str:
    """The outcome in a sentence, and then what the provider's side says of it, in English."""
    return " ".join((states.of_answer(canary.outcome), f"({canary.detail})")) if canary.detail else ""


def waiting(version: str) -> None:
    """The windows that nobody has answered yet, in numbers."""
    if not (found := asked_reads.waiting(version)):
        st.success(_("No window waits for an answer."), icon=":material/check:")
        return
    tz = reads.settings().tz
    rows = [
        {
            "provider": one.provider,
            "why": states.word(one.status),
            "windows": one.windows,
            "oldest": formats.moment(one.oldest, tz),
        }
        for one in found
    ]
    columns = {
        "provider": st.column_config.TextColumn(_("Provider")),
        "why": st.column_config.TextColumn(_("Why")),
        "windows": st.column_config.NumberColumn(_("Windows"), format="localized"),
        "oldest": st.column_config.TextColumn(_("The oldest")),
    }
    st.dataframe(rows, hide_index=True, width="stretch", key="waiting", column_config=columns)
    hours = formats.number(reads.settings().catchup_retain_hours)
    st.caption(_("They are asked again by themselves, for {hours} hours; then their audio goes.").format(hours=hours))
