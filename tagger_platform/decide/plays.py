"""From windows to plays: the one place where links, policies and spans come together.

What belongs here: deciding a stream's windows, keeping play ids stable, and whether a confirm window is needed.
What does not: the rules themselves (policies, spans, linking) and storing plays. Pure: no clock, no IO.
"""

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from math import inf, prod

from tagger_platform.decide.evidence import CATALOGUE, SHAZAM, Heard, Hit, Timeline
from tagger_platform.decide.linking import Links
from tagger_platform.decide.policies import Policy, policies_named, two_hit
from tagger_platform.decide.spans import Span, airings, spans
from tagger_platform.model import Play, PlayStatus, Recognition, Track

UNRATED_CONFIDENCE = 0.75
"""Of a hit that came without a number, as Shazam's may."""

MAX_CONFIDENCE = 0.999
"""No number of hits makes a play certain."""

PREFERRED = (CATALOGUE, SHAZAM)
"""Whose track a play shows when providers heard it equally often: the user's own catalogue knows it best."""


def decide(
    windows: Sequence[Heard], *, stream: str, policies: Sequence[str], tolerance: int, dedup_s: int, hop_s: int
) -> list[Play]:
    """The plays that these windows of `stream` show under `policies`, by start; the windows' order does not matter.

    Only providers of the named policies are evidence. An airing that no policy confirms is a probable play. Its
    confidence is 1 - product(1 - c) over all its answers, at most 0.999; an answer without a number counts 0.75.
    Raises RequestError for an unknown policy.
    """
    chosen = policies_named(policies)
    timeline = _evidence(windows, {policy.provider for policy in chosen})
    links = _links(timeline)
    plays: list[Play] = []
    for hits in _hits_by_track(timeline, links).values():
        runs = airings(hits, dedup_s=dedup_s)
        tracks = [_best_track(run) for run in runs]
        durations = [_duration_s(run, track) for run, track in zip(runs, tracks, strict=True)]
        found = spans(runs, timeline, durations=durations, hop_s=hop_s)
        for run, track, span in zip(runs, tracks, found, strict=True):
            confirming = [policy for policy in chosen if policy.confirms(run, timeline, tolerance)]
            plays.append(_play(stream, run, track, span, confirming, chosen))
    return sorted(plays, key=lambda play: (play.started_at, play.play_id))


def carry_over(new: Sequence[Play], old: Sequence[Play]) -> list[Play]:
    """`new` with the ids that people already know: each takes that of the old play of its track it overlaps most."""
    links = Links(play.track for play in (*new, *old))
    pairs = [
        (overlap_s, len(set(one.windows) & set(other.windows)), place, other.play_id)
        for place, one in enumerate(new)
        for other in old
        if one.stream == other.stream and links.same(one.track, other.track)
        if (overlap_s := _overlap_s(one, other)) > 0 or set(one.windows) & set(other.windows)
    ]
    ids: dict[int, str] = {}
    taken: set[str] = set()
    for _, _, place, play_id in sorted(pairs, key=lambda pair: (-pair[0], -pair[1], pair[2], pair[3])):
        if place not in ids and play_id not in taken:
            ids[place] = play_id
            taken.add(play_id)
    for place, play in enumerate(new):
        if place not in ids:
            ids[place] = _free_id(play, taken)
            taken.add(ids[place])
    return [replace(play, play_id=ids[place]) for place, play in enumerate(new)]


def confirm_needed(earlier: Iterable[Heard], slot: Sequence[Heard], *, provider: str, tolerance: int) -> bool:
    """Whether `provider` should be asked about another window of this slot.

    It should while its latest hit in the slot belongs to an airing that two_hit does not confirm yet, seen together
    with the stream's `earlier` windows, as far back as two hits of one play can be apart.
    """
    in_slot = {window.window_id for window in slot}
    timeline = _evidence([*(one for one in earlier if one.window_id not in in_slot), *slot], {provider})
    policy = two_hit(provider)
    latest: tuple[Hit, ...] = ()
    for hits in _hits_by_track(timeline, _links(timeline)).values():
        for run in airings(hits, dedup_s=inf):  # the look-back is the limit
            here = [hit for hit in run if hit.window.window_id in in_slot]
            if here and (not latest or here[-1].window.start > latest[-1].window.start):
                latest = run
    return bool(latest) and not policy.confirms(latest, timeline, tolerance)


