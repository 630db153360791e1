"""A disk that is full again and again while slots come: every window accounted for once, no play lost or doubled.

    python -m benchmarks.faults.full_disk [--times 20] [--seed 1] [--json FILE]

DATA_DIR is a small file system of its own: store, spool, clips, Dagster's history, budgets and search index are on it.
Daemon, code server, run workers, api and pages are the real ones. Another program takes every byte that is free, for as
long as the schedule says, and gives them back; a run is killed meanwhile, of which nobody can take note. What is in the
store in the end must be what a calm run of the same slots makes. (What capture does then is in `test_disk_full.py`.) To
mount it takes no more rights than a user has.
"""

import argparse
import errno
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.faults.day import Day
from benchmarks.faults.figures import tell
from benchmarks.faults.keeper import Keeper
from benchmarks.faults.kills import LOOK_S, RECOVERED_S, Outcome, judge, unanswered
from benchmarks.faults.platform import environment
from tagger_platform.settings import Settings
from tagger_platform.spool import Spool

PORT = 21330
STREAMS = 3
SIZE_MB = 400
PACE_S = 4.0
"""Seconds from slot to slot, whether there is room or not."""
CALM_S, FULL_S = (2.0, 12.0), (2.0, 20.0)
"""From and to how many seconds there is room, and there is none."""
WORKER_S = 15.0
"""Seconds that one waits at most for a run that can be killed while the disk is full."""
NAMESPACE = "TAGGER_OWN_MOUNTS"


@dataclass
class Full:
    """Slots come, and in between other people's data takes all the room."""

    keeper: Keeper
    settings: Settings
    seed: int
    slots: int = 0
    refused: int = 0
    """Writes of the stand-in for capture that found no room."""
    killed: int = 0
    """Runs that were killed while there was no room."""
    ended: list[str] = field(default_factory=list)
    """Processes that ended by themselves, and were started again."""

    def __post_init__(self) -> None:
        self._day, self._spool = Day(self.settings), Spool(self.settings.spool_dir)
        self._chance, self._due = random.Random(self.seed), time.monotonic()
        self._filler = self.settings.data_dir / "somebody-elses.bin"

    def run(self, times: int) -> None:
        for number in range(times):
            self._go_on(self._chance.uniform(*CALM_S))
            # A run that is killed in the middle of its work, and one that is killed before it could say that it began.
            self._go_on(WORKER_S, or_until=self.keeper.run_workers if number % 2 else self._spool.claimed)
            self._go_on(self._chance.uniform(*FULL_S), full=True)
            self._filler.unlink()
        self._publish()  # there is room now, also for what was refused last

    def _go_on(self, seconds: float, *, full: bool = False, or_until: Callable[[], object] = bool) -> None:
        until, killed = time.monotonic() + seconds, False
        while time.monotonic() < until and not or_until():
            if full:
                fill(self._filler)
                killed = killed or self.keeper.kill_run_worker()
            if time.monotonic() >= self._due:
                self._due += PACE_S
                self._publish()
            self.ended += self.keeper.look_after()
            time.sleep(LOOK_S)
        self.killed += killed

    def _publish(self) -> None:
        try:
            self._day.publish(self._spool, self._day.slot(self.slots))
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
            self.refused += 1
        else:
            self.slots += 1

    def drain(self) -> bool:
        """Whether everything that was handed over is in the store before patience ends."""
        until = time.monotonic() + RECOVERED_S
        while {*self._spool.ready(), *self._spool.claimed()} and time.monotonic() < until:
            self.ended += self.keeper.look_after()
            time.sleep(LOOK_S)
        return not {*self._spool.ready(), *self._spool.claimed()}


def fill(path: Path) -> None:
    """Take what is free, to the last byte."""
    with path.open("ab", buffering=0) as file:
        for size in (1 << 20, 4096, 1):
            try:
                while file.write(bytes(size)) == size:
                    pass
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise


def filled(folder: Path, times: int, seed: int, *, port: int = PORT) -> tuple[Outcome, Full]:
    """Fill the disk so many times, and judge what is in the store."""
    data = folder / "data"
    data.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE_MB}m,mode=0700", "tmpfs", data], check=True)
    environ = environment(folder, streams=STREAMS, port=port) | {"DISK_RESERVE_MB": "0"}
    settings = Settings.load(environ)
    outcome = Outcome()
    with Keeper(settings, environ, folder / "platform.log") as keeper:
        full = Full(keeper, settings, seed)
        began = time.monotonic()
        full.run(times)
        drained = time.monotonic()
        if not full.drain():
            outcome.broken.append(f"after {RECOVERED_S} s still in the spool")
        outcome.seconds, outcome.drained_s = drained - began, time.monotonic() - drained
        outcome.slots = full.slots
        outcome.unreadable = unanswered(keeper)
    judge(outcome, folder, environ, settings)
    return outcome, full


def in_a_namespace(words: list[str]) -> int:
    """Run this module with mounts of its own, which nobody else sees and which go with it."""
    argv = ["unshare", "--map-root-user", "--mount", sys.executable, "-m", "benchmarks.faults.full_disk", *words]
    return subprocess.run(argv, env={**os.environ, NAMESPACE: "1"}).returncode


def main() -> None:
    if NAMESPACE not in os.environ:
        sys.exit(in_a_namespace(sys.argv[1:]))
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        outcome, full = filled(Path(folder), options.times, options.seed)
        subprocess.run(["umount", "--lazy", Path(folder) / "data"], check=True)
    done = {"times full": options.times, "runs killed meanwhile": full.killed, "ended": len(full.ended)}
    tell({**done, "hand-overs that found no room": full.refused, **outcome.figures}, options.json)


if __name__ == "__main__":
    main()
