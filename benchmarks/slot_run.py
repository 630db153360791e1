"""What one slot costs after the spool, through the real Dagster: CPU-seconds a run, and window end to play readable.

    python benchmarks/slot_run.py [--slots 12] [--json FILE]

A stand-in for capture publishes slots of 5 streams, cut from the demo's music, at the instants at which capture would;
code server and daemon are the real ones, and so are sensor, queue, run worker, catalogue and store. CPU is read from
/proc (Linux): of the run workers (the code server's children), and of everything together less what the same processes
use while idle.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import soundfile
from scipy.signal import resample_poly

from tagger_platform.cli.library_add import add_paths
from tagger_platform.cli.platform import processes
from tagger_platform.cli.supervisor import as_our_child
from tagger_platform.demo.compose import render
from tagger_platform.model import CaptureState, Slot, Window
from tagger_platform.settings import Settings
from tagger_platform.spool import Manifest, Spool
from tagger_platform.store import reports
from tagger_platform.store.database import Database

STREAMS = 5
HOP_S = 15
RATE = 16_000
PORT = 46100
SETTLE_S = 15
IDLE_S = 30
TICKS = os.sysconf("SC_CLK_TCK")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--slots", type=int, default=12)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        result = measure(Path(folder), options.slots)
    for name, value in result.items():
        print(f"{name:<44}{value}")
    if options.json:
        options.json.write_text(json.dumps(result, indent=1))


def environment(folder: Path) -> dict[str, str]:
    """Of a platform with STREAMS streams that keeps everything below `folder`."""
    return {
        "DATA_DIR": str(folder / "data"),
        "PORT": str(PORT),
        "HOP_SECONDS": str(HOP_S),
        "WINDOW_OFFSETS": "0",
        "SHAZAM_ENABLED": "false",
        "STREAMS_FILE": str(folder / "none.yaml"),
        **{f"STREAM_{n}_NAME": f"s{n}" for n in range(1, STREAMS + 1)},
        **{f"STREAM_{n}_URL": f"http://127.0.0.1/{n}" for n in range(1, STREAMS + 1)},
    }


def measure(folder: Path, slots: int) -> dict[str, float]:
    os.environ |= environment(folder)
    settings = Settings.load()
    songs = music(folder / "radio", settings)
    wanted = [process for process in processes(settings) if process.name in ("code server", "daemon")]
    running = [
        subprocess.Popen(process.argv, env={**os.environ, **process.environ}, preexec_fn=as_our_child)
        for process in wanted
    ]
    try:
        return run(settings, songs, running, slots)
    finally:
        for process in reversed(running):
            process.terminate()
            process.wait(20)


def music(folder: Path, settings: Settings) -> list[np.ndarray]:
    pieces = render(folder)
    add_paths(settings, [folder / "music"])
    return [at_16_khz(path) for path in sorted((folder / "music").glob("*.flac"))][: max(STREAMS, len(pieces))]


def at_16_khz(path: Path) -> np.ndarray:
    samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    divisor = np.gcd(rate, RATE)
    return resample_poly(samples.mean(axis=1), RATE // divisor, rate // divisor).astype(np.float32)


def run(settings: Settings, songs: list[np.ndarray], running: list[subprocess.Popen], slots: int) -> dict[str, float]:
    database, spool = Database(settings.database_path), Spool(settings.spool_dir)
    first = slot = publish(settings, spool, songs, Slot.containing(datetime.now(UTC), HOP_S), 0)
    wait_until_done(spool, slot)  # the first run compiles and warms
    time.sleep(SETTLE_S)
    idle = cpu(running)
    time.sleep(IDLE_S)
    idle_per_s = (cpu(running) - idle) / IDLE_S
    everything, workers, began = cpu(running), children_cpu(running[0]), time.monotonic()
    delays = []
    for number in range(1, slots + 1):
        time.sleep(max(0.0, began + (number - 1) * HOP_S - time.monotonic()))
        slot = publish(settings, spool, songs, first, number)
        ended = time.monotonic()
        while not readable(database, slot, settings):
            time.sleep(0.1)
        delays.append(time.monotonic() - ended)
    wait_until_done(spool, slot)
    time.sleep(1)
    seconds = time.monotonic() - began
    return {
        "streams": STREAMS,
        "slots": slots,
        "CPU-s per slot run, worker": round((children_cpu(running[0]) - workers) / slots, 2),
        "CPU-s per slot run, all less idle": round((cpu(running) - everything - idle_per_s * seconds) / slots, 2),
        "CPU-s per hour, Dagster idle": round(idle_per_s * 3600),
        "window end to play readable, median s": round(statistics.median(delays), 2),
        "window end to play readable, worst s": round(max(delays), 2),
    }


def publish(settings: Settings, spool: Spool, songs: list[np.ndarray], first: Slot, number: int) -> Slot:
    """The slot `number` after `first`, which ends about now; every song goes on from slot to slot."""
    slot = Slot(first.start + timedelta(seconds=number * HOP_S))
    windows = []
    for place, stream in enumerate(settings.enabled_streams):
        song = songs[(place + number // 3) % len(songs)]
        start = (number % 3) * HOP_S * RATE
        window = Window(stream.name, slot, 0, settings.window_s, CaptureState.CAPTURED, level_dbfs=-18.0)
        soundfile.write(spool.path_for(window), song[start : start + settings.window_s * RATE], RATE, format="FLAC")
        windows.append(window)
    spool.publish(
        Manifest(slot, "capture", HOP_S, tuple(windows), tuple((s.name, s.display) for s in settings.streams))
    )
    return slot


def readable(database: Database, slot: Slot, settings: Settings) -> bool:
    """Whether a page can show what the slot's windows made: a play whose evidence is one of them."""
    day = slot.start.astimezone(settings.tz).date()
    plays = reports.plays_of_day(database, day, settings.tz).plays
    return any(window.endswith(f"{slot.key}+0") for play in plays for window in play.windows)


def wait_until_done(spool: Spool, slot: Slot) -> None:
    while slot.key in {*spool.ready(), *spool.claimed()}:
        time.sleep(0.2)


def cpu(running: list[subprocess.Popen]) -> float:
    return sum(sum(_times(process.pid)) for process in running)


def children_cpu(process: subprocess.Popen) -> float:
    return sum(_times(process.pid)[2:])


def _times(pid: int) -> list[float]:
    """utime, stime, cutime, cstime of a process in seconds (proc(5)); ended children are in the latter two."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return [int(value) / TICKS for value in fields[11:15]]


if __name__ == "__main__":
    sys.exit(main())
