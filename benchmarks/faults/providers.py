"""A provider in trouble for an hour: nothing is lost after it, and its budget is never exceeded.

    python -m benchmarks.faults.providers [--slots 30] [--json FILE]

Slots of two streams come every two minutes, and for so many of them the provider says 429, hangs, or answers garbage,
each beside the others, over real HTTP and on the machine's own clock; then there is catch-up. The short form has a
clock of its own. (`defs/test_catchup.py` has the hour of 429s through the whole platform, plays and clips included.)
"""

import argparse
import asyncio
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path
from typing import Protocol

import numpy as np
import soundfile

from benchmarks.faults.figures import tell
from tagger_platform.model import ANSWERED, CaptureState, Recognition, Slot, Window
from tagger_platform.recognize.budget import BURST, Budget
from tagger_platform.recognize.panel import Job, ask_slot
from tagger_platform.recognize.shazam import ShazamRecognizer
from tagger_platform_tests.standins.shazam import Mode, ShazamStandIn, song

HOP_S, PER_MINUTE = 120, 4
STREAMS = ("cafe", "kexp")
TROUBLES = (Mode.THROTTLED_BARE, Mode.HANG, Mode.GARBAGE)
LOOK_S = 10
PATIENCE_S = 3 * 3600
"""For catch-up: the breaker's pauses have grown to a quarter of an hour."""


class Clock(Protocol):
    """Seconds since the epoch, and ways to let them pass."""

    def __call__(self) -> float: ...
    async def sleep(self, seconds: float) -> None: ...
    def wait(self, seconds: float) -> None: ...


class WallClock:
    """The machine's own."""

    def __call__(self) -> float:
        return time.time()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    def wait(self, seconds: float) -> None:
        time.sleep(seconds)


@dataclass
class Outcome:
    """What was expected, what came of it, and when the provider was asked."""

    expected: list[str] = field(default_factory=list)
    answered: dict[str, Recognition] = field(default_factory=dict)
    most_waited: int = 0
    caught_up_s: float = 0.0
    asked_at: list[float] = field(default_factory=list)

    @property
    def lost(self) -> list[str]:
        return sorted({*self.expected} - self.answered.keys())

    @property
    def in_vain(self) -> int:
        return len(self.asked_at) - len(self.answered)

    @property
    def above_budget(self) -> float:
        """By how many questions some stretch of time exceeded the budget; 0 or less: none did."""
        return max(
            last + 1 - first - BURST - (self.asked_at[last] - self.asked_at[first]) * PER_MINUTE / 60
            for first, last in combinations(range(len(self.asked_at)), 2)
        )

    @property
    def figures(self) -> dict[str, object]:
        return {
            "windows, answered in the end": f"{len(self.expected)}, {len(self.answered)}",
            "waited at most": self.most_waited,
            "questions in vain": self.in_vain,
            "minutes of catch-up": round(self.caught_up_s / 60, 1),
            "the nearest to the budget, in questions": round(self.above_budget, 2),
        }


class Asked:
    """The real recogniser; it notes when it was asked."""

    name = ShazamRecognizer.name
    asks_every_window = False

    def __init__(self, budget: Budget, host: str, clock: Clock, at: list[float], timeout_s: float | None) -> None:
        self.budget = budget
        self._clock, self._at = clock, at
        self._asked = ShazamRecognizer(host=host, **({} if timeout_s is None else {"timeout_s": timeout_s}))

    async def recognize(self, window: Window, audio: Path) -> Recognition:
        self._at.append(self._clock())
        return await self._asked.recognize(window, audio)


class Radio:
    """Slots as they come, what was answered of them, and those that wait."""

    def __init__(self, folder: Path, shazam: ShazamStandIn, clock: Clock, timeout_s: float | None) -> None:
        self.outcome = Outcome()
        self._clock = clock
        self._budget = Budget(folder / "budget", ShazamRecognizer.name, PER_MINUTE, clock=clock, sleep=clock.sleep)
        self._recognizer = Asked(self._budget, shazam.url, clock, self.outcome.asked_at, timeout_s)
        self._audio = folder / "window.flac"
        soundfile.write(self._audio, 0.3 * np.sin(np.cumsum(np.linspace(0.1, 1.5, 12 * 16_000))), 16_000)
        self._waiting: list[Window] = []

    def live(self, slot: Slot) -> None:
        windows = [Window(name, slot, 0, 12, CaptureState.CAPTURED, level_dbfs=-20.0) for name in STREAMS]
        self.outcome.expected += [window.window_id for window in windows]
        self._ask(windows, late=False)
        self.outcome.most_waited = max(self.outcome.most_waited, len(self._waiting))

    def catch_up(self, until: float) -> None:
        while self._clock() < until:
            if self._waiting and self._budget.has_spare():
                self._ask([self._waiting.pop(0)], late=True)
            self._clock.wait(max(0.0, min(LOOK_S, until - self._clock())))

    def catch_up_with_all(self) -> None:
        began = self._clock()
        while self._waiting and self._clock() < began + PATIENCE_S:
            self.catch_up(self._clock() + LOOK_S)
        self.outcome.caught_up_s = self._clock() - began

    def _ask(self, windows: Sequence[Window], *, late: bool) -> None:
        jobs: list[Job] = [(window, self._audio) for window in windows]
        asking = ask_slot(
            jobs,
            [self._recognizer],
            answered={},
            known={},
            late=late,
            hop_s=HOP_S,
            tolerance=1,
            global_inflight=3,
            per_provider_inflight=3,
        )
        given = {one.window_id: one for one in asyncio.run(asking)}
        self.outcome.answered |= {key: one for key, one in given.items() if one.status in ANSWERED}
        self._waiting += [window for window in windows if window.window_id not in self.outcome.answered]


def troubled(folder: Path, mode: Mode, slots: int, clock: Clock, *, timeout_s: float | None = None) -> Outcome:
    """One slot that is answered, so many that are not, one that is, and catch-up; `timeout_s` of a question."""
    with ShazamStandIn(lambda asked: song("1", "Song")) as shazam:
        radio, slot, began = Radio(folder, shazam, clock, timeout_s), Slot.parse("2026-11-21T03:30:00Z"), clock()
        for number in range(slots + 2):
            shazam.mode = mode if 0 < number <= slots else Mode.MATCH
            radio.live(slot)
            radio.catch_up(began + (number + 1) * HOP_S)
            slot = slot.next(HOP_S)
        radio.catch_up_with_all()
    return radio.outcome


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--slots", type=int, default=30)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor() as threads:
        places = [Path(folder) / mode.name for mode in TROUBLES]
        for place in places:
            place.mkdir()
        run = [
            threads.submit(troubled, *each, options.slots, WallClock()) for each in zip(places, TROUBLES, strict=True)
        ]
        outcomes = {mode: each.result() for mode, each in zip(TROUBLES, run, strict=True)}
    figures = {f"{mode}: {name}": value for mode, one in outcomes.items() for name, value in one.figures.items()}
    tell(figures, options.json)


if __name__ == "__main__":
    main()
