"""Shazam as a provider: what its answers mean.

What belongs here: reading the raw answer, and the status of every failure. What does not: sending it (shazam_http), and
how often it may be asked (budget). The API is unofficial: anything may be missing from an answer.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tagger_platform.model import Recognition, Status, Track, Window
from tagger_platform.recognize.answers import answer, needed, number, packed, text
from tagger_platform.recognize.budget import Budget

TIMEOUT_S = 10.0
"""Seconds for one question, signature included; an answer usually takes under one."""

STRAIGHT_CONFIDENCE = 0.9
SKEWED_CONFIDENCE = 0.5
"""Below what those counts say (0.99 and 0.4 on clean songs), because radio is faster, slower and talked over."""


@dataclass(frozen=True)
class SkewLimits:
    """How far a match may be off in time and in frequency, as shares, and still count as straight.

    On 234 songs shazamio's authors found 23 of 28 wrong answers above 0.001, and 15 of 611 right ones.
    """

    time: float = 1e-3
    frequency: float = 1e-3


class ShazamRecognizer:
    """Asks Shazam through shazamio. `host` (such as ``http://127.0.0.1:8080``) stands in for Shazam's servers."""

    name = "shazam"
    asks_every_window = False

    def __init__(
        self,
        *,
        budget: Budget | None = None,
        host: str | None = None,
        limits: SkewLimits = SkewLimits(),
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        self.budget = budget
        self._host = host
        self._limits = limits
        self._timeout_s = timeout_s

    async def recognize(self, window: Window, audio: Path) -> Recognition:
        from tagger_platform.recognize import shazam_http  # heavy, and a process may never ask

        return await answer(
            window,
            self.name,
            shazam_http.question(audio, self._host),
            lambda raw: read_answer(window, raw, self._limits),
            timeout_s=self._timeout_s,
        )


def read_answer(window: Window, raw: Mapping[str, Any], limits: SkewLimits) -> Recognition:
    """The recognition that Shazam's raw answer means. Raises one of `answers.MISSHAPEN` where it has not the shape.

    An error of theirs can come as ordinary JSON without `matches`: that is no "no match".
    """
    matches = raw["matches"]
    if not isinstance(matches, list):
        raise TypeError(f"matches is a {type(matches).__name__} instead of a list")
    if not matches:
        return Recognition(window.window_id, ShazamRecognizer.name, Status.NO_MATCH, raw=packed(raw))
    best = matches[0]
    time_skew, frequency_skew = number(best.get("timeskew")), number(best.get("frequencyskew"))
    return Recognition(
        window_id=window.window_id,
        provider=ShazamRecognizer.name,
        status=Status.MATCH,
        track=_track(raw["track"]),
        offset_s=number(best.get("offset")),
        speed=None if time_skew is None else 1 + time_skew,
        confidence=_confidence(time_skew, frequency_skew, limits),
        raw=packed(raw),
    )


def _track(raw: Mapping[str, Any]) -> Track:
    song = _song_metadata(raw)
    images, share = raw.get("images") or {}, raw.get("share") or {}
    return Track(
        provider=ShazamRecognizer.name,
        provider_track_id=needed(raw["key"]),
        title=needed(raw["title"]),
        artist=text(raw.get("subtitle")),
        album=song.get("Album", ""),
        isrc=text(raw.get("isrc")),
        label=song.get("Label", ""),
        artwork=text(images.get("coverarthq") or images.get("coverart")),
        link=_web(share.get("href")) or _web(raw.get("url")) or _hub_link(raw),
    )


def _song_metadata(raw: Mapping[str, Any]) -> dict[str, str]:
    """Album, label and the like, which Shazam keeps as titled lines for its page."""
    return {
        text(line["title"]): text(line["text"])
        for section in raw.get("sections") or ()
        if section.get("type") == "SONG"
        for line in section.get("metadata") or ()
        if line.get("title") and line.get("text")
    }


def _hub_link(raw: Mapping[str, Any]) -> str:
    options = (raw.get("hub") or {}).get("options") or ()
    links = (_web(action.get("uri")) for option in options for action in option.get("actions") or ())
    return next((link for link in links if link), "")


def _web(value: object) -> str:
    """An address that a page may link to: one of another scheme would run in it."""
    address = text(value)
    return address if address.startswith(("https://", "http://")) else ""


def _confidence(time_skew: float | None, frequency_skew: float | None, limits: SkewLimits) -> float | None:
    """Shazam gives no number: a straight match is worth 0.9, a skewed one 0.5, one without skews is left unrated."""
    if time_skew is None or frequency_skew is None:
        return None
    straight = abs(time_skew) <= limits.time and abs(frequency_skew) <= limits.frequency
    return STRAIGHT_CONFIDENCE if straight else SKEWED_CONFIDENCE
