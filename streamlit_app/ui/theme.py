"""The colours, dark and light. Contrast of every text on its ground is WCAG AA or better: the browser tests look.

What belongs here: colours for what we draw ourselves. What does not: those of Streamlit's own widgets, which are in
`.streamlit/config.toml`; both must agree.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from streamlit_app import preferences
from streamlit_app.preferences import Theme


@dataclass(frozen=True)
class Palette:
    """`streams` are one per stream in their order, beginning again where there are more streams."""

    ground: str
    panel: str
    raised: str
    line: str
    text: str
    strong: str
    soft: str
    muted: str
    gap: str
    amber: str
    green: str
    red: str
    grey: str
    streams: tuple[str, ...]

    def of_streams(self, names: Sequence[str]) -> dict[str, str]:
        """The colour of every stream; it stays the same whatever is filtered."""
        return {name: self.streams[index % len(self.streams)] for index, name in enumerate(names)}

    def as_css(self) -> str:
        """The colours as variables for the style sheet."""
        named = {name: value for name, value in vars(self).items() if isinstance(value, str)}
        return ":root{" + "".join(f"--{name}:{value};" for name, value in named.items()) + "}"


DARK = Palette(
    ground="#0D1016",
    panel="#161B24",
    raised="#1D2430",
    line="#262D3A",
    text="#E9EDF5",
    strong="#F4F6FA",
    soft="#B4BDCB",
    muted="#98A2B3",
    gap="#566174",
    amber="#F5A524",
    green="#56CF87",
    red="#EF5B50",
    grey="#6B7687",
    streams=(
        *("#F5A524", "#4CC3F0", "#B08CF9", "#56CF87", "#F8748A"),
        *("#2FD4C4", "#F58A4B", "#7C9BFF", "#B7D64F", "#E879D2"),
    ),
)
LIGHT = Palette(
    ground="#FFFFFF",
    panel="#F5F7FA",
    raised="#FFFFFF",
    line="#D5DBE5",
    text="#1B2330",
    strong="#0D1016",
    soft="#3F4A5C",
    muted="#566174",
    gap="#8C97A8",
    amber="#A05600",
    green="#187A43",
    red="#C5281C",
    grey="#6B7687",
    streams=(
        *("#C77700", "#0A7FB0", "#7447D6", "#1E8F50", "#D03A57"),
        *("#0B8E82", "#C9530F", "#3B5FE0", "#6C8A0B", "#B33A9C"),
    ),
)


def palette() -> Palette:
    """The colours that the visitor has chosen."""
    return LIGHT if preferences.current().theme is Theme.LIGHT else DARK
