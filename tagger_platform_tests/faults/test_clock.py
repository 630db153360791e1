"""A clock that steps by an hour, and days of 23 and 25 hours, from capture to the store."""

from datetime import date, datetime, timedelta
from itertools import takewhile
from pathlib import Path

import dagster as dg
import numpy as np
import pytest
import soundfile
from dagster._utils.schedules import schedule_execution_time_iterator

from benchmarks.faults.platform import Runner, broken_promises
from tagger_platform.definitions import build
from tagger_platform.model import CaptureState, Slot
from tagger_platform.settings import Settings
from tagger_platform.spool import Manifest
from tagger_platform.store import reports
from tagger_platform.store.reports import day_bounds
from tagger_platform_tests.capture.test_supervisor import Rig

HOP_S = 600
NOISE = np.random.default_rng(1).normal(0, 0.1, 5 * 16_000).astype(np.float32)
SPRING, AUTUMN = date(2026, 3, 8), date(2026, 11, 1)
"""In America/Los_Angeles the days of 23 and of 25 hours."""


def hand_over(runner: Runner, manifest: Manifest) -> None:
    for window in manifest.windows:
        if window.state is CaptureState.CAPTURED:
            soundfile.write(runner.platform.spool.path_for(window), NOISE, 16_000, format="FLAC")
    runner.platform.spool.publish(manifest)
    runner.run(manifest.slot)


def test_after_an_hour_back_and_an_hour_forth_every_slot_is_in_the_store_once(tmp_path: Path) -> None:
    rig = Rig(tmp_path, HOP_SECONDS=str(HOP_S))
    rig.run(2.2 * HOP_S)
    for shift in (-3600.0, 3600.0):
        rig.wall += shift
        rig.run(3600 + 2 * HOP_S if shift < 0 else 2 * HOP_S)
    runner = Runner(rig.settings)
    for manifest in rig.writer.manifests:
        hand_over(runner, manifest)
    slots = [manifest.slot for manifest in rig.writer.manifests]
    assert slots == [Slot(slots[0].start + timedelta(seconds=HOP_S * number)) for number in range(len(slots))]
    states = [state for _, state in runner.log().states]
    assert states.count("heard") > len(slots) / 2
    assert states.count("clock_stepped") >= 2 * 6  # the hour that was jumped over has six slots of two windows
    assert set(states) == {"heard", "clock_stepped"}
    assert broken_promises(rig.settings, slots[0].start, slots[-1].next(HOP_S).start) == []
    (day,) = reports.coverage_of_day(runner.platform.database, slots[0].start.date(), rig.settings.tz)
    assert (day.expected, day.heard) == (len(states), states.count("heard"))


@pytest.mark.parametrize(("day", "hours"), [(SPRING, 23), (AUTUMN, 25)], ids=["23 hours", "25 hours"])
def test_nightly_work_is_done_once_on_the_days_on_which_the_clocks_change(
    settings: Settings, day: date, hours: int
) -> None:
    start, end = day_bounds(day, settings.tz)
    assert end - start == timedelta(hours=hours)
    nightly = [one for one in build(settings).schedules or () if str(one.cron_schedule).endswith("* * *")]
    daily = [one for one in nightly if "* * * *" not in str(one.cron_schedule)]
    assert daily
    for schedule in daily:
        assert isinstance(schedule, dg.ScheduleDefinition)
        assert len(ticks(schedule, start, end)) == 1


def ticks(schedule: dg.ScheduleDefinition, start: datetime, end: datetime) -> list[datetime]:
    coming = schedule_execution_time_iterator(
        start.timestamp(), schedule.cron_schedule, schedule.execution_timezone, ascending=True
    )
    return list(takewhile(lambda at: at < end, coming))
