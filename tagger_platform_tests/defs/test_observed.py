"""What logs and traces show of a slot's run: from capture's manifest through sensor and stages to the store."""

import json
import logging
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from tagger_platform.capture.writer import Writer
from tagger_platform.definitions import build
from tagger_platform.defs.observed import console, observed
from tagger_platform.defs.platform import Platform
from tagger_platform.defs.slots import TRACEPARENT, spool_sensor
from tagger_platform.model import Slot
from tagger_platform.observe import tracing
from tagger_platform.observe.logs import set_up_logging
from tagger_platform.settings import Settings
from tagger_platform.spool import Manifest
from tagger_platform.spool.last_windows import LastWindows
from tagger_platform_tests.defs.test_hot_path import NOISE, Hot, Table, answers
from tagger_platform_tests.test_spool import FIRST, window

STAGES = ["windows", "recognitions", "plays"]
SECRET_URL = "rtsp://bob:s3cret@cam/x"


@pytest.fixture(autouse=True)
def _no_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dg.RetryPolicy, "max_retries", 0)


@pytest.fixture
def logging_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


class Traced:
    """A process that is traced into memory while the block runs."""

    def __init__(self, process: str) -> None:
        self.exporter = InMemorySpanExporter()
        self._block = tracing.traced(
            "http://collector", service="tagger", process=process, ratio=1.0, exporter=self.exporter
        )

    def __enter__(self) -> "Traced":
        self._block.__enter__()
        return self

    def __exit__(self, *problem: Any) -> None:
        self._block.__exit__(*problem)

    @property
    def spans(self) -> list[ReadableSpan]:
        return list(self.exporter.get_finished_spans())

    def named(self, name: str) -> ReadableSpan:
        (found,) = [span for span in self.spans if span.name == name]
        return found


def capture_slot(platform: Platform, slot: Slot = FIRST) -> None:
    """Hand a slot over as capture's own writer does."""
    writer = Writer(platform.spool, LastWindows(platform.settings.last_windows_dir))
    writer.start()
    windows = tuple(writer.write(window(slot, stream), (NOISE * 32767).astype("int16")) for stream in ("cafe", "kexp"))
    writer.publish(Manifest(slot, "capture", 120, windows))
    writer.stop(30)
    assert platform.spool.ready() == [slot.key]


def ask_sensor(instance: dg.DagsterInstance, platform: Platform) -> dg.RunRequest:
    definitions = build(platform.settings, platform=platform)
    given = {"platform": platform}
    with dg.build_sensor_context(instance=instance, definitions=definitions, resources=given) as context:
        result = spool_sensor(context)
    assert isinstance(result, dg.SensorResult)
    (request,) = result.run_requests or []
    return request


def run_slot(instance: dg.DagsterInstance, platform: Platform, **tags: str) -> dg.ExecuteInProcessResult:
    instance.add_dynamic_partitions("window_slots", [FIRST.key])
    job = build(platform.settings, platform=platform).resolve_job_def("window_job")
    return job.execute_in_process(instance=instance, partition_key=FIRST.key, tags=tags, raise_on_error=False)


def test_one_trace_leads_through_three_processes(settings: Settings, instance: dg.DagsterInstance) -> None:
    platform = Platform(settings, recognizers=[Table(answers(FIRST))])
    with Traced("capture") as capture:
        capture_slot(platform)
    with Traced("code server") as server:
        request = ask_sensor(instance, platform)
    with Traced("run") as worker:
        result = run_slot(instance, platform, **{TRACEPARENT: request.tags[TRACEPARENT]})
    assert result.success

    spans = [*capture.spans, *server.spans, *worker.spans]
    assert len({span.context.trace_id for span in spans}) == 1
    names = {span.context.span_id: span.name for span in spans}
    links = Counter((span.name, names.get(span.parent.span_id) if span.parent else None) for span in spans)
    assert links == {
        ("capture", None): 1,
        ("capture window", "capture"): 2,
        ("hand over", "capture"): 1,
        ("sensor", "hand over"): 1,
        ("run", "sensor"): 1,
        **{(stage, "run"): 1 for stage in STAGES},
        **{("store write", stage): 1 for stage in STAGES},
        ("provider", "recognitions"): 2,
        ("search index", "recognitions"): 1,
        ("decide", "store write"): 2,
    }
    assert dict(capture.named("capture").attributes or {}) == {"slot": FIRST.key, "windows": 2, "captured": 2}
    assert capture.named("capture").start_time == FIRST.start.timestamp() * 1e9
    assert dict(worker.named("run").attributes or {}) == {
        "job": "window_job",
        "run_id": result.run_id,
        "slot": FIRST.key,
    }
    asked = [dict(span.attributes or {}) for span in worker.spans if span.name == "provider"]
    assert all(told.pop("latency_ms") >= 0 for told in asked)
    assert sorted(asked, key=lambda told: told["stream"]) == [
        {"provider": "catalogue", "stream": stream, "window": f"{stream}/{FIRST.key}+0", "status": status}
        for stream, status in (("cafe", "no_match"), ("kexp", "match"))
    ]


