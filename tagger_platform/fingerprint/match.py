"""What is heard in a window?

What belongs here: choosing among places, speeds and tracks, and confidence. What does not: finding places (`vote`),
judging one (`verify`), the files (`index`), longer recordings (`spans`), decoding.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from tagger_platform.fingerprint.absent import absent
from tagger_platform.fingerprint.index import Index
from tagger_platform.fingerprint.landmarks import TICK_S, TICKS_PER_FRAME, query
from tagger_platform.fingerprint.peaks import RATE, Samples
from tagger_platform.fingerprint.segment import TrackMeta
from tagger_platform.fingerprint.verify import Fit, PeakMap, Scored, elsewhere, fit, peak_map, scored
from tagger_platform.fingerprint.vote import Candidate, candidates
from tagger_platform.memory import keep_pieces

LONGEST_S = 16.0
"""Seconds of a window: the index leaves 20 s between tracks, in which a window may begin before its track."""
AS_RECORDED = 1.0
SPEEDS = (0.99, 1.01, 0.98, 1.02, 0.97, 1.03)
"""Asked only when the music as recorded is not found; 1 % apart, because bins below 1.5 kHz forgive half a per cent."""

REFINED = 8
BETWEEN = (-0.006, -0.003, 0.003, 0.006)
"""Of so many of the best places the peaks are also compared at speeds between those that were looked up: half a per
cent is two bins at 3 kHz."""

WEIGHTS = {"score": 3.89, "votes": 3.67, "elsewhere": -2.49, "absent": -5.04}
BIAS = -33.8
"""Confidence is a logistic function of the square roots of the score, the votes, the score a little off the place, and
how much is absent. The score is that before the close fit: another piece in the same metre fits well once it may be
stretched. Fitted by maximum likelihood on 1,800 searches for windows of music, speech and noise in an index without
their track and its kin, and 850 right answers under 36 kinds of damage, 12 s and 5 s long (259 tracks, 15 h;
benchmarks/fingerprint.py, other seeds than the published), for air on which one window in 30,000 is the catalogue's;
and lowered by 4, because strangers that share a sample are rarer than so many searches show."""
ACCEPTED = 0.75
"""Confidence of a match. The false-alarm rate that it stands for, and the recall, are in docs/benchmarks.md."""
RIVALS = 5
FAR_NATS = 300.0
"""Other tracks that are looked at closely: so many, with scores not further than this below the best."""
SAME_SOUND = 0.5
"""Share of the peaks met by one track that another meets too if both explain the same sound, such as a loop in both;
two tracks that are mixed, or follow each other, meet different peaks."""
RIVAL_NATS = 10.0
"""By how much a score must exceed that of a track which explains the same sound to be e times as likely: peaks are not
independent of each other."""

TIE_NATS = 3.0
"""Places of one track whose scores are this near to the best are the same loop: the earliest is taken, always."""
OTHER_SHARE = 0.9
OTHERS = 4
APART_S = 0.5
"""What is told of a track's other places: the four best, at least 0.5 s apart, with 90 % of the best score or more."""


@dataclass(frozen=True)
class RunnerUp:
    """The best other track, and how it scored."""

    track: TrackMeta
    offset_s: float
    score: float


@dataclass(frozen=True)
class Match:
    """A window's track. The window begins at `offset_s` of it (negative: the track begins within the window).

    `from_s` and `to_s` are where in the window it was heard; `score` is in nats (`verify`); `other_offsets_s` are
    places of the same track that sound nearly the same.
    """

    track: TrackMeta
    offset_s: float
    speed: float
    score: float
    confidence: float
    from_s: float
    to_s: float
    runner_up: RunnerUp | None
    other_offsets_s: tuple[float, ...]


def identify(samples: Samples, index: Index) -> Match | None:
    """The track in a window of mono samples (n,) at 12 kHz, at most `LONGEST_S` long; None if none is sure enough."""
    return next(iter(matches(samples, index)), None)


def matches(samples: Samples, index: Index) -> list[Match]:
    """All tracks that are surely heard in the window, the surest first: one may end where another begins."""
    return [match for match in guesses(samples, index) if match.confidence >= ACCEPTED]


def best_guess(samples: Samples, index: Index) -> Match | None:
    """Like `identify`, but however unsure: evidence for a person who asks why a window did not match."""
    return next(iter(guesses(samples, index)), None)


def guesses(samples: Samples, index: Index) -> list[Match]:
    """The best guess, however unsure, and then the other tracks that are surely heard in the window."""
    if len(samples) > LONGEST_S * RATE:
        raise ValueError(f"a window is at most {LONGEST_S:.0f} s long; use identify_spans for longer audio")
    keep_pieces()
    asked = query(samples)
    heard = peak_map(asked)
    found: list[Scored] = []
    told: list[Match] = []
    for speeds in ((AS_RECORDED,), SPEEDS):
        for speed in speeds:
            found += scored(candidates(asked.pairs, index.segments, speed), heard)
        found += scored(_between_speeds(found, asked.frames), heard)
        told = _told(found, heard)
        if told and told[0].confidence >= ACCEPTED:
            break
    return told


