"""A month is run again while live slots come: how late each live slot is, and whether the plays are those of the month.

    python -m benchmarks.faults.backfill [--slots 21600] [--live 20] [--hop 120] [--json FILE]

The store holds the answers of a month of slots of one stream (21,600 at a hop of two minutes) and no plays, and all of
them are launched as one run of a range, as the README says. Meanwhile a stand-in for capture hands over live slots at
the instants at which capture would. A slot's delay is the time from its end until its run has finished;
it may be two hops. In the end the plays are compared with those of the same month decided day by day.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg

from benchmarks.faults.day import Day, answer
from benchmarks.faults.keeper import CODE, DAEMON, REPOSITORY, Keeper
from benchmarks.faults.platform import environment, log_of
from tagger_platform.defs.platform import Platform
from tagger_platform.defs.slots import RANGE_END, RANGE_START, WINDOW_SLOTS
from tagger_platform.model import CaptureState, Play, Slot, Window
from tagger_platform.settings import Settings
from tagger_platform.spool import Manifest, Spool
from tagger_platform.store import writes
from tagger_platform.store.database import Database
from tagger_platform.store.decide_again import decide_day
from tagger_platform.store.expected import write_expected

PORT = 47360
KEYS_AT_ONCE, WINDOWS_AT_ONCE = 500, 1000
LOOK_S = 0.2
ASK_S = 5
LATEST_S = 600
COMMAND_S = 600


def month(settings: Settings, slots: int) -> list[Slot]:
    """Write the windows and answers of a month that is over, and none of its plays."""
    day, database = Day(settings), Database(settings.database_path)
    database.migrate()
    written = [day.slot(number) for number in range(slots)]
    heard: list[Window] = []
    with database.writing() as connection:
        for slot in written:
            windows = day.windows(slot)
            heard += [window for window in windows if window.state is CaptureState.CAPTURED]
            writes.write_windows(connection, windows, titles={}, source="capture", slot=slot)
            write_expected(connection, Manifest(slot, "capture", settings.hop_s, tuple(windows)), hop_s=settings.hop_s)
        for first in range(0, len(heard), WINDOWS_AT_ONCE):
            some = heard[first : first + WINDOWS_AT_ONCE]
            writes.write_recognitions(connection, some, [*map(answer, some)], asked_at=some[-1].end)
    return written


def decided(settings: Settings, slots: list[Slot], folder: Path) -> list[Play]:
    """The month's plays in a copy of the store from which all plays are gone and whose days are decided one by one.

    The copy is made in the end: how long the last song was on depends on whether windows came after it.
    """
    copy = replace(settings, data_dir=folder / "decided")
    copy.database_path.parent.mkdir(parents=True)
    shutil.copy(settings.database_path, copy.database_path)
    database, rules = Database(copy.database_path), Platform(copy).rules
    with database.writing() as connection:
        connection.execute("DELETE FROM play_windows")
        connection.execute("DELETE FROM plays")
    for date in sorted({slot.start.astimezone(copy.tz).date() for slot in slots}):
        decide_day(database, date, copy.tz, rules, apply=True)
    return _plays(copy, slots)


def launch(settings: Settings, environ: dict[str, str], slots: list[Slot]) -> float:
    """Launch a run of the slots; returns the seconds that the command took."""
    keys = [slot.key for slot in slots]
    with dg.DagsterInstance.from_config(str(settings.dagster_home)) as instance:
        for first in range(0, len(keys), KEYS_AT_ONCE):
            instance.add_dynamic_partitions(WINDOW_SLOTS.name or "", keys[first : first + KEYS_AT_ONCE])
    home = {"DAGSTER_HOME": str(settings.dagster_home), "PYTHONPATH": str(REPOSITORY)}
    words = ["job", "launch", "-w", str(settings.dagster_home / "workspace.yaml"), "-j", "window_job"]
    tags = json.dumps({RANGE_START: keys[0], RANGE_END: keys[-1]})
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "dagster", *words, "--tags", tags],
        env={**os.environ, **environ, **home},
        capture_output=True,
        text=True,
        timeout=COMMAND_S,
    )
    if done.returncode:
        raise AssertionError(done.stdout + done.stderr)
    return time.monotonic() - began


def live(settings: Settings, slots: int, goes_on: Callable[[], bool] = lambda: False) -> list[float]:
    """Hand over live slots on the clock, `slots` of them and more while `goes_on`; returns each one's delay in s."""
    day, spool, delays = Day(settings), Spool(settings.spool_dir), dict[str, float]()
    waiting: dict[str, Slot] = {}
    following = Slot.containing(datetime.now(UTC), settings.hop_s).next(settings.hop_s)
    last = time.time() + slots * settings.hop_s + LATEST_S
    while (going := goes_on()) or (len(delays) < slots and time.time() < last):
        end = following.start.timestamp() + settings.hop_s
        if time.time() >= end and (going or len(delays) + len(waiting) < slots):
            day.publish(spool, following)
            waiting[following.key] = following
            following = following.next(settings.hop_s)
        for key, slot in list(waiting.items()):
            if not (spool.root / "ready" / key).exists() and not (spool.root / "claimed" / key).exists():
                delays[key] = time.time() - slot.start.timestamp() - settings.hop_s
                del waiting[key]
        time.sleep(LOOK_S)
    late = {key for key, slot in waiting.items() if time.time() - slot.start.timestamp() > 3 * settings.hop_s}
    return [*delays.values(), *(float("inf") for _ in late)]


