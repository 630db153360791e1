"""A log to test with: streams, tracks, plays and windows, written the way the platform writes them.

What belongs here: data for tests of what reads the store. What does not: tests.
"""

import os
import random
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from tagger_platform.model import CaptureState, Play, PlayStatus, Slot, Status, Track, Window
from tagger_platform.settings import Settings
from tagger_platform.store.database import Database
from tagger_platform.store.derivation import replace_plays
from tagger_platform.store.reports import day_bounds, plays_of_day
from tagger_platform.store.writes import write_tracks, write_windows

TZ = ZoneInfo("America/Los_Angeles")
DAY = date(2025, 11, 20)
"""A day that is over, whatever the clock of the machine says."""
SHORT_DAY, LONG_DAY = date(2025, 3, 9), date(2025, 11, 2)
"""The days of 23 and of 25 hours."""
HOP_S = 120
STREAMS = {
    "kexp": "KEXP 90.3",
    "nova": "Nova Jazz",
    "playa": "La Playa FM",
    "downtown": "Downtown Rock",
    "kitchen": "Kitchen cam",
}
OUTAGE_STREAM, OUTAGE_AFTER, OUTAGE = "downtown", timedelta(hours=7), timedelta(hours=1)
VERBS, PLACES = ("Dancing", "Crying", "Holding", "Driving", "Missing"), ("Over Again", "in the Rain", "After Midnight")
ARTISTS = ("Lonely Motel", "The Sacred Rivers", "The Royal Static", "Distant Machine", "Broken Rivers", "Velvet Theory")


PORT_NAMES = ("PORT", "UI_PORT", "DAGSTER_PORT", "CAPTURE_PORT", "CODE_PORT")
FIRST_PORT = 20100 + 10 * int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
PORTS = tuple(range(FIRST_PORT, FIRST_PORT + len(PORT_NAMES)))
"""Below those that a system hands out as free ones, which the defaults are not: no stand-in can get one of them. Tests
that run at the same time have their own."""
OWN_PORTS = dict(zip(PORT_NAMES, map(str, PORTS), strict=True))

BLOCKS_FROM, BLOCK = 3 * 4096, 262144
"""Bytes of DuckDB's headers and of its blocks."""


def settings(folder: Path, ports: Sequence[int] = PORTS, **more: str) -> Settings:
    """Settings for the sample streams, as if from the environment."""
    return Settings.load(environ(folder, ports, **more))


def environ(folder: Path, ports: Sequence[int] = PORTS, **more: str) -> dict[str, str]:
    values = {name: str(port) for name, port in zip(PORT_NAMES, ports, strict=True)}
    for number, (name, title) in enumerate(STREAMS.items(), start=1):
        values |= {f"STREAM_{number}_NAME": name, f"STREAM_{number}_TITLE": title}
        values[f"STREAM_{number}_URL"] = f"rtsp://listener:secret-word@127.0.0.1:9/{name}"
    values |= {"DATA_DIR": str(folder), "STREAMS_FILE": str(folder / "streams.yaml"), "TZ": TZ.key}
    return values | {"SHAZAM_ENABLED": "false"} | more


def track(number: int) -> Track:
    """One of many tracks; the same number is always the same track."""
    title = f"{VERBS[number % len(VERBS)]} {PLACES[number // len(VERBS) % len(PLACES)]}"
    provider = ("shazam", "catalogue")[number % 2]
    return Track(
        provider,
        str(number),
        title,
        ARTISTS[number % len(ARTISTS)],
        link=f"https://music.example/track/{number}" if provider == "shazam" else "",
    )


