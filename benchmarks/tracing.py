"""What tracing adds to a slot's run: CPU-seconds of the same run with it and without, taken in turn.

    python benchmarks/tracing.py [--pairs 20] [--json FILE]

Every run is a process of its own that loads the definitions and runs `window_job` on a slot of 5 streams cut from the
demo's music, as a run worker does: imports count. Spans go to a receiver in this process, whose work is not counted.
Each slot's manifest carries a traceparent, so that all of a run is recorded. The first pair warms up and is left out.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import dagster as dg
import slot_run

from tagger_platform.defs.slots import TRACEPARENT, WINDOW_SLOTS, window_job
from tagger_platform.model import Slot
from tagger_platform.settings import Settings
from tagger_platform.spool import Spool

ONE_RUN = f"""
import sys
import dagster as dg
from tagger_platform.definitions import defs
with dg.DagsterInstance.get() as instance:
    job = defs.resolve_job_def({window_job.name!r})
    result = job.execute_in_process(
        instance=instance, partition_key=sys.argv[1], tags={{{TRACEPARENT!r}: sys.argv[2]}}
    )
"""
TRACE = f"00-{'ab' * 16}-{'cd' * 8}-01"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=20)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, receiver() as (endpoint, taken):
        off, on = measure(Path(folder), endpoint, options.pairs)
        assert len(taken) >= options.pairs, "the receiver got less than a request a run"
    result = {
        "pairs": len(off),
        "CPU-s of a run, tracing off, median": round(statistics.median(off), 3),
        "CPU-s of a run, tracing on, median": round(statistics.median(on), 3),
        "on / off, median of the pairs": round(statistics.median(b / a for a, b in zip(off, on, strict=True)), 3),
        "on / off, the least of each": round(min(on) / min(off), 3),
        "bytes sent a run, median": statistics.median(taken),
    }
    for name, value in result.items():
        print(f"{name:<44}{value}")
    if options.json:
        options.json.write_text(json.dumps(result, indent=1))


def measure(folder: Path, endpoint: str, pairs: int) -> tuple[list[float], list[float]]:
    os.environ |= slot_run.environment(folder) | {"DAGSTER_HOME": str(folder / "data" / "dagster")}
    settings = Settings.load()
    songs = slot_run.music(folder / "radio", settings)
    slot_run.processes(settings)  # prepares the store and Dagster's home
    spool = Spool(settings.spool_dir)
    first = Slot.containing(datetime.now(UTC), slot_run.HOP_S)
    seconds: dict[str, list[float]] = {"": [], endpoint: []}
    with dg.DagsterInstance.get() as instance:
        for number in range(2 * pairs + 2):
            slot = slot_run.publish(settings, spool, songs, first, number)
            instance.add_dynamic_partitions(str(WINDOW_SLOTS.name), [slot.key])
            target = endpoint if (number + number // 2) % 2 else ""  # off on, on off, off on: no side is always second
            seconds[target].append(cpu_of_a_run(slot, target))
    return seconds[""][1:], seconds[endpoint][1:]


def cpu_of_a_run(slot: Slot, endpoint: str) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    environ = {**os.environ, "OTEL_EXPORTER_OTLP_ENDPOINT": endpoint}
    subprocess.run([sys.executable, "-c", ONE_RUN, slot.key, TRACE], env=environ, check=True, stderr=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


@contextmanager
def receiver() -> Iterator[tuple[str, list[int]]]:
    """An endpoint that takes whatever it is sent, and the size of each request."""
    taken: list[int] = []

    class Take(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            taken.append(len(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Nobody reads it."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Take) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", taken
        server.shutdown()


if __name__ == "__main__":
    sys.exit(main())
