"""A platform that hears the made-up day: its settings, and its slots run in this process.

What belongs here: what every scenario needs to run slots and to read what came of them. What does not: disturbing it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg

from benchmarks.faults.day import Day, Table
from tagger_platform.definitions import build
from tagger_platform.defs.platform import Platform
from tagger_platform.defs.slots import WINDOW_SLOTS
from tagger_platform.model import Play, Slot
from tagger_platform.settings import Settings
from tagger_platform.store import promises
from tagger_platform.store.database import Database
from tagger_platform_tests.store.radio import all_plays, without_ids

HOP_S = 120


def environment(folder: Path, *, streams: int, port: int = 21300, hop_s: int = HOP_S) -> dict[str, str]:
    """Of a platform that keeps everything below `folder`, and whose night is half a day away from now: the day that is
    made up is long over, and retention would take it away at four in the morning.
    """
    return {
        "TZ": "UTC",
        "RETENTION_CLEANUP_LOCALTIME": f"{datetime.now(UTC) + timedelta(hours=12):%H:%M}",
        "DATA_DIR": str(folder / "data"),
        "STREAMS_FILE": str(folder / "none.yaml"),
        "PORT": str(port),
        "HOP_SECONDS": str(hop_s),
        "SHAZAM_ENABLED": "false",
        "CLUSTERS_ENABLED": "false",
        "QUEUE_MAX_SIZE": "1000000",
        "QUEUE_MAX_MB": "100000",
        **{f"STREAM_{n}_NAME": f"s{n}" for n in range(1, streams + 1)},
        **{f"STREAM_{n}_URL": f"http://127.0.0.1/{n}" for n in range(1, streams + 1)},
    }


@dataclass(frozen=True)
class Log:
    """What the store says, as far as it must not depend on what was done to the platform."""

    plays: list[Play]
    states: list[tuple[str, str]]
    """(window id, state)"""
    clips: list[str]

    def differences(self, other: "Log") -> list[str]:
        """What only one of the two has, as lines."""
        found = []
        for name in ("plays", "states", "clips"):
            mine, theirs = ({*map(repr, getattr(log, name))} for log in (self, other))
            found += [f"only here: {line}" for line in sorted(mine - theirs)]
            found += [f"only there: {line}" for line in sorted(theirs - mine)]
            if len(getattr(self, name)) != len(mine):
                found.append(f"{name} has doubles")
        return found


class Runner:
    """Runs slots of the made-up day in this process, through the real job and store."""

    def __init__(self, settings: Settings, provider: Table | None = None) -> None:
        self.settings = settings
        self.day = Day(settings)
        self.platform = Platform(settings, recognizers=[provider or Table()])
        self._job = build(settings, platform=self.platform).resolve_job_def("window_job")
        self._instance = dg.DagsterInstance.ephemeral()

    def publish(self, slots: Sequence[Slot]) -> None:
        for slot in slots:
            self.day.publish(self.platform.spool, slot)

    def run(self, slot: Slot) -> None:
        self._instance.add_dynamic_partitions(WINDOW_SLOTS.name or "", [slot.key])
        self._job.execute_in_process(partition_key=slot.key, instance=self._instance)

    def log(self) -> Log:
        return log_of(self.settings)


def undisturbed(folder: Path, environ: dict[str, str], slots: int) -> Log:
    """What becomes of the day's first slots when they are run one after the other, and nothing happens."""
    runner = Runner(Settings.load(environ | {"DATA_DIR": str(folder / "undisturbed")}))
    for slot in map(runner.day.slot, range(slots)):
        runner.publish([slot])
        runner.run(slot)
    return runner.log()


def log_of(settings: Settings) -> Log:
    with Database(settings.database_path).reading() as connection:
        plays = without_ids(all_plays(connection))
        states = connection.execute("SELECT window_id, state FROM windows ORDER BY 1").fetchall()
    folder = settings.clips_dir
    clips = sorted(str(path.relative_to(folder)) for path in folder.rglob("*.flac"))
    return Log([replace(play, late=False) for play in plays], states, clips)


def broken_promises(settings: Settings, start: datetime, end: datetime) -> list[str]:
    """What the store's own checks find wrong between two instants, as lines."""
    with Database(settings.database_path).reading() as connection:
        accounts = promises.accounts(connection, start, end)
        overlaps = promises.overlapping_plays(connection, start, end)
        orphans = promises.orphan_tracks(connection, start, end)
    return [*(repr(account) for account in accounts if not account.adds_up), *map(repr, overlaps), *orphans]
