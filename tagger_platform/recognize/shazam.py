"""Shazam as a provider: what its answers mean.

What belongs here: reading the raw answer, and the status of every failure. What does not: sending it (shazam_http), and
how often it may be asked (budget). The API is unofficial: anything may be missing from an answer.
"""

import asyncio
import json
import time
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tagger_platform.model import Recognition, Status, Track, Window
from tagger_platform.recognize.budget import Budget

TIMEOUT_S = 10.0
"""Seconds for one question, signature included; an answer usually takes under one."""

STRAIGHT_SKEW = 1e-3
"""Skew up to which a match is straight. On 234 songs shazamio's authors found 23 of 28 wrong answers above it, and 15
of 611 right ones."""

STRAIGHT_CONFIDENCE = 0.9
SKEWED_CONFIDENCE = 0.5
"""Below what those counts say (0.99 and 0.4 on clean songs), because radio is faster, slower and talked over."""

MISSHAPEN = (LookupError, TypeError, ValueError, AttributeError)
"""What reading JSON of another shape raises."""


class ShazamRecognizer:
    """Asks Shazam through shazamio. `host` (such as ``http://127.0.0.1:8080``) stands in for Shazam's servers."""

    name = "shazam"
    asks_every_window = False

    def __init__(self, *, budget: Budget | None = None, host: str | None = None, timeout_s: float = TIMEOUT_S) -> None:
        self.budget = budget
        self._host = host
        self._timeout_s = timeout_s

    async def recognize(self, window: Window, audio: Path) -> Recognition:
        from tagger_platform.recognize import shazam_http  # heavy, and a process may never ask

        began = time.perf_counter()

        def failed(status: Status, detail: str, retry_after_s: float | None = None) -> Recognition:
            return Recognition(
                window.window_id,
                self.name,
                status,
                latency_ms=_since_ms(began),
                detail=detail,
                retry_after_s=retry_after_s,
            )

        try:
            raw = await asyncio.wait_for(shazam_http.question(audio, self._host), self._timeout_s)
            return read_answer(window, raw, latency_ms=_since_ms(began))
        except TimeoutError:
            return failed(Status.TIMEOUT, f"no answer within {self._timeout_s:g} s")
        except shazam_http.NoAnswerError as error:
            return failed(error.status, str(error), error.retry_after_s)
        except MISSHAPEN as error:
            return failed(Status.BAD_ANSWER, f"not the shape of an answer: {type(error).__name__}: {error}")


def read_answer(window: Window, raw: Mapping[str, Any], *, latency_ms: float) -> Recognition:
    """The recognition that Shazam's raw answer means. Raises one of `MISSHAPEN` where it has not the shape.

    An error of theirs can come as ordinary JSON without `matches`: that is no "no match".
    """
    matches = raw["matches"]
    kept = zlib.compress(json.dumps(raw, ensure_ascii=False, separators=(",", ":")).encode())
    if not matches:
        return Recognition(window.window_id, "shazam", Status.NO_MATCH, latency_ms=latency_ms, raw=kept)
    best = matches[0]
    time_skew, frequency_skew = _number(best.get("timeskew")), _number(best.get("frequencyskew"))
    return Recognition(
        window_id=window.window_id,
        provider="shazam",
        status=Status.MATCH,
        track=_track(raw["track"]),
        offset_s=_number(best.get("offset")),
        speed=None if time_skew is None else 1 + time_skew,
        confidence=_confidence(time_skew, frequency_skew),
        latency_ms=latency_ms,
        raw=kept,
    )


def _track(raw: Mapping[str, Any]) -> Track:
    song = _song_metadata(raw)
    images, share = raw.get("images") or {}, raw.get("share") or {}
    return Track(
        provider="shazam",
        provider_track_id=str(raw["key"]),
        title=str(raw["title"]),
        artist=str(raw.get("subtitle") or ""),
        album=song.get("Album", ""),
        isrc=str(raw.get("isrc") or ""),
        label=song.get("Label", ""),
        artwork=str(images.get("coverarthq") or images.get("coverart") or ""),
        link=str(share.get("href") or raw.get("url") or _hub_link(raw)),
    )


def _song_metadata(raw: Mapping[str, Any]) -> dict[str, str]:
    """Album, label and the like, which Shazam keeps as titled lines for its page."""
    return {
        str(line["title"]): str(line["text"])
        for section in raw.get("sections") or ()
        if section.get("type") == "SONG"
        for line in section.get("metadata") or ()
        if line.get("title") and line.get("text")
    }


def _hub_link(raw: Mapping[str, Any]) -> str:
    options = (raw.get("hub") or {}).get("options") or ()
    uris = [str(action.get("uri", "")) for option in options for action in option.get("actions") or ()]
    return next((uri for uri in uris if uri.startswith("https://")), "")


def _confidence(time_skew: float | None, frequency_skew: float | None) -> float | None:
    """Shazam gives no number: a straight match is worth 0.9, a skewed one 0.5, one without skews is left unrated."""
    if time_skew is None or frequency_skew is None:
        return None
    return STRAIGHT_CONFIDENCE if max(abs(time_skew), abs(frequency_skew)) <= STRAIGHT_SKEW else SKEWED_CONFIDENCE


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None


def _since_ms(began: float) -> float:
    return round((time.perf_counter() - began) * 1000, 1)
