"""KILL at random points, in short: the long form is `python -m benchmarks.faults.kills`."""

from pathlib import Path

from benchmarks.faults.kills import TARGETS, killed
from tagger_platform_tests.journeys.processes import tell

SEED = 7
POINTS = 6


def test_whatever_is_killed_when_the_log_is_that_of_a_calm_day(tmp_path: Path) -> None:
    outcome = killed(tmp_path, POINTS, SEED, port=47310)
    tell(str(outcome))
    assert (outcome.differences, outcome.broken, outcome.unreadable) == ([], [], [])
    assert set(outcome.kills) == set(TARGETS)
    assert outcome.plays > 0
