"""The nightly backup and the monthly drill as Dagster runs them, and Dagster's own state on its way there and back."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.definitions.run_request import InstigatorType
from dagster._core.remote_origin import GrpcServerCodeLocationOrigin, RemoteInstigatorOrigin, RemoteRepositoryOrigin
from dagster._core.scheduler.instigation import InstigatorState, InstigatorStatus, ScheduleInstigatorData

from tagger_platform.backup.make import SCHEDULES
from tagger_platform.backup.restore import restore
from tagger_platform.cli.platform import prepare
from tagger_platform.definitions import build
from tagger_platform.defs.platform import Platform
from tagger_platform.defs.schedule_state import exported, imported
from tagger_platform.store.runs import last_runs
from tagger_platform_tests import samples

NIGHT = datetime(2026, 11, 21, 13, 0, tzinfo=UTC)


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.local_temp(str(tmp_path)) as made:
        yield made


@pytest.fixture
def platform(tmp_path: Path) -> Platform:
    found = Platform(samples.settings(tmp_path / "data", DISK_RESERVE_MB="0"), clock=lambda: NIGHT)
    samples.write_plays(found.database, [samples.play("kexp", NIGHT - timedelta(days=1))])
    return found


def run(platform: Platform, job: str, instance: dg.DagsterInstance) -> dict[str, object]:
    """What a run of the job tells."""
    definitions = build(platform.settings, platform=platform)
    result = definitions.resolve_job_def(job).execute_in_process(instance=instance)
    (event,) = [event for event in result.all_node_events if event.is_successful_output]
    metadata = event.step_output_data.metadata
    return {name: value.value for name, value in metadata.items()}


def test_a_night_makes_a_file_deletes_outdated_ones_and_is_noted(
    platform: Platform, instance: dg.DagsterInstance
) -> None:
    folder = platform.settings.backup_folder
    folder.mkdir()
    for days in range(1, 60):
        (folder / f"tagger-nightly-{NIGHT - timedelta(days=days):%Y%m%dT%H%M%SZ}.zip").write_text("")
    (folder / "tagger-backup-20250101T000000Z.zip").write_text("made by hand")
    told = run(platform, "backup_job", instance)
    assert told["path"] == str(folder / "tagger-nightly-20261121T130000Z.zip")
    assert told["deleted"] == 59 + 1 - 11  # seven days, and the last of each of four weeks
    assert len(list(folder.iterdir())) == 11 + 1
    with platform.database.reading() as connection:
        assert last_runs(connection) == {"backup": NIGHT}


def test_the_drill_restores_the_newest(platform: Platform, instance: dg.DagsterInstance) -> None:
    assert run(platform, "restore_drill_job", instance) == {"restored": "none: there is no nightly backup"}
    made = run(platform, "backup_job", instance)
    assert run(platform, "restore_drill_job", instance) == {
        "restored": made["path"],
        "rows": made["rows"],
        "tracks": 0,
    }
    with platform.database.reading() as connection:
        assert last_runs(connection)["restore_drill"] == NIGHT
    assert not list(platform.settings.data_dir.glob("drill-*"))


def test_the_drill_leaves_out_what_is_named_in_the_future(platform: Platform, instance: dg.DagsterInstance) -> None:
    made = run(platform, "backup_job", instance)
    (platform.settings.backup_folder / "tagger-nightly-20990101T000000Z.zip").write_text(
        "made while the clock was wrong"
    )
    assert run(platform, "restore_drill_job", instance)["restored"] == made["path"]


def test_a_backup_that_is_damaged_fails_the_drill(platform: Platform, instance: dg.DagsterInstance) -> None:
    path = Path(str(run(platform, "backup_job", instance)["path"]))
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(dg.Failure, match="is no backup, or not all of it"):
        run(platform, "restore_drill_job", instance)


def test_of_a_damaged_store_nothing_is_kept_and_nothing_goes(platform: Platform, instance: dg.DagsterInstance) -> None:
    folder = platform.settings.backup_folder
    folder.mkdir()
    outdated = folder / f"tagger-nightly-{NIGHT - timedelta(days=100):%Y%m%dT%H%M%SZ}.zip"
    newer = folder / f"tagger-nightly-{NIGHT - timedelta(days=1):%Y%m%dT%H%M%SZ}.zip"
    for path in (outdated, newer):
        path.write_text("")
    samples.write_day(platform.database)
    samples.damage(platform.settings.database_path)
    with pytest.raises(dg.Failure, match="is damaged"):
        run(platform, "backup_job", instance)
    assert set(folder.iterdir()) == {outdated, newer}
    with platform.database.reading() as connection:
        assert last_runs(connection) == {}


def test_it_can_be_turned_off(platform: Platform, instance: dg.DagsterInstance) -> None:
    off = replace(platform, settings=replace(platform.settings, backup_retain_days=0))
    assert run(off, "backup_job", instance) == {"made": "none: BACKUP_RETAIN_DAYS is 0"}
    assert not platform.settings.backup_folder.exists()


@pytest.mark.parametrize(("name", "cron"), [("backup_schedule", "0 5 * * *"), ("restore_drill_schedule", "30 5 1 * *")])
def test_they_come_by_themselves_in_the_lane_of_the_night(platform: Platform, name: str, cron: str) -> None:
    schedule = build(platform.settings, platform=platform).resolve_schedule_def(name)
    assert (schedule.cron_schedule, schedule.execution_timezone) == (cron, "America/Los_Angeles")
    assert schedule.default_status is dg.DefaultScheduleStatus.RUNNING
    assert schedule.job.tags["tagger/lane"] == "nightly"


def switched_off(name: str) -> InstigatorState:
    """A schedule's state as Dagster keeps it when somebody has switched it off in its UI."""
    location = GrpcServerCodeLocationOrigin(host="127.0.0.1", port=44104, location_name="tagger_platform")
    origin = RemoteInstigatorOrigin(RemoteRepositoryOrigin(location, "__repository__"), name)
    data = ScheduleInstigatorData("17 * * * *", start_timestamp=1.0, last_iteration_timestamp=1.0)
    return InstigatorState(origin, InstigatorType.SCHEDULE, InstigatorStatus.STOPPED, data)


