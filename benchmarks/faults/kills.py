"""KILL at random points of a sped-up day: every window accounted for once, no play lost or doubled, all readable.

    python -m benchmarks.faults.kills [--points 150] [--minutes 60] [--seed 1] [--json FILE]

Daemon, code server, run workers, api and pages are the real ones. A stand-in for capture hands over a slot whenever few
are waiting, and one of daemon, run worker, api and pages is killed after a pause of the schedule, and started again at
once. What is in the store in the end must be what a calm run of the same slots makes. (Capture's own kills are in
`captures`: it needs real time.)
"""

import argparse
import random
import tempfile
import time
import urllib.request
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import dagster as dg
import soundfile

from benchmarks.faults.day import Day
from benchmarks.faults.figures import tell
from benchmarks.faults.keeper import API, DAEMON, PAGES, RUN_WORKER, Keeper
from benchmarks.faults.platform import broken_promises, environment, log_of, undisturbed
from tagger_platform.defs.slots import WINDOW_SLOTS
from tagger_platform.settings import Settings
from tagger_platform.spool import Spool
from tagger_platform.store import reports
from tagger_platform.store.database import Database

STREAMS = 3
WAITING = 3
"""Slots that the stand-in for capture keeps before the sensor."""
TARGETS = (RUN_WORKER, RUN_WORKER, DAEMON, API, PAGES)
LONGEST_PAUSE_S = 8.0
RUN_S = 3.0
"""Seconds of a run's life in which it is killed."""
LOOK_S = 0.05
RECOVERED_S = 1200
"""Seconds in which everything must be in the store after the last kill. A slot rests half a minute longer after each of
its runs that failed, and a run that lost its process between the daemon and the code server is given up after 120 s."""
ANSWER_S = 20


@dataclass
class Outcome:
    """What was done, and what came of it."""

    kills: Counter[str] = field(default_factory=Counter)
    slots: int = 0
    seconds: float = 0.0
    drained_s: float = 0.0
    runs: Counter[str] = field(default_factory=Counter)
    windows: int = 0
    plays: int = 0
    differences: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)

    @property
    def figures(self) -> dict[str, object]:
        """Without what was done."""
        return {
            "slots": self.slots,
            "windows": self.windows,
            "plays": self.plays,
            "seconds": round(self.seconds),
            "seconds from the last time until all is in the store": round(self.drained_s),
            "runs by their end": dict(self.runs),
            "differences from a calm day": self.differences,
            "broken promises": self.broken,
            "unreadable": self.unreadable,
        }


class Kills:
    """A seeded schedule of kills, carried out while slots come."""

    def __init__(self, keeper: Keeper, settings: Settings, seed: int, longest_pause_s: float) -> None:
        self._keeper = keeper
        self._day = Day(settings)
        self._spool = Spool(settings.spool_dir)
        self._chance = random.Random(seed)
        self._longest_pause_s = longest_pause_s
        self.outcome = Outcome()

    def run(self, points: int, seconds: float) -> None:
        """Carry out the schedule: so many kills, or as many as the time is enough for."""
        until = time.monotonic() + seconds
        while self.outcome.kills.total() < points and time.monotonic() < until:
            for target in self._chance.sample(TARGETS, min(len(TARGETS), points - self.outcome.kills.total())):
                self._go_on(self._chance.uniform(0, self._longest_pause_s))
                self.outcome.kills[target] += self._kill(target)

    def _kill(self, target: str) -> bool:
        if target != RUN_WORKER:
            self._keeper.kill(target)
            return True
        deadline = time.monotonic() + RECOVERED_S
        while not self._keeper.run_workers():
            if time.monotonic() > deadline:
                raise AssertionError(f"no run began for {RECOVERED_S} s: {self._spool.counts()}")
            self._go_on(LOOK_S)
        self._go_on(self._chance.uniform(0, RUN_S))
        return self._keeper.kill_run_worker()

    def _go_on(self, seconds: float) -> None:
        """Time passes, and slots come."""
        until = time.monotonic() + seconds
        while True:
            if len({*self._spool.ready(), *self._spool.claimed()}) < WAITING:
                self._day.publish(self._spool, self._day.slot(self.outcome.slots))
                self.outcome.slots += 1
            left_s = until - time.monotonic()
            if left_s <= 0:
                return
            time.sleep(min(LOOK_S, left_s))

    def drain(self) -> None:
        began = time.monotonic()
        while {*self._spool.ready(), *self._spool.claimed()}:
            if time.monotonic() - began > RECOVERED_S:
                self.outcome.broken.append(f"after {RECOVERED_S} s still in the spool: {self._spool.counts()}")
                break
            time.sleep(LOOK_S)
        self.outcome.drained_s = time.monotonic() - began


