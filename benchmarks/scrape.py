"""What a scrape of the api's metrics costs on a large log: CPU of collecting and writing out, in one process.

    python benchmarks/scrape.py [--plays 1000000] [--json FILE]

5 streams, a play every three minutes, windows at 0 and 30 s every 120 s with their recognitions, nothing deleted: the
rows are written in bulk, up to now. Then one slot after the other is written as its run writes it, and the scrape
after it is measured, and one more, when nothing has changed. `process_time` counts all threads, DuckDB's too.
"""

import argparse
import json
import statistics
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from prometheus_client import CollectorRegistry

from tagger_platform.api.metrics import PlatformCollector
from tagger_platform.model import CaptureState, Recognition, Slot, Status, Track, Window
from tagger_platform.observe.metrics import exposition
from tagger_platform.settings import Settings
from tagger_platform.spool import CAPTURE, Manifest
from tagger_platform.store.database import Database
from tagger_platform.store.expected import write_expected
from tagger_platform.store.writes import write_recognitions, write_windows

STREAMS = [f"s{n}" for n in range(1, 6)]
HOP_S, PLAY_S = 120, 180
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
    """The log up to `now`. Tables are sorted by time, as a log that grows is."""
    each = plays // len(STREAMS)
    values = {"now": now.start.replace(tzinfo=None), "streams": STREAMS}
    slots = each * PLAY_S // HOP_S
    with database.writing() as connection:
        connection.execute(
            "INSERT INTO tracks SELECT 'catalogue:' || i, 'catalogue', i, 'Song ' || i, 'Artist', '', '', '', '', '',"
            " 180, 'music' FROM range(20000) t(i)"
        )
        connection.execute(
            "INSERT INTO plays SELECT s || i, s, $now - to_seconds(180 * i), $now - to_seconds(180 * i - 170), 0.5,"
            " 'confirmed', 'catalogue:' || i * 7919 % 20000, 0.99, 'catalogue_two_hit', false, ''"
            f" FROM range({each}, 0, -1) t(i), unnest($streams) u(s)",
            values,
        )
        connection.execute(
            "INSERT INTO windows SELECT s || '/' || strftime(slot, '%Y-%m-%dT%H:%M:%SZ') || '+' || o, s, slot, o, 12,"
            " slot + to_seconds(o), slot + to_seconds(o + 12), 'captured', '', -20, NULL, 'capture', 'heard'"
            f" FROM (SELECT $now - to_seconds({HOP_S} * i) AS slot FROM range({slots}, 0, -1) t(i)),"
            f" unnest($streams) u(s), unnest({list(OFFSETS)}) v(o)",
            values,
        )
        connection.execute(
            "INSERT INTO recognitions SELECT window_id, 'catalogue', 'no_match', NULL, NULL, [], NULL, NULL, 30, '',"
            " ended_at, started_at, NULL, NULL FROM windows"
        )
        connection.execute(
            f"INSERT INTO expected_windows SELECT $now - to_seconds({HOP_S} * i), 'capture', s, {HOP_S}, 12,"
            f" {list(OFFSETS)} FROM range({slots}, 0, -1) t(i), unnest($streams) u(s)",
            values,
        )


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