def _between_speeds(found: Sequence[Scored], frames: int) -> list[Candidate]:
    """The best places at speeds between those that were looked up; the middle of the window stays where it is."""
    best = sorted(found, key=lambda one: -one.score)[:REFINED]
    return [
        replace(
            one.place,
            speed=one.place.speed * (1 + change),
            tick=round(one.place.tick - frames * TICKS_PER_FRAME / 2 * one.place.speed * change),
        )
        for one in best
        for change in BETWEEN
    ]


@dataclass(frozen=True)
class _Judged:
    """A track's best place, fitted, how sure it is, and its other places."""

    best: Scored
    fitted: Fit
    confidence: float
    own: Sequence[Scored]

    @classmethod
    def of(cls, own: Sequence[Scored], heard: PeakMap) -> "_Judged":
        best = min((one for one in own if one.score >= own[0].score - TIE_NATS), key=lambda one: one.place.tick)
        fitted = fit(best.place, heard)
        return cls(best, fitted, confidence(evidence(best, fitted, heard)), own)

    def shares_its_sound_with(self, other: "_Judged") -> bool:
        mine, its = self.fitted.met, other.fitted.met
        return len(np.intersect1d(mine, its)) > SAME_SOUND * min(len(mine), len(its))


def _told(found: Sequence[Scored], heard: PeakMap) -> list[Match]:
    by_track: dict[str, list[Scored]] = {}
    for place in sorted(found, key=lambda place: (-place.score, place.place.tick)):
        by_track.setdefault(place.place.track.item_id, []).append(place)
    ranked = list(by_track.values())
    if not ranked:
        return []
    runner_up = ranked[1][0] if len(ranked) > 1 else None
    best = _Judged.of(ranked[0], heard)
    if best.confidence < ACCEPTED:
        return [_match(best, [], runner_up)]
    rivals = [
        _Judged.of(own, heard) for own in ranked[1 : 1 + RIVALS] if own[0].score > max(0.0, best.best.score - FAR_NATS)
    ]
    told, taken = [_match(best, rivals, runner_up)], [best]
    for rival in rivals:
        if rival.confidence >= ACCEPTED and not any(map(rival.shares_its_sound_with, taken)):
            match = _match(rival, [other for other in rivals if other is not rival], best.best)
            if match.confidence >= ACCEPTED:
                told.append(match)
                taken.append(rival)
    return told


def _match(one: _Judged, rivals: Sequence[_Judged], runner_up: Scored | None) -> Match:
    """`one` as a match; of `rivals`, those that share its sound leave it open which of them it is."""
    alike = max((rival.fitted.score for rival in rivals if one.shares_its_sound_with(rival)), default=-np.inf)
    return Match(
        one.best.place.track,
        one.best.place.offset_s(one.fitted.tick),
        one.fitted.speed,
        one.fitted.score,
        one.confidence * _before(one.fitted.score, alike),
        max(one.fitted.from_tick, 0.0) * TICK_S,
        max(one.fitted.to_tick, 0.0) * TICK_S,
        RunnerUp(runner_up.place.track, runner_up.place.offset_s(), runner_up.score) if runner_up else None,
        _other_offsets(one.best, one.own),
    )


def evidence(best: Scored, fitted: Fit, heard: PeakMap) -> dict[str, float]:
    """The figures that confidence rests on."""
    return {
        "score": best.score,
        "votes": best.place.votes,
        "elsewhere": elsewhere(best.place, heard),
        "absent": absent(fitted.placed, heard.levels),
    }


def confidence(figures: Mapping[str, float]) -> float:
    """How sure these figures are, from 0 to 1 (see WEIGHTS)."""
    margin = BIAS + sum(WEIGHTS[name] * np.sqrt(max(value, 0.0)) for name, value in figures.items())
    return float(1 / (1 + np.exp(-np.clip(margin, -50, 50))))


def _before(score: float, rival: float) -> float:
    """How likely it is this track and not the runner-up, if it is one of the two."""
    return float(1 / (1 + np.exp(np.clip((rival - score) / RIVAL_NATS, -50, 50))))


def _other_offsets(best: Scored, own: Sequence[Scored]) -> tuple[float, ...]:
    told = [best.place.offset_s()]
    for one in own:
        offset_s = one.place.offset_s()
        near = any(abs(offset_s - other) < APART_S for other in told)
        if not near and one.score >= OTHER_SHARE * best.score and len(told) <= OTHERS:
            told.append(offset_s)
    return tuple(told[1:])
