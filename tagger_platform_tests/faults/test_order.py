"""Runs of one slot, or of neighbours, at the same moment: nothing but the order differs from a calm day."""

from pathlib import Path

import pytest

from benchmarks.faults.order import ORDERS, STREAMS, at_once
from benchmarks.faults.platform import Log, environment, undisturbed

SLOTS = 12
SEED = 20261121


@pytest.fixture(scope="module")
def calm(tmp_path_factory: pytest.TempPathFactory) -> Log:
    folder = tmp_path_factory.mktemp("calm")
    return undisturbed(folder, environment(folder, streams=STREAMS), SLOTS)


@pytest.mark.parametrize("order", ORDERS)
def test_two_runs_at_once_make_the_plays_of_runs_in_order(tmp_path: Path, calm: Log, order: str) -> None:
    assert len(calm.plays) > STREAMS
    found = at_once(tmp_path, environment(tmp_path, streams=STREAMS), SLOTS, order, SEED)
    assert found.differences(calm) == []