class Progress:
    """Whether the run of the month is under way; Dagster is asked now and then, not at every look."""

    def __init__(self, settings: Settings, slots: list[Slot]) -> None:
        self._home = str(settings.dagster_home)
        self._which = dg.RunsFilter(tags={RANGE_START: slots[0].key})
        self._asked, self._under_way = 0.0, True

    def __call__(self) -> bool:
        if self._under_way and time.monotonic() - self._asked > ASK_S:
            with dg.DagsterInstance.from_config(self._home) as instance:
                self._under_way = not all(run.is_finished for run in instance.get_runs(self._which))
            self._asked = time.monotonic()
        return self._under_way


def measure(folder: Path, slots: int, live_slots: int, hop_s: int) -> dict[str, object]:
    environ = environment(folder, streams=1, port=PORT, hop_s=hop_s) | {"WINDOW_OFFSETS": "0"}
    settings = Settings.load(environ)
    written = month(settings, slots)
    with Keeper(settings, environ, folder / "platform.log", only=(CODE, DAEMON)):
        alone = live(settings, max(2, live_slots // 10))
        took_s, began = launch(settings, environ, written), time.monotonic()
        delays = live(settings, live_slots, Progress(settings, written))
        lasted_s = time.monotonic() - began
        with dg.DagsterInstance.from_config(str(settings.dagster_home)) as instance:
            statuses = Counter(str(run.status.value) for run in instance.get_runs())
    found, expected = _plays(settings, written), decided(settings, written, folder)
    return {
        "slots of the backfill": slots,
        "seconds to launch it": round(took_s, 1),
        "minutes until it was done": round(lasted_s / 60, 1),
        "plays of the month": len(expected),
        "plays that differ": len({*map(repr, found)} ^ {*map(repr, expected)}) + len(found) - len({*map(repr, found)}),
        "hop, s": hop_s,
        "live slots during it": len(delays),
        "delay of live slots before it, median / worst s": _shown(alone),
        "delay of live slots during it, median / worst s": _shown(delays),
        "live slots later than two hops": sum(delay > 2 * hop_s for delay in delays),
        "runs in the end": dict(statuses),
    }


def _plays(settings: Settings, slots: list[Slot]) -> list[Play]:
    """Those of the month; the live slots may have made others."""
    return [play for play in log_of(settings).plays if play.started_at < slots[-1].next(settings.hop_s).start]


def _shown(delays: list[float]) -> str:
    return f"{statistics.median(delays):.1f} / {max(delays):.1f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--slots", type=int, default=21_600)
    parser.add_argument("--live", type=int, default=20)
    parser.add_argument("--hop", type=int, default=120)
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
