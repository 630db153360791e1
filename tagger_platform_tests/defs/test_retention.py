"""The nightly job: what a night leaves of the log, of the disk and of Dagster's own history."""

import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import dagster as dg
import pytest
import yaml
from dagster._core.definitions.run_request import InstigatorType
from dagster._core.storage.event_log.schema import AssetCheckExecutionsTable
from dagster._core.storage.event_log.sqlite import SqliteEventLogStorage

from benchmarks import dagster_history
from tagger_platform.definitions import build
from tagger_platform.defs import history as module
from tagger_platform.defs.history import Pruned, prune
from tagger_platform.defs.retention import retention_job
from tagger_platform.defs.slots import RANGE_END, RANGE_START, WINDOW_SLOTS
from tagger_platform.health.nightly import RETENTION
from tagger_platform.settings import Settings
from tagger_platform.store.runs import last_runs
from tagger_platform_tests.defs.test_hot_path import Hot, Table, answers
from tagger_platform_tests.test_spool import FIRST, slots

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
SOME_DAYS = timedelta(days=40)


def night(hot: Hot, instance: dg.DagsterInstance, now: datetime) -> dg.ExecuteInProcessResult:
    """The clean-up of one night, by a clock that says `now`."""
    platform = replace(hot.platform, clock=lambda: now)
    job = build(platform.settings, platform=platform).resolve_job_def(retention_job.name)
    return job.execute_in_process(instance=instance, raise_on_error=False)


def told(result: dg.ExecuteInProcessResult, op: str) -> dict[str, object]:
    (done,) = [one for one in result.events_for_node(op) if one.is_successful_output]
    return {name: value.value for name, value in done.step_output_data.metadata.items()}


def test_a_night_takes_what_is_old_from_log_disk_and_history(settings: Settings, instance: dg.DagsterInstance) -> None:
    hot = Hot(settings, instance, Table(answers(FIRST)))
    hot.publish()
    hot.run()
    for name in ("notified.tmp", "search/tracks.new"):
        left = settings.data_dir / name
        left.write_bytes(b"")
        os.utime(left, (0, 0))
    copy = settings.data_dir / "backups" / "before-schema-0002-20261121T033000Z-was-0001.duckdb"
    copy.parent.mkdir()
    copy.touch()
    clip = settings.clips_dir / hot.clips()[0]
    for each in (clip, copy):
        os.utime(each, (FIRST.start.timestamp(), FIRST.start.timestamp()))

    early = night(hot, instance, FIRST.start + timedelta(days=29))
    assert early.success
    assert (hot.clips(), len(hot.states()), instance.get_dynamic_partitions("window_slots")) == (
        [f"kexp/{clip.name}"],
        2,
        [FIRST.key],
    )
    assert told(early, "forget_files") == {"clips": 0, "pictures": 0, "copies": 0, "expired": 0, "leftovers": 2}

    late = night(hot, instance, FIRST.start + SOME_DAYS)
    assert late.success
    assert told(late, "forget_log")["windows"] == 2
    assert (told(late, "forget_files")["copies"], copy.exists()) == (1, False)
    assert told(late, "forget_history")["partitions"] == 1
    assert (hot.clips(), hot.states(), instance.get_dynamic_partitions("window_slots")) == ([], {}, [])
    assert [play.windows for play in hot.plays] == [("kexp/2026-11-21T03:30:00Z+0",)]
    with hot.platform.database.reading() as connection:
        assert last_runs(connection)[RETENTION] == FIRST.start + SOME_DAYS


