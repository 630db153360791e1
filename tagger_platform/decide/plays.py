"""From windows to plays: the one place where links, policies, spans and overlaps come together.

What belongs here: deciding a stream's windows, and whether a confirm window is needed. What does not: the rules
themselves (policies, spans, overlaps, linking), play ids people already know (identity) and storing plays. Pure: no
clock, no IO.
"""

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from math import inf, prod

from tagger_platform.decide.evidence import CATALOGUE, OBSERVED, SHAZAM, Heard, Hit, Timeline
from tagger_platform.decide.linking import Links
from tagger_platform.decide.overlaps import Claim, settled
from tagger_platform.decide.policies import Verdict, policies_named, two_hit
from tagger_platform.decide.spans import Span, airings, heard_in, spans
from tagger_platform.model import Play, PlayStatus, Recognition, Track

UNRATED_CONFIDENCE = 0.75
"""Of a hit that came without a number, as Shazam's may."""

SURER = 0.5
"""What is left of the doubt in a play that a rule such as `timeline` makes surer."""

MAX_CONFIDENCE = 0.999
"""No number of hits makes a play certain."""

PREFERRED = (CATALOGUE, SHAZAM)
"""Whose track a play shows when providers heard it equally often: the user's own catalogue knows it best."""


def decide(
    windows: Sequence[Heard], *, stream: str, policies: Sequence[str], tolerance: int, dedup_s: int, hop_s: int
) -> list[Play]:
    """The plays that these windows of `stream` show under `policies`, by start; the windows' order does not matter.

    Only providers of the named policies are evidence. An airing that no policy confirms is a probable play. Its
    confidence is 1 - product(1 - c) over all its answers, at most 0.999; an answer without a number counts 0.75, and a
    rule that makes it surer halves the doubt. Raises RequestError for an unknown policy, and where none makes plays.
    """
    chosen = policies_named(policies)
    timeline = _evidence(windows, {provider for policy in chosen for provider in policy.providers})
    found: list[_Airing] = []
    for group, hits in _hits_by_track(timeline).items():
        runs = airings(hits, dedup_s=dedup_s)
        tracks = [_best_track(run) for run in runs]
        durations = [_duration_s(run, track) for run, track in zip(runs, tracks, strict=True)]
        claimed = spans(runs, timeline, durations=durations, hop_s=hop_s)
        for run, track, span in zip(runs, tracks, claimed, strict=True):
            found.append(_Airing(group, run, track, span, Verdict.of(run, timeline, chosen, tolerance)))
    final = settled([airing.claim for airing in found])
    plays = [airing.play(stream, span) for airing, span in zip(found, final, strict=True)]
    return sorted(plays, key=lambda play: (play.started_at, play.play_id))


@dataclass(frozen=True)
class _Airing:
    """One airing of a track: its hits, the span that it claims, and what the policies say of it."""

    group: str
    hits: tuple[Hit, ...]
    track: Track
    span: Span
    verdict: Verdict

    @property
    def claim(self) -> Claim:
        heard = tuple(heard_in(hit) for hit in self.hits)
        return Claim(self.group, self.track.kind, self.verdict.confirmed, self.span, heard)

    def play(self, stream: str, span: Span) -> Play:
        windows = tuple(hit.window.window_id for hit in self.hits)
        return Play(
            play_id=new_id(stream, self.track.track_id, windows[0]),
            stream=stream,
            started_at=span.start,
            ended_at=span.end,
            uncertainty_s=span.uncertainty_s,
            status=PlayStatus.CONFIRMED if self.verdict.confirmed else PlayStatus.PROBABLE,
            track=self.track,
            confidence=_confidence(self.hits, surer=self.verdict.surer),
            policy=self.verdict.policy,
            windows=windows,
            explanation=self.verdict.explanation,
        )


def confirm_needed(earlier: Iterable[Heard], slot: Sequence[Heard], *, provider: str, tolerance: int) -> bool:
    """Whether `provider` should be asked about another window of this slot.

    It should while its latest hit in the slot belongs to an airing that two_hit does not confirm yet, seen together
    with the stream's `earlier` windows, as far back as two hits of one play can be apart.
    """
    in_slot = {window.window_id for window in slot}
    timeline = _evidence([*(one for one in earlier if one.window_id not in in_slot), *slot], {provider})
    latest: tuple[Hit, ...] = ()
    for hits in _hits_by_track(timeline).values():
        for run in airings(hits, dedup_s=inf):  # the look-back is the limit
            here = [hit for hit in run if hit.window.window_id in in_slot]
            if here and (not latest or here[-1].window.start > latest[-1].window.start):
                latest = run
    return bool(latest) and not two_hit(provider).proof(latest, timeline, tolerance)


def new_id(*names: str) -> str:
    """The id of a play that nobody knows yet, made from what tells it from others."""
    return hashlib.sha256("\n".join(names).encode()).hexdigest()[:16]


def _evidence(windows: Iterable[Heard], providers: Collection[str]) -> Timeline:
    """The stream as these providers heard it; the others decide nothing.

    Of those that are observed only what they named is kept, and only in windows in which another named something.
    """

    def counts(answer: Recognition, window: Heard) -> bool:
        if answer.provider not in OBSERVED:
            return answer.provider in providers
        others = (other for other in window.answers if other.provider not in OBSERVED and other.provider in providers)
        return answer.provider in providers and bool(answer.matched) and any(other.matched for other in others)

    return Timeline.of(
        replace(window, answers=tuple(answer for answer in window.answers if counts(answer, window)))
        for window in windows
    )


def _hits_by_track(timeline: Timeline) -> dict[str, list[Hit]]:
    links = Links(answer.matched for window in timeline.windows for answer in window.answers if answer.matched)
    hits: dict[str, list[Hit]] = {}
    for window in timeline.windows:
        answers: dict[str, list[Recognition]] = {}
        for answer in sorted(window.answers, key=lambda answer: _rank(answer.provider)):
            if answer.matched:
                answers.setdefault(links.group(answer.matched), []).append(answer)
        for group, matching in answers.items():
            hit = Hit(window, tuple(matching))
            if hit.providers - OBSERVED:
                hits.setdefault(group, []).append(hit)
    return hits


def _best_track(run: Sequence[Hit]) -> Track:
    """The best-evidenced provider's: most hits, then by preference; of its tracks the most named, then the first."""
    answers = [answer for hit in run for answer in hit.answers if answer.provider not in OBSERVED]
    by_provider = Counter(answer.provider for answer in answers)
    provider = min(by_provider, key=lambda name: (-by_provider[name], _rank(name)))
    tracks = [answer.matched for answer in answers if answer.provider == provider and answer.matched]
    by_id = Counter(track.track_id for track in tracks)
    return max(tracks, key=lambda track: by_id[track.track_id])


def _duration_s(run: Sequence[Hit], track: Track) -> float | None:
    """The track's length, or what another provider says it is."""
    said = [track, *(answer.matched for hit in run for answer in hit.answers if answer.matched)]
    return next((one.duration_s for one in said if one.duration_s), None)


def _confidence(run: Sequence[Hit], *, surer: bool) -> float:
    doubts = [
        1 - (UNRATED_CONFIDENCE if answer.confidence is None else answer.confidence)
        for hit in run
        for answer in hit.answers
    ]
    return round(min(MAX_CONFIDENCE, 1 - prod(doubts) * (SURER if surer else 1)), 4)


def _rank(provider: str) -> tuple[int, str]:
    return (PREFERRED.index(provider) if provider in PREFERRED else len(PREFERRED), provider)
