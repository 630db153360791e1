"""What is this audio? One window, or spans of a long recording.

What belongs here: choosing among places, speeds and tracks, confidence, joining windows to spans.
What does not: votes and scores (`vote`), the files (`index`), decoding.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from tagger_platform.fingerprint.index import Index
from tagger_platform.fingerprint.landmarks import RATE, Samples, query_pairs
from tagger_platform.fingerprint.segment import TrackMeta
from tagger_platform.fingerprint.vote import Line, lines

LONGEST_S = 16.0
"""Seconds of a window: the index leaves 20 s between tracks, in which a window may begin before its track."""
AS_RECORDED = 1.0
SPEEDS = (0.99, 1.01, 0.98, 1.02, 0.97, 1.03)
"""Asked only when the music as recorded is not found; 1 % apart, because bins below 1.5 kHz forgive half a per cent."""
RUNNER_UP_SHARE = 0.5
"""Share of another track's score that is subtracted: drones and drum loops score for many tracks at once."""
EVEN_MARGIN = 8.2
MARGIN_WIDTH = 1.09
"""Confidence is a logistic function of the margin (score less the runner-up's share), even at EVEN_MARGIN.
Fitted by maximum likelihood, both sides weighing the same, on music of eight games (6 h, 149 tracks): 1,076 windows of
tracks that are not in the index, and 285 right answers out of 300 windows with 20 kinds of damage (codecs, speech at
0 to -10 dB, noise, a room, speeds from -1.5 to +3 %). The settings were chosen on the same music, and pieces that score
for each other were left out by name after their scores were seen: it holds only for music that shares no loops."""
ACCEPTED = 0.98
"""Confidence of a match (margin 12.4). With everything fixed, other tracks indexed and nothing left out: 95 % of 300
damaged windows right, none wrong; but 74 of 927 windows of other tracks accepted. 11 were another version of the piece;
63 were other pieces, apparently made of the same loops or sounds, in three groups (51 of them in one soundtrack), with
margins up to 238: no threshold removes them. Their offsets advanced with time in 2 of 71 steps only (the version's in
11 of 13), so let the decision ask for that. None of the remaining windows was accepted."""

TIE = 0.99
"""Places of one track within this share of the best score are the same loop: the earliest is taken, always."""
OTHER_SHARE = 0.6
OTHERS = 4
APART_S = 0.5
"""What is told of a track's other places: the four best, at least 0.5 s apart, with 60 % of the best score or more."""

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

    `from_s` and `to_s` are where in the window it was heard; `score` counts agreeing rare hashes; `other_offsets_s` are
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
    segments = index.segments
    pairs = query_pairs(samples)
    best = _choose(lines(pairs, segments, AS_RECORDED))
    if best and best.confidence >= ACCEPTED:
        return best
    guesses = [best, *(_choose(lines(pairs, segments, speed)) for speed in SPEEDS)]
    return max((guess for guess in guesses if guess), key=lambda guess: guess.confidence, default=None)


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


def confidence(score: float, runner_up: float) -> float:
    """How sure a score is, from 0 to 1 (see EVEN_MARGIN)."""
    margin = score - RUNNER_UP_SHARE * runner_up
    return float(1 / (1 + np.exp(np.clip((EVEN_MARGIN - margin) / MARGIN_WIDTH, -50, 50))))


def _choose(found: Sequence[Line]) -> Match | None:
    """The best track of scored places, the highest score first."""
    if not found:
        return None
    own = [line for line in found if line.track == found[0].track]
    best = min((line for line in own if line.score >= TIE * found[0].score), key=lambda line: line.offset_s)
    other = next((line for line in found if line.track != best.track), None)
    return Match(
        best.track,
        best.offset_s,
        best.speed,
        best.score,
        confidence(best.score, other.score if other else 0.0),
        best.from_s,
        best.to_s,
        RunnerUp(other.track, other.offset_s, other.score) if other else None,
        _other_offsets(best, own),
    )


def _other_offsets(best: Line, own: Sequence[Line]) -> tuple[float, ...]:
    told = [best.offset_s]
    for line in own:
        near = any(abs(line.offset_s - offset) < APART_S for offset in told)
        if not near and line.score >= OTHER_SHARE * best.score and len(told) <= OTHERS:
            told.append(line.offset_s)
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