def test_what_is_switched_off_in_dagster_is_so_after_a_restore(
    platform: Platform, instance: dg.DagsterInstance, tmp_path: Path
) -> None:
    assert exported(instance) == ""
    instance.add_instigator_state(switched_off("canary_schedule"))
    path = Path(str(run(platform, "backup_job", instance)["path"]))
    new = samples.settings(tmp_path / "new")
    restore(path, new.data_dir, replace_existing=False)
    began = datetime.now(UTC).timestamp()
    for _ in range(2):  # the second time there is nothing to take over
        prepare(new)
        assert not (new.data_dir / SCHEDULES).exists()
    with dg.DagsterInstance.from_config(str(new.dagster_home)) as there:
        (state,) = there.all_instigator_state()
        assert imported(there, exported(there)) == 1  # known already
    assert (state.instigator_name, state.status) == ("canary_schedule", InstigatorStatus.STOPPED)
    assert state.instigator_data.start_timestamp >= began  # the hours since are not made up for


@pytest.mark.parametrize(
    "text", ["{", "[1]", "5", '[{"__class__": "InstigatorStateOfAnotherVersion", "x": 1}]', "\ud800"]
)
def test_state_of_dagsters_that_cannot_be_taken_over_keeps_nobody_from_starting(
    text: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    settings = samples.settings(tmp_path / "data")
    settings.data_dir.mkdir()
    (settings.data_dir / SCHEDULES).write_bytes(text.encode(errors="surrogatepass"))
    for _ in range(2):
        prepare(settings)
    assert not (settings.data_dir / SCHEDULES).exists()
    kept = settings.data_dir / "restored" / SCHEDULES
    assert kept.read_bytes() == text.encode(errors="surrogatepass")
    (said,) = [record.getMessage() for record in caplog.records if record.name == "tagger.prepare"]
    assert said.startswith("what was switched on and off in Dagster could not be restored (")
    assert str(kept) in said
    with dg.DagsterInstance.from_config(str(settings.dagster_home)) as there:
        assert list(there.all_instigator_state()) == []