def test_a_part_that_fails_keeps_no_other_from_its_work_and_the_night_does_not_count(
    settings: Settings, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    hot = Hot(settings, instance, Table(answers(FIRST)))
    hot.publish()
    hot.run()

    def broken(*_: object, **__: object) -> int:
        raise OSError("a disk that is broken")

    monkeypatch.setattr("tagger_platform.defs.retention.expire_clips", broken)
    result = night(hot, instance, FIRST.start + SOME_DAYS)
    assert not result.success
    assert told(result, "forget_history")["partitions"] == 1
    with hot.platform.database.reading() as connection:
        assert RETENTION not in last_runs(connection)


def test_audio_that_nobody_answers_any_more_goes_where_no_slot_runs(
    settings: Settings, instance: dg.DagsterInstance
) -> None:
    hot = Hot(settings, instance, Table({}, down=True))
    hot.publish()
    hot.run()
    assert len(hot.audio()) == 2
    result = night(hot, instance, datetime.now(UTC) + timedelta(hours=49))
    assert told(result, "forget_files")["expired"] == 2
    assert hot.audio() == []
    assert set(hot.states().values()) <= {"expired"}


def test_audio_that_waits_for_windows_that_the_log_does_not_have_is_dropped_and_told(
    settings: Settings, instance: dg.DagsterInstance
) -> None:
    hot = Hot(settings, instance, Table({}, down=True))
    hot.publish()
    hot.run()

    def dropped() -> list[str]:
        ran = night(hot, instance, datetime.now(UTC))
        assert ran.success
        return [entry.user_message for entry in instance.all_logs(ran.run_id) if "was dropped" in entry.user_message]

    assert (dropped(), len(hot.audio())) == ([], 2)
    with hot.platform.database.writing() as connection:
        connection.execute("DELETE FROM windows WHERE stream = 'cafe'")
    (told,) = dropped()
    assert told.startswith("the audio of 1 windows was dropped")
    assert hot.audio() == ["pending/kexp+0.flac"]


def test_windows_that_wait_for_audio_which_is_gone_wait_no_more(
    settings: Settings, instance: dg.DagsterInstance
) -> None:
    """As after a restore: a backup has the log, and not what waits for an answer."""
    hot = Hot(settings, instance, Table({}, down=True))
    hot.publish()
    hot.run()
    shutil.rmtree(settings.spool_dir / "pending")
    result = night(hot, instance, datetime.now(UTC))
    assert told(result, "forget_files")["expired"] == 2
    assert set(hot.states().values()) == {"expired"}


def test_windows_of_a_slot_that_a_run_works_on_still_wait(settings: Settings, instance: dg.DagsterInstance) -> None:
    hot = Hot(settings, instance, Table({}, down=True))
    hot.publish()
    hot.run()
    shutil.rmtree(settings.spool_dir / "pending")
    (settings.spool_dir / "claimed" / FIRST.key).mkdir()
    assert told(night(hot, instance, datetime.now(UTC)), "forget_files")["expired"] == 0


def test_it_comes_at_the_time_of_day_that_is_set_in_the_nights_lane(settings: Settings) -> None:
    definitions = build(replace(settings, retention_cleanup_localtime=time(23, 59)))
    schedule = definitions.resolve_schedule_def("retention_schedule")
    assert (schedule.cron_schedule, schedule.execution_timezone) == ("59 23 * * *", settings.tz.key)
    assert schedule.default_status is dg.DefaultScheduleStatus.RUNNING
    assert definitions.resolve_job_def(retention_job.name).tags["tagger/lane"] == "nightly"


# Dagster's own history


def rows(instance: dg.DagsterInstance) -> int:
    """What the index knows of any run."""
    storage = instance.event_log_storage
    assert isinstance(storage, SqliteEventLogStorage)
    with storage.index_connection() as connection:
        checks = connection.execute(AssetCheckExecutionsTable.select()).fetchall()
    return len(checks) + sum(len(instance.all_logs(run_id)) for run_id in instance.get_run_ids())


def files(instance: dg.DagsterInstance) -> set[str]:
    """What lies in DAGSTER_HOME under a run's id."""
    ids = set(instance.get_run_ids())
    home = Path(instance.root_directory)
    return {path.name for path in home.rglob("*") if path.name.count("-") == 4} - ids


@dg.asset(partitions_def=WINDOW_SLOTS, check_specs=[dg.AssetCheckSpec("holds", asset="slot")])
def slot() -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
    yield dg.MaterializeResult(metadata={"windows": 2})
    yield dg.AssetCheckResult(passed=True)


SLOTS = slots(3)


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A DAGSTER_HOME in which three slots have run."""
    home = tmp_path_factory.mktemp("home")
    with dg.DagsterInstance.local_temp(str(home)) as made:
        made.add_dynamic_partitions("window_slots", [one.key for one in SLOTS])
        for one in SLOTS:
            assert dg.materialize([slot], partition_key=one.key, instance=made).success
    return home


@pytest.fixture
def history(ran: Path, tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    """A copy of that."""
    shutil.copytree(ran, tmp_path / "home", dirs_exist_ok=True)
    with dg.DagsterInstance.local_temp(str(tmp_path / "home")) as made:
        yield made


def test_a_run_goes_with_all_that_it_left(history: dg.DagsterInstance) -> None:
    home = Path(history.root_directory)
    assert files(history)
    assert prune(history, datetime.now(UTC) + timedelta(days=1)) == Pruned(runs=3, partitions=3, leftovers=0)
    assert (history.get_run_ids(), history.get_dynamic_partitions("window_slots"), rows(history)) == ([], [], 0)
    assert files(history) == set()
    assert [path.name for path in (home / "storage").glob("*")] == []


def test_what_is_newer_stays(history: dg.DagsterInstance) -> None:
    before = files(history), rows(history), history.get_run_ids()
    assert prune(history, FIRST.start) == Pruned(0, 0, 0)
    assert (files(history), rows(history), history.get_run_ids()) == before


@pytest.mark.parametrize(
    "status", [dg.DagsterRunStatus.NOT_STARTED, dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING]
)
def test_a_run_in_flight_and_its_partition_stay(
    history: dg.DagsterInstance, settings: Settings, status: dg.DagsterRunStatus
) -> None:
    job = build(settings).resolve_job_def("window_job")
    run = history.create_run_for_job(job, status=status, tags={"dagster/partition": SLOTS[1].key})
    assert prune(history, datetime.now(UTC) + timedelta(days=1)) == Pruned(runs=3, partitions=2, leftovers=0)
    assert (history.get_run_ids(), history.get_dynamic_partitions("window_slots")) == ([run.run_id], [SLOTS[1].key])


def test_all_slots_of_a_backfill_in_flight_stay(history: dg.DagsterInstance, settings: Settings) -> None:
    ends = {RANGE_START: SLOTS[0].key, RANGE_END: SLOTS[1].key}
    job = build(settings).resolve_job_def("window_job")
    history.create_run_for_job(job, status=dg.DagsterRunStatus.STARTED, tags=ends)
    assert prune(history, datetime.now(UTC) + timedelta(days=1)) == Pruned(runs=3, partitions=1, leftovers=0)
    assert history.get_dynamic_partitions("window_slots") == [slot.key for slot in SLOTS[:2]]


def test_a_partition_stays_that_log_or_spool_still_need(history: dg.DagsterInstance) -> None:
    prune(history, datetime.now(UTC) + timedelta(days=1), needed={SLOTS[0].key})
    assert history.get_dynamic_partitions("window_slots") == [SLOTS[0].key]


def test_runs_above_the_limit_go_oldest_first_however_new_they_are(history: dg.DagsterInstance) -> None:
    last = history.get_runs(limit=1)[0].run_id
    assert prune(history, LONG_AGO, most_runs=1).runs == 2
    assert history.get_run_ids() == [last]


def test_a_night_without_time_leaves_the_rest_to_the_next(history: dg.DagsterInstance) -> None:
    assert prune(history, datetime.now(UTC) + timedelta(days=1), longest_s=0) == Pruned(0, 0, 0)
    assert prune(history, datetime.now(UTC) + timedelta(days=1)).runs == 3


def test_what_a_deleted_run_left_is_swept(history: dg.DagsterInstance) -> None:
    for run_id in history.get_run_ids():
        history.delete_run(run_id)  # as people do in Dagster's UI, which leaves its files
    assert files(history)
    assert prune(history, LONG_AGO).leftovers == 0
    assert prune(history, datetime.now(UTC) + timedelta(days=1)).leftovers > 0
    assert files(history) == set()


def test_its_folder_stays_bounded(tmp_path: Path) -> None:
    """The short form of `benchmarks/dagster_history.py`."""
    days = dagster_history.simulate(tmp_path, days=4, runs_a_day=1, keep=2)
    assert [(day.runs, day.partitions) for day in days] == [(1, 1), (2, 2), (2, 2), (2, 2)]
    assert days[3].bytes < 1.1 * days[1].bytes


@pytest.mark.parametrize("kind", [InstigatorType.SENSOR, InstigatorType.SCHEDULE])
def test_dagster_itself_prunes_its_ticks(tmp_path: Path, kind: InstigatorType) -> None:
    config = yaml.safe_load((Path(module.__file__).parent / "dagster.yaml").read_text())
    with dg.DagsterInstance.local_temp(str(tmp_path), overrides=config) as history:
        assert all(0 < days <= 30 for days in history.get_tick_retention_settings(kind).values())
