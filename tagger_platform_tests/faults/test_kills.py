"""KILL at random points, in short. The long forms are `benchmarks.faults.kills` and `benchmarks.faults.captures`."""

from concurrent.futures import ThreadPoolExecutor
from itertools import islice

import pytest

from benchmarks.faults import captures, kills
from tagger_platform_tests.journeys.processes import free_ports, tell
from tagger_platform_tests.samples import PORT_NAMES

SEED = 7
POINTS, CAPTURES_POINTS = len(kills.TARGETS), 3
LONGEST_PAUSE_S = 2.0
PORT = 21310


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> tuple[kills.Outcome, captures.Outcome]:
    """Both at the same time: capture needs real time, and hardly anything else."""
    folders = [tmp_path_factory.mktemp(name) for name in ("kills", "captures")]
    ports = islice(free_ports(), len(PORT_NAMES))
    with ThreadPoolExecutor() as threads:
        capture = threads.submit(captures.killed, folders[1], ports, CAPTURES_POINTS, SEED)
        platform = kills.killed(folders[0], POINTS, SEED, port=PORT, longest_pause_s=LONGEST_PAUSE_S)
        return platform, capture.result()


def test_whatever_is_killed_when_the_log_is_that_of_a_calm_day(
    outcomes: tuple[kills.Outcome, captures.Outcome],
) -> None:
    outcome = outcomes[0]
    tell(str(outcome))
    assert (outcome.differences, outcome.broken, outcome.unreadable) == ([], [], [])
    assert set(outcome.kills) == set(kills.TARGETS)
    assert outcome.plays > 0


def test_whenever_capture_is_killed_every_window_has_its_audio_or_a_reason(
    outcomes: tuple[kills.Outcome, captures.Outcome],
) -> None:
    outcome = outcomes[1]
    tell(str(outcome))
    assert outcome.wrong == []
    assert outcome.states["captured"] > 0
