"""A month is run again while live slots come: how late each live slot is.

    python -m benchmarks.faults.backfill [--slots 21600] [--live 20] [--hop 30] [--json FILE]

The store holds a month of slots of one stream (21,600 at a hop of two minutes), and all of them are launched as one
backfill by the command that people use. Meanwhile a stand-in for capture hands over live slots at the instants at which
capture would. A slot's delay is the time from its end until its run has finished; it may be two hops.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg

from benchmarks.faults.day import BEGIN, Day
from benchmarks.faults.keeper import CODE, DAEMON, REPOSITORY, Keeper
from benchmarks.faults.platform import HOP_S, environment
from tagger_platform.cli.platform import prepare
from tagger_platform.defs.slots import WINDOW_SLOTS
from tagger_platform.model import Slot
from tagger_platform.settings import Settings
from tagger_platform.spool import Spool
from tagger_platform.store.database import Database

PORT = 47360
KEYS_AT_ONCE = 500
LOOK_S = 0.2
LATEST_S = 600
COMMAND_S = 3600


def month(settings: Settings, slots: int) -> list[str]:
    """Write the windows and answers of a month that is over; returns the slots' keys."""
    Database(settings.database_path).migrate()
    values = {"begin": BEGIN.replace(tzinfo=None)}
    with Database(settings.database_path).writing() as connection:
        connection.execute(
            "INSERT INTO windows SELECT 's1/' || strftime(slot, '%Y-%m-%dT%H:%M:%SZ') || '+0', 's1', slot, 0, 12,"
            " slot, slot + to_seconds(12), 'captured', '', -20, NULL, 'capture', 'heard'"
            f" FROM (SELECT $begin + to_seconds({HOP_S} * i) AS slot FROM range({slots}) t(i))",
            values,
        )
        connection.execute(
            "INSERT INTO recognitions BY NAME SELECT window_id, 'catalogue' AS provider, 'no_match' AS status,"
            " [] AS other_offsets_s, 30 AS latency_ms, '' AS detail, started_at AS asked_at, started_at FROM windows"
        )
        connection.execute(
            "INSERT INTO expected_windows SELECT slot, 'capture', 's1', $hop, 12, [0] FROM windows", {"hop": HOP_S}
        )
    return [Slot(BEGIN + timedelta(seconds=HOP_S * number)).key for number in range(slots)]


def launch(settings: Settings, environ: dict[str, str], keys: list[str]) -> float:
    """Launch a backfill of the slots; returns the seconds that the command took."""
    with dg.DagsterInstance.from_config(str(settings.dagster_home)) as instance:
        for first in range(0, len(keys), KEYS_AT_ONCE):
            instance.add_dynamic_partitions(WINDOW_SLOTS.name or "", keys[first : first + KEYS_AT_ONCE])
    home = {"DAGSTER_HOME": str(settings.dagster_home), "PYTHONPATH": str(REPOSITORY)}
    words = ["job", "backfill", "-w", str(settings.dagster_home / "workspace.yaml"), "-j", "window_job"]
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "dagster", *words, "--from", keys[0], "--to", keys[-1], "--noprompt"],
        env={**os.environ, **environ, **home},
        capture_output=True,
        text=True,
        timeout=COMMAND_S,
    )
    if done.returncode:
        raise AssertionError(done.stdout + done.stderr)
    return time.monotonic() - began


def live(settings: Settings, slots: int) -> list[float]:
    """Hand over live slots on the clock; returns each one's delay in seconds."""
    day, spool, delays = Day(settings), Spool(settings.spool_dir), dict[str, float]()
    waiting: dict[str, Slot] = {}
    following = Slot.containing(datetime.now(UTC), settings.hop_s).next(settings.hop_s)
    last = time.time() + slots * settings.hop_s + LATEST_S
    while len(delays) < slots and time.time() < last:
        end = following.start.timestamp() + settings.hop_s
        if time.time() >= end and len(delays) + len(waiting) < slots:
            day.publish(spool, following)
            waiting[following.key] = following
            following = following.next(settings.hop_s)
        for key, slot in list(waiting.items()):
            if not (spool.root / "ready" / key).exists() and not (spool.root / "claimed" / key).exists():
                delays[key] = time.time() - slot.start.timestamp() - settings.hop_s
                del waiting[key]
        time.sleep(LOOK_S)
    return [*delays.values(), *(float("inf") for _ in waiting)]


def measure(folder: Path, slots: int, live_slots: int, hop_s: int) -> dict[str, object]:
    environ = environment(folder, streams=1, port=PORT, hop_s=hop_s) | {"WINDOW_OFFSETS": "0"}
    settings = Settings.load(environ)
    keys = month(settings, slots)
    prepare(settings)
    with Keeper(settings, environ, folder / "platform.log", only=(CODE, DAEMON)):
        alone = live(settings, max(2, live_slots // 4))
        took_s = launch(settings, environ, keys)
        delays = live(settings, live_slots)
        with dg.DagsterInstance.from_config(str(settings.dagster_home)) as instance:
            statuses = Counter(str(run.status.value) for run in instance.get_runs())
    return {
        "slots of the backfill": slots,
        "seconds to launch it": round(took_s, 1),
        "hop, s": hop_s,
        "delay of live slots before it, median / worst s": _shown(alone),
        "delay of live slots during it, median / worst s": _shown(delays),
        "live slots later than two hops": sum(delay > 2 * hop_s for delay in delays),
        "runs in the end": dict(statuses),
    }


def _shown(delays: list[float]) -> str:
    return f"{statistics.median(delays):.1f} / {max(delays):.1f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--slots", type=int, default=21_600)
    parser.add_argument("--live", type=int, default=20)
    parser.add_argument("--hop", type=int, default=30)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        result = measure(Path(folder), options.slots, options.live, options.hop)
    for name, value in result.items():
        print(f"{name:<56}{value}")
    if options.json:
        options.json.write_text(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