def test_a_run_that_nobody_traced_before_is_a_trace_of_its_own(
    settings: Settings, instance: dg.DagsterInstance
) -> None:
    platform = Platform(settings, recognizers=[Table(answers(FIRST))])
    capture_slot(platform)
    with Traced("code server"):
        assert TRACEPARENT not in ask_sensor(instance, platform).tags
    with Traced("run") as worker:
        assert run_slot(instance, platform).success
    assert worker.named("run").parent is None
    assert len({span.context.trace_id for span in worker.spans}) == 1


def test_a_stage_that_fails_is_marked_and_its_run_is_told_all_the_same(
    settings: Settings, instance: dg.DagsterInstance
) -> None:
    with Traced("run") as worker:
        assert not run_slot(instance, Platform(settings, recognizers=[])).success
    assert [(span.name, span.status.is_ok) for span in worker.spans] == [("windows", False), ("run", True)]
    assert dict(worker.named("windows").attributes or {}) == {"error.type": "Failure"}


class Noisy(Table):
    """Fails with an error that quotes a URL."""

    async def recognize(self, window: Any, audio: Path) -> Any:
        raise ConnectionRefusedError(SECRET_URL)


@pytest.mark.usefixtures("logging_as_before")
def test_lines_of_a_run_carry_what_they_are_about(
    settings: Settings, instance: dg.DagsterInstance, capfd: pytest.CaptureFixture[str]
) -> None:
    set_up_logging("INFO", structured=True)
    hot = Hot(settings, instance, Noisy({}))
    hot.publish(streams=("kexp",))
    with Traced("run") as worker:
        result = hot.run()
    said = capfd.readouterr().err
    (line,) = [json.loads(line) for line in said.splitlines()]
    provider = worker.named("provider")
    assert {name: line[name] for name in ("stream", "slot", "window", "provider", "run_id", "trace_id", "span_id")} == {
        "stream": "kexp",
        "slot": FIRST.key,
        "window": f"kexp/{FIRST.key}+0",
        "provider": "catalogue",
        "run_id": result.run_id,
        "trace_id": f"{provider.context.trace_id:032x}",
        "span_id": f"{provider.context.span_id:016x}",
    }
    assert "rtsp://***@cam/x" in line["exception"]
    assert "s3cret" not in said


def observed_run(
    settings: Settings, instance: dg.DagsterInstance, work: Callable[[dg.OpExecutionContext], None]
) -> str:
    """Run `work` as an op whose run is observed and writes to our console; returns the run's id."""

    @dg.op(required_resource_keys={"platform"})
    def working(context: dg.OpExecutionContext) -> None:
        work(context)

    @dg.job(
        resource_defs={"platform": observed(Platform(settings), alone=False)},
        logger_defs={"console": console(settings)},
        config={"loggers": {"console": {"config": {"log_level": "INFO"}}}},
    )
    def one() -> None:
        working()

    tags = {"dagster/partition": FIRST.key}
    return one.execute_in_process(instance=instance, tags=tags, raise_on_error=False).run_id


@pytest.mark.parametrize("structured", [True, False])
def test_context_log_is_written_as_everything_else_is(
    environ: dict[str, str], instance: dg.DagsterInstance, structured: bool, capfd: pytest.CaptureFixture[str]
) -> None:
    settings = Settings.load(environ | {"STRUCTURED_LOGS": str(structured).lower()})
    run_id = observed_run(settings, instance, lambda context: context.log.info("heard %s", SECRET_URL))
    (line,) = [line for line in capfd.readouterr().err.splitlines() if "heard" in line]
    if structured:
        known = json.loads(line)
        assert (known["message"], known["run_id"], known["slot"]) == ("heard rtsp://***@cam/x", run_id, FIRST.key)
    else:
        assert line.endswith(f"Z INFO dagster: heard rtsp://***@cam/x slot={FIRST.key} run_id={run_id}")


def test_a_failing_run_says_so_in_the_same_lines(
    environ: dict[str, str], instance: dg.DagsterInstance, capfd: pytest.CaptureFixture[str]
) -> None:
    def fail(_: dg.OpExecutionContext) -> None:
        raise ValueError(SECRET_URL)

    settings = Settings.load(environ | {"STRUCTURED_LOGS": "true"})
    run_id = observed_run(settings, instance, fail)
    said = capfd.readouterr().err
    lines = [json.loads(line) for line in said.splitlines()]
    assert any("ValueError: rtsp://***@cam/x" in line["message"] for line in lines)
    assert {line["run_id"] for line in lines} == {run_id}
    assert "s3cret" not in said


def test_jobs_write_to_our_console(settings: Settings) -> None:
    definitions = build(settings)
    for name in ("window_job", "art_job", "library_job"):
        job = definitions.resolve_job_def(name)
        config = job.get_run_config_for_partition_key(FIRST.key) if job.partitioned_config else job.run_config
        assert config == {"loggers": {"console": {}}}, name
