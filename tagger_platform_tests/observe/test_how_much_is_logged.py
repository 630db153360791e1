"""A log that nobody can read is none: how many lines a stream costs in an hour in which all is well."""

import logging
from pathlib import Path

import dagster as dg
import pytest

from tagger_platform.settings import Settings
from tagger_platform_tests.capture.test_supervisor import Rig
from tagger_platform_tests.defs.test_hot_path import Hot, Table, answers
from tagger_platform_tests.test_spool import slots

HOUR_S = 3600
HOP_S = 120
MOST_LINES = 20
"""lines of our own loggers per stream and hour at INFO"""
RUNS = 3
"""runs of slots that stand for all of an hour: each is a new process and knows nothing of the one before"""


def ours(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.name.startswith("tagger")]


def test_an_hour_in_which_all_is_well_is_told_in_few_lines(
    tmp_path: Path, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    rig = Rig(tmp_path / "capture", "a", HOP_SECONDS=str(HOP_S), WINDOW_OFFSETS="0,30", WINDOW_SECONDS="12")
    rig.run(HOUR_S)
    assert len(rig.told) >= HOUR_S // HOP_S - 1
    of_capture = ours(caplog)
    assert [line for line in of_capture if "live" in line] == of_capture
    caplog.clear()

    with dg.DagsterInstance.ephemeral() as instance:
        run = slots(RUNS)
        hot = Hot(settings, instance, Table(answers(*run)))
        for slot in run:
            hot.publish(slot, streams=("kexp",))
            hot.run(slot)
    assert hot.plays
    of_runs = len(ours(caplog)) * (HOUR_S / HOP_S) / RUNS
    assert 1 <= len(of_capture) + of_runs <= MOST_LINES
