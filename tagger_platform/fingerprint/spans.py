"""What a recording of any length holds: its windows' matches, joined to spans.

What belongs here: cutting windows, joining matches. What does not: naming a window (`match`), decoding.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from tagger_platform.fingerprint.index import Index
from tagger_platform.fingerprint.match import Match, matches
from tagger_platform.fingerprint.peaks import RATE, Samples

WINDOW_S = 12.0
HOP_S = 6.0
"""Of a long recording: a span is then heard in at least two windows unless it is shorter than 18 s."""
SAME_LINE_S = 1.0
"""Seconds that a window's offset may lie from where a span should have come to."""
GAP_S = 24.0
"""Seconds without a match, under speech for example, that a span survives."""


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


def identify_spans(blocks: Iterable[Samples], index: Index) -> list[Span]:
    """What a recording of any length holds, given as consecutive blocks of mono samples at 12 kHz, in order of time."""
    done: list[Span] = []
    open_spans: list[Span] = []
    for start_s, samples in _windows(blocks):
        lost = [span for span in open_spans if span.to_s < start_s - GAP_S]
        open_spans = [span for span in open_spans if span not in lost]
        done += lost
        for match in matches(samples, index):
            open_spans = _joined(open_spans, match, start_s)
    return sorted(done + open_spans, key=lambda span: (span.from_s, span.match.track.item_id))


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
