"""A stream in full: how it is, what it says and what was heard, how much of it, and what its last window looked like.

What belongs here: the markup. What does not: what it says (`views.streams`). Whatever is said is escaped here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import streamlit as st

from streamlit_app import formats
from streamlit_app.words import _

FLOOR_DBFS = -60.0
"""Where the meter begins: below this, nobody is asked what it is."""


@dataclass(frozen=True)
class Rate:
    """A share of the last day and of the last week; None where there is nothing to tell."""

    label: str
    hint: str
    day: float | None
    week: float | None


@dataclass(frozen=True)
class Panel:
    """What is to be read on a stream's panel; pictures and audio are paths of this server, or empty."""

    name: str
    title: str
    dot: str
    state: str
    facts: Sequence[tuple[str, str]]
    problem: str
    detail: str
    level_dbfs: float | None
    rates: Sequence[Rate]
    hours: Sequence[float | None]
    picture: str
    audio: str
    no_picture: str
    heard_at: str


def draw(panel: Panel) -> None:
    st.html(
        f'<article class="stream-panel" aria-label="{escape(panel.title)}">'
        f'<div class="who">{_who(panel)}</div><div class="rates">{_rates(panel)}</div>'
        f'<div class="seen">{_seen(panel)}</div></article>'
    )


def _who(panel: Panel) -> str:
    told = f"<p class='problem'>{escape(panel.problem)}</p>" if panel.problem else ""
    told += f"<p class='detail' lang='en'>{escape(panel.detail)}</p>" if panel.detail else ""
    facts = "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in panel.facts)
    level = escape(_("Level"))
    return (
        f'<h3>{escape(panel.title)}</h3><p class="state"><i class="dot" style="background:{panel.dot}"></i>'
        f"{escape(panel.state)}</p>{told}<dl>{facts}<dt>{level}</dt><dd>{_meter(panel.level_dbfs)}</dd></dl>"
    )


def _meter(level: float | None) -> str:
    if level is None:
        return "–"
    share = min(max(1 - level / FLOOR_DBFS, 0), 1)
    text = _("{number} dBFS").format(number=formats.number(level))
    return f'<span class="meter"><i style="width:{share:.0%}"></i></span> {escape(text)}'


def _rates(panel: Panel) -> str:
    week = escape(_("7 days: {share}"))
    tiles = "".join(
        f'<div title="{escape(rate.hint)}"><span>{escape(rate.label)}</span><b>{_percent(rate.day)}</b>'
        f"<small>{week.format(share=_percent(rate.week))}</small></div>"
        for rate in panel.rates
    )
    return f'<div class="tiles">{tiles}</div>{_spark(panel.hours)}'


def _percent(share: float | None) -> str:
    return "–" if share is None else formats.percent(share)


def _spark(hours: Sequence[float | None]) -> str:
    """One bar an hour, the oldest first; an hour in which nothing was heard has none. No SVG: it would be taken out."""
    if not any(share is not None for share in hours):
        return ""
    bars = "".join(
        f'<i style="height:{max(share, 0.04):.0%}"></i>' if share is not None else "<i></i>" for share in hours
    )
    label = escape(_("Share of windows that were named, hour by hour over the last 24 hours"))
    first, last = escape(_("24 h ago")), escape(_("now"))
    return (
        f'<div class="bars" role="img" aria-label="{label}">{bars}</div>'
        f'<p class="axis"><span>{first}</span><span>{last}</span></p>'
    )


def _seen(panel: Panel) -> str:
    if not panel.picture:
        return f'<p class="nothing">{escape(panel.no_picture)}</p>'
    alt = escape(_("Spectrogram of the last window: time to the right, pitch upwards"))
    which = escape(_("Last window"))
    seen = f'<img src="{escape(panel.picture)}" alt="{alt}" loading="lazy">'
    seen += f'<p class="axis"><span>{which}</span><span>{escape(panel.heard_at)}</span></p>'
    if panel.audio:
        label = escape(_("Listen to the last window of {stream}").format(stream=panel.title))
        seen += f'<audio controls preload="none" src="{escape(panel.audio)}" aria-label="{label}"></audio>'
    return seen