def play(
    stream: str,
    started_at: datetime,
    *,
    of: Track | None = None,
    seconds: float = 200,
    status: PlayStatus = PlayStatus.CONFIRMED,
    confidence: float = 0.9,
) -> Play:
    """A play that begins at `started_at`."""
    slot = Slot.containing(started_at, HOP_S)
    return Play(
        play_id=f"{stream}-{int(started_at.timestamp())}",
        stream=stream,
        started_at=started_at.astimezone(UTC),
        ended_at=started_at.astimezone(UTC) + timedelta(seconds=seconds),
        uncertainty_s=6.0,
        status=status,
        track=of or track(int(started_at.timestamp()) // 7 % 1000),
        confidence=confidence,
        policy="shazam_two_hit",
        windows=(f"{stream}/{slot.key}+0",),
    )


def write_plays(database: Database, plays: Iterable[Play]) -> None:
    """Put plays with their tracks into the store, in one transaction, by the very functions that write them."""
    listed = list(plays)
    with database.writing() as connection:
        write_tracks(connection, [item.track for item in listed])
        replace_plays(connection, [], listed)


def noon(day: date) -> datetime:
    """Twelve o'clock where the samples are."""
    return datetime(day.year, day.month, day.day, 12, tzinfo=TZ)


def plays_on(database: Database, day: date) -> list[Play]:
    """What the log holds of a local day."""
    return plays_of_day(database, day, TZ).plays


def write_day(database: Database, day: date = DAY, *, until: datetime | None = None, seed: int = 1) -> list[Play]:
    """A busy local day on all sample streams, up to `until`; returns the plays. One stream loses an hour."""
    plays = list(busy_day(day, until=until, seed=seed))
    write_plays(database, plays)
    write_outage(database, OUTAGE_STREAM, day_bounds(day, TZ)[0] + OUTAGE_AFTER, OUTAGE)
    return plays


def busy_day(day: date, *, until: datetime | None, seed: int) -> Iterable[Play]:
    chance = random.Random(seed)
    start, end = day_bounds(day, TZ)
    for stream in STREAMS:
        moment = start + timedelta(seconds=chance.randint(0, 300))
        while moment < min(end, until or end):
            length = chance.randint(110, 290)
            if (
                stream == OUTAGE_STREAM
                and OUTAGE_AFTER <= moment - start + timedelta(seconds=length) < OUTAGE_AFTER + OUTAGE
            ):
                moment = start + OUTAGE_AFTER + OUTAGE
            probable = chance.random() < 0.15
            yield play(
                stream,
                moment,
                of=track(chance.randint(0, 400)),
                seconds=length,
                status=PlayStatus.PROBABLE if probable else PlayStatus.CONFIRMED,
                confidence=round(chance.uniform(0.4, 0.6) if probable else chance.uniform(0.75, 0.99), 3),
            )
            moment += timedelta(seconds=length + chance.choice((5, 20, 200, 400)))


def write_outage(database: Database, stream: str, start: datetime, length: timedelta) -> None:
    """Windows of `stream` that could not be captured, the others' being heard."""
    slot = Slot.containing(start, HOP_S)
    while slot.start < start + length:
        windows = [
            Window(stream, slot, 0, 12, CaptureState.RECONNECTING, "connection refused"),
            Window("kexp", slot, 0, 12, CaptureState.CAPTURED, level_dbfs=-18.0),
        ]
        with database.writing() as connection:
            write_windows(connection, windows, titles=STREAMS, source="capture", slot=slot)
            connection.execute("UPDATE windows SET state = ? WHERE state = ?", ["heard", Status.PENDING])
        slot = slot.next(HOP_S)


def damage(path: Path) -> None:
    """Change 64 bytes of a store with a day in it, which nobody has open: it opens and counts, but cannot be read."""
    sound = path.read_bytes()
    for at in range(BLOCKS_FROM + 5000, len(sound), BLOCK):
        path.write_bytes(sound[:at] + bytes(byte ^ 0xFF for byte in sound[at : at + 64]) + sound[at + 64 :])
        try:
            with Database(path).as_it_is() as connection:
                connection.execute("SELECT count(*) FROM plays").fetchall()
                try:
                    connection.execute("SELECT * FROM plays").fetchall()
                except Exception:  # what kind is up to the tests
                    return
        except Exception:  # it does not even open: the next block
            continue
    raise AssertionError(f"no block of {path} holds plays alone")
