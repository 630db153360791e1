"""What is this audio? A file of any length against the catalogue, as one answer or as its known stretches.

What belongs here: the one shape of an identification, for the commands, the api and the pages. What does not: windows
of streams (`recognize`), keeping the answers (`store.identifications`).
"""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from tagger_platform.audio import decode
from tagger_platform.fingerprint.index import Index
from tagger_platform.fingerprint.match import LONGEST_S, Match
from tagger_platform.fingerprint.match import identify as identify_window
from tagger_platform.fingerprint.peaks import RATE
from tagger_platform.fingerprint.spans import identify_spans
from tagger_platform.recognize.catalogue import PROVIDER, catalogue_track


def identify_whole(file: Path, index: Index, ffmpeg: str) -> dict[str, Any]:
    """One answer for the file: a short one as it is, a long one by its longest known stretch. Raises AudioError."""
    began = time.perf_counter()
    samples, longer = _beginning(file, ffmpeg)
    if not longer:
        return _identification(file, identify_window(samples, index), began)
    found = identify_spans(decode(file, RATE, ffmpeg), index)
    longest = max(found, key=lambda span: span.to_s - span.from_s, default=None)
    return _identification(file, longest.match if longest else None, began)


def identify_stretches(file: Path, index: Index, ffmpeg: str) -> Iterator[dict[str, Any]]:
    """An answer for every known stretch of a long recording, with `from_s` and `to_s`. Raises AudioError."""
    began = time.perf_counter()
    for span in identify_spans(decode(file, RATE, ffmpeg), index):
        row = _identification(file, span.match, began)
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


def _identification(file: Path, match: Match | None, began: float) -> dict[str, Any]:
    track = catalogue_track(match.track) if match else None
    rival = match.runner_up if match else None
    return {
        "file": str(file),
        "match": match is not None,
        "track_id": track.track_id if track else None,
        "title": track.title if track else None,
        "artist": track.artist if track else None,
        "offset_s": round(match.offset_s, 3) if match else None,
        "speed": round(match.speed, 4) if match else None,
        "confidence": round(match.confidence, 4) if match else None,
        "provider": PROVIDER if match else None,
        "elapsed_ms": round((time.perf_counter() - began) * 1000),
        "runner_up": {"title": rival.track.title, "score": round(rival.score, 1)} if rival else None,
    }
