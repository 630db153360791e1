"""A provider's hour of trouble, on a clock of its own; on the machine's: `python -m benchmarks.faults.providers`."""

from pathlib import Path

import pytest

from benchmarks.faults import providers
from tagger_platform_tests.recognize.clock import Clock
from tagger_platform_tests.standins.shazam import Mode

SLOTS = 30
HASTE_S = 0.5
"""Seconds that a question may take while the stand-in hangs; the usual ten would make that hour minutes."""
MOST_IN_VAIN = 20
"""Questions that trouble itself may be asked: three in a row, and then one after each of the breaker's pauses."""


class ClockOfOurs(Clock):
    def wait(self, seconds: float) -> None:
        self.now += seconds


@pytest.mark.parametrize("mode", providers.TROUBLES)
def test_an_hour_of_trouble_loses_nothing_and_never_exceeds_the_budget(tmp_path: Path, mode: Mode) -> None:
    haste = HASTE_S if mode is Mode.HANG else None
    outcome = providers.troubled(tmp_path, mode, SLOTS, ClockOfOurs(), timeout_s=haste)
    assert outcome.most_waited >= SLOTS * len(providers.STREAMS)
    assert outcome.lost == []
    assert {one.track and one.track.title for one in outcome.answered.values()} == {"Song"}
    assert outcome.above_budget <= 1e-6
    assert outcome.in_vain <= MOST_IN_VAIN
