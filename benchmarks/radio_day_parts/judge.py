"""Plays held against what was aired.

What belongs here: which play is which airing, and what counts as what. What does not: adding up (`report`).

A play is an airing's if it names its item and overlaps it. Each airing takes the play that overlaps it most; what is
left over of the right item is a split, an airing whose play was taken by another airing of the same item is merged into
it, and a play that overlaps no airing of its item is wrong.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from radio_day_parts.log import Logged
from radio_day_parts.programme import UNKNOWN, Airing, Programme


@dataclass(frozen=True)
class Found:
    """An airing that is asked for, with its play if there is one. `coded` tells of its stream."""

    airing: Airing
    play: Logged | None
    merged: bool
    coded: bool
    undisturbed: bool
    """Whether all of it was recorded, so that its start and end could be heard."""

    @property
    def start_error_s(self) -> float | None:
        return self.play.start_s - self.airing.start_s if self.play else None

    @property
    def end_error_s(self) -> float | None:
        return self.play.end_s - self.airing.end_s if self.play else None


@dataclass(frozen=True)
class Verdict:
    """A stream's airings, and how many plays there were, of which so many were wrong."""

    found: tuple[Found, ...]
    plays: int
    splits: int
    wrong: tuple[Logged, ...]
    unknown_as_known: int


def judged(programme: Programme, plays: Sequence[Logged]) -> Verdict:
    known = [airing for airing in programme.airings if airing.condition != UNKNOWN]
    pairs = sorted(
        ((_overlap_s(airing, play), a, p) for a, airing in enumerate(known) for p, play in enumerate(plays)),
        reverse=True,
    )
    taken: dict[int, int] = {}
    used: set[int] = set()
    touched = {p for overlap, a, p in pairs if overlap > 0}
    for overlap, a, p in pairs:
        if overlap > 0 and a not in taken and p not in used:
            taken[a] = p
            used.add(p)
    overlapped = {a for overlap, a, _ in pairs if overlap > 0}
    wrong = tuple(play for p, play in enumerate(plays) if p not in touched)
    found = tuple(
        Found(
            airing,
            plays[taken[a]] if a in taken else None,
            merged=a in overlapped and a not in taken,
            coded=programme.coded,
            undisturbed=programme.heard_s(airing) >= airing.seconds - 1e-6,
        )
        for a, airing in enumerate(known)
        if programme.is_asked_for(airing)
    )
    strangers = [airing for airing in programme.airings if airing.condition == UNKNOWN]
    as_known = sum(any(_shared_s(airing, play) > 0 for airing in strangers) for play in wrong)
    return Verdict(found, len(plays), len(touched - used), wrong, as_known)


def _overlap_s(airing: Airing, play: Logged) -> float:
    return _shared_s(airing, play) if play.title == airing.item.name else 0.0


def _shared_s(airing: Airing, play: Logged) -> float:
    return min(airing.end_s, play.end_s) - max(airing.start_s, play.start_s)
