"""A backfill while live slots come, in short. The long form is `benchmarks.faults.backfill`."""

from pathlib import Path

from benchmarks.faults.backfill import measure
from tagger_platform_tests.journeys.processes import tell

SLOTS, LIVE, HOP_S = 150, 2, 20
BEFORE, BACKFILL = 1, 1
"""Runs of a live slot before it, and of all its own slots."""


def test_a_backfill_writes_the_plays_of_its_slots_in_order_and_live_slots_come_within_two_hops(tmp_path: Path) -> None:
    result = measure(tmp_path, SLOTS, LIVE, HOP_S)
    tell(str(result))
    assert result["live slots later than two hops"] == 0
    assert result["slots that have run"] == SLOTS
    assert result["their plays"], "nothing to compare"
    assert result["plays that differ"] == 0
    runs = result["runs in the end"]
    assert isinstance(runs, dict)
    assert set(runs) == {"SUCCESS"}
    assert runs["SUCCESS"] >= BEFORE + LIVE + BACKFILL, "a run is missing"
