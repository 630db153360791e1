"""That the log stays itself: a day run again gives the same rows, and a slot costs the same after a year.

    python benchmarks/history.py [--slots 720] [--days 365] [--json FILE]

Both run the real job in-process on a store of their own, with 5 streams. The day's answers come from a table (songs of
60 to 300 s, talk, windows lost), because what is measured is what is done with answers. The year's plays, and the
windows and recognitions of its last 30 days (RETAIN_RECOGNITIONS_DAYS), are written in bulk; then one slot is run again
and again on the store as it was before them and as it is after, in turn.
"""

import argparse
import json
import os
import random
import statistics
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import numpy as np
import soundfile

from tagger_platform.definitions import build
from tagger_platform.defs.platform import Platform
from tagger_platform.defs.slots import WINDOW_SLOTS
from tagger_platform.model import CaptureState, Recognition, Slot, Status, Track, Window
from tagger_platform.settings import Settings
from tagger_platform.spool import Manifest
from tagger_platform.store.database import Database

STREAMS = [f"s{n}" for n in range(1, 6)]
HOP_S = 120
MIDNIGHT = datetime(2026, 3, 2, tzinfo=UTC)
ROUNDS = 9
PLAYS_A_DAY = 480  # a stream's, one every three minutes
WINDOW_ID = "s || strftime(start, '/%Y-%m-%dT%H:%M:%SZ+0')"


class Table:
    """A provider that knows what is on: a seeded day of songs and talk per stream."""

    name = "catalogue"
    asks_every_window = True

    def __init__(self) -> None:
        self._days = {stream: list(self._day(random.Random(stream))) for stream in STREAMS}

    @staticmethod
    def _day(rng: random.Random) -> Iterator[tuple[datetime, datetime, Track | None]]:
        at = MIDNIGHT - timedelta(hours=1)
        while at < MIDNIGHT + timedelta(days=2):
            number = rng.randrange(400)
            seconds = random.Random(number).uniform(60, 300)  # a track is always as long
            song = Track("catalogue", f"t{number}", f"Song {number}", f"Artist {number % 90}", duration_s=seconds)
            yield at, at + timedelta(seconds=seconds), song if rng.random() < 0.85 else None
            at += timedelta(seconds=seconds)

    async def recognize(self, window: Window, audio: Path) -> Recognition:
        for start, end, track in self._days[window.stream]:
            if start <= window.start and window.end <= end and track:
                offset = (window.start - start).total_seconds()
                return Recognition(
                    window.window_id, self.name, Status.MATCH, track, offset_s=offset, speed=1.0, confidence=0.97
                )
        return Recognition(window.window_id, self.name, Status.NO_MATCH)


class Runner:
    """The real job on a store of its own."""

    def __init__(self, folder: Path) -> None:
        os.environ |= {"DATA_DIR": str(folder), "HOP_SECONDS": str(HOP_S), "WINDOW_OFFSETS": "0,30"}
        os.environ |= {f"STREAM_{n}_NAME": name for n, name in enumerate(STREAMS, start=1)}
        os.environ |= {f"STREAM_{n}_URL": "http://127.0.0.1/" for n in range(1, len(STREAMS) + 1)}
        settings = Settings.load()
        self.platform = Platform(settings, recognizers=[Table()])
        self._job = build(settings, platform=self.platform).resolve_job_def("window_job")
        self._instance = dg.DagsterInstance.ephemeral()
        self._noise = (np.random.default_rng(1).normal(size=12 * 16_000) * 3000).astype(np.int16)

    def publish(self, slot: Slot) -> None:
        lost = random.Random(slot.key)
        windows = []
        for window in self.platform.expected_windows(slot):
            if lost.random() < 0.02:
                windows.append(Window(window.stream, slot, window.offset_s, 12, CaptureState.RECONNECTING))
                continue
            windows.append(Window(window.stream, slot, window.offset_s, 12, CaptureState.CAPTURED, level_dbfs=-20.0))
            soundfile.write(self.platform.spool.path_for(window), self._noise, 16_000, format="FLAC")
        titles = tuple((name, name) for name in STREAMS)
        self.platform.spool.publish(Manifest(slot, "capture", HOP_S, tuple(windows), titles))

    def run(self, slot: Slot) -> float:
        """Run the slot; returns its CPU-seconds."""
        self._instance.add_dynamic_partitions(WINDOW_SLOTS.name or "", [slot.key])
        began = time.process_time()
        self._job.execute_in_process(partition_key=slot.key, instance=self._instance)
        return time.process_time() - began

    def rows(self) -> list[tuple[object, ...]]:
        with self.platform.database.reading() as connection:
            plays = connection.execute("SELECT * FROM plays ORDER BY stream, started_at, play_id").fetchall()
            return plays + connection.execute("SELECT * FROM play_windows ORDER BY play_id, position").fetchall()


