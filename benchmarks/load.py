"""Many streams through spool and Dagster: what a slot's run costs, and how fast a backlog drains.

    python -m benchmarks.load [--streams 20,100,1000] [--slots 6] [--json FILE]

A stand-in for capture hands over a backlog of slots of so many streams, two windows each; code server and daemon are
the real ones, and so are sensor, queue, run workers and store. Answers come from a table: what is measured is all but
the providers. CPU is that of the run workers, from /proc (Linux); the line through the first and the last number of
streams tells what a run costs anyway and what each stream adds.
"""

import argparse
import json
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks.faults.day import Day
from benchmarks.faults.keeper import CODE, DAEMON, Keeper
from benchmarks.faults.platform import broken_promises, environment, log_of
from tagger_platform.settings import Settings
from tagger_platform.spool import Spool

PORT = 21320
LOOK_S = 0.2
LATEST_S = 1800
GONE_S = 5
"""Seconds until the last run's process has ended too, and counts."""


@dataclass(frozen=True)
class Drained:
    """A backlog of `slots` slots, and what it took to work it off."""

    streams: int
    slots: int
    seconds: float
    cpu_s: float
    plays: int
    windows: int
    broken: list[str]


def drain(folder: Path, streams: int, slots: int) -> Drained:
    """Hand over a backlog, and wait until it has gone."""
    environ = environment(folder, streams=streams, port=PORT)
    settings = Settings.load(environ)
    day, spool = Day(settings), Spool(settings.spool_dir, max_windows=settings.queue_max_size)
    with Keeper(settings, environ, folder / "platform.log", only=(CODE, DAEMON)) as keeper:
        _publish(day, spool, 0, 1)  # the first run compiles and warms
        _wait(spool)
        cpu_s, began = keeper.workers_cpu_s(), time.monotonic()
        _publish(day, spool, 1, slots + 1)
        _wait(spool)
        seconds = time.monotonic() - began
        time.sleep(GONE_S)
        cpu_s = keeper.workers_cpu_s() - cpu_s
    log = log_of(settings)
    broken = broken_promises(settings, day.begin, day.slot(slots + 1).start)
    return Drained(streams, slots, seconds, cpu_s, len(log.plays), len(log.states), broken)


def _publish(day: Day, spool: Spool, first: int, end: int) -> None:
    for number in range(first, end):
        day.publish(spool, day.slot(number))


def _wait(spool: Spool) -> None:
    deadline = time.monotonic() + LATEST_S
    while {*spool.ready(), *spool.claimed()}:
        if time.monotonic() > deadline:
            raise AssertionError(f"after {LATEST_S} s still in the spool: {spool.counts()}")
        time.sleep(LOOK_S)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--streams", default="20,100,1000")
    parser.add_argument("--slots", type=int, default=6)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    found = []
    for streams in map(int, options.streams.split(",")):
        with tempfile.TemporaryDirectory() as folder:
            found.append(drain(Path(folder), streams, options.slots))
        told(found[-1])
    first, last = found[0], found[-1]
    if first is not last:
        a_stream = (last.cpu_s / last.slots - first.cpu_s / first.slots) / (last.streams - first.streams)
        print(
            f"a run costs {first.cpu_s / first.slots - a_stream * first.streams:.2f} CPU-s, "
            f"and {1000 * a_stream:.1f} CPU-ms a stream"
        )
    if options.json:
        options.json.write_text(json.dumps([vars(one) for one in found], indent=1))


def told(one: Drained) -> None:
    print(
        f"{one.streams:>5} streams: {one.cpu_s / one.slots:6.2f} CPU-s and {one.seconds / one.slots:6.1f} s a slot,"
        f" {one.windows} windows, {one.plays} plays, broken promises: {one.broken}",
        flush=True,
    )


if __name__ == "__main__":
    main()
