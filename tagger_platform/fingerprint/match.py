"""What is this audio? One window, or spans of a long recording.

What belongs here: choosing among places, speeds and tracks, confidence, joining windows to spans.
What does not: finding places (`vote`), judging one (`verify`), the files (`index`), decoding.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from tagger_platform.fingerprint.index import Index
from tagger_platform.fingerprint.landmarks import TICK_S, query
from tagger_platform.fingerprint.peaks import RATE, Samples
from tagger_platform.fingerprint.segment import TrackMeta
from tagger_platform.fingerprint.verify import PeakMap, Scored, elsewhere, fit, peak_map, scored
from tagger_platform.fingerprint.vote import candidates

LONGEST_S = 16.0
"""Seconds of a window: the index leaves 20 s between tracks, in which a window may begin before its track."""
AS_RECORDED = 1.0
SPEEDS = (0.99, 1.01, 0.98, 1.02, 0.97, 1.03)
"""Asked only when the music as recorded is not found; 1 % apart, because bins below 1.5 kHz forgive half a per cent."""

WEIGHTS = {"score": 1.11, "votes": 1.70, "elsewhere": -1.51}
BIAS = -12.2
"""Confidence is a logistic function of the square roots of the score, the votes, and the score a little off the place.
Fitted by maximum likelihood with a window of the catalogue's music for every 30 others, on 2,959 searches for windows
of music, speech and noise in an index without their package, and 2,450 right answers under 36 kinds of damage, 12 s and
5 s long (259 tracks, 15 h; benchmarks/fingerprint.py, another seed than the published figures)."""
ACCEPTED = 0.88
"""Confidence of a match."""
RIVAL_NATS = 10.0
"""By how much a score must exceed the runner-up's to be e times as likely: peaks are not independent of each other."""

TIE_NATS = 3.0
"""Places of one track whose scores are this near to the best are the same loop: the earliest is taken, always."""
OTHER_SHARE = 0.9
OTHERS = 4
APART_S = 0.5
"""What is told of a track's other places: the four best, at least 0.5 s apart, with 90 % of the best score or more."""

WINDOW_S = 12.0
HOP_S = 6.0
"""Of a long recording: a span is then heard in at least two windows unless it is shorter than 18 s."""
SAME_LINE_S = 1.0
"""Seconds that a window's offset may lie from where a span should have come to."""
GAP_S = 24.0
"""Seconds without a match, under speech for example, that a span survives."""


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


@dataclass(frozen=True)
class Span:
    """A stretch of a recording, in seconds from its beginning, with the most confident of its windows' matches.

    `offset_s` is where in the track the span begins.
    """

    match: Match
    from_s: float
    to_s: float
    offset_s: float
    windows: int


def identify(samples: Samples, index: Index) -> Match | None:
    """The track in a window of mono samples (n,) at 12 kHz, at most `LONGEST_S` long; None if none is sure enough."""
    best = best_guess(samples, index)
    return best if best and best.confidence >= ACCEPTED else None


def best_guess(samples: Samples, index: Index) -> Match | None:
    """Like `identify`, but however unsure: evidence for a person who asks why a window did not match."""
    if len(samples) > LONGEST_S * RATE:
        raise ValueError(f"a window is at most {LONGEST_S:.0f} s long; use identify_spans for longer audio")
    asked = query(samples)
    heard = peak_map(asked)
    found: list[Scored] = []
    best: Match | None = None
    for speeds in ((AS_RECORDED,), SPEEDS):
        for speed in speeds:
            found += scored(candidates(asked.pairs, index.segments, speed), heard)
        best = _choose(found, heard)
        if best and best.confidence >= ACCEPTED:
            break
    return best


def identify_spans(blocks: Iterable[Samples], index: Index) -> list[Span]:
    """What a recording of any length holds, given as consecutive blocks of mono samples at 12 kHz, in order of time."""
    done: list[Span] = []
    open_spans: list[Span] = []
    for start_s, samples in _windows(blocks):
        lost = [span for span in open_spans if span.to_s < start_s - GAP_S]
        open_spans = [span for span in open_spans if span not in lost]
        done += lost
        match = identify(samples, index)
        if match:
            open_spans = _joined(open_spans, match, start_s)
    return sorted(done + open_spans, key=lambda span: (span.from_s, span.match.track.item_id))


def _choose(found: Sequence[Scored], heard: PeakMap) -> Match | None:
    """The best track of scored places."""
    by_track: dict[str, list[Scored]] = {}
    for one in sorted(found, key=lambda one: (-one.score, one.place.tick)):
        by_track.setdefault(one.place.track.item_id, []).append(one)
    if not by_track:
        return None
    own, *others = by_track.values()
    best = min((one for one in own if one.score >= own[0].score - TIE_NATS), key=lambda one: one.place.tick)
    rivals = [places[0] for places in others]
    sure = confidence(evidence(best, heard))
    fitted = fit(best.place, heard)
    rival = rivals[0] if rivals else None
    return Match(
        best.place.track,
        best.place.offset_s(fitted.tick),
        fitted.speed,
        best.score,
        sure * _before(best.score, rival.score if rival else -np.inf),
        max(fitted.from_tick, 0.0) * TICK_S,
        max(fitted.to_tick, 0.0) * TICK_S,
        RunnerUp(rival.place.track, rival.place.offset_s(), rival.score) if rival else None,
        _other_offsets(best, own),
    )


def evidence(best: Scored, heard: PeakMap) -> dict[str, float]:
    """The figures that confidence rests on."""
    return {"score": best.score, "votes": best.place.votes, "elsewhere": elsewhere(best.place, heard)}


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


def _windows(blocks: Iterable[Samples]) -> Iterator[tuple[float, Samples]]:
    """Overlapping windows with the second at which each begins; the last one ends with the recording."""
    size, hop = int(WINDOW_S * RATE), int(HOP_S * RATE)
    held, start = np.zeros(0, np.float32), 0
    seen = 0
    for block in blocks:
        held = np.concatenate([held, block])
        while len(held) >= size:
            yield start / RATE, held[:size]
            seen = start + size
            held, start = held[hop:], start + hop
    if start + len(held) - seen > RATE:
        yield start / RATE, held


def _joined(spans: Sequence[Span], match: Match, start_s: float) -> list[Span]:
    """`spans` with `match` added to the one that it continues, or as a new one."""
    for number, span in enumerate(spans):
        if span.match.track == match.track and _continues(span, match, start_s):
            surer = max(span.match, match, key=lambda candidate: candidate.confidence)
            to_s = max(span.to_s, start_s + match.to_s)
            longer = replace(span, match=surer, to_s=to_s, windows=span.windows + 1)
            return [*spans[:number], longer, *spans[number + 1 :]]
    from_s = start_s + match.from_s
    begins = match.offset_s + match.from_s * match.speed
    return [*spans, Span(match, from_s, start_s + match.to_s, begins, 1)]


def _continues(span: Span, match: Match, start_s: float) -> bool:
    expected = span.offset_s + (start_s - span.from_s) * match.speed
    return any(abs(offset - expected) <= SAME_LINE_S for offset in (match.offset_s, *match.other_offsets_s))
