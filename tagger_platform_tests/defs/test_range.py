"""A run of many slots, as backfills make them: the same log as a run for each, and as many slots as is allowed."""

from dataclasses import replace
from pathlib import Path

import dagster as dg
import pytest

from tagger_platform.definitions import build
from tagger_platform.defs.checks import ACCOUNTED, APART, KNOWN
from tagger_platform.defs.slots import MOST_SLOTS, PARTITION, RANGE_END, RANGE_START, named, span_of
from tagger_platform.model import Slot
from tagger_platform.settings import Settings
from tagger_platform_tests.defs.test_checks import told
from tagger_platform_tests.defs.test_hot_path import Hot, Table, answers
from tagger_platform_tests.store.radio import without_ids
from tagger_platform_tests.test_spool import slots

MONTH = slots(6)


def run_range(
    hot: Hot, instance: dg.DagsterInstance, of: list[Slot], *, fails: bool = False
) -> dg.ExecuteInProcessResult:
    """Run the slots as one run, from the first to the last."""
    instance.add_dynamic_partitions("window_slots", [slot.key for slot in of])
    ends = {RANGE_START: of[0].key, RANGE_END: of[-1].key}
    job = build(hot.platform.settings, platform=hot.platform).resolve_job_def("window_job")
    result = job.execute_in_process(instance=instance, tags=ends, raise_on_error=False)
    assert result.success != fails
    return result


def hot_at(folder: Path, settings: Settings, instance: dg.DagsterInstance) -> Hot:
    return Hot(replace(settings, data_dir=folder), instance, Table(answers(*MONTH[1:4])))


def test_a_run_of_many_slots_writes_what_their_own_runs_would(
    settings: Settings, instance: dg.DagsterInstance, tmp_path: Path
) -> None:
    single, ranged = (hot_at(tmp_path / name, settings, instance) for name in ("single", "ranged"))
    for slot in MONTH:
        single.publish(slot)
        ranged.publish(slot)
        single.run(slot)
    result = run_range(ranged, instance, MONTH)
    assert len(single.plays) == 1
    assert without_ids(ranged.plays) == without_ids(single.plays)
    assert ranged.states() == single.states()
    assert (ranged.clips(), ranged.audio()) == (single.clips(), [])
    assert told(result) == {ACCOUNTED: True, APART: True, KNOWN: True}
    windows = {event.partition for event in result.all_events if event.is_step_materialization}
    assert windows == {slot.key for slot in MONTH}


def test_run_again_it_asks_nobody_and_changes_nothing(settings: Settings, instance: dg.DagsterInstance) -> None:
    table = Table(answers(*MONTH[1:4]))
    hot = Hot(settings, instance, table)
    for slot in MONTH:
        hot.publish(slot)
    run_range(hot, instance, MONTH)
    asked, before = len(table.asked), hot.everything()
    run_range(hot, instance, MONTH)
    assert (len(table.asked), hot.everything()) == (asked, before)


def test_a_slot_in_between_that_nobody_captured_stops_nothing(settings: Settings, instance: dg.DagsterInstance) -> None:
    hot = Hot(settings, instance, Table(answers(*MONTH[3:5])))
    for slot in (*MONTH[:2], *MONTH[3:]):
        hot.publish(slot)
    run_range(hot, instance, MONTH)
    assert (len(hot.plays), hot.platform.spool.ready()) == (1, [])


def test_slots_that_nobody_ever_captured_fail_with_a_sentence(settings: Settings, instance: dg.DagsterInstance) -> None:
    result = run_range(Hot(settings, instance), instance, MONTH, fails=True)
    (failure,) = [event for event in result.all_events if event.is_step_failure]
    assert f"{MONTH[0].key} to {MONTH[-1].key}: neither in the spool nor in the store" in str(
        failure.event_specific_data
    )


def test_a_backfill_makes_a_run_of_many_slots_and_says_which(settings: Settings, instance: dg.DagsterInstance) -> None:
    assert build(settings).resolve_job_def("window_job").backfill_policy == MOST_SLOTS
    hot = Hot(settings, instance, Table({}))
    for slot in MONTH:
        hot.publish(slot)
    run_id = run_range(hot, instance, MONTH).run_id
    run = instance.get_run_by_id(run_id)
    assert run is not None
    assert span_of(run) == (MONTH[0].key, MONTH[-1].key)


@pytest.mark.parametrize(
    ("tags", "span", "name"),
    [
        ({}, None, None),
        ({PARTITION: "a"}, ("a", "a"), "a"),
        ({RANGE_START: "a", RANGE_END: "b"}, ("a", "b"), "a...b"),
    ],
)
def test_a_run_is_of_one_slot_or_of_a_range_or_of_none(
    instance: dg.DagsterInstance,
    settings: Settings,
    tags: dict[str, str],
    span: tuple[str, str] | None,
    name: str | None,
) -> None:
    run = instance.create_run_for_job(build(settings).resolve_job_def("backup_job"), tags=tags)
    assert (span_of(run), named(run)) == (span, name)
