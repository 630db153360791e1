"""A month is run again while live slots come: how late each live slot is, and whether the plays are those of the month.

    python -m benchmarks.faults.backfill [--slots 21600] [--live 20] [--hop 120] [--minutes 600] [--json FILE]

The store holds the answers of a month of slots of one stream (21,600 at a hop of two minutes) and no plays, and they
are launched day by day, each day as one run, as the README says. Meanwhile a stand-in for capture hands over live slots
at the instants at which capture would. A slot's delay is the time from its end until its run has finished;
it may be two hops. In the end, or after so many minutes, the plays of the days that have run are compared with those of
the same days decided one after the other.
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
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from threading import Event

import dagster as dg

from benchmarks.faults.day import Day, answer
from benchmarks.faults.figures import tell
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
from tagger_platform_tests.journeys.processes import wait_until

PORT = 21360
SLOTS_AT_ONCE, WINDOWS_AT_ONCE, DAY_S = 500, 1000, 24 * 3600
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


def launch(settings: Settings, environ: dict[str, str], slots: list[Slot], enough: Event) -> None:
    """Launch a run of the slots of each day, until it is `enough`."""
    with dg.DagsterInstance.from_config(str(settings.dagster_home)) as instance:
        for some in parts(slots, SLOTS_AT_ONCE):
            instance.add_dynamic_partitions(WINDOW_SLOTS.name or "", [slot.key for slot in some])
    home = {"DAGSTER_HOME": str(settings.dagster_home), "PYTHONPATH": str(REPOSITORY)}
    words = ["job", "launch", "-w", str(settings.dagster_home / "workspace.yaml"), "-j", "window_job"]
    for day in parts(slots, DAY_S // settings.hop_s):
        if enough.is_set():
            return
        tags = json.dumps({RANGE_START: day[0].key, RANGE_END: day[-1].key})
        done = subprocess.run(
            [sys.executable, "-m", "dagster", *words, "--tags", tags],
            env={**os.environ, **environ, **home},
            capture_output=True,
            text=True,
            timeout=COMMAND_S,
        )
        if done.returncode:
            raise AssertionError(done.stdout + done.stderr)


def parts(slots: list[Slot], size: int) -> list[list[Slot]]:
    return [slots[first : first + size] for first in range(0, len(slots), size)]


def live(settings: Settings, slots: int, goes_on: Callable[[], bool] = lambda: False) -> list[float]:
    """Hand over live slots on the clock, `slots` of them and more while `goes_on`; returns the delay of each in s."""
    day, spool, delays = Day(settings), Spool(settings.spool_dir), dict[str, float]()
    waiting: dict[str, Slot] = {}
    following = Slot.containing(datetime.now(UTC), settings.hop_s).next(settings.hop_s)
    patience_s = slots * settings.hop_s + LATEST_S
    last = time.time() + patience_s
    while time.time() < last:
        going = goes_on()
        if going:
            last = time.time() + patience_s
        elif len(delays) >= slots and not waiting:
            break
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
    return [*delays.values(), *(float("inf") for _ in waiting)]


class Progress:
    """What has run of the slots; Dagster is asked now and then, not at every look."""

    def __init__(self, settings: Settings, slots: list[Slot], launching: Future[None], longest_s: float) -> None:
        self._home, self._slots, self._launching = str(settings.dagster_home), slots, launching
        self._asked, self._last = 0.0, time.monotonic() + longest_s
        self.done: list[Slot] = []

    def goes_on(self) -> bool:
        if self._launching.done():
            self._launching.result()
        if time.monotonic() - self._asked > ASK_S:
            self.done = self._finished()
            self._asked = time.monotonic()
        return len(self.done) < len(self._slots) and time.monotonic() < self._last

    def _finished(self) -> list[Slot]:
        """The slots from the first on whose runs have succeeded."""
        with dg.DagsterInstance.from_config(self._home) as instance:
            runs = instance.get_runs(dg.RunsFilter(statuses=[dg.DagsterRunStatus.SUCCESS]))
        ended = {run.tags[RANGE_START]: run.tags[RANGE_END] for run in runs if RANGE_START in run.tags}
        done: list[Slot] = []
        while len(done) < len(self._slots) and (end := ended.get(self._slots[len(done)].key)):
            done = [slot for slot in self._slots if slot.key <= end]
        return done


def measure(
    folder: Path, slots: int, live_slots: int, hop_s: int, longest_s: float = float("inf")
) -> dict[str, object]:
    environ = environment(folder, streams=1, port=PORT, hop_s=hop_s) | {"WINDOW_OFFSETS": "0"}
    settings = Settings.load(environ)
    written = month(settings, slots)
    with Keeper(settings, environ, folder / "platform.log", only=(CODE, DAEMON)), ThreadPoolExecutor(1) as aside:
        alone = live(settings, max(1, live_slots // 10))
        began = time.monotonic()
        enough = Event()
        progress = Progress(settings, written, aside.submit(launch, settings, environ, written, enough), longest_s)
        try:
            delays = live(settings, live_slots, progress.goes_on)
        finally:
            enough.set()
        lasted_s = time.monotonic() - began
        with dg.DagsterInstance.from_config(str(settings.dagster_home)) as instance:
            if len(progress.done) == slots:
                wait_until(
                    lambda: all(run.is_finished for run in instance.get_runs()), LATEST_S, lambda: "all runs end"
                )
            statuses = Counter(str(run.status.value) for run in instance.get_runs())
    done = progress.done
    found, expected = _plays(settings, done), decided(settings, done, folder)
    return {
        "slots of the backfill": slots,
        "slots that have run": len(done),
        "in minutes": round(lasted_s / 60, 1),
        "their plays": len(expected),
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
    parser.add_argument("--minutes", type=float, default=600)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        result = measure(Path(folder), options.slots, options.live, options.hop, options.minutes * 60)
    tell(result, options.json)


if __name__ == "__main__":
    main()
