"""Whether DAGSTER_HOME stays bounded: 60 days of slots and nights, in some minutes.

    python benchmarks/dagster_history.py [--days 60] [--runs-a-day 4] [--keep 30] [--json FILE]

Each run is a real one of Dagster's in SQLite files: three assets of one partition, three checks. Then it is made as
old as the day it stands for, and at the end of each day the night's clean-up prunes. A real day has 720 runs of slots
of two minutes: the bytes of a run are measured, those of 720 a day are the product. Ticks are not in it; Dagster prunes
them itself (`defs/dagster.yaml`).
"""

import argparse
import json
import logging
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
from dagster._core.storage.runs.schema import RunsTable
from dagster._core.storage.runs.sql_run_storage import SqlRunStorage

from tagger_platform.defs.history import prune
from tagger_platform.defs.slots import WINDOW_SLOTS
from tagger_platform.model import Slot

FIRST = Slot.parse("2026-01-01T00:00:00Z")
CHECKS = ("one", "two", "three")
A_REAL_DAY = 720


@dataclass(frozen=True)
class Day:
    """After a day and its night: runs and partitions that are left, bytes of DAGSTER_HOME, CPU seconds of the night."""

    runs: int
    partitions: int
    bytes: int
    cpu_s: float


@dg.asset(partitions_def=WINDOW_SLOTS)
def windows() -> dg.MaterializeResult[None]:
    return dg.MaterializeResult(metadata={"expected": 10, "captured": 10, "source": "capture"})


@dg.asset(partitions_def=WINDOW_SLOTS, deps=[windows])
def recognitions() -> dg.MaterializeResult[None]:
    return dg.MaterializeResult(metadata={"asked": 10, "corrupt": 0, "lost": 0})


@dg.asset(
    partitions_def=WINDOW_SLOTS,
    deps=[recognitions],
    check_specs=[dg.AssetCheckSpec(name, asset="plays") for name in CHECKS],
)
def plays() -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
    yield dg.MaterializeResult(metadata={"confirmed": 1, "probable": 0, "waiting": 0, "expired": 0})
    for name in CHECKS:
        yield dg.AssetCheckResult(check_name=name, passed=True, metadata={"streams": 5})


def simulate(home: Path, *, days: int, runs_a_day: int, keep: int) -> list[Day]:
    """So many days, each with its night; runs and partitions are kept for `keep` days."""
    found = []
    with dg.DagsterInstance.local_temp(str(home)) as instance:
        for number in range(days):
            midnight = FIRST.start + timedelta(days=number + 1)
            for run in range(runs_a_day):
                _run(instance, Slot(midnight - timedelta(seconds=120 * (runs_a_day - run))))
            began = time.process_time()
            prune(instance, midnight - timedelta(days=keep))
            cpu_s = time.process_time() - began
            left = len(instance.get_dynamic_partitions(str(WINDOW_SLOTS.name)))
            found.append(Day(instance.get_runs_count(), left, _bytes(home), round(cpu_s, 3)))
    return found


def _run(instance: dg.DagsterInstance, slot: Slot) -> None:
    instance.add_dynamic_partitions(str(WINDOW_SLOTS.name), [slot.key])
    done = dg.materialize([windows, recognitions, plays], partition_key=slot.key, instance=instance)
    storage = instance.run_storage
    assert isinstance(storage, SqlRunStorage)
    with storage.connect() as connection:
        ended_at = slot.start.astimezone(UTC).replace(tzinfo=None)
        aged = RunsTable.update().where(RunsTable.c.run_id == done.run_id).values(update_timestamp=ended_at)
        connection.execute(aged)


def _bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--days", type=int, default=60)
    parser.add_argument("--runs-a-day", type=int, default=4)
    parser.add_argument("--keep", type=int, default=30)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    logging.getLogger("dagster").setLevel(logging.WARNING)
    began = datetime.now(UTC)
    with tempfile.TemporaryDirectory() as home:
        days = simulate(Path(home), days=options.days, runs_a_day=options.runs_a_day, keep=options.keep)
    for number in sorted({1, options.keep // 2, options.keep, options.keep + 1, *range(40, len(days), 10), len(days)}):
        day = days[number - 1]
        print(f"after day {number:>3}: {day.runs:>5} runs, {day.partitions:>5} partitions, {day.bytes / 1e6:8.2f} MB")
    grown = days[-1].bytes / days[options.keep].bytes
    each = (days[options.keep - 1].bytes - days[0].bytes) / (options.keep - 1) / options.runs_a_day
    nights = [day.cpu_s for day in days[options.keep :]]
    per_run = sum(nights) / len(nights) / options.runs_a_day
    print(f"growth from day {options.keep + 1} to {len(days)}: {grown:.3f} x")
    print(f"a run: {each / 1e3:.0f} kB; with {A_REAL_DAY} a day over {options.keep} days")
    print(
        f"  {each * A_REAL_DAY * options.keep / 1e9:.1f} GB at most; a night prunes in {per_run * A_REAL_DAY:.0f} CPU-s"
    )
    print(f"took {(datetime.now(UTC) - began).total_seconds():.0f} s")
    if options.json:
        options.json.write_text(json.dumps([asdict(day) for day in days], indent=1))


if __name__ == "__main__":
    main()
