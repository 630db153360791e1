"""What a backup of a large log costs, for how long writers wait for it, and what a restore takes.

    python benchmarks/backup.py [--plays 1000000] [--folder FOLDER] [--json FILE]

The log is the one of `scrape.py`: 5 streams, a play every three minutes, all windows with their recognitions. A thread
writes all the while, in transactions of one row; the longest that one of them took is told beside the time for which
the file was held.
"""

import argparse
import json
import tempfile
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from scrape import HOP_S, fill

from tagger_platform.backup.drill import drill
from tagger_platform.backup.make import Made, make
from tagger_platform.model import Slot
from tagger_platform.settings import Settings
from tagger_platform.store.database import Database

T = TypeVar("T")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--plays", type=int, default=1_000_000)
    parser.add_argument("--folder", type=Path, help="On the disk to be measured.")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        result = measure(Path(folder), options.plays)
    for name, value in result.items():
        print(f"{name:<52}{value}")
    if options.json:
        options.json.write_text(json.dumps(result, indent=1))


def measure(folder: Path, plays: int) -> dict[str, float]:
    environ = {"DATA_DIR": str(folder / "data"), "STREAMS_FILE": str(folder / "none.yaml"), "TZ": "UTC"}
    settings = Settings.load(environ)
    database = Database(settings.database_path)
    now = datetime.now(UTC)
    fill(database, plays, Slot.containing(now, HOP_S))
    with database.writing() as connection:
        connection.execute("CREATE TABLE noise (n INTEGER)")

    def backup() -> Made:
        return make(settings, folder / "backups", at=now, environ=environ)

    def write() -> float:
        began = time.perf_counter()
        with database.writing() as connection:
            connection.execute("INSERT INTO noise VALUES (1)")
        return time.perf_counter() - began

    alone = sorted(write() for _ in range(20))
    (made, seconds, cpu_s), waits = beside(write, lambda: timed(backup))
    _, drill_s, drill_cpu_s = timed(lambda: drill(made.path, folder))
    return {
        "plays": plays,
        "MB of the store": round(settings.database_path.stat().st_size / 1e6),
        "MB of the backup": round(made.path.stat().st_size / 1e6),
        "s for which writers were kept out": round(made.writers_waited_s, 2),
        "s of a write alone, median": round(alone[len(alone) // 2], 3),
        "s of the longest write beside the backup": round(max(waits), 3),
        "s of the backup / CPU-s": f"{seconds:.1f} / {cpu_s:.1f}",
        "s of the drill (a whole restore) / CPU-s": f"{drill_s:.1f} / {drill_cpu_s:.1f}",
    }


def beside(write: Callable[[], float], work: Callable[[], T]) -> tuple[T, list[float]]:
    """`work` while another thread writes ten times a second; its result, and how long each write took."""
    done, waits = threading.Event(), []

    def keep_writing() -> None:
        while not done.wait(0.1):
            waits.append(write())

    writer = threading.Thread(target=keep_writing)
    writer.start()
    try:
        return work(), waits
    finally:
        done.set()
        writer.join()


def timed(work: Callable[[], T]) -> tuple[T, float, float]:
    """The result of `work`, its seconds, and its CPU-seconds (other threads' too)."""
    began, cpu = time.perf_counter(), time.process_time()
    result = work()
    return result, time.perf_counter() - began, time.process_time() - cpu


if __name__ == "__main__":
    main()
