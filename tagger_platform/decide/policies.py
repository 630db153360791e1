"""What the decision sees of a stream, and the rules that turn hits into a confirmed play.

What belongs here: the input values, and one named, versioned rule per policy.
What does not: where an airing begins and ends (spans), or putting plays together (plays). Pure: no clock, no IO.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from itertools import pairwise

from tagger_platform.errors import RequestError
from tagger_platform.model import Recognition, Status, Track, Window

CATALOGUE = "catalogue"
SHAZAM = "shazam"

ASKED = frozenset({Status.MATCH, Status.NO_MATCH, Status.SILENT})
"""Statuses that are evidence. A silent window was never sent, but it does say that no track was on."""


@dataclass(frozen=True)
class Answer:
    """What one provider said of a window. `other_offsets_s` are other places in the track that fit nearly as well."""

    provider: str
    status: Status
    track: Track | None = None
    offset_s: float | None = None
    speed: float | None = None
    confidence: float | None = None
    other_offsets_s: tuple[float, ...] = ()

    @property
    def matched(self) -> Track | None:
        return self.track if self.status is Status.MATCH else None


@dataclass(frozen=True)
class Heard:
    """One window as the decision sees it. `slot` counts hops since the epoch."""

    window_id: str
    start: datetime
    end: datetime
    slot: int
    answers: tuple[Answer, ...] = ()

    def asked(self, provider: str) -> bool:
        """Whether `provider` was asked about this window and answered, whatever it said."""
        return any(answer.provider == provider and answer.status in ASKED for answer in self.answers)


def heard(window: Window, recognitions: Iterable[Recognition], *, hop_s: int) -> Heard:
    """`window` and its providers' recognitions as the decision sees them."""
    answers = tuple(
        Answer(
            provider=given.provider,
            status=given.status,
            track=given.track,
            offset_s=given.offset_s,
            speed=given.speed,
            confidence=given.confidence,
            other_offsets_s=given.other_offsets_s,
        )
        for given in recognitions
    )
    return Heard(window.window_id, window.start, window.end, int(window.slot.start.timestamp()) // hop_s, answers)


@dataclass(frozen=True)
class Hit:
    """A window in which one track was matched, with the answers that matched it, the best provider's first."""

    window: Heard
    answers: tuple[Answer, ...]

    def by(self, provider: str) -> bool:
        return any(answer.provider == provider for answer in self.answers)


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


Confirms = Callable[[Sequence[Hit], Timeline, int], bool]
"""Whether these hits of one airing, in time order, prove a play: (hits, the stream's windows, tolerance)."""


@dataclass(frozen=True)
class Policy:
    """A way to confirm a play. `version` rises when the same hits could be decided differently."""

    name: str
    version: int
    rule: str
    provider: str
    confirms: Confirms = field(repr=False)


def two_hit(provider: str) -> Policy:
    """The same track in two consecutive asked windows; `tolerance` windows that say otherwise may lie between."""

    def confirms(hits: Sequence[Hit], timeline: Timeline, tolerance: int) -> bool:
        windows = [hit.window for hit in hits if hit.by(provider)]
        return any(
            timeline.asked_between(provider, one, other) <= tolerance and other.slot - one.slot <= tolerance + 1
            for one, other in pairwise(windows)
        )

    rule = f"{provider} named the same track in two consecutive windows that it was asked about"
    return Policy(f"{provider}_two_hit", 1, rule, provider, confirms)


POLICIES: dict[str, Policy] = {policy.name: policy for policy in (two_hit(SHAZAM), two_hit(CATALOGUE))}


def policies_named(names: Iterable[str]) -> tuple[Policy, ...]:
    """The policies with these names, each once, in the order given. Raises RequestError for a name nobody knows."""
    wanted = tuple(dict.fromkeys(names))
    if unknown := [name for name in wanted if name not in POLICIES]:
        raise RequestError(f"unknown decision policy {', '.join(unknown)}: known are {', '.join(POLICIES)}")
    return tuple(POLICIES[name] for name in wanted)
