"""Numbers side by side, each with a small chart of how it came about.

What belongs here: their markup. What does not: counting. Whatever is said is escaped here. Streamlit's own metric draws
its chart in a way that says nothing to people who cannot see it, and loads a charting library for it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from urllib.parse import quote

import streamlit as st

from streamlit_app.ui.theme import palette

WIDTH, HEIGHT = 100.0, 30.0
GAP = 0.3
"""Share of a bar's place that stays free."""


@dataclass(frozen=True)
class Figure:
    """A number and what it is; for a chart its values in their order, None where there is none, as bars or a line."""

    label: str
    value: str
    values: Sequence[float | None] = ()
    line: bool = False


def figures(shown: Sequence[Figure]) -> None:
    st.html('<div class="figures">' + "".join(map(_figure, shown)) + "</div>")


def _figure(figure: Figure) -> str:
    chart = f'<img src="{escape(_chart(figure))}" alt="">' if figure.values else ""
    return f'<p class="figure"><span>{escape(figure.label)}</span><b>{escape(figure.value)}</b>{chart}</p>'


def _chart(figure: Figure) -> str:
    """A picture as a data URL: Streamlit lets no other SVG into a page."""
    colour = quote(palette().amber)
    drawn = _line(figure.values) if figure.line else _bars(figure.values)
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH:g} {HEIGHT:g}" preserveAspectRatio="none"'
        f' fill="{colour}" stroke="{colour}" stroke-width="0" opacity=".8">{drawn}</svg>'
    )
    return "data:image/svg+xml," + svg


def _bars(values: Sequence[float | None]) -> str:
    step = WIDTH / max(len(values), 1)
    return "".join(
        f'<rect x="{(place + GAP / 2) * step:.2f}" y="{HEIGHT - height:.2f}" width="{(1 - GAP) * step:.2f}"'
        f' height="{height:.2f}"/>'
        for place, height in _heights(values)
    )


def _line(values: Sequence[float | None]) -> str:
    step = WIDTH / max(len(values), 1)
    points = " ".join(f"{(place + 0.5) * step:.2f},{HEIGHT - height:.2f}" for place, height in _heights(values))
    return f'<polyline points="{points}" fill="none" stroke-width="1.8" vector-effect="non-scaling-stroke"/>'


def _heights(values: Sequence[float | None]) -> list[tuple[int, float]]:
    """Place and height of each value there is; the highest reaches the top."""
    highest = max(filter(None, values), default=1.0)
    return [(place, (HEIGHT - 1) * value / highest) for place, value in enumerate(values) if value is not None]
