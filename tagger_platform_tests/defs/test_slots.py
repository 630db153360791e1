"""How slots of the spool become partitions and runs: once each, in order, and again after a failure."""

import logging
from datetime import UTC, datetime, timedelta

import dagster as dg
import pytest
from dagster._daemon.monitoring import run_monitoring

from tagger_platform.definitions import build
from tagger_platform.defs import slots as module
from tagger_platform.defs.platform import Platform
from tagger_platform.defs.slots import LATE, LATE_AFTER, LIVE, MOST_RUNS, Request, SlotRuns, requests, spool_sensor
from tagger_platform.health.marks import SENSOR, marked_at
from tagger_platform.model import Slot
from tagger_platform.settings import Settings
from tagger_platform_tests.test_spool import publish, recorded, slots

NOW = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)
NEXT_DAY = NOW + timedelta(days=1)
A, B, C = (slot.key for slot in slots(3))
RUNNING = SlotRuns(1, in_flight=True)


def ended(count: int, seconds_ago: float) -> SlotRuns:
    return SlotRuns(count, in_flight=False, last_ended=NOW - timedelta(seconds=seconds_ago))


@pytest.mark.parametrize(
    ("waiting", "runs", "wanted"),
    [
        pytest.param([], {}, [], id="nothing waits"),
        pytest.param([A, B], {}, [(A, f"{A}#0"), (B, f"{B}#0")], id="new slots, oldest first"),
        pytest.param([A, B], {A: RUNNING}, [(B, f"{B}#0")], id="one is under way"),
        pytest.param([A], {A: ended(1, 29)}, [], id="failed just now"),
        pytest.param([A], {A: ended(1, 30)}, [(A, f"{A}#1")], id="failed a while ago"),
        pytest.param([A], {A: ended(4, 119)}, [], id="failed four times, just now"),
        pytest.param([A], {A: ended(4, 120)}, [(A, f"{A}#4")], id="failed four times, a while ago"),
        pytest.param([A], {A: ended(1000, 3599)}, [], id="fails for ever, within the hour"),
        pytest.param([A], {A: ended(1000, 3600)}, [(A, f"{A}#1000")], id="fails for ever, once an hour"),
        pytest.param([A], {A: ended(1, -3600)}, [(A, f"{A}#1")], id="failed before the clock was set back"),
        pytest.param([A], {A: SlotRuns(2, in_flight=True, last_ended=NOW - timedelta(days=1))}, [], id="second run"),
        pytest.param([A], {B: RUNNING}, [(A, f"{A}#0")], id="another slot is under way"),
    ],
)
def test_requests(waiting: list[str], runs: dict[str, SlotRuns], wanted: list[tuple[str, str]]) -> None:
    assert [(one.key, one.run_key) for one in requests(waiting, runs, NOW)] == wanted


def test_slots_that_rest_do_not_hold_up_those_behind_them() -> None:
    keys = [slot.key for slot in slots(MOST_RUNS + 1)]
    resting = {key: ended(1, 1) for key in keys[:-1]}
    assert [one.key for one in requests(keys, resting, NOW)] == [keys[-1]]


@pytest.mark.parametrize("under_way", [0, 1, MOST_RUNS, MOST_RUNS + 5])
def test_a_bounded_number_of_runs_is_under_way(under_way: int) -> None:
    keys = [slot.key for slot in slots(200)]
    runs = dict.fromkeys(keys[:under_way], RUNNING)
    found = requests(keys, runs, NEXT_DAY)
    assert len(found) == max(0, MOST_RUNS - under_way)
    assert [one.key for one in found] == keys[under_way : under_way + len(found)]
    assert not any(one.live for one in found)


def test_what_is_on_air_waits_for_no_backlog() -> None:
    keys = [slot.key for slot in slots(200)]
    runs = dict.fromkeys(keys[:MOST_RUNS], RUNNING)
    newest = Slot.parse(keys[-1]).start
    found = requests(keys, runs, newest + LATE_AFTER - timedelta(seconds=1))
    assert found
    assert found[-1] == Request(keys[-1], f"{keys[-1]}#0", live=True)
    assert all(one.live for one in found)


# the sensor


@pytest.fixture
def platform(settings: Settings) -> Platform:
    return Platform(settings, recognizers=[])


def tick(instance: dg.DagsterInstance, platform: Platform) -> dg.SensorResult:
    definitions = build(platform.settings, platform=platform)
    with dg.build_sensor_context(
        instance=instance, definitions=definitions, resources={"platform": platform}
    ) as context:
        result = spool_sensor(context)
    assert isinstance(result, dg.SensorResult)
    return result


