"""What a scrape of the api's metrics costs on a large log: CPU of collecting and writing out, in one process.

    python benchmarks/scrape.py [--plays 1000000] [--json FILE]

5 streams, a play every three minutes, windows at 0 and 30 s every 120 s with their recognitions, nothing deleted: the
rows are written in bulk, up to now. Then one slot after the other is written as its run writes it, and the scrape
after it is measured, and one more, when nothing has changed. `process_time` counts all threads, DuckDB's too.
"""

import argparse
import json
import statistics
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from prometheus_client import CollectorRegistry

sys.path.insert(0, str(Path(__file__).parent.parent))

from tagger_platform.api.metrics import PlatformCollector
from tagger_platform.model import CaptureState, Recognition, Slot, Status, Track, Window
from tagger_platform.observe.metrics import exposition
from tagger_platform.settings import Settings
from tagger_platform.spool import CAPTURE, Manifest
from tagger_platform.store.database import Database
from tagger_platform.store.expected import write_expected
from tagger_platform.store.writes import write_recognitions, write_windows
from tagger_platform_tests import big_log
from tagger_platform_tests.big_log import Extent

STREAMS = [f"s{n}" for n in range(1, 6)]
HOP_S, PLAY_S, TRACKS = 120, 180, 20_000
OFFSETS = (0, 30)
ROUNDS = 15


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--plays", type=int, default=1_000_000)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        result = measure(Path(folder), options.plays)
    for name, value in result.items():
        print(f"{name:<44}{value}")
    if options.json:
        options.json.write_text(json.dumps(result, indent=1))


def measure(folder: Path, plays: int) -> dict[str, float]:
    settings = Settings.load({"DATA_DIR": str(folder), "STREAMS_FILE": str(folder / "none.yaml"), "TZ": "UTC"})
    database = Database(settings.database_path)
    now = Slot.containing(datetime.now(UTC), HOP_S)
    fill(database, plays, now)
    registry = CollectorRegistry()
    registry.register(PlatformCollector(settings, database))
    exposition(registry)
    changed, unchanged, text = [], [], b""
    for number in range(ROUNDS):
        write_slot(database, Slot(now.start + timedelta(seconds=HOP_S * number)))
        for costs in (changed, unchanged):
            began = time.process_time()
            text = exposition(registry)
            costs.append((time.process_time() - began) * 1000)
    with database.reading() as connection:
        rows = connection.execute("SELECT (SELECT count(*) FROM plays), (SELECT count(*) FROM windows)").fetchone()
    assert rows
    return {
        "plays": rows[0],
        "windows, and as many recognitions": rows[1],
        "MB of the store": round(settings.database_path.stat().st_size / 1e6),
        "lines of a scrape": text.count(b"\n"),
        "CPU-ms after a slot was written, median": round(statistics.median(changed), 1),
        "the same, worst": round(max(changed), 1),
        "CPU-ms when nothing has changed, median": round(statistics.median(unchanged), 1),
        "the same, worst ": round(max(unchanged), 1),
    }


def fill(database: Database, plays: int, now: Slot) -> None:
    """The log up to `now`, with every window of it."""
    length = timedelta(seconds=plays // len(STREAMS) * PLAY_S)
    extent = Extent(
        plays,
        tracks=TRACKS,
        streams=dict(zip(STREAMS, STREAMS, strict=True)),
        play_s=PLAY_S,
        until=now.start,
        windows_for=length,
        offsets=OFFSETS,
    )
    with database.writing() as connection:
        big_log.write_plays(connection, extent, big_log.write_tracks(connection, TRACKS))
        big_log.write_windows(connection, extent)


def write_slot(database: Database, slot: Slot) -> None:
    """What a slot's run writes: three states of windows, two providers."""
    states = (CaptureState.CAPTURED, CaptureState.CAPTURED, CaptureState.RECONNECTING)
    windows = tuple(
        Window(stream, slot, offset, 12, states[(place + offset) % 3], level_dbfs=-20.0)
        for place, stream in enumerate(STREAMS)
        for offset in OFFSETS
    )
    captured = [window for window in windows if window.state is CaptureState.CAPTURED]
    track = Track("catalogue", "1", "Song 1", "Artist")
    given = [
        Recognition(window.window_id, provider, status, track if status is Status.MATCH else None, latency_ms=35.0)
        for window in captured
        for provider, status in (("catalogue", Status.MATCH), ("shazam", Status.NO_MATCH))
    ]
    with database.writing() as connection:
        write_windows(connection, windows, titles=dict(zip(STREAMS, STREAMS, strict=True)), source=CAPTURE, slot=slot)
        write_expected(connection, Manifest(slot, CAPTURE, HOP_S, windows), hop_s=HOP_S)
        write_recognitions(connection, captured, given, asked_at=slot.start + timedelta(seconds=43))


if __name__ == "__main__":
    main()
