"""An hour of a provider in trouble, on a clock of ours: nothing is lost after it, and the budget is never exceeded.

`defs/test_catchup` has the same hour of 429s through the whole platform. Here it is the questions alone, and every kind
of trouble, over real HTTP.
"""

import asyncio
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tagger_platform.model import ANSWERED, CaptureState, Recognition, Slot, Window
from tagger_platform.recognize.budget import BURST, Budget
from tagger_platform.recognize.panel import Job, ask_slot
from tagger_platform.recognize.shazam import ShazamRecognizer
from tagger_platform_tests.recognize.clock import Clock
from tagger_platform_tests.standins.shazam import Mode, ShazamStandIn, song
from tagger_platform_tests.test_spool import FIRST

HOP_S, PER_MINUTE = 120, 4
STREAMS = ("cafe", "kexp")
TROUBLE = range(1, 31)
SLOTS = 32
LOOK_S = 10
HASTE_S = 0.5
"""Seconds that a question may take while the stand-in hangs; the usual ten would make that hour minutes."""
MOST_IN_VAIN = 20
"""Questions that trouble itself may be asked: three in a row, and then one after each of the breaker's pauses."""


class Asked:
    """The real one; it notes when it was asked, and waits less while the stand-in hangs."""

    name = "shazam"
    asks_every_window = False

    def __init__(self, clock: Clock, budget: Budget, shazam: ShazamStandIn) -> None:
        self.budget = budget
        self.at: list[float] = []
        self._clock, self._shazam = clock, shazam
        self._usual = ShazamRecognizer(host=shazam.url)
        self._hasty = ShazamRecognizer(host=shazam.url, timeout_s=HASTE_S)

    async def recognize(self, window: Window, audio: Path) -> Recognition:
        self.at.append(self._clock.now)
        asked = self._hasty if self._shazam.mode is Mode.HANG else self._usual
        return await asked.recognize(window, audio)


class Radio:
    """Slots as they come, what was answered of them, and those that wait."""

    def __init__(self, folder: Path, shazam: ShazamStandIn) -> None:
        self.clock = Clock()
        self.budget = Budget(folder / "budget", "shazam", PER_MINUTE, clock=self.clock, sleep=self.clock.sleep)
        self.recognizer = Asked(self.clock, self.budget, shazam)
        self.audio = folder / "window.flac"
        soundfile.write(self.audio, 0.3 * np.sin(np.cumsum(np.linspace(0.1, 1.5, 12 * 16_000))), 16_000)
        self.answered: dict[str, Recognition] = {}
        self.waiting: list[Window] = []

    def ask(self, windows: list[Window], *, late: bool) -> None:
        jobs: list[Job] = [(window, self.audio) for window in windows]
        asking = ask_slot(
            jobs,
            [self.recognizer],
            answered={},
            known={},
            late=late,
            hop_s=HOP_S,
            tolerance=1,
            global_inflight=3,
            per_provider_inflight=3,
        )
        given = {one.window_id: one for one in asyncio.run(asking)}
        self.answered |= {key: one for key, one in given.items() if one.status in ANSWERED}
        self.waiting += [window for window in windows if window.window_id not in self.answered]

    def catch_up(self, until: float) -> None:
        while self.clock.now < until:
            if self.waiting and self.budget.has_spare():
                self.ask([self.waiting.pop(0)], late=True)
            self.clock.now += LOOK_S


@pytest.mark.parametrize("mode", [Mode.THROTTLED_BARE, Mode.HANG, Mode.GARBAGE])
def test_an_hour_of_trouble_loses_nothing_and_never_exceeds_the_budget(tmp_path: Path, mode: Mode) -> None:
    with ShazamStandIn(lambda asked: song("1", "Song")) as shazam:
        radio = Radio(tmp_path, shazam)
        slot, expected = FIRST, []
        began = radio.clock.now
        for number in range(SLOTS):
            shazam.mode = mode if number in TROUBLE else Mode.MATCH
            windows = [Window(name, slot, 0, 12, CaptureState.CAPTURED, level_dbfs=-20.0) for name in STREAMS]
            radio.ask(windows, late=False)
            radio.catch_up(began + (number + 1) * HOP_S)
            expected += [window.window_id for window in windows]
            slot = Slot(slot.next(HOP_S).start)
        assert len(radio.waiting) >= len(TROUBLE) * len(STREAMS)
        radio.catch_up(radio.clock.now + 3 * 3600)
    assert radio.waiting == []
    assert sorted(radio.answered) == sorted(expected)
    assert {one.track and one.track.title for one in radio.answered.values()} == {"Song"}
    at = radio.recognizer.at
    for first, last in combinations(range(len(at)), 2):
        assert last - first + 1 <= BURST + (at[last] - at[first]) * PER_MINUTE / 60 + 1e-6
    assert len(at) - len(expected) <= MOST_IN_VAIN
