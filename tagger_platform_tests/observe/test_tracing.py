"""Traces: what a span holds, how it goes on in the next process, and that a collector in trouble troubles nobody."""

import json
import logging
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExportResult
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from tagger_platform.observe import tracing
from tagger_platform.observe.otlp import Sender
from tagger_platform.observe.tracing import record, span, traced, traceparent
from tagger_platform_tests.standins.collector import Collector

BEGAN = datetime(2026, 11, 21, 3, 30, tzinfo=UTC)
SAMPLED = f"00-{'ab' * 16}-{'cd' * 8}-01"
NOT_SAMPLED = f"00-{'ab' * 16}-{'cd' * 8}-00"
SAMPLED_FLAG = 1
MOST_ATTEMPTS = 20
"""A busy machine may take longer than the sender waits, but not so often."""
ENDS_WITHIN_S = 60
"""seconds for a process whose collector never answers: it would be hours if anybody waited for it"""


class Told(InMemorySpanExporter):
    def named(self, name: str) -> ReadableSpan:
        tracing.flush()
        (found,) = [one for one in self.get_finished_spans() if one.name == name]
        return found


@pytest.fixture
def told() -> Iterator[Told]:
    exporter = Told()
    with traced("http://collector", service="tagger", process="test", ratio=1.0, exporter=exporter):
        yield exporter


def run(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=ENDS_WITHIN_S)


@pytest.mark.parametrize("module", ["capture.service", "definitions", "api.app", "recognize.panel"])
def test_off_nothing_of_opentelemetry_is_imported(module: str):
    code = f"""
import sys, tagger_platform.{module}
from tagger_platform.observe.tracing import flush, ids, record, span, traced, traceparent
from datetime import datetime
with traced("", service="tagger", process="test", ratio=1.0), span("a", {{"b": 1}}) as it:
    it.set({{"c": 2}})
    record("d", datetime.now(), datetime.now(), {{}})
    flush()
    print(traceparent(), ids(), [name for name in sys.modules if name.startswith("opentelemetry")])
"""
    done = run(code)
    assert (done.stdout, done.returncode) == ("None {} []\n", 0), done.stderr


def test_a_span_has_its_attributes_its_parent_and_its_time(told: Told):
    with span("outer", {"slot": "s"}, start=BEGAN) as outer:
        outer.set({"windows": 2})
        record("before", BEGAN, BEGAN + timedelta(seconds=12), {"stream": "kexp"})
    inner, around = told.named("before"), told.named("outer")
    assert (dict(inner.attributes or {}), dict(around.attributes or {})) == (
        {"stream": "kexp"},
        {"slot": "s", "windows": 2},
    )
    assert inner.parent == around.context
    assert around.parent is None
    assert around.start_time == inner.start_time == BEGAN.timestamp() * 1e9
    assert inner.end_time == (BEGAN.timestamp() + 12) * 1e9
    assert dict(around.resource.attributes) == {"service.name": "tagger", "tagger.process": "test"}


def test_a_traceparent_carries_the_trace_on(told: Told):
    with span("here", parent=SAMPLED):
        handed_on = traceparent()
    assert handed_on
    with span("there", parent=handed_on):
        pass
    here, there = told.named("here"), told.named("there")
    assert here.context
    assert here.parent
    assert there.parent
    assert (f"{here.parent.trace_id:032x}", f"{here.parent.span_id:016x}") == ("ab" * 16, "cd" * 8)
    assert (there.parent.trace_id, there.parent.span_id) == (here.context.trace_id, here.context.span_id)
    assert traceparent() is None


def test_an_error_marks_the_span_and_its_text_stays_out(told: Told):
    with pytest.raises(ValueError, match="s3cret"), span("failing"):
        raise ValueError("rtsp://bob:s3cret@cam/x")
    failed = told.named("failing")
    assert not failed.status.is_ok
    assert dict(failed.attributes or {}) == {"error.type": "ValueError"}
    assert "s3cret" not in failed.to_json()


@pytest.mark.parametrize(
    ("ratio", "parent", "kept"),
    [(0.0, None, False), (1.0, None, True), (0.0, SAMPLED, True), (1.0, NOT_SAMPLED, False)],
)
def test_a_trace_is_kept_where_it_began_or_nowhere(ratio: float, parent: str | None, kept: bool):
    exporter = InMemorySpanExporter()
    with (
        traced("http://collector", service="tagger", process="test", ratio=ratio, exporter=exporter),
        span("a", parent=parent),
    ):
        handed_on = traceparent()
    assert bool(exporter.get_finished_spans()) is kept
    assert handed_on is not None
    assert bool(int(handed_on[-2:], 16) & SAMPLED_FLAG) is kept


PROGRAM = """
import sys, threading
from tagger_platform.observe.logs import set_up_logging
from tagger_platform.observe.tracing import flush, span, traced
set_up_logging("INFO", structured=True)
with traced(sys.argv[1], service="tagger", process="test", ratio=1.0):
    for _ in range(3):
        with span("work"):
            pass
        flush()
print("done")
"""


@pytest.mark.parametrize("trouble", ["refuses", "hangs", "trickles", "fails"])
def test_a_collector_in_trouble_costs_one_line_and_holds_nobody_up(trouble: str):
    with Collector(trouble, refuses=trouble == "refuses") as collector:
        command = [sys.executable, "-c", PROGRAM, collector.url.replace("//", "//bob:s3cret@")]
        done = subprocess.run(command, capture_output=True, text=True, timeout=ENDS_WITHIN_S)
    assert (done.stdout, done.returncode) == ("done\n", 0)
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert len(lines) <= 1
    assert all("OTEL_EXPORTER_OTLP_ENDPOINT" in line["message"] for line in lines)
    assert "s3cret" not in done.stderr


def ours(caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    return [line for line in caplog.records if line.name.startswith("tagger_platform")]


def test_a_collector_that_comes_back_is_told_of_once(told: Told, caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.INFO, "tagger_platform")
    with span("work"):
        pass
    spans = [told.named("work")]
    with Collector("fails") as collector:
        sender = Sender(collector.url, quiet=False)
        assert [sender.export(spans) for _ in range(3)] == [SpanExportResult.FAILURE] * 3
        collector.mode = "takes"
        attempts = iter(lambda: sender.export(spans), SpanExportResult.SUCCESS)
        assert len(list(attempts)) < MOST_ATTEMPTS
    assert ["dropped" in line.getMessage() for line in ours(caplog)[:2]] == [True, False]
    assert {(got.name, got.process) for got in collector.spans} == {("work", "test")}


@pytest.mark.parametrize(("quiet", "levels"), [(False, ["WARNING"]), (True, ["DEBUG"])])
def test_only_who_is_not_quiet_complains(told: Told, caplog: pytest.LogCaptureFixture, quiet: bool, levels: list[str]):
    caplog.set_level(logging.DEBUG, "tagger_platform")
    with span("work"):
        pass
    with Collector(refuses=True) as nobody:
        sender = Sender(nobody.url, quiet=quiet)
        for _ in range(3):
            sender.export([told.named("work")])
    assert [line.levelname for line in ours(caplog)] == levels
