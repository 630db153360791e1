"""The library's Dagster path: when a run is requested, what a run does, and the whole of it under a real daemon."""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import dagster as dg
import pytest
import soundfile
import yaml

from tagger_platform.cli.library_add import add_paths, daemon_is_alive, run_here
from tagger_platform.cli.platform import processes
from tagger_platform.definitions import build
from tagger_platform.defs import library as module
from tagger_platform.defs.library import library_sensor, why_not
from tagger_platform.defs.platform import Platform
from tagger_platform.defs.slots import IN_FLIGHT
from tagger_platform.fingerprint.index import Index
from tagger_platform.library import files
from tagger_platform.library.asking import ask
from tagger_platform.settings import Settings
from tagger_platform.store import reports
from tagger_platform_tests.fingerprint.tunes import RATE, tune

Status = dg.DagsterRunStatus


@pytest.fixture
def platform(settings: Settings) -> Platform:
    return Platform(settings, recognizers=[])


@pytest.fixture
def song(tmp_path: Path) -> Path:
    soundfile.write(tmp_path / "song.flac", tune(1, 12), RATE)
    return tmp_path / "song.flac"


def tick(instance: dg.DagsterInstance, platform: Platform) -> dg.RunRequest | dg.SkipReason:
    definitions = build(platform.settings, platform=platform)
    with dg.build_sensor_context(
        instance=instance, definitions=definitions, resources={"platform": platform}
    ) as context:
        result = library_sensor(context)
    assert isinstance(result, dg.RunRequest | dg.SkipReason)
    return result


def run_of(instance: dg.DagsterInstance, platform: Platform, *events: dg.DagsterEventType) -> dg.DagsterRun:
    job = build(platform.settings, platform=platform).resolve_job_def("library_job")
    run = instance.create_run_for_job(job, status=Status.NOT_STARTED)
    for event in events:
        instance.report_dagster_event(dg.DagsterEvent(event_type_value=event.value, job_name=job.name), run.run_id)
    return run


def test_nothing_to_do_asks_for_nothing(instance: dg.DagsterInstance, platform: Platform) -> None:
    assert isinstance(tick(instance, platform), dg.SkipReason)
    assert platform.library.watched.is_dir()


def test_what_is_asked_for_is_a_run_in_a_lane_of_its_own(
    instance: dg.DagsterInstance, platform: Platform, song: Path
) -> None:
    ask(platform.library, [song], None)
    assert isinstance(tick(instance, platform), dg.RunRequest)
    job = build(platform.settings).resolve_job_def("library_job")
    assert job.partitions_def is None
    assert (job.tags["tagger/lane"], job.tags["dagster/priority"]) == ("library", "-10")


def test_the_lane_takes_one_run_and_leaves_room_for_the_others() -> None:
    runs = yaml.safe_load((Path(module.__file__).parent / "dagster.yaml").read_text())["concurrency"]["runs"]
    limits = {limit["value"]: limit["limit"] for limit in runs["tag_concurrency_limits"]}
    assert limits == dict.fromkeys(("live", "late", "nightly", "library", "art", "canary"), 1)
    assert runs["max_concurrent_runs"] >= sum(limits.values())


def test_while_a_run_is_under_way_no_other_is_requested(
    instance: dg.DagsterInstance, platform: Platform, song: Path
) -> None:
    ask(platform.library, [song], None)
    run_of(instance, platform, dg.DagsterEventType.RUN_START)
    assert isinstance(tick(instance, platform), dg.SkipReason)


@pytest.mark.parametrize(
    ("latest", "ended_s_ago", "reason"),
    [
        pytest.param([], 0, "", id="none yet"),
        pytest.param([Status.SUCCESS], 0, "", id="done just now"),
        pytest.param([Status.CANCELED], 0, "", id="cancelled"),
        pytest.param([Status.FAILURE], 59, "the last run failed just now", id="failed just now"),
        pytest.param([Status.FAILURE], 60, "", id="failed a while ago"),
        pytest.param([Status.SUCCESS, Status.FAILURE], 0, "", id="failed before it succeeded"),
        pytest.param([Status.FAILURE, Status.STARTED], 99, "a run is under way", id="an older one is under way"),
        *[pytest.param([status], 99, "a run is under way", id=str(status)) for status in IN_FLIGHT],
    ],
)
def test_when_no_run_is_requested(latest: list[Status], ended_s_ago: float, reason: str) -> None:
    assert why_not(latest, timedelta(seconds=ended_s_ago)) == reason


