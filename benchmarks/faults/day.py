"""A made-up day on the air, and the provider that knows all of it.

What belongs here: what plays when, the slots that a capture would make of it, and their answers. What does not: running
them. What is proved with it is what the platform does with answers, so windows hold noise and the answers come from a
table: songs of 60 to 300 s and talk, the same for the same stream names, whoever asks.
"""

import asyncio
import io
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import numpy as np
import soundfile

from tagger_platform.model import CaptureState, Recognition, Slot, Status, Track, Window
from tagger_platform.settings import Settings
from tagger_platform.spool import Manifest, Spool

BEGIN = datetime(2026, 3, 2, tzinfo=UTC)
"""When the day begins: long ago, so that its slots are late ones."""
SONGS, ARTISTS = 400, 90
LOST_SHARE = 0.02
"""Windows that capture could not hear."""
RATE = 16_000


@dataclass(frozen=True)
class Day:
    """The day as these settings would hear it, from `begin` on."""

    settings: Settings
    begin: datetime = BEGIN

    def slot(self, number: int) -> Slot:
        return Slot(self.begin + timedelta(seconds=number * self.settings.hop_s))

    def windows(self, slot: Slot) -> list[Window]:
        """The expected windows of a slot, some of which capture could not hear."""
        chance = random.Random(slot.key)
        found = []
        for stream in self.settings.enabled_streams:
            for offset in self.settings.window_offsets:
                lost = chance.random() < LOST_SHARE
                state, level = (CaptureState.RECONNECTING, None) if lost else (CaptureState.CAPTURED, -20.0)
                found.append(Window(stream.name, slot, offset, self.settings.window_s, state, level_dbfs=level))
        return found

    def publish(self, spool: Spool, slot: Slot) -> None:
        """Hand the slot over as capture does."""
        windows = self.windows(slot)
        for window in windows:
            if window.state is CaptureState.CAPTURED:
                spool.path_for(window).write_bytes(_noise(window.length_s))
        titles = tuple((stream.name, stream.display) for stream in self.settings.enabled_streams)
        spool.publish(Manifest(slot, "capture", self.settings.hop_s, tuple(windows), titles))


class Table:
    """The provider: it knows what was on, whichever process asks. An answer takes it up to `longest_s` seconds."""

    name = "catalogue"
    asks_every_window = True

    def __init__(self, longest_s: float = 0.0) -> None:
        self._longest_s = longest_s

    async def recognize(self, window: Window, audio: Path) -> Recognition:
        await asyncio.sleep(random.uniform(0, self._longest_s))
        audio.read_bytes()
        return answer(window)


def answer(window: Window) -> Recognition:
    """What the table says of a window."""
    for start, end, track in _songs(window.stream, window.start.date()):
        if start <= window.start and window.end <= end:
            offset = (window.start - start).total_seconds()
            return Recognition(
                window.window_id, Table.name, Status.MATCH, track, offset_s=offset, speed=1.0, confidence=0.97
            )
    return Recognition(window.window_id, Table.name, Status.NO_MATCH)


@cache
def _songs(stream: str, date: object) -> list[tuple[datetime, datetime, Track]]:
    """The songs of a stream that begin on a UTC day; each ends on it."""
    midnight = datetime.fromisoformat(f"{date}T00:00:00+00:00")
    return list(_programme(random.Random(f"{stream} {date}"), midnight))


def _programme(chance: random.Random, midnight: datetime) -> Iterator[tuple[datetime, datetime, Track]]:
    at = midnight
    while True:
        number = chance.randrange(SONGS)
        seconds = random.Random(number).uniform(60, 300)  # a song is always as long
        if at + timedelta(seconds=seconds) > midnight + timedelta(days=1):
            return
        if chance.random() < 0.85:
            song = Track("catalogue", f"t{number}", f"Song {number}", f"Artist {number % ARTISTS}", duration_s=seconds)
            yield at, at + timedelta(seconds=seconds), song
        at += timedelta(seconds=seconds)


@cache
def _noise(seconds: int) -> bytes:
    samples = (np.random.default_rng(1).normal(size=seconds * RATE) * 3000).astype(np.int16)
    file = io.BytesIO()
    soundfile.write(file, samples, RATE, format="FLAC")
    return file.getvalue()
