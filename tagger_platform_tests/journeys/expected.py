"""What the platform has to find, worked out from what was streamed and from what was done to the servers.

What belongs here: outages and their windows, airings and their plays. What does not: the platform's own words for it
(it is asked in `test_journey`), nor any code of its own: that would only prove that it agrees with itself.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from tagger_platform_tests.journeys.programme import Piece

ON_THE_WAY_S = 0.5
"""seconds that sound may be on its way from the server: a window that ended within them may have gone with it"""
FIRST_SOUND_S = 2.0
"""seconds from a listener's request to the first sound; and Icecast tells that request only to the second"""
SILENT_BELOW_DBFS = -60.0
"""level under which the platform promises to ask nobody"""
LEVEL_MARGIN_DB = 6.0
"""dB that a codec, and some of the neighbouring music, may change the level of a window"""


@dataclass(frozen=True)
class Outage:
    """Nothing was to be heard from `since` until a listener was served again at `until` (seconds since the epoch)."""

    since: float
    until: float
    reasons: frozenset[str]


@dataclass
class Told:
    """What the platform may say of a window; `lost`: surely, surely not, or (None) it was at the very edge."""

    states: frozenset[str]
    lost: bool | None


@dataclass
class Station:
    """A stream with its programme, when that began (seconds since the epoch), and what befell it."""

    name: str
    pieces: Sequence[Piece]
    began_at: float
    burst_s: float
    level_dbfs: Callable[[float, float], float]
    """the level of what was streamed between two instants of the programme"""
    outages: list[Outage] = field(default_factory=list)
    listeners: int = 0
    """how often somebody asked the server to play"""

    def window(self, start: float, end: float) -> Told:
        """What the platform may say of the window from `start` to `end`."""
        sounds = self._level(start, end)
        for outage in self.outages:
            after = outage.until - self.burst_s
            if start < outage.until + FIRST_SOUND_S and end > outage.since - ON_THE_WAY_S:
                surely = start < after - ON_THE_WAY_S and end > outage.since + ON_THE_WAY_S
                return Told(outage.reasons if surely else outage.reasons | sounds, True if surely else None)
        return Told(sounds, False)

    def _level(self, start: float, end: float) -> frozenset[str]:
        level = self.level_dbfs(start - self.began_at, end - self.began_at)
        if abs(level - SILENT_BELOW_DBFS) < LEVEL_MARGIN_DB:
            return frozenset({"heard", "silent"})
        return frozenset({"heard" if level > SILENT_BELOW_DBFS else "silent"})

    def airings(self, windows: Sequence[tuple[float, float]]) -> list["Airing"]:
        """Every airing of a known song, with how many of the expected `windows` (start, end) surely held it alone."""
        found = []
        for piece in (piece for piece in self.pieces if piece.known):
            starts, ends = self.began_at + piece.starts_s, self.began_at + piece.ends_s
            inside = [(start, end) for start, end in windows if start >= starts and end <= ends]
            heard = sum(self.window(start, end).lost is False for start, end in inside)
            lost = any(outage.since <= starts <= outage.until + FIRST_SOUND_S for outage in self.outages)
            found.append(Airing(self.name, piece, starts, ends, heard, start_was_heard=not lost))
        return found


@dataclass(frozen=True)
class Airing:
    stream: str
    piece: Piece
    started_at: float
    ended_at: float
    windows: int
    start_was_heard: bool