def run_of(instance: dg.DagsterInstance, platform: Platform, key: str, status: dg.DagsterRunStatus) -> None:
    job = build(platform.settings, platform=platform).resolve_job_def("window_job")
    run = instance.create_run_for_job(job, tags={"dagster/partition": key}, status=dg.DagsterRunStatus.NOT_STARTED)
    reported = {
        dg.DagsterRunStatus.STARTED: [dg.DagsterEventType.RUN_START],
        dg.DagsterRunStatus.FAILURE: [dg.DagsterEventType.RUN_START, dg.DagsterEventType.RUN_FAILURE],
        dg.DagsterRunStatus.CANCELED: [dg.DagsterEventType.RUN_START, dg.DagsterEventType.RUN_CANCELED],
    }
    for event in reported.get(status, []):
        instance.report_dagster_event(dg.DagsterEvent(event_type_value=event.value, job_name=job.name), run.run_id)


def keys_of(result: dg.SensorResult) -> list[str | None]:
    return [request.partition_key for request in result.run_requests or []]


def test_every_tick_is_a_sign_of_life(instance: dg.DagsterInstance, platform: Platform) -> None:
    before = datetime.now(UTC)
    tick(instance, platform)
    at = marked_at(platform.settings.marks_dir, SENSOR)
    assert at is not None
    assert abs(at - before) < timedelta(minutes=1)


def test_an_empty_spool_asks_for_nothing(instance: dg.DagsterInstance, platform: Platform) -> None:
    result = tick(instance, platform)
    assert (keys_of(result), list(result.dynamic_partitions_requests or [])) == ([], [])


def test_ready_slots_become_partitions_and_runs_in_order(instance: dg.DagsterInstance, platform: Platform) -> None:
    for slot in reversed(slots(3)):
        publish(platform.spool, slot)
    result = tick(instance, platform)
    assert keys_of(result) == [A, B, C]
    assert [request.run_key for request in result.run_requests or []] == [f"{key}#0" for key in (A, B, C)]
    assert all(request.tags == LATE for request in result.run_requests or [])
    (added,) = result.dynamic_partitions_requests or []
    assert (added.partitions_def_name, list(added.partition_keys)) == ("window_slots", [A, B, C])


def test_slots_of_recordings_are_requested_like_those_of_capture(
    instance: dg.DagsterInstance, platform: Platform
) -> None:
    one, two = slots(2)
    publish(platform.spool, two)
    for slot in (one, two):
        platform.spool.publish_recorded(recorded(slot, "old"), {})
    assert keys_of(tick(instance, platform)) == [A, B]


@pytest.mark.parametrize("status", module.IN_FLIGHT, ids=str)
def test_a_slot_with_a_run_under_way_is_not_requested_again(
    instance: dg.DagsterInstance, platform: Platform, status: dg.DagsterRunStatus
) -> None:
    publish(platform.spool)
    run_of(instance, platform, A, status)
    assert keys_of(tick(instance, platform)) == []


@pytest.mark.parametrize("status", [dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED])
def test_a_slot_whose_run_failed_is_requested_after_a_pause_under_a_new_key(
    instance: dg.DagsterInstance, platform: Platform, status: dg.DagsterRunStatus, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(platform.spool)
    platform.spool.claim(Slot.parse(A), [])
    run_of(instance, platform, A, status)
    assert keys_of(tick(instance, platform)) == []
    monkeypatch.setattr(module, "RETRY_PAUSE", timedelta(0))
    result = tick(instance, platform)
    assert [request.run_key for request in result.run_requests or []] == [f"{A}#1"]


def test_a_slot_that_was_claimed_by_a_run_nobody_knows_is_requested(
    instance: dg.DagsterInstance, platform: Platform
) -> None:
    publish(platform.spool)
    platform.spool.claim(Slot.parse(A), [])
    assert keys_of(tick(instance, platform)) == [A]


def test_a_run_that_lost_its_process_is_given_up_and_its_place_is_free(monkeypatch: pytest.MonkeyPatch) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        run = instance.add_run(dg.DagsterRun("window_job", tags=LIVE, status=dg.DagsterRunStatus.STARTING))
        instance.report_dagster_event(dg.DagsterEvent("PIPELINE_START", "window_job"), run.run_id)

        def status_after(seconds: float) -> dg.DagsterRunStatus:
            now = datetime.now(UTC).timestamp() + seconds
            monkeypatch.setattr(run_monitoring, "get_current_timestamp", lambda: now)
            record = instance.get_run_records(dg.RunsFilter(run_ids=[run.run_id]))[0]
            run_monitoring.check_run_timeout(instance, record, logging.getLogger(), 0.0)
            return instance.get_run_records(dg.RunsFilter(run_ids=[run.run_id]))[0].dagster_run.status

        assert status_after(290) is dg.DagsterRunStatus.STARTED
        assert status_after(301) is dg.DagsterRunStatus.FAILURE
