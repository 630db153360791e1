"""The rules that turn the hits of an airing into a confirmed play, or make a play surer.

What belongs here: one named, versioned rule per policy, and the line that tells which rules were met by what. What does
not: what the rules look at (evidence), where an airing begins and ends (spans), or putting plays together (plays).
Pure: no clock, no IO. People read the same rules in docs/decision.md.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from tagger_platform.decide.evidence import ACOUSTID, CATALOGUE, JINGLE, SHAZAM, Hit, Timeline
from tagger_platform.decide.lines import advance, agree
from tagger_platform.errors import RequestError
from tagger_platform.model import Recognition

Proof = Callable[[Sequence[Hit], Timeline, int], Sequence[Hit]]
"""Those of an airing's hits, in time order, that meet a rule; none where it is not met. Called with all its hits, the
stream's windows and TWO_HIT_HOP_TOLERANCE."""

SHORT_KINDS = (JINGLE, "ad")


@dataclass(frozen=True)
class Policy:
    """A rule about the hits of an airing. `version` rises when the same hits could be decided differently.

    `providers` are those whose answers it looks at. A rule that does not confirm only makes plays surer.
    """

    name: str
    version: int
    rule: str
    providers: tuple[str, ...]
    proof: Proof = field(repr=False)
    confirms: bool = True

    @property
    def signature(self) -> str:
        return f"{self.name} v{self.version}"


def two_hit(provider: str) -> Policy:
    """The same track in two consecutive asked windows; `tolerance` windows that say otherwise may lie between.

    The catalogue's offsets are exact, so two of its hits must also agree on when the track began: another piece made
    of the same loops is named again and again, each time somewhere else.
    """
    exact = provider == CATALOGUE

    def proof(hits: Sequence[Hit], timeline: Timeline, tolerance: int) -> Sequence[Hit]:
        own = [hit for hit in hits if hit.by(provider)]
        pairs = (
            (one, other)
            for place, one in enumerate(own)
            for other in own[place + 1 : place + 2 + tolerance]
            if timeline.asked_between(provider, one.window, other.window) <= tolerance
            and other.window.slot - one.window.slot <= tolerance + 1
            and (not exact or agree(one, other))
        )
        return next(pairs, ())

    rule = f"{provider} named it in two consecutive windows that it was asked about"
    rule += ", at offsets that agree on when it began" if exact else ""
    return Policy(f"{provider}_two_hit", 2 if exact else 1, rule, (provider,), proof)


def catalogue_single() -> Policy:
    """One catalogue hit of a jingle or an ad: they end before a second window begins."""

    def proof(hits: Sequence[Hit], timeline: Timeline, tolerance: int) -> Sequence[Hit]:
        return [hit for hit in hits if any(_is_short(answer) for answer in hit.answers)][:1]

    rule = "the catalogue named it in a window, and it is a jingle or an ad"
    return Policy("catalogue_single", 1, rule, (CATALOGUE,), proof)


def any_two_agree() -> Policy:
    """Two providers on one window, or two windows of one provider as in two_hit.

    AcoustID is one of the two providers where it names the track, but its own windows never count: it is observed, and
    makes no play by itself.
    """
    alone = (two_hit(CATALOGUE), two_hit(SHAZAM))

    def proof(hits: Sequence[Hit], timeline: Timeline, tolerance: int) -> Sequence[Hit]:
        together = [hit for hit in hits if len(hit.providers) > 1]
        return together[:1] or next(filter(None, (policy.proof(hits, timeline, tolerance) for policy in alone)), ())

    rule = "two providers named it in one window, or one of them in two consecutive windows"
    return Policy("any_two_agree", 1, rule, (CATALOGUE, SHAZAM, ACOUSTID), proof)


def timeline() -> Policy:
    """Offsets that advance as the clock does, whoever gave them: it makes a play surer, and never vetoes one."""

    def proof(hits: Sequence[Hit], timeline: Timeline, tolerance: int) -> Sequence[Hit]:
        return next((pair for pair in pairwise(hits) if advance(*pair)), ())

    return Policy("timeline", 1, "its offsets advance as the clock does", (), proof, confirms=False)


POLICIES: dict[str, Policy] = {
    policy.name: policy
    for policy in (two_hit(SHAZAM), two_hit(CATALOGUE), catalogue_single(), any_two_agree(), timeline())
}


def policies_named(names: Iterable[str]) -> tuple[Policy, ...]:
    """The policies with these names, each once, in the order given.

    Raises RequestError for a name nobody knows, and where none of them can confirm a play.
    """
    wanted = tuple(dict.fromkeys(names))
    if unknown := [name for name in wanted if name not in POLICIES]:
        raise RequestError(f"unknown decision policy {', '.join(unknown)}: known are {', '.join(POLICIES)}")
    chosen = tuple(POLICIES[name] for name in wanted)
    if not any(policy.confirms for policy in chosen):
        able = ", ".join(policy.name for policy in POLICIES.values() if policy.confirms)
        raise RequestError(f"decision policy {', '.join(wanted) or 'of no name'} makes no play: name one of {able}")
    return chosen


@dataclass(frozen=True)
class Verdict:
    """What the policies say of an airing: which were met and by which hits, and which were tried in vain."""

    met: tuple[tuple[Policy, tuple[Hit, ...]], ...]
    missed: tuple[Policy, ...]
    hits: tuple[Hit, ...] = field(repr=False)

    @classmethod
    def of(cls, hits: Sequence[Hit], timeline: Timeline, chosen: Sequence[Policy], tolerance: int) -> "Verdict":
        proofs = [(policy, tuple(policy.proof(hits, timeline, tolerance))) for policy in chosen]
        heard_by = {provider for hit in hits for provider in hit.providers}
        return cls(
            met=tuple((policy, proof) for policy, proof in proofs if proof),
            missed=tuple(policy for policy, proof in proofs if not proof and heard_by.intersection(policy.providers)),
            hits=tuple(hits),
        )

    @property
    def confirmed(self) -> bool:
        return any(policy.confirms for policy, _ in self.met)

    @property
    def surer(self) -> bool:
        return any(not policy.confirms for policy, _ in self.met)

    @property
    def policy(self) -> str:
        """The rules that were met; for a probable play also those that were tried on it and not met."""
        named = [policy.name for policy, _ in self.met]
        return "+".join(named if self.confirmed else [*(policy.name for policy in self.missed), *named])

    @property
    def explanation(self) -> str:
        """One line: which rules of which version, met by which windows."""
        met = [f"{policy.signature}: {policy.rule} ({_windows(proof)})" for policy, proof in self.met]
        if not self.confirmed:
            tried = ", ".join(policy.signature for policy in self.missed)
            met.insert(0, f"probable: heard in {_windows(self.hits)}, which is not enough for {tried}")
        return "; ".join(met)


def _is_short(answer: Recognition) -> bool:
    return answer.provider == CATALOGUE and answer.matched is not None and answer.matched.kind in SHORT_KINDS


def _windows(hits: Sequence[Hit]) -> str:
    first, last = hits[0].window.window_id, hits[-1].window.window_id
    if len(hits) == 1:
        return first
    return f"{first} and {last}" if len(hits) == 2 else f"{len(hits)} windows from {first} to {last}"
