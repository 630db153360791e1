"""What is this audio? A file of any length against the catalogue, as one answer or as its known stretches.

What belongs here: the one shape of an identification, for the commands, the api and the pages. What does not: asking
others (`elsewhere`), windows of streams (`recognize`), keeping the answers (`store.identifications`).
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tagger_platform.audio import decode
from tagger_platform.fingerprint.index import Index
from tagger_platform.fingerprint.match import LONGEST_S, Match
from tagger_platform.fingerprint.match import identify as identify_window
from tagger_platform.fingerprint.peaks import RATE
from tagger_platform.fingerprint.spans import identify_spans
from tagger_platform.library.elsewhere import Elsewhere
from tagger_platform.model import Recognition, Track
from tagger_platform.recognize.catalogue import catalogue_track


@dataclass(frozen=True)
class Identified:
    """`told` is the identification as the commands print it; `others` is what was said where the catalogue knew
    nothing: at most the last of them is a match.
    """

    told: dict[str, Any]
    others: Sequence[Recognition] = ()


def identify_whole(file: Path, index: Index, ffmpeg: str, elsewhere: Elsewhere) -> Identified:
    """One answer for the file: a short one as it is, a long one by its longest known stretch. Raises AudioError."""
    began = time.perf_counter()
    if match := _in_catalogue(file, index, ffmpeg):
        return Identified(_by_catalogue(file, match, began))
    others = elsewhere.ask(file)
    for one in others:
        if one.matched:
            return Identified(_told(file, began, one.matched, one.offset_s, one.speed, one.confidence), others)
    return Identified(_told(file, began), others)


def _in_catalogue(file: Path, index: Index, ffmpeg: str) -> Match | None:
    samples, longer = _beginning(file, ffmpeg)
    if not longer:
        return identify_window(samples, index)
    found = identify_spans(decode(file, RATE, ffmpeg), index)
    longest = max(found, key=lambda span: span.to_s - span.from_s, default=None)
    return longest.match if longest else None


def identify_stretches(file: Path, index: Index, ffmpeg: str) -> Iterator[dict[str, Any]]:
    """An answer for every known stretch of a long recording, with `from_s` and `to_s`. Raises AudioError."""
    began = time.perf_counter()
    for span in identify_spans(decode(file, RATE, ffmpeg), index):
        row = _by_catalogue(file, span.match, began)
        row |= {"offset_s": round(span.offset_s, 3), "from_s": round(span.from_s, 3), "to_s": round(span.to_s, 3)}
        yield row


def _beginning(file: Path, ffmpeg: str) -> tuple[np.ndarray, bool]:
    """The first LONGEST_S seconds, and whether there is more."""
    most = int(LONGEST_S * RATE)
    blocks: list[np.ndarray] = []
    for block in decode(file, RATE, ffmpeg):
        blocks.append(block)
        if sum(map(len, blocks)) > most:
            return np.concatenate(blocks)[:most], True
    return np.concatenate(blocks), False


def _by_catalogue(file: Path, match: Match, began: float) -> dict[str, Any]:
    rival = match.runner_up
    told = _told(file, began, catalogue_track(match.track), match.offset_s, match.speed, match.confidence)
    return told | {"runner_up": {"title": rival.track.title, "score": round(rival.score, 1)} if rival else None}


def _told(
    file: Path,
    began: float,
    track: Track | None = None,
    offset_s: float | None = None,
    speed: float | None = None,
    confidence: float | None = None,
) -> dict[str, Any]:
    return {
        "file": str(file),
        "match": track is not None,
        "track_id": track.track_id if track else None,
        "title": track.title if track else None,
        "artist": track.artist if track else None,
        "offset_s": None if offset_s is None else round(offset_s, 3),
        "speed": None if speed is None else round(speed, 4),
        "confidence": None if confidence is None else round(confidence, 4),
        "provider": track.provider if track else None,
        "elapsed_ms": round((time.perf_counter() - began) * 1000),
        "runner_up": None,
    }
