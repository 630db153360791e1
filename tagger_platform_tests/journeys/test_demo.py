"""`tagger demo` as a newcomer meets it: from nothing to plays, a backfill, metrics, and a clean end.

Needs no Debian package but for what is marked `real`.
"""

import json
import os
import re
import shlex
import signal
import sqlite3
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tagger_platform_tests.journeys.real_prometheus import Prometheus
from tagger_platform_tests.scrapes import CAPTURE, PLATFORM, linted, shape
from tagger_platform_tests.standins.collector import Collector, Got

PORT = 21300
READY_WITHIN_S = 180
"""Rendering, encoding and nine processes on a busy machine; the promise counts from `ready`."""
PLAYS_WITHIN_S = 60
"""What the README promises."""
STOP_WITHIN_S = 40
TZ = "Europe/Kyiv"
README = (Path(__file__).parent.parent.parent / "README.md").read_text(encoding="utf-8")


class Demo:
    def __init__(self, folder: Path, collector: Collector) -> None:
        self.data = folder / "demo"
        self.collector = collector
        self.environ = {**os.environ, "DATA_DIR": str(folder), "PORT": str(PORT), "TZ": TZ}
        self.environ |= {"STRUCTURED_LOGS": "true", "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url}
        self.output = (folder / "output.log").open("w+")
        argv = [sys.executable, "-m", "tagger_platform", "demo"]
        self.process = subprocess.Popen(
            argv, env=self.environ, cwd=folder, stdout=subprocess.PIPE, stderr=self.output, text=True
        )
        self.lines: list[str] = []
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self.lines.append(line.rstrip())

    def wait_for_line(self, line: str, seconds: float) -> None:
        wait_until(lambda: line in self.lines or self.process.poll() is not None, seconds, f"the line {line!r}")
        assert line in self.lines, Path(self.output.name).read_text()[-4000:]

    def plays(self) -> list[dict]:
        day = datetime.now(ZoneInfo(TZ)).date()
        with urllib.request.urlopen(f"http://127.0.0.1:{PORT}/api/plays?date={day}&limit=1000") as answer:
            return json.load(answer)["plays"]

    def dagster(self, *arguments: str) -> str:
        environ = {**self.environ, "DATA_DIR": str(self.data), "DAGSTER_HOME": str(self.data / "dagster")}
        argv = [str(Path(sys.executable).parent / "dagster"), *arguments]
        root = Path(__file__).parent.parent.parent
        return subprocess.run(argv, env=environ, cwd=root, capture_output=True, text=True, check=True).stdout


def wait_until(true, seconds: float, what: str) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"waited {seconds} s for {what}"
        time.sleep(0.25)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    with Collector() as collector:
        running = Demo(tmp_path_factory.mktemp("demo"), collector)
        try:
            running.wait_for_line("ready", READY_WITHIN_S)
            yield running
        finally:
            running.process.kill()
            running.process.wait()


def test_plays_arrive_within_a_minute_of_ready(demo):
    wait_until(lambda: any(play["status"] == "confirmed" for play in demo.plays()), PLAYS_WITHIN_S, "a confirmed play")
    assert {play["provider"] for play in demo.plays()} == {"catalogue"}


def test_every_station_is_heard(demo):
    wait_until(lambda: len({play["stream"] for play in demo.plays()}) == 4, 90, "plays on all four stations")


def test_every_part_is_well(demo):
    with urllib.request.urlopen(f"http://127.0.0.1:{PORT}/readyz") as answer:
        told = json.load(answer)
    parts = {name: part["state"] for name, part in told["parts"].items()}
    assert parts | {"disk": "ok", "spool": "ok"} == dict.fromkeys(parts, "ok"), told  # a busy machine may lag


def test_the_log_is_kept_for_a_support_bundle(demo):
    kept = (demo.data / "logs" / "tagger.log").read_text()
    assert "live" in kept
    assert kept in Path(demo.output.name).read_text()


def tagger(demo: Demo, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
    """As somebody else in another terminal."""
    environ = {name: value for name, value in os.environ.items() if name not in ("DATA_DIR", "PORT", "TZ")} | more
    argv = [sys.executable, "-m", "tagger_platform", *words]
    return subprocess.run(argv, env=environ, cwd=demo.data, capture_output=True, text=True)


def test_commands_that_are_run_in_its_folder_are_the_demos(demo):
    told = tagger(demo, "streams", "--json")
    assert {json.loads(line)["name"] for line in told.stdout.splitlines()} == {
        "harbour_radio",
        "radio_meridian",
        "static_city",
        "velvet_fm",
    }


def test_a_second_one_on_the_same_data_is_refused_before_it_does_anything(demo):
    told = tagger(demo, "demo", DATA_DIR=str(demo.data.parent))
    assert (told.returncode, told.stdout) == (2, "")
    assert told.stderr == f"the demo runs already, in {demo.data}: end it first\n"


def test_the_page_is_served(demo):
    with urllib.request.urlopen(f"http://127.0.0.1:{PORT + 1}/") as answer:
        assert answer.status == 200
        assert "default-src 'self'" in answer.headers["Content-Security-Policy"]


def test_a_slot_run_again_by_hand_is_finished_by_the_daemon_and_changes_nothing(demo):
    earliest = min(demo.plays(), key=lambda play: play["started_at"])
    slot = earliest["windows"][0].rpartition("/")[2].partition("+")[0]
    first, last = "dagster/asset_partition_range_start", "dagster/asset_partition_range_end"
    for tags in ({"dagster/partition": slot}, {first: slot, last: slot}):
        demo.dagster("job", "launch", "-w", "workspace.yaml", "-j", "window_job", "--tags", json.dumps(tags))
    wait_until(lambda: _successes(demo.data, f"partition = '{slot}'") >= 2, 120, "the slot's run to succeed")
    ranges = f"run_id IN (SELECT run_id FROM run_tags WHERE key = '{first}')"
    wait_until(lambda: _successes(demo.data, ranges) == 1, 120, "the range's run to succeed")
    (again,) = [play for play in demo.plays() if play["play_id"] == earliest["play_id"]]
    still_on_air = ("ended_at", "windows", "confidence", "uncertainty_s")
    assert {k: v for k, v in again.items() if k not in still_on_air} == {
        k: v for k, v in earliest.items() if k not in still_on_air
    }
    assert again["windows"][: len(earliest["windows"])] == earliest["windows"]


def _successes(data: Path, which: str) -> int:
    with sqlite3.connect(f"file:{data}/dagster/history/runs.db?mode=ro", uri=True) as runs:
        found = runs.execute(f"SELECT count(*) FROM runs WHERE {which} AND status = 'SUCCESS'")
        return found.fetchone()[0]


def test_the_day_is_decided_again_by_the_readmes_own_command(demo):
    (line,) = [line for line in README.splitlines() if "-j decide_job" in line]
    *command, config = shlex.split(line)[1:]
    before = {play["play_id"] for play in demo.plays()}
    demo.dagster(*command, re.sub(r"\d{4}-\d\d-\d\d", str(datetime.now(ZoneInfo(TZ)).date()), config))
    wait_until(lambda: _successes(demo.data, "pipeline_name = 'decide_job'") == 1, 120, "the run to succeed")
    assert before <= {play["play_id"] for play in demo.plays()}  # a dry run


OF_ITS_NIGHT = [f"track_{what}_last_run_timestamp_seconds gauge" for what in ("embeddings", "clusters")]
"""The demo does at its start what others do at night."""


def _metrics(port: int) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
        return answer.read().decode()


def _names(shape: list[str]) -> list[str]:
    """Names and types; which labels there are depends on who was asked."""
    return [line.partition(" {")[0] for line in shape]


@pytest.mark.real
def test_prometheus_scrapes_the_demo_and_answers(demo, tmp_path):
    before = demo.plays()
    streams = {f"stream={play['stream']}" for play in before}
    with Prometheus(tmp_path, PORT + 9, {"tagger": PORT, "capture": PORT + 3}) as prometheus:
        wait_until(lambda: prometheus.query("sum(up)") == {"": 2}, 30, "Prometheus to scrape both")
        assert set(prometheus.query("streams_active")) == streams
        assert set(prometheus.query("sum by (stream) (windows_total{state='heard'}) > 0")) == streams
        assert prometheus.query("sum(plays_inserted_total)")[""] >= len(before)
        quantile = "histogram_quantile(0.5, sum by (provider, le) (recognizer_latency_seconds_bucket))"
        assert 0 < prometheus.query(quantile)["provider=catalogue"] < 30
        assert prometheus.query("time() - hot_path_last_run_timestamp_seconds < 120")
        wait_until(lambda: set(prometheus.rules().values()) == {"ok"}, 30, "every alert rule to be evaluated")
    for port, golden in ((PORT, PLATFORM), (PORT + 3, CAPTURE)):
        text = _metrics(port)
        assert linted(text) == ""
        told = [name for name in _names(shape(text)) if name not in OF_ITS_NIGHT]
        assert told == _names(golden.read_text().splitlines())


BEGUN = ("sensor", "hand over", "capture")
WHOLE_TRACE = {
    ("capture", "capture"),
    ("capture", "capture window", "capture"),
    ("capture", "hand over", "capture"),
    ("code server", *BEGUN),
    ("run", "run", *BEGUN),
    ("run", "windows", "run", *BEGUN),
    ("run", "store write", "windows", "run", *BEGUN),
    ("run", "recognitions", "run", *BEGUN),
    ("run", "provider", "recognitions", "run", *BEGUN),
    ("run", "search index", "recognitions", "run", *BEGUN),
    ("run", "store write", "recognitions", "run", *BEGUN),
    ("run", "plays", "run", *BEGUN),
    ("run", "store write", "plays", "run", *BEGUN),
    ("run", "decide", "store write", "plays", "run", *BEGUN),
}
"""The process of each span, its name, and the names of those it is in."""


def test_the_trace_of_a_slot_goes_from_capture_to_the_store(demo):
    def whole() -> Got | None:
        runs = [run for run in demo.collector.named("run") if run.attributes["job"] == "window_job"]
        return next((run for run in runs if _paths(demo.collector.trace(run.trace_id)) == WHOLE_TRACE), None)

    wait_until(whole, 60, "a whole trace")
    run = whole()
    trace = demo.collector.trace(run.trace_id)
    assert {span.attributes["provider"] for span in trace if span.name == "provider"} == {"catalogue"}
    assert {span.attributes["slot"] for span in trace if "slot" in span.attributes} == {run.attributes["slot"]}


def _paths(trace: list[Got]) -> set[tuple[str, ...]]:
    by_id = {span.span_id: span for span in trace}

    def above(span: Got) -> list[str]:
        parent = by_id.get(span.parent_id)
        return [] if parent is None else [parent.name, *above(parent)]

    return {(span.process, span.name, *above(span)) for span in trace}


def test_requests_of_the_api_are_traced_by_route_and_without_their_query(demo):
    demo.plays()
    wait_until(lambda: demo.collector.named("GET /api/plays"), 30, "a request's span")
    assert {span.attributes["http.url"] for span in demo.collector.named("GET /api/plays")} == {"/api/plays"}


def test_one_signal_ends_it_all(demo):
    demo.process.send_signal(signal.SIGINT)
    assert demo.process.wait(STOP_WITHIN_S) == 0
    left = subprocess.run(["pgrep", "-f", str(demo.data)], capture_output=True, text=True).stdout.split()
    assert left == []


ANNOUNCED = ("", "fingerprinting", "on the air")
"""Said by commands to whoever started them; everything else is a line of the log."""
LEAKS = re.compile(r"nanobind: leaked.*?refleaks\.html", re.S)
"""What DuckDB's binding says past all logging at the end of a process that is measured for coverage, and only then."""


def test_every_line_of_the_log_is_a_json_object(demo):
    text = LEAKS.sub("", Path(demo.output.name).read_text())
    said = [line for line in text.splitlines() if line not in ANNOUNCED]
    wrong = [line for line in said if not line.startswith("{")]
    assert wrong == []
    lines = [json.loads(line) for line in said]
    heard = [line for line in lines if line.get("stream") == "velvet_fm" and "live" in line["message"]]
    assert len(heard) == 1, heard  # a change of state is told once
