"""What a station airs: items one after the other, as radio does it, with the truth of it.

What belongs here: choosing what comes next, and when. What does not: how it sounds (`air`), what is made of it
(`judge`). Seconds count from the beginning of the stream.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from radio_day_parts.items import Item, Shelf

FULL, CUT, CROSSFADE, TALK_OVER, TWICE, UNKNOWN = "full", "cut", "cross-fade", "talk-over", "twice", "unknown"
JINGLE, AD = "jingle", "ad"
SONG_CONDITIONS = (FULL, CUT, CROSSFADE, TALK_OVER, TWICE)
CONDITIONS = (*SONG_CONDITIONS, JINGLE, AD)
"""Of what the catalogue knows."""
WEIGHTS = {FULL: 0.3, CUT: 0.15, CROSSFADE: 0.2, TALK_OVER: 0.15, TWICE: 0.06, UNKNOWN: 0.14}
"""How often a song is aired in which way."""
BREAKS = {"jingle": 0.35, "ads": 0.2, "talk": 0.15, "silence": 0.08}
"""What lies between two songs, and how often; else nothing does. Cross-fades leave no room for it."""
CROSSFADE_S = (4.0, 8.0)
TALK_OVER_S = (8.0, 16.0)
TALK_S = (15.0, 60.0)
SILENCE_S = (5.0, 30.0)
SHORTEST_CUT_S = 60.0
"""Seconds of a song that are left where it is cut."""
AD_BREAK = (2, 4)
OUTAGE_S = (180.0, 420.0)
OUTAGE_EVERY_S = 5400.0
HEARD_SHARE = 0.5
"""An airing of which less than this was recorded, because of an outage or the end, is not asked for."""


@dataclass(frozen=True)
class Airing:
    """One airing of an item, from `start_s` to `end_s`, beginning at `offset_s` of the item."""

    item: Item
    condition: str
    start_s: float
    end_s: float
    offset_s: float = 0.0

    @property
    def seconds(self) -> float:
        return self.end_s - self.start_s


@dataclass(frozen=True)
class Clip:
    """Something that sounds: `item`, or speech where there is none. Fades are in seconds."""

    item: Item | None
    start_s: float
    end_s: float
    offset_s: float = 0.0
    fade_in_s: float = 0.0
    fade_out_s: float = 0.0


@dataclass
class Programme:
    """A stream: what is aired, all that sounds, and from when to when nobody could listen."""

    stream: str
    coded: bool
    seconds: float
    airings: list[Airing] = field(default_factory=list)
    clips: list[Clip] = field(default_factory=list)
    outages: list[tuple[float, float]] = field(default_factory=list)

    @property
    def heard(self) -> list[tuple[float, float]]:
        """The stretches that were recorded."""
        edges = [0.0, *(edge for outage in self.outages for edge in outage), self.seconds]
        return [(edges[place], edges[place + 1]) for place in range(0, len(edges), 2)]

    def heard_s(self, airing: Airing) -> float:
        return sum(max(0.0, min(end, airing.end_s) - max(start, airing.start_s)) for start, end in self.heard)

    def is_asked_for(self, airing: Airing) -> bool:
        return self.heard_s(airing) >= HEARD_SHARE * airing.seconds


def compose(stream: str, shelf: Shelf, seconds: float, *, coded: bool, seed: int) -> Programme:
    """A stream of `seconds`, always the same for the same seed."""
    rng = np.random.default_rng([seed, 2])
    made = Programme(stream, coded, seconds, outages=_outages(seconds, rng))
    _Station(made, shelf, rng).fill()
    return made


def _outages(seconds: float, rng: np.random.Generator) -> list[tuple[float, float]]:
    found = []
    for number in range(max(1, round(seconds / OUTAGE_EVERY_S))):
        middle = (number + float(rng.uniform(0.3, 0.7))) * seconds / max(1, round(seconds / OUTAGE_EVERY_S))
        length = min(float(rng.uniform(*OUTAGE_S)), seconds / 10)
        found.append((middle - length / 2, middle + length / 2))
    return found


class _Station:
    def __init__(self, made: Programme, shelf: Shelf, rng: np.random.Generator) -> None:
        self._made = made
        self._shelf = shelf
        self._rng = rng
        self._turns: dict[str, list[int]] = {}
        self._at = 0.0

    def fill(self) -> None:
        while self._at < self._made.seconds:
            condition = str(self._rng.choice(list(WEIGHTS), p=list(WEIGHTS.values())))
            self._song(condition)
            if condition != CROSSFADE:
                self._break()

    def _next(self, name: str, items: Sequence[Item]) -> Item:
        """Each item in turn, in random order, so that all come alike."""
        turns = self._turns.setdefault(name, [])
        if not turns:
            turns += [int(number) for number in self._rng.permutation(len(items))]
        return items[turns.pop()]

    def _song(self, condition: str) -> None:
        unknown = condition == UNKNOWN
        item = self._next(*(("unknown", self._shelf.unknown) if unknown else ("songs", self._shelf.songs)))
        match condition:
            case "cut":
                length = float(self._rng.uniform(min(SHORTEST_CUT_S, item.seconds), item.seconds))
                self._air(item, condition, offset_s=float(self._rng.uniform(0, item.seconds - length)), length=length)
            case "cross-fade":
                fade_s = float(self._rng.uniform(*CROSSFADE_S))
                self._air(item, condition, fade_s=fade_s)
                self._at -= fade_s
                self._air(self._next("songs", self._shelf.songs), condition, fade_in_s=fade_s)
            case "talk-over":
                talk_s = float(self._rng.uniform(*TALK_OVER_S))
                self._made.clips.append(Clip(None, max(0.0, self._at - talk_s / 4), self._at + talk_s * 3 / 4))
                self._air(item, condition)
            case "twice":
                self._air(item, condition)
                self._air(item, condition)
            case _:
                self._air(item, condition)

    def _break(self) -> None:
        chance = float(self._rng.random())
        for kind, share in BREAKS.items():
            if chance < share:
                self._fill_break(kind)
                return
            chance -= share

    def _fill_break(self, kind: str) -> None:
        if kind == "jingle":
            self._air(self._next("jingles", self._shelf.jingles), JINGLE)
        elif kind == "ads":
            for _ in range(int(self._rng.integers(AD_BREAK[0], AD_BREAK[1] + 1))):
                self._air(self._next("ads", self._shelf.ads), AD)
        elif kind == "talk":
            talk_s = float(self._rng.uniform(*TALK_S))
            self._made.clips.append(Clip(None, self._at, self._at + talk_s))
            self._at += talk_s
        else:
            self._at += float(self._rng.uniform(*SILENCE_S))

    def _air(
        self,
        item: Item,
        condition: str,
        *,
        offset_s: float = 0.0,
        length: float | None = None,
        fade_in_s: float = 0.0,
        fade_s: float = 0.0,
    ) -> None:
        end_s = self._at + (item.seconds if length is None else length)
        self._made.clips.append(Clip(item, self._at, end_s, offset_s, fade_in_s, fade_s))
        self._made.airings.append(Airing(item, condition, self._at, end_s, offset_s))
        self._at = end_s
