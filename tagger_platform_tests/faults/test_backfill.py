"""A backfill while live slots come, in short. The long form is `benchmarks.faults.backfill`."""

from pathlib import Path

from benchmarks.faults.backfill import measure
from tagger_platform_tests.journeys.processes import tell

SLOTS, LIVE, HOP_S = 40, 2, 30


def test_live_slots_come_within_two_hops_while_a_backfill_runs(tmp_path: Path) -> None:
    result = measure(tmp_path, SLOTS, LIVE, HOP_S)
    tell(str(result))
    assert result["live slots later than two hops"] == 0
    runs = result["runs in the end"]
    assert isinstance(runs, dict)
    assert runs["SUCCESS"] > 2 * LIVE, "none of the backfill has run"
    assert set(runs) <= {"SUCCESS", "QUEUED", "STARTING", "STARTED"}
