"""Slots run by two processes at the same moment; the long form is `benchmarks.faults.order`.

What one run may do in the middle of another one of the same slot is in `defs/test_two_runs`.
"""

from pathlib import Path

from benchmarks.faults.order import STREAMS, at_once
from benchmarks.faults.platform import environment, undisturbed

SLOTS = 8
SEED = 20261121


def test_slots_run_at_once_in_any_order_make_the_plays_of_runs_in_order(tmp_path: Path) -> None:
    environ = environment(tmp_path, streams=STREAMS)
    calm = undisturbed(tmp_path, environ, SLOTS)
    assert len(calm.plays) > STREAMS
    assert at_once(tmp_path, environ, SLOTS, "shuffled", SEED).differences(calm) == []