def _evidence(windows: Iterable[Heard], providers: Collection[str]) -> Timeline:
    """The stream as these providers heard it: others, such as AcoustID, are observed but decide nothing."""
    return Timeline.of(
        replace(window, answers=tuple(answer for answer in window.answers if answer.provider in providers))
        for window in windows
    )


def _links(timeline: Timeline) -> Links:
    return Links(answer.matched for window in timeline.windows for answer in window.answers if answer.matched)


def _hits_by_track(timeline: Timeline, links: Links) -> dict[str, list[Hit]]:
    hits: dict[str, list[Hit]] = {}
    for window in timeline.windows:
        answers: dict[str, list[Recognition]] = {}
        for answer in sorted(window.answers, key=lambda answer: _rank(answer.provider)):
            if answer.matched:
                answers.setdefault(links.group(answer.matched), []).append(answer)
        for group, matching in answers.items():
            hits.setdefault(group, []).append(Hit(window, tuple(matching)))
    return hits


def _play(
    stream: str, run: Sequence[Hit], track: Track, span: Span, confirming: Sequence[Policy], chosen: Sequence[Policy]
) -> Play:
    # What is only probable names the rules that were tried on it and not met.
    named = confirming or [policy for policy in chosen if any(hit.by(policy.provider) for hit in run)]
    windows = tuple(hit.window.window_id for hit in run)
    return Play(
        play_id=_play_id(stream, track.track_id, windows[0]),
        stream=stream,
        started_at=span.start,
        ended_at=span.end,
        uncertainty_s=span.uncertainty_s,
        status=PlayStatus.CONFIRMED if confirming else PlayStatus.PROBABLE,
        track=track,
        confidence=_confidence(run),
        policy="+".join(policy.name for policy in named),
        windows=windows,
    )


def _best_track(run: Sequence[Hit]) -> Track:
    """The best-evidenced provider's: most hits, then by preference; of its tracks the most named, then the first."""
    answers = [answer for hit in run for answer in hit.answers]
    by_provider = Counter(answer.provider for answer in answers)
    provider = min(by_provider, key=lambda name: (-by_provider[name], _rank(name)))
    tracks = [answer.matched for answer in answers if answer.provider == provider and answer.matched]
    by_id = Counter(track.track_id for track in tracks)
    return max(tracks, key=lambda track: by_id[track.track_id])


def _duration_s(run: Sequence[Hit], track: Track) -> float | None:
    """The track's length, or what another provider says it is."""
    said = [track, *(answer.matched for hit in run for answer in hit.answers if answer.matched)]
    return next((one.duration_s for one in said if one.duration_s), None)


def _confidence(run: Sequence[Hit]) -> float:
    doubts = [
        1 - (UNRATED_CONFIDENCE if answer.confidence is None else answer.confidence)
        for hit in run
        for answer in hit.answers
    ]
    return round(min(MAX_CONFIDENCE, 1 - prod(doubts)), 4)


def _rank(provider: str) -> tuple[int, str]:
    return (PREFERRED.index(provider) if provider in PREFERRED else len(PREFERRED), provider)


def _play_id(*names: str) -> str:
    return hashlib.sha256("\n".join(names).encode()).hexdigest()[:16]


def _free_id(play: Play, taken: Collection[str]) -> str:
    """The play's own id, or one made from it where another play has carried that id over."""
    play_id = play.play_id
    while play_id in taken:
        play_id = _play_id(play_id)
    return play_id


def _overlap_s(one: Play, other: Play) -> float:
    return (min(one.ended_at, other.ended_at) - max(one.started_at, other.started_at)).total_seconds()