def test_a_run_whose_process_is_gone_gives_up_its_place(
    instance: dg.DagsterInstance, platform: Platform, song: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BETWEEN_STEPS_S", 0.0)
    monkeypatch.setattr(module, "ALONE_FOR", timedelta(0))
    ask(platform.library, [song], None)
    run = run_of(instance, platform, dg.DagsterEventType.RUN_START)
    with platform.library.turn():
        assert isinstance(tick(instance, platform), dg.SkipReason)
    assert isinstance(tick(instance, platform), dg.RunRequest)
    found = instance.get_run_by_id(run.run_id)
    assert found
    assert found.status is Status.FAILURE


def test_a_run_queues_and_fingerprints_what_was_asked_for_and_dropped(
    instance: dg.DagsterInstance, platform: Platform, song: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "STILL_S", 0.0)
    monkeypatch.setattr(module.os, "nice", lambda _: pytest.fail("this process is not the run's alone"))
    ask(platform.library, [song], "jingle")
    platform.library.watched.mkdir()
    soundfile.write(platform.library.watched / "dropped.flac", tune(2, 12), RATE)
    result = dg.materialize([module.library, module.fingerprints], instance=instance, resources={"platform": platform})
    counts = [result.asset_materializations_for_node(name)[0].metadata for name in ("library", "fingerprints")]
    assert (counts[0]["queued"].value, counts[1]["READY"].value) == (2, 2)
    kinds = {item.path.name: item.kind for item in reports.library_items(platform.database)}
    assert kinds == {"dropped.flac": "music", "song.flac": "jingle"}


def test_without_a_daemon_this_process_does_it(settings: Settings, song: Path) -> None:
    assert not daemon_is_alive(settings)
    assert [str(item.status) for item in add_paths(settings, [song])] == ["READY"]
    run_here(settings)


# the real daemon


@pytest.fixture
def daemon(
    environ: dict[str, str], free_port: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Settings]:
    ports = ("PORT", "UI_PORT", "DAGSTER_PORT", "CAPTURE_PORT", "CODE_PORT")
    for name, value in {**environ, **{port: str(free_port()) for port in ports}}.items():
        monkeypatch.setenv(name, value)
    settings = Settings.load()
    running = []
    for process in processes(settings):
        if process.name in ("code server", "daemon"):
            started = subprocess.Popen(process.argv, env={**os.environ, **process.environ}, start_new_session=True)
            running.append(started)
            wait_until(lambda port=process.port: port is None or listens(port), 60)
    yield settings
    for process in reversed(running):
        process.terminate()
    for process in running:
        process.wait(30)


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def wait_until(true: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.3)


def runs(settings: Settings) -> list[Status]:
    with dg.DagsterInstance.from_config(str(settings.dagster_home)) as instance:
        return [run.status for run in instance.get_runs(dg.RunsFilter(job_name="library_job"))]


def test_a_daemon_that_is_alive_does_what_is_added_and_dropped(daemon: Settings, song: Path) -> None:
    wait_until(lambda: daemon_is_alive(daemon), 60)
    added = subprocess.run(
        [sys.executable, "-m", "tagger_platform", "library", "add", str(song)],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert (added.returncode, added.stdout) == (0, "1 READY\n"), added.stderr
    wait_until(lambda: runs(daemon) == [Status.SUCCESS], 20)
    partial = daemon.library_dir / ".song.part"
    soundfile.write(partial, tune(2, 12), RATE, format="FLAC")
    shutil.move(partial, daemon.library_dir / "dropped.flac")
    wait_until(lambda: Index(daemon.catalogue_dir).count == 2, 60)
    wait_until(lambda: runs(daemon) == [Status.SUCCESS] * 2, 20)
