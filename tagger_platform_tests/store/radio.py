"""A radio day made up from a seed: what two streams really played, and what would have been heard of it.

What belongs here: windows with their recognitions, slot by slot, and the shortest way to get them into a store.
What does not: tests.
"""

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from tagger_platform.decide.evidence import CATALOGUE, SHAZAM
from tagger_platform.model import CaptureState, Play, Recognition, Slot, Status, Track, Window
from tagger_platform.store.database import Connection
from tagger_platform.store.derivation import Rules, derive_plays
from tagger_platform.store.rows import PLAYS, plays_from
from tagger_platform.store.writes import write_recognitions, write_windows

HOP_S, WINDOW_S, OFFSETS = 120, 12, (0, 30)
RULES = Rules(policies=("shazam_two_hit", "catalogue_two_hit"), tolerance=1, dedup_s=300, hop_s=HOP_S)
START = Slot.parse("2026-11-21T00:00:00Z")
PROVIDERS = {"kexp": CATALOGUE, "cafe": SHAZAM}
"""Stream -> who is asked about it: one that gives offsets and durations, and one that often gives neither."""

LENGTHS = (60, 75, 90, 110, 130, 150, 170, 190, 210, 230, 250, 275, 300)
"""Seconds that each song of the pool lasts."""

Heard = tuple[Window, list[Recognition]]


@dataclass(frozen=True)
class Song:
    track: Track
    start: datetime
    end: datetime


def slots_of(hours: float, start: Slot = START) -> list[Slot]:
    count = round(hours * 3600 / HOP_S)
    return [Slot(start.start + timedelta(seconds=HOP_S * number)) for number in range(count)]


def programme(stream: str, hours: float, chance: random.Random, start: Slot = START) -> list[Song]:
    """Songs of 60 to 300 s from a small pool, so that the same one comes again soon, with gaps between some."""
    provider, songs, moment = PROVIDERS[stream], [], start.start
    while moment < start.start + timedelta(hours=hours):
        number = chance.randint(0, 12)
        length = LENGTHS[number]
        duration = float(length) if provider == CATALOGUE else None
        track = Track(provider, str(number), f"Song {number}", "Band", duration_s=duration)
        songs.append(Song(track, moment, moment + timedelta(seconds=length)))
        moment = songs[-1].end + timedelta(seconds=chance.choice((0, 0, 0, 5, 40, 400)))
    return songs


def outages(hours: float, chance: random.Random, start: Slot = START) -> list[tuple[datetime, datetime]]:
    """Some times in which nothing was captured; one may be hours long."""
    lengths = chance.choices((150, 700, 4000, 9000), weights=(6, 4, 2, 1), k=max(1, round(hours)))
    begin = [start.start + timedelta(seconds=chance.uniform(0, hours * 3600)) for _ in lengths]
    return [(one, one + timedelta(seconds=length)) for one, length in zip(begin, lengths, strict=True)]


def day(
    seed: int, hours: float, start: Slot = START, streams: Iterable[str] = tuple(PROVIDERS)
) -> dict[Slot, list[Heard]]:
    """Every window of every slot with what the stream's provider said of it."""
    chance, found = random.Random(seed), {slot: [] for slot in slots_of(hours, start)}
    for stream in streams:
        songs, lost = programme(stream, hours, chance, start), outages(hours, chance, start)
        for slot in found:
            for offset in OFFSETS:
                window = Window(stream, slot, offset, WINDOW_S, CaptureState.CAPTURED)
                found[slot].append(_heard(window, songs, lost, chance))
    return found


def _heard(
    window: Window, songs: Sequence[Song], lost: Sequence[tuple[datetime, datetime]], chance: random.Random
) -> Heard:
    if any(begin <= window.start < end for begin, end in lost):
        return replace(window, state=CaptureState.STALLED), []
    provider = PROVIDERS[window.stream]
    song = next((song for song in songs if song.start <= window.start and window.end <= song.end), None)
    luck = chance.random()
    if luck < 0.04:
        return window, [Recognition(window.window_id, provider, Status.PROVIDER_DOWN)]
    if provider == SHAZAM and window.offset_s and luck < 0.4:
        return window, [Recognition(window.window_id, provider, Status.NOT_NEEDED)]
    if song is None or luck > 0.92:
        return window, [Recognition(window.window_id, provider, Status.NO_MATCH)]
    offset = (window.start - song.start).total_seconds() + chance.uniform(-0.3, 0.3)
    return window, [
        Recognition(
            window.window_id,
            provider,
            Status.MATCH,
            song.track,
            offset_s=None if provider == SHAZAM and chance.random() < 0.6 else max(0.0, offset),
            confidence=round(chance.uniform(0.6, 0.99), 3),
        )
    ]


def write_slot(connection: Connection, slot: Slot, heard: Iterable[Heard]) -> None:
    """What the assets `windows` and `recognitions` write of a slot."""
    windows = [window for window, _ in heard]
    write_windows(connection, windows, titles=dict.fromkeys(PROVIDERS, "A radio"), source="capture", slot=slot)
    given = [recognition for _, found in heard for recognition in found]
    write_recognitions(connection, windows, given, asked_at=slot.start + timedelta(minutes=3))


def derive(connection: Connection, slot: Slot, rules: Rules = RULES) -> list[Play]:
    """What the asset `plays` does with a slot."""
    return [play for stream in sorted(PROVIDERS) for play in derive_plays(connection, stream, slot, rules)]


def all_plays(connection: Connection) -> list[Play]:
    rows = connection.execute(PLAYS + " ORDER BY p.stream, p.started_at, p.play_id").fetchall()
    return plays_from(connection, rows)


def without_ids(plays: Iterable[Play]) -> list[Play]:
    nameless = (replace(play, play_id="") for play in plays)
    return sorted(nameless, key=lambda play: (play.stream, play.started_at, play.windows))
