"""What the decision sees of a stream: windows with what was said of them, and the hits of a track.

What belongs here: the input values of every rule. What does not: the rules (policies), where an airing begins and ends
(spans). Pure: no clock, no IO.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from tagger_platform.model import Recognition, Status, Window

CATALOGUE = "catalogue"
SHAZAM = "shazam"
ACOUSTID = "acoustid"

OBSERVED = frozenset({ACOUSTID})
"""Providers that can only agree with another: what they name alone makes no play, what they do not name says nothing,
because a window is shorter than what they are made for."""

JINGLE = "jingle"
"""The kind of track that is laid over others."""

ASKED = frozenset({Status.MATCH, Status.NO_MATCH, Status.SILENT})
"""Statuses that are evidence. A silent window was never sent, but it does say that no track was on."""


@dataclass(frozen=True)
class Heard:
    """One window as the decision sees it. `slot` counts hops since the epoch."""

    window_id: str
    start: datetime
    end: datetime
    slot: int
    answers: tuple[Recognition, ...] = ()

    def asked(self, provider: str) -> bool:
        """Whether `provider` was asked about this window and answered, whatever it said."""
        return any(answer.provider == provider and answer.status in ASKED for answer in self.answers)


def heard(window: Window, recognitions: Iterable[Recognition], *, hop_s: int) -> Heard:
    """`window` and its providers' recognitions as the decision sees them."""
    answers = tuple(given for recognition in recognitions for given in (recognition, *recognition.further))
    return Heard(window.window_id, window.start, window.end, int(window.slot.start.timestamp()) // hop_s, answers)


@dataclass(frozen=True)
class Hit:
    """A window in which one track was matched, with the answers that matched it, the best provider's first."""

    window: Heard
    answers: tuple[Recognition, ...]

    @cached_property
    def providers(self) -> frozenset[str]:
        return frozenset(answer.provider for answer in self.answers)

    def by(self, provider: str) -> bool:
        return provider in self.providers


@dataclass(frozen=True)
class Timeline:
    """All windows of one stream, in time order, with the index of those that are evidence for a provider."""

    windows: tuple[Heard, ...]

    @classmethod
    def of(cls, windows: Iterable[Heard]) -> "Timeline":
        return cls(tuple(sorted(windows, key=lambda window: (window.start, window.window_id))))

    @cached_property
    def _places(self) -> dict[str, dict[str, int]]:
        places: dict[str, dict[str, int]] = {}
        for window in self.windows:
            for provider in {answer.provider for answer in window.answers if answer.status in ASKED}:
                seen = places.setdefault(provider, {})
                seen[window.window_id] = len(seen)
        return places

    @cached_property
    def evidence(self) -> tuple[datetime, datetime]:
        """From the start of the first asked window to the end of the last one; nothing is known beyond."""
        asked = [window for window in self.windows if any(answer.status in ASKED for answer in window.answers)]
        return asked[0].start, max(window.end for window in asked)

    def asked_between(self, provider: str, one: Heard, other: Heard) -> int:
        """How many windows between these two `provider` was asked about and answered."""
        places = self._places[provider]
        return places[other.window_id] - places[one.window_id] - 1
