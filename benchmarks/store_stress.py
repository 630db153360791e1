"""The store under everything at once: readers, writers, the night's deletion and the week's upkeep, killed in between.

    python -m benchmarks.store_stress [--kills 200] [--seed 1] [--json FILE]

Two writers add a play of now and forty of long ago in each transaction and note it when it is done; two readers look
whether what they see holds together; a keeper deletes what is old and writes the file anew whenever a third of it is
dead. Keeper and writers get kill -9 at random points and come back. Then: is every play that was noted there exactly
once, is every old one there or counted as deleted, and did anybody meet an error?
"""

import argparse
import json
import multiprocessing
import random
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from multiprocessing.process import BaseProcess
from multiprocessing.synchronize import Event
from pathlib import Path

from tagger_platform.model import Play, PlayStatus, Slot, Track
from tagger_platform.store import totals
from tagger_platform.store.database import Database
from tagger_platform.store.derivation import replace_plays
from tagger_platform.store.retention import forget_old
from tagger_platform.store.upkeep import look_after
from tagger_platform.store.writes import write_tracks

NOW, LONG_AGO = Slot.parse("2026-11-21T00:00:00Z"), Slot.parse("2020-01-01T00:00:00Z")
BETWEEN = datetime(2025, 1, 1, tzinfo=UTC)
OLD_PLAYS = 40
WRITERS, READERS = 2, 2
LONGEST_LIFE_S = 0.6
"""Of a keeper or writer until it is killed: it does its work a few times, or half of it."""


@dataclass(frozen=True)
class Found:
    """What came of it; `lost`, `doubled`, `torn`, `miscounted` and `errors` must all be 0."""

    seconds: float
    kills: int
    transactions: int
    reads: int
    rewritten: int
    deleted: int
    lost: int
    doubled: int
    torn: int
    miscounted: int
    errors: int


def _play(writer: str, number: int, slot: Slot) -> Play:
    track = Track("catalogue", f"{writer}-{number}-{slot.key}", "A title as long as some are. " * 20)
    return Play(
        f"{writer}-{number}-{slot.key}",
        writer,
        slot.start,
        slot.start + timedelta(minutes=3),
        uncertainty_s=1.0,
        status=PlayStatus.CONFIRMED,
        track=track,
        confidence=0.9,
        policy="stress",
        windows=(f"{writer}/{slot.key}+0",),
    )


def _write(folder: Path, writer: str) -> None:
    database, done, number = Database(folder / "tagger.duckdb"), folder / f"{writer}.done", 0
    while True:
        plays = [_play(writer, number, slot) for slot in (NOW, *_hours(LONG_AGO, OLD_PLAYS))]
        with database.writing() as connection:
            write_tracks(connection, [play.track for play in plays])
            replace_plays(connection, [], plays)
        _note(done, plays[0].play_id)
        number += 1


def _hours(first: Slot, count: int) -> list[Slot]:
    return [Slot(first.start + timedelta(hours=number)) for number in range(count)]


def _read(folder: Path, reader: str) -> None:
    database, before = Database(folder / "tagger.duckdb"), 0
    while True:
        with database.reading() as connection:
            plays, evidence, tracks = connection.execute(
                "SELECT (SELECT count(*) FROM plays), (SELECT count(*) FROM play_windows),"
                " (SELECT count(*) FROM plays JOIN tracks USING (track_id))"
            ).fetchone() or (0, 0, 0)
            row = connection.execute("SELECT count(*) FROM plays WHERE started_at > ?", [BETWEEN]).fetchone()
        now = row[0] if row else 0
        if now < before or not plays == evidence == tracks:
            _note(folder / "torn", f"{reader}: {before} then {now}; {plays} {evidence} {tracks}")
        before = now
        _note(folder / f"{reader}.reads", "1")


def _keep(folder: Path, keeper: str) -> None:
    database = Database(folder / "tagger.duckdb")
    while True:
        forget_old(database, windows_before=BETWEEN, plays_before=BETWEEN)
        done = look_after(database, smallest_bytes=0)
        _note(folder / f"{keeper}.kept", "1" if not done.left_because else "")


def _note(path: Path, text: str) -> None:
    with path.open("a") as out:
        out.write(f"{text}\n")


def _noting_errors(work: Callable[[Path, str], None], folder: Path, name: str, begun: Event) -> None:
    begun.set()
    try:
        work(folder, name)
    except BaseException as error:
        _note(folder / "errors", f"{name}: {type(error).__name__}: {error}")
        raise


def run(folder: Path, *, kills: int, seed: int) -> Found:
    """Hammer a store in `folder` until so many processes have been killed."""
    chance, began = random.Random(seed), time.monotonic()
    Database(folder / "tagger.duckdb").migrate()
    processes = multiprocessing.get_context("forkserver")
    processes.set_forkserver_preload([__name__])
    names = (f"process{number}" for number in count(1))

    def start(work: Callable[[Path, str], None]) -> BaseProcess:
        begun = processes.Event()
        process = processes.Process(target=_noting_errors, args=(work, folder, next(names), begun), daemon=True)
        process.start()
        begun.wait()
        return process

    readers = [start(_read) for _ in range(READERS)]
    mortal = [(work, start(work)) for work in (_keep, *[_write] * WRITERS)]
    for _ in range(kills):
        time.sleep(chance.uniform(0, LONGEST_LIFE_S))
        place = chance.choice((0, 0, 1, 2))
        work, process = mortal[place]
        process.kill()
        process.join()
        mortal[place] = work, start(work)
    while not _rewritten(folder) and mortal[0][1].is_alive():  # a keeper that lives on comes to it
        time.sleep(0.1)
    for process in (*readers, *(process for _, process in mortal)):
        process.kill()
        process.join()
    return _found(folder, time.monotonic() - began, kills)


def _found(folder: Path, seconds: float, kills: int) -> Found:
    noted = [line for path in folder.glob("*.done") for line in _lines(path)]
    with Database(folder / "tagger.duckdb").reading() as connection:
        listed = connection.execute(
            "SELECT play_id, w.window_id FROM plays p LEFT JOIN play_windows w USING (play_id) WHERE p.started_at > ?",
            [BETWEEN],
        ).fetchall()
        row = connection.execute("SELECT count(*) FROM plays WHERE started_at < ?", [BETWEEN]).fetchone()
        deleted = totals.read(connection).get(totals.DELETED, {}).get(("plays", ""), 0)
    there = {play_id for play_id, _ in listed}
    old = row[0] if row else 0
    return Found(
        seconds=round(seconds, 1),
        kills=kills,
        transactions=len(there),
        reads=sum(len(_lines(path)) for path in folder.glob("*.reads")),
        rewritten=_rewritten(folder),
        deleted=deleted,
        lost=len(set(noted) - there),
        doubled=len(listed) - len(there),
        torn=len(_lines(folder / "torn")),
        miscounted=abs(OLD_PLAYS * len(there) - old - deleted),
        errors=len(_lines(folder / "errors")),
    )


def _rewritten(folder: Path) -> int:
    return sum(_lines(path).count("1") for path in folder.glob("*.kept"))


def _lines(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.exists() else []


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        found = run(folder, kills=options.kills, seed=options.seed)
        for line in (*_lines(folder / "errors"), *_lines(folder / "torn")):
            print(line)
    for what, value in asdict(found).items():
        print(f"{what:<16}{value}")
    if options.json:
        options.json.write_text(json.dumps(asdict(found), indent=1))


if __name__ == "__main__":
    main()
