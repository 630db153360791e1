"""Which play is which when a time is decided again, and what became of each.

What belongs here: keeping play ids, and the difference between two decisions. What does not: deciding (plays) and
storing plays. Pure: no clock, no IO.
"""

from collections.abc import Collection, Iterable, Sequence, Set
from dataclasses import dataclass, replace

from tagger_platform.decide.linking import Links
from tagger_platform.decide.plays import new_id
from tagger_platform.model import Play

MOVED_S = 1.0
"""Seconds that a start or end may change before the play counts as moved."""


@dataclass(frozen=True)
class SameAiring:
    """Two plays, by their places in two lists, that tell of one airing: of one track, at one time or by one window."""

    one: int
    other: int
    overlap_s: float
    windows: int


def same_airings(ones: Sequence[Play], others: Sequence[Play]) -> list[SameAiring]:
    """Every pair that tells of one airing, the surest first."""
    links = Links(play.track for play in (*ones, *others))
    by_track: dict[tuple[str, str], list[int]] = {}
    for number, other in enumerate(others):
        by_track.setdefault((other.stream, links.group(other.track)), []).append(number)
    pairs = []
    for place, one in enumerate(ones):
        for number in by_track.get((one.stream, links.group(one.track)), ()):
            overlap_s = _overlap_s(one, others[number])
            shared = len({*one.windows}.intersection(others[number].windows))
            if overlap_s > 0 or shared:
                pairs.append(SameAiring(place, number, overlap_s, shared))
    return sorted(pairs, key=lambda pair: (-pair.overlap_s, -pair.windows, pair.one, others[pair.other].play_id))


def connected(pairs: Iterable[SameAiring], ones: Set[int], others: Set[int]) -> tuple[set[int], set[int]]:
    """These places of the two lists, and all that the pairs connect with them, directly or by way of others."""
    left, right, waiting = set(ones), set(others), list(pairs)
    while reached := [pair for pair in waiting if pair.one in left or pair.other in right]:
        left.update(pair.one for pair in reached)
        right.update(pair.other for pair in reached)
        waiting = [pair for pair in waiting if pair not in reached]
    return left, right


def carry_over(new: Sequence[Play], old: Sequence[Play]) -> list[Play]:
    """`new` with the ids that people already know: each takes that of the old play of its track it overlaps most."""
    ids: dict[int, str] = {}
    taken: set[str] = set()
    for pair in same_airings(new, old):
        play_id = old[pair.other].play_id
        if pair.one not in ids and play_id not in taken:
            ids[pair.one] = play_id
            taken.add(play_id)
    for place, play in enumerate(new):
        if place not in ids:
            ids[place] = _free_id(play, taken)
            taken.add(ids[place])
    return [replace(play, play_id=ids[place]) for place, play in enumerate(new)]


@dataclass(frozen=True)
class Difference:
    """What became of the plays when a time was decided again; `moved` and `changed` hold (before, after).

    Moved: start or end by more than a second. Changed: not moved, but of another status or showing another track.
    """

    added: tuple[Play, ...]
    removed: tuple[Play, ...]
    moved: tuple[tuple[Play, Play], ...]
    changed: tuple[tuple[Play, Play], ...]
    unchanged: int


def difference(old: Sequence[Play], new: Sequence[Play]) -> Difference:
    """The difference between two decisions whose ids were carried over."""
    before, after = {play.play_id: play for play in old}, {play.play_id: play for play in new}
    kept = [(before[play_id], play) for play_id, play in after.items() if play_id in before]
    moved = tuple(pair for pair in kept if _has_moved(*pair))
    changed = tuple(pair for pair in kept if not _has_moved(*pair) and _has_changed(*pair))
    return Difference(
        added=tuple(play for play in new if play.play_id not in before),
        removed=tuple(play for play in old if play.play_id not in after),
        moved=moved,
        changed=changed,
        unchanged=len(kept) - len(moved) - len(changed),
    )


def _has_moved(old: Play, new: Play) -> bool:
    shifts = (new.started_at - old.started_at, new.ended_at - old.ended_at)
    return any(abs(shift.total_seconds()) > MOVED_S for shift in shifts)


def _has_changed(old: Play, new: Play) -> bool:
    return (old.status, old.track.track_id) != (new.status, new.track.track_id)


def _free_id(play: Play, taken: Collection[str]) -> str:
    """The play's own id, or one made from it where another play has carried that id over."""
    play_id = play.play_id
    while play_id in taken:
        play_id = new_id(play_id)
    return play_id


def _overlap_s(one: Play, other: Play) -> float:
    return (min(one.ended_at, other.ended_at) - max(one.started_at, other.started_at)).total_seconds()
