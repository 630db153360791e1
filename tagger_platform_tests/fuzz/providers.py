"""What Shazam and AcoustID may answer, and the header in which they ask to be left alone."""

import asyncio
import math
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from hypothesis import strategies as st

from tagger_platform.model import CaptureState, Recognition, Slot, Status, Window
from tagger_platform.recognize import acoustid, shazam
from tagger_platform.recognize.answers import MOST_TEXT, answer
from tagger_platform.recognize.breaker import LONGEST_ASKED_S, retry_after_s
from tagger_platform_tests.fuzz.inputs import WORDS, damaged_json
from tagger_platform_tests.fuzz.target import Target
from tagger_platform_tests.standins.acoustid import result
from tagger_platform_tests.standins.shazam import NO_MATCH, song

WINDOW = Window("kexp", Slot(datetime(2026, 11, 21, 3, 30, tzinfo=UTC)), 0, 12, CaptureState.CAPTURED, level_dbfs=-20.0)
SONGS = [
    dict(NO_MATCH),
    song("1", "Title", "Artist", isrc="USRC17607839", album="Album", label="Label", offset_s=42.5, timeskew=0.0003),
]
RESULTS = [
    {"status": "ok", "results": []},
    {"status": "ok", "results": [result("9ff4", "Title", "Artist", album="Album"), result("9ff5", score=0.5)]},
    {"status": "error", "error": {"code": 14, "message": "rate limit exceeded"}},
]
LIMITS = shazam.SkewLimits()
Read = Callable[[Any], Recognition]


def judged_by(read: Read) -> Callable[[Any], None]:
    def judge(raw: Any) -> None:
        async def given() -> Any:
            return raw

        _judge(asyncio.run(answer(WINDOW, "provider", given(), read, timeout_s=5)))

    return judge


def _judge(given: Recognition) -> None:
    """What the store, the decision and a page can work with."""
    assert given.window_id == WINDOW.window_id
    given.detail.encode()
    assert len(given.detail) < 4000
    numbers = (given.offset_s, given.speed, given.confidence)
    assert all(one is None or (math.isfinite(one) and abs(one) <= 100_000) for one in numbers), numbers
    if given.status is not Status.MATCH:
        assert given.track is None
        return
    track = given.track
    assert track
    assert track.title.strip()
    assert track.provider_track_id.strip()
    texts = (track.title, track.artist, track.album, track.isrc, track.label, track.artwork, track.link)
    assert all(len(text.encode()) <= 4 * MOST_TEXT for text in texts)
    assert track.link == "" or track.link.startswith(("https://", "http://"))


def shazam_answer(raw: Mapping[str, Any]) -> Recognition:
    return shazam.read_answer(WINDOW, raw, LIMITS)


def acoustid_answer(raw: Mapping[str, Any]) -> Recognition:
    return acoustid.read_answer(WINDOW, raw)


HEADERS = st.one_of(
    st.none(), WORDS, st.integers().map(str), st.sampled_from(["9" * 500, "٣", "Fri, 31 Dec 9999 23:59:59 GMT", "inf"])
)


def judge_retry_after(header: str | None) -> None:
    wait_s = retry_after_s(header, 1.8e9)
    assert wait_s is None or 0 <= wait_s <= LONGEST_ASKED_S


TARGETS = [
    Target("Shazam's answers", 0.15, damaged_json(SONGS), judged_by(shazam_answer)),
    Target("AcoustID's answers", 0.1, damaged_json(RESULTS), judged_by(acoustid_answer)),
    Target("Retry-After", 0.03, HEADERS, judge_retry_after),
]