def killed(
    folder: Path,
    points: int,
    seed: int,
    *,
    minutes: float = 60,
    port: int = 21300,
    longest_pause_s: float = LONGEST_PAUSE_S,
) -> Outcome:
    """Kill `points` times, or for so long, and judge what is in the store."""
    environ = environment(folder, streams=STREAMS, port=port)
    settings = Settings.load(environ)
    with Keeper(settings, environ, folder / "platform.log") as keeper:
        began = time.monotonic()
        kills = Kills(keeper, settings, seed, longest_pause_s)
        kills.run(points, minutes * 60)
        kills.drain()
        outcome = kills.outcome
        outcome.seconds = time.monotonic() - began
        outcome.unreadable = unanswered(keeper)
    judge(outcome, folder, environ, settings)
    return outcome


def unanswered(keeper: Keeper) -> list[str]:
    """Which of the doors do not answer in the end."""
    ended = [f"{name} had ended by itself" for name in keeper.look_after()]
    paths = {API: "/api/plays?date=2026-03-01", PAGES: "/"}
    return ended + [name for name, path in paths.items() if not _answers(keeper.port(name), path)]


def _answers(port: int, path: str) -> bool:
    until = time.monotonic() + ANSWER_S
    while time.monotonic() < until:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=ANSWER_S) as answer:
                return bool(answer.read()) and answer.status == 200
        except OSError:
            time.sleep(LOOK_S)
    return False


def judge(outcome: Outcome, folder: Path, environ: dict[str, str], settings: Settings) -> None:
    day = Day(settings)
    log = log_of(settings)
    outcome.plays, outcome.windows = len(log.plays), len(log.states)
    outcome.differences = log.differences(undisturbed(folder, environ, outcome.slots))
    outcome.broken += broken_promises(settings, day.begin, day.slot(outcome.slots).start)
    outcome.unreadable += [str(path) for path in settings.clips_dir.rglob("*.flac") if not _reads(path)]
    left = [*settings.spool_dir.rglob("*.flac")]
    outcome.unreadable += [f"left in the spool: {path}" for path in left]
    database = Database(settings.database_path)
    dates = [day.begin.date() + timedelta(days=days) for days in range(-1, 2)]
    told = {play.play_id for date in dates for play in reports.plays_of_day(database, date, settings.tz).plays}
    if len(told) != outcome.plays:
        outcome.unreadable.append(f"the pages see {len(told)} plays of {outcome.plays}")
    with dg.DagsterInstance.from_config(str(settings.dagster_home)) as instance:
        outcome.runs = Counter(run.status.value for run in instance.get_runs())
        keys = instance.get_dynamic_partitions(WINDOW_SLOTS.name or "")
    if sorted(keys) != [day.slot(number).key for number in range(outcome.slots)]:
        outcome.broken.append(f"{len(keys)} partitions for {outcome.slots} slots")


def _reads(path: Path) -> bool:
    try:
        return len(soundfile.read(path)[0]) > 0
    except soundfile.LibsndfileError:
        return False


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--points", type=int, default=150)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        outcome = killed(Path(folder), options.points, options.seed, minutes=options.minutes)
    tell({"kills": dict(outcome.kills), **outcome.figures}, options.json)


if __name__ == "__main__":
    main()
