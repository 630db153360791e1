"""Dagster's code server goes on looking for dead runs after its history could not be written."""

import logging
import multiprocessing
import threading
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
from dagster._grpc.server import DagsterApiServer

from tagger_platform.defs.code_server import keep_looking_for_dead_runs
from tagger_platform_tests.journeys.processes import wait_until

DAMAGED = b"not a database, as far as SQLite can tell"


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.local_temp(str(tmp_path)) as made:
        yield made


def server_with(run: dg.DagsterRun, instance: dg.DagsterInstance) -> DagsterApiServer:
    """As Dagster makes it, as far as its thread needs it; the run's worker was killed while it waited to be ended."""
    server = DagsterApiServer.__new__(DagsterApiServer)
    context = multiprocessing.get_context("spawn")
    asked_to_end = context.Event()
    worker = context.Process(target=asked_to_end.wait)
    worker.start()
    wait_until(lambda: asked_to_end._cond._sleeping_count.get_value(), 20, lambda: "the worker waits")
    worker.kill()
    worker.join()
    server._execution_lock = threading.Lock()
    server._executions = {run.run_id: (worker, instance.get_ref())}
    server._termination_events = {run.run_id: asked_to_end}
    server._termination_times = {}
    server._shutdown_once_executions_finish_event = threading.Event()
    server._server_termination_event = threading.Event()
    return server


def test_a_run_that_lost_its_process_is_noted_once_the_history_can_be_written_again(
    instance: dg.DagsterInstance, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    keep_looking_for_dead_runs()
    run = instance.create_run_for_job(dg.GraphDefinition("empty").to_job(), status=dg.DagsterRunStatus.STARTED)
    server = server_with(run, instance)
    runs, aside = tmp_path / "history" / "runs.db", tmp_path / "runs.db"
    runs.rename(aside)
    runs.write_bytes(DAMAGED)
    thread = threading.Thread(target=server._cleanup_thread)
    with caplog.at_level(logging.WARNING, "tagger"):
        thread.start()
        wait_until(lambda: bool(told(caplog)), 10, lambda: "it tells")
    cancelled = threading.Thread(target=lambda: server._termination_events[run.run_id].set(), daemon=True)
    cancelled.start()
    cancelled.join(5)
    assert not cancelled.is_alive()
    aside.replace(runs)
    wait_until(lambda: not server._executions, 10, lambda: "it is noted")
    server._server_termination_event.set()
    thread.join()
    noted = instance.get_run_by_id(run.run_id)
    assert noted is not None
    assert noted.status is dg.DagsterRunStatus.FAILURE
    assert len(told(caplog)) == 1


def told(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What is said by the code server itself, and not by the library that met the damage."""
    return [record.message for record in caplog.records if record.name == "tagger.code_server"]
