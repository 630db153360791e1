"""What Shazam would have cost and found: the real panel, budget and two-hit rule on a clock that jumps.

What belongs here: a stand-in that answers from the truth, and the time it is asked in. What does not: audio: nothing is
listened to. Slots are asked when their last window has ended, all streams together, as live ones are. What cannot be
paid for is lost here; the catch-up lane would ask again later.
"""

import asyncio
import selectors
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from tagger_platform.decide.evidence import Heard, heard
from tagger_platform.decide.plays import decide
from tagger_platform.model import CaptureState, PlayStatus, Recognition, Slot, Status, Track, Window
from tagger_platform.recognize.budget import Budget
from tagger_platform.recognize.panel import ask_slot

STREAMS = 5
PER_MINUTE = 4
HOP_S = 120
WINDOW_S = 12
RECALL = 0.9
"""Of windows that hold enough of a song, how many are named."""
OFFSET_ERROR_S = 0.15
"""Standard deviation of the offsets that are told."""
ANSWER_S = 0.7
"""How long it takes to answer."""
EXACT_S = 1e-6
"""What instants may lose by being added up."""
TOLERANCE = 1
DEDUP_S = 300
GAP_S = 20.0
"""Between two songs lies up to so much of something else."""
START = datetime(2025, 1, 6, tzinfo=UTC)


@dataclass(frozen=True)
class Song:
    track: Track
    start_s: float
    end_s: float


@dataclass(frozen=True)
class Cost:
    """What a way of asking finds, and what it costs."""

    songs: int
    found: int
    wrong: int
    requests: int
    throttled: int
    stream_hours: float

    @property
    def requests_per_stream_hour(self) -> float:
        return self.requests / self.stream_hours


@dataclass
class Clock:
    """Seconds that pass only when everybody waits."""

    now: float = 0.0


class _Jumping(selectors.DefaultSelector):  # type: ignore[misc, valid-type]  # the class differs by system
    """Where the event loop would wait, the clock jumps."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._clock = clock

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        self._clock.now += timeout or 0.0
        return super().select(0)


@contextmanager
def _loop(clock: Clock) -> Iterator[asyncio.AbstractEventLoop]:
    loop = asyncio.SelectorEventLoop(_Jumping(clock))
    loop.time = lambda: clock.now  # type: ignore[method-assign]  # asyncio offers no other way to give it a clock
    try:
        yield loop
    finally:
        loop.close()


@dataclass
class TruthShazam:
    """Names a song that it hears enough of, nine times out of ten."""

    songs: dict[str, list[Song]]
    budget: Budget | None
    rng: np.random.Generator
    enough_s: float
    name: str = "shazam"
    asks_every_window: bool = False
    requests: int = field(default=0)

    async def recognize(self, window: Window, audio: Path) -> Recognition:
        self.requests += 1
        await asyncio.sleep(ANSWER_S)
        start_s = (window.start - START).total_seconds()
        shares = [
            (min(song.end_s, start_s + WINDOW_S) - max(song.start_s, start_s), song)
            for song in self.songs[window.stream]
        ]
        heard_s, song = max(shares, key=lambda share: share[0])
        if heard_s < self.enough_s - EXACT_S or self.rng.random() > RECALL:
            return Recognition(window.window_id, self.name, Status.NO_MATCH)
        offset_s = start_s - song.start_s + float(self.rng.normal(0, OFFSET_ERROR_S))
        return Recognition(window.window_id, self.name, Status.MATCH, song.track, offset_s=offset_s, confidence=0.9)


def cost(offsets: Sequence[int], hours: float, song_s: float, seed: int, enough_s: float) -> Cost:
    """Five streams of songs of one length, asked at these offsets of every slot; `enough_s` of a song is named."""
    rng = np.random.default_rng([seed, 4])
    songs = {f"s{number}": _songs(number, hours, song_s, rng) for number in range(STREAMS)}
    clock = Clock()
    windows: dict[str, list[Heard]] = {stream: [] for stream in songs}
    throttled = 0
    with tempfile.TemporaryDirectory() as folder, _loop(clock) as loop:
        budget = Budget(Path(folder) / "budget.sqlite", "shazam", PER_MINUTE, clock=lambda: clock.now)
        shazam = TruthShazam(songs, budget, rng, enough_s)
        slot = Slot(START)
        while slot.start < START + timedelta(hours=hours):
            clock.now = max(clock.now, (slot.start - START).total_seconds() + offsets[-1] + WINDOW_S)
            given = _asked(loop, shazam, slot, offsets, windows)
            throttled += sum(one.status is Status.THROTTLED for one in given)
            slot = slot.next(HOP_S)
    found, wrong = _counted(songs, windows)
    return Cost(sum(map(len, songs.values())), found, wrong, shazam.requests, throttled, STREAMS * hours)


def _songs(number: int, hours: float, song_s: float, rng: np.random.Generator) -> list[Song]:
    found, at_s = [], float(rng.uniform(-song_s, 0))
    while at_s < hours * 3600:
        name = f"{number}-{len(found)}"
        found.append(Song(Track("shazam", name, name, "Band"), at_s, at_s + song_s))
        at_s += song_s + float(rng.uniform(0, GAP_S))
    return [song for song in found if song.start_s >= 0 and song.end_s <= hours * 3600]


def _asked(
    loop: asyncio.AbstractEventLoop,
    shazam: TruthShazam,
    slot: Slot,
    offsets: Sequence[int],
    windows: dict[str, list[Heard]],
) -> list[Recognition]:
    expected = [
        Window(stream, slot, offset, WINDOW_S, CaptureState.CAPTURED, level_dbfs=-15.0)
        for stream in windows
        for offset in offsets
    ]
    reach = slot.start - timedelta(seconds=DEDUP_S + (TOLERANCE + 1) * HOP_S)
    given = loop.run_until_complete(
        ask_slot(
            [(window, Path()) for window in expected],
            [shazam],
            answered={},
            known={stream: [one for one in told if one.start >= reach] for stream, told in windows.items()},
            late=False,
            hop_s=HOP_S,
            tolerance=TOLERANCE,
            global_inflight=3,
            per_provider_inflight=3,
        )
    )
    by_id = {one.window_id: one for one in given}
    for window in expected:
        windows[window.stream].append(heard(window, [by_id[window.window_id]], hop_s=HOP_S))
    return given


def _counted(songs: dict[str, list[Song]], windows: dict[str, list[Heard]]) -> tuple[int, int]:
    """How many songs have a confirmed play, and how many confirmed plays have no song."""
    found = wrong = 0
    for stream, told in windows.items():
        plays = decide(
            told, stream=stream, policies=["shazam_two_hit"], tolerance=TOLERANCE, dedup_s=DEDUP_S, hop_s=HOP_S
        )
        named = {play.track.title for play in plays if play.status is PlayStatus.CONFIRMED}
        own = {song.track.title for song in songs[stream]}
        found += len(named & own)
        wrong += len(named - own)
    return found, wrong
