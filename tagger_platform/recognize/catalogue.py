"""The catalogue recognizer: the user's own audio, recognised offline by fingerprint.

What belongs here: turning a fingerprint match into a recognition with its evidence. What does not: the fingerprints
themselves (`fingerprint`), filling the catalogue (`library`).
"""

import asyncio
import json
import time
from collections.abc import Sequence
from dataclasses import asdict, replace
from functools import cached_property
from pathlib import Path

from tagger_platform.audio import read_window
from tagger_platform.fingerprint.index import Index
from tagger_platform.fingerprint.match import ACCEPTED, LONGEST_S, Match, guesses
from tagger_platform.fingerprint.peaks import RATE
from tagger_platform.fingerprint.segment import TrackMeta
from tagger_platform.model import Recognition, Status, Track, Window

PROVIDER = "catalogue"


class CatalogueRecognizer:
    """Asks the index in `index_dir`, and sees at each window what has been added to it since."""

    name = PROVIDER
    asks_every_window = True

    def __init__(self, index_dir: Path) -> None:
        self._index_dir = index_dir

    @cached_property
    def _index(self) -> Index:
        """Opened with the first question: an index that is damaged or a newer tagger's is one provider that is down."""
        return Index(self._index_dir)

    async def recognize(self, window: Window, audio: Path) -> Recognition:
        """The catalogue's answer about `audio`. Raises AudioError where the file cannot be read."""
        return await asyncio.to_thread(self._recognize, window, audio)

    def _recognize(self, window: Window, audio: Path) -> Recognition:
        began = time.perf_counter()
        self._index.refresh()
        if self._index.count == 0:
            return Recognition(window.window_id, PROVIDER, Status.DISABLED, detail="the catalogue is empty")
        samples = read_window(audio, RATE)[: int(LONGEST_S * RATE)]
        told = guesses(samples, self._index)
        return recognition(window.window_id, told, (time.perf_counter() - began) * 1000)


def recognition(window_id: str, told: Sequence[Match], latency_ms: float) -> Recognition:
    """What guesses, the best first, mean for the window: a match if that is sure enough."""
    guess = told[0] if told else None
    detail = _why_not(guess)
    if guess is None or detail:
        return Recognition(
            window_id, PROVIDER, Status.NO_MATCH, latency_ms=latency_ms, detail=detail, raw=_evidence(guess, detail)
        )
    further = tuple(_matched(window_id, other) for other in told[1:])
    matched = _matched(window_id, guess)
    return replace(matched, latency_ms=latency_ms, raw=_evidence(guess, detail), further=further)


def _matched(window_id: str, match: Match) -> Recognition:
    return Recognition(
        window_id,
        PROVIDER,
        Status.MATCH,
        track=catalogue_track(match.track),
        offset_s=match.offset_s,
        other_offsets_s=match.other_offsets_s,
        heard_s=(match.from_s, match.to_s),
        speed=match.speed,
        confidence=match.confidence,
    )


def catalogue_track(meta: TrackMeta) -> Track:
    """`meta` in the words of the project."""
    return Track(
        PROVIDER,
        meta.item_id,
        meta.title,
        artist=meta.artist,
        album=meta.album,
        isrc=meta.isrc,
        label=meta.label,
        duration_s=meta.duration_s,
        kind=meta.kind,
    )


def _why_not(guess: Match | None) -> str:
    if guess is None:
        return "nothing in the catalogue sounds like it"
    if guess.confidence < ACCEPTED:
        return f"nearest is {guess.track.title}, but with confidence {guess.confidence:.2f} of {ACCEPTED} needed"
    return ""


def _evidence(guess: Match | None, detail: str) -> bytes:
    if guess is None:
        return json.dumps({"match": False, "why": detail}).encode()
    rival = guess.runner_up
    content = {
        "match": not detail,
        "why": detail,
        "accepted_at": ACCEPTED,
        **{key: value for key, value in asdict(guess).items() if key != "runner_up"},
        "runner_up": rival
        and {
            "item_id": rival.track.item_id,
            "title": rival.track.title,
            "offset_s": rival.offset_s,
            "score": rival.score,
            "why": f"its peaks fit with {rival.score:.0f} nats, the match's with {guess.score:.0f}",
        },
    }
    return json.dumps(content, default=float).encode()