def same_day_twice(folder: Path, slots: int) -> dict[str, object]:
    runner = Runner(folder)
    keys = [Slot(MIDNIGHT + timedelta(seconds=HOP_S * number)) for number in range(slots)]
    for slot in keys:
        runner.publish(slot)
        runner.run(slot)
    first = runner.rows()
    for slot in keys:
        runner.run(slot)
    again = runner.rows()
    return {
        "slots run twice": slots,
        "rows of plays and evidence": len(first),
        "rows that differ": differing(first, again),
    }


def differing(first: list[tuple[object, ...]], again: list[tuple[object, ...]]) -> int:
    return len({*map(repr, first)} ^ {*map(repr, again)})


def cost_after_a_year(folder: Path, days: int) -> dict[str, object]:
    fresh, old = Runner(folder / "fresh"), Runner(folder / "old")
    fill(old.platform.database, days)
    costs: dict[str, list[float]] = {"fresh": [], "old": []}
    for number in range(ROUNDS):
        slot = Slot(MIDNIGHT + timedelta(seconds=HOP_S * number))
        for name, runner in (("fresh", fresh), ("old", old)):
            runner.publish(slot)
            costs[name].append(runner.run(slot))
    first, last = (statistics.median(costs[name][1:]) for name in ("fresh", "old"))
    return {
        "plays in the old store": days * PLAYS_A_DAY * len(STREAMS),
        "CPU-s of a slot on a fresh store": round(first, 3),
        "CPU-s of a slot after the history": round(last, 3),
        "ratio": round(last / first, 2),
    }


def fill(database: Database, days: int) -> None:
    """A year of plays that ended an hour before the first slot, and 30 days of the windows behind them."""
    database.migrate()
    kept = min(days, 30)
    values = {"end": (MIDNIGHT - timedelta(hours=1)).replace(tzinfo=None), "streams": STREAMS}
    plays = days * PLAYS_A_DAY
    with database.writing() as connection:
        connection.execute(
            "INSERT INTO tracks SELECT 'catalogue:h' || i, 'catalogue', 'h' || i, 'Old ' || i, 'Artist ' || i % 900,"
            " '', '', '', '', '', 180, 'music' FROM range(20000) t(i)"
        )
        connection.execute(
            "INSERT INTO plays BY NAME SELECT md5(s || i)[:16] AS play_id, s AS stream,"
            " $end - to_seconds(180 * (i + 1)) AS started_at, $end - to_seconds(180 * i + 5) AS ended_at,"
            " 0.5 AS uncertainty_s, 'confirmed' AS status, 'catalogue:h' || i * 7919 % 20000 AS track_id,"
            " 0.99 AS confidence, 'catalogue_two_hit' AS policy, false AS late"
            f" FROM range({plays}) t(i), unnest($streams) u(s)",
            values,
        )
        connection.execute(
            f"INSERT INTO play_windows SELECT md5(s || i)[:16], n, {WINDOW_ID}, start"
            f" FROM range({plays}) t(i), unnest($streams) u(s), range(2) w(n),"
            " LATERAL (SELECT $end - to_seconds(180 * (i + 1) - 60 * n) AS start)",
            values,
        )
        connection.execute(
            f"INSERT INTO windows SELECT {WINDOW_ID}, s, start, 0, 12, start, start + to_seconds(12),"
            f" 'captured', '', -20, NULL, 'capture', 'heard' FROM range({kept * 720}) t(i), unnest($streams) u(s),"
            " LATERAL (SELECT $end - to_seconds(120 * (i + 1)) AS start)",
            values,
        )
        connection.execute(
            "INSERT INTO recognitions BY NAME SELECT window_id, 'catalogue' AS provider, 'no_match' AS status,"
            " [] AS other_offsets_s, 30 AS latency_ms, '' AS detail, started_at AS asked_at, started_at FROM windows"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--slots", type=int, default=720)
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        result = same_day_twice(Path(folder) / "day", options.slots)
        result |= cost_after_a_year(Path(folder), options.days)
    for name, value in result.items():
        print(f"{name:<44}{value}")
    if options.json:
        options.json.write_text(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
