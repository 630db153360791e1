"""A day on which the providers were asked, written the way a slot's run writes it.

What belongs here: data for the tests of what shows recognitions. What does not: tests, plays.
"""

from datetime import date, timedelta

from tagger_platform.model import CaptureState, Recognition, Slot, Status, Window
from tagger_platform.recognize.answers import packed
from tagger_platform.store.database import Database
from tagger_platform.store.reports import day_bounds
from tagger_platform.store.writes import write_recognitions, write_windows
from tagger_platform_tests import samples

EVERY = timedelta(hours=1)
TROUBLE = {7: Status.TIMEOUT, 23: Status.THROTTLED, 31: Status.BAD_ANSWER}
"""What becomes of every question to shazam whose number divides so."""


def write_questions(database: Database, day: date) -> int:
    """Every hour of a local day each sample stream is asked about; returns how many questions that makes."""
    start, end = day_bounds(day, samples.TZ)
    slot, count = Slot.containing(start, samples.HOP_S), 0
    if slot.start < start:
        slot = slot.next(samples.HOP_S)
    with database.writing() as connection:
        while slot.start < end:
            windows = [
                Window(stream, slot, 0, 12, CaptureState.CAPTURED, level_dbfs=-18.0) for stream in samples.STREAMS
            ]
            write_windows(connection, windows, titles=samples.STREAMS, source="capture", slot=slot)
            given = []
            for window in windows:
                given += [_shazam(window, count), _catalogue(window, count)]
                count += 1
            write_recognitions(connection, windows, given, asked_at=slot.start + timedelta(seconds=14))
            slot = Slot(slot.start + EVERY)
    return 2 * count


def _shazam(window: Window, number: int) -> Recognition:
    latency_ms = 400.0 + number * 37 % 1700
    for divisor, status in TROUBLE.items():
        if number % divisor == divisor - 1:
            return Recognition(
                window.window_id, "shazam", status, latency_ms=latency_ms, detail="no answer within 10 s"
            )
    if number % 3 == 0:
        return Recognition(window.window_id, "shazam", Status.NO_MATCH, latency_ms=latency_ms)
    track = samples.track(number * 2)
    raw = packed({"matches": [{"id": str(number), "offset": 61.5}], "track": {"title": track.title, "isrc": "X1"}})
    return Recognition(
        window.window_id,
        "shazam",
        Status.MATCH,
        track,
        offset_s=61.5,
        speed=1.0,
        confidence=0.9,
        latency_ms=latency_ms,
        raw=raw,
    )


def _catalogue(window: Window, number: int) -> Recognition:
    latency_ms = 20.0 + number % 60
    if number % 2:
        return Recognition(window.window_id, "catalogue", Status.NO_MATCH, latency_ms=latency_ms)
    track = samples.track(number * 2 + 1)
    return Recognition(
        window.window_id,
        "catalogue",
        Status.MATCH,
        track,
        offset_s=12.0,
        speed=1.0,
        confidence=0.97,
        latency_ms=latency_ms,
    )
