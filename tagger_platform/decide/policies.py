"""The rules that turn the hits of an airing into a confirmed play.

What belongs here: one named, versioned rule per policy. What does not: what the rules look at (evidence), where an
airing begins and ends (spans), or putting plays together (plays). Pure: no clock, no IO.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from tagger_platform.decide.evidence import CATALOGUE, SHAZAM, Hit, Timeline
from tagger_platform.decide.lines import agree
from tagger_platform.errors import RequestError

Confirms = Callable[[Sequence[Hit], Timeline, int], bool]
"""Whether these hits of one airing, in time order, prove a play: (hits, the stream's windows, tolerance)."""


SHORT_KINDS = ("jingle", "ad")


@dataclass(frozen=True)
class Policy:
    """A way to confirm a play. `version` rises when the same hits could be decided differently."""

    name: str
    version: int
    rule: str
    provider: str
    confirms: Confirms = field(repr=False)


def two_hit(provider: str) -> Policy:
    """The same track in two consecutive asked windows; `tolerance` windows that say otherwise may lie between.

    The catalogue's offsets are exact, so two of its hits must also agree on when the track began: another piece made
    of the same loops is named again and again, each time somewhere else.
    """
    exact = provider == CATALOGUE

    def confirms(hits: Sequence[Hit], timeline: Timeline, tolerance: int) -> bool:
        own = [hit for hit in hits if hit.by(provider)]
        return any(
            timeline.asked_between(provider, one.window, other.window) <= tolerance
            and other.window.slot - one.window.slot <= tolerance + 1
            and (not exact or agree(one, other))
            for place, one in enumerate(own)
            for other in own[place + 1 : place + 2 + tolerance]
        )

    rule = f"{provider} named the same track in two consecutive windows that it was asked about"
    rule += ", at offsets that agree on when it began" if exact else ""
    return Policy(f"{provider}_two_hit", 2 if exact else 1, rule, provider, confirms)


def catalogue_single() -> Policy:
    """One catalogue hit of a jingle or an ad: they end before a second window begins."""

    def confirms(hits: Sequence[Hit], timeline: Timeline, tolerance: int) -> bool:
        answers = [answer for hit in hits for answer in hit.answers if answer.provider == CATALOGUE]
        return any(answer.matched and answer.matched.kind in SHORT_KINDS for answer in answers)

    rule = "the catalogue named it in a window, and it is a jingle or an ad"
    return Policy("catalogue_single", 1, rule, CATALOGUE, confirms)


POLICIES: dict[str, Policy] = {
    policy.name: policy for policy in (two_hit(SHAZAM), two_hit(CATALOGUE), catalogue_single())
}


def policies_named(names: Iterable[str]) -> tuple[Policy, ...]:
    """The policies with these names, each once, in the order given. Raises RequestError for a name nobody knows."""
    wanted = tuple(dict.fromkeys(names))
    if unknown := [name for name in wanted if name not in POLICIES]:
        raise RequestError(f"unknown decision policy {', '.join(unknown)}: known are {', '.join(POLICIES)}")
    return tuple(POLICIES[name] for name in wanted)
