"""Queries: windows cut from random tracks at random instants, degraded, with what is true of them.

What belongs here: where a query is cut, its truth, and the cache of finished ones. What does not: the damage
(`conditions`). A query is what capture delivers: 12 s of mono int16 at 16 kHz.

    queries(corpus, "speech_m5", 100, seed=1)[0].truth.track_id

The first twenty of a hundred queries are the same as twenty queries of the same corpus and seed.
"""

import hashlib
import json
import zlib
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import numpy as np
from scipy.signal import resample_poly

from fingerprinting import beds, conditions, sound
from fingerprinting.beds import Beds
from fingerprinting.conditions import CONDITIONS, Condition, Take, Warp, warp, warped
from fingerprinting.corpus import Corpus, Track
from fingerprinting.pcm import RATE, Pcm, Samples, to_float, to_pcm
from fingerprinting.sound import rms

WINDOW_S = 12.0
SHORT_S = 5.0
"""Seconds of the short queries: the middle of the long ones, so that `half` keeps 2.5 s of music."""
QUERY_RATE = 16_000
"""Hz of what capture delivers."""
PAD_S = 0.5
"""Seconds that are degraded on both sides and cut off: a broadcast's encoder does not begin with the window."""
SILENT_DBFS = -50.0
"""No half of a window, nor its middle, may be quieter than this."""
ATTEMPTS = 200


@dataclass(frozen=True)
class Truth:
    """The window begins at `offset_s` of the track; a second of it holds `speed` seconds of the track.

    `pitch` is how much higher it sounds; it is music from `from_s` to `to_s`; `other_ids` are tracks mixed in, which a
    fair comparison masks. Without `track_id` the window holds no track.
    """

    track_id: str | None
    offset_s: float = 0.0
    speed: float = 1.0
    pitch: float = 1.0
    from_s: float = 0.0
    to_s: float = WINDOW_S
    other_ids: tuple[str, ...] = ()


@dataclass(frozen=True)
class Query:
    """One window: `samples` mono int16 at 16 kHz; `kind` is the condition's name."""

    samples: Pcm = field(repr=False)
    kind: str
    truth: Truth

    def shortened(self) -> "Query":
        """The middle 5 s."""
        start_s = (WINDOW_S - SHORT_S) / 2
        first = int(start_s * QUERY_RATE)
        truth = replace(
            self.truth,
            offset_s=self.truth.offset_s + start_s * self.truth.speed,
            from_s=max(0.0, self.truth.from_s - start_s),
            to_s=min(SHORT_S, self.truth.to_s - start_s),
        )
        return Query(self.samples[first : first + int(SHORT_S * QUERY_RATE)], self.kind, truth)


def queries(corpus: Corpus, condition: str, count: int, seed: int) -> list[Query]:
    """`count` queries of a condition of `CONDITIONS`, made once."""
    return cached(corpus, f"{condition}-{count}-{seed}", count, lambda: _made(corpus, condition, count, seed))


def cut(track: Track, name: str, number: int, rng: np.random.Generator, all_beds: Beds) -> Query:
    """One query of `track` under condition `name`, the `number`th of its kind."""
    condition = CONDITIONS[name]
    change = warp(condition, rng)
    start, excerpt = _excerpt(track, change, rng)
    take = Take(track, number, rng, all_beds, set())
    music = warped(excerpt, change, round((WINDOW_S + 2 * PAD_S) * RATE))
    window = delivered(condition.degrade(music, take))
    from_s, to_s = _extent(condition, number)
    offset_s = start / RATE + PAD_S * change.rate
    truth = Truth(track.id, offset_s, change.rate, change.pitch, from_s, to_s, tuple(sorted(take.other_ids)))
    return Query(window, name, truth)


def delivered(samples: Samples) -> Pcm:
    """The window without its pads, as capture delivers it; made quieter where it would not fit."""
    narrow = resample_poly(samples, QUERY_RATE // 100, RATE // 100)
    first = int(PAD_S * QUERY_RATE)
    window = narrow[first : first + int(WINDOW_S * QUERY_RATE)]
    return to_pcm(window / np.float32(max(1.0, float(np.abs(window).max()))))


def loud(excerpt: Samples) -> bool:
    """Whether neither half of it nor its middle is silent."""
    quarter = len(excerpt) // 4
    parts = excerpt[: 2 * quarter], excerpt[quarter : 3 * quarter], excerpt[2 * quarter :]
    return all(rms(part) > 10 ** (SILENT_DBFS / 20) for part in parts)


def turns(corpus: Corpus, count: int, rng: np.random.Generator) -> list[Track]:
    """`count` tracks in random order, each as often as every other, to one."""
    rounds = -(-count // len(corpus.tracks))
    order = np.concatenate([rng.permutation(len(corpus.tracks)) for _ in range(rounds)])[:count]
    return [corpus.tracks[number] for number in order]


def cached(corpus: Corpus, name: str, count: int, make: Callable[[], Iterable[Query]]) -> list[Query]:
    """What `make` gives, from the cache where it is there; samples are memory-mapped."""
    folder = corpus.cache / "queries" / f"{corpus.key}-{code_version()}"
    arrays, truths = folder / f"{name}.npy", folder / f"{name}.json"
    if not truths.exists():
        _write(arrays, truths, count, make())
    samples = np.load(arrays, mmap_mode="r")
    described = json.loads(truths.read_text())
    return [
        Query(row, kind, Truth(**{**truth, "other_ids": tuple(truth["other_ids"])}))
        for row, (kind, truth) in zip(samples, described, strict=True)
    ]


def _made(corpus: Corpus, condition: str, count: int, seed: int) -> Iterable[Query]:
    own = zlib.crc32(condition.encode())
    all_beds = Beds(corpus)
    for number, track in enumerate(turns(corpus, count, np.random.default_rng([seed, own]))):
        yield cut(track, condition, number, np.random.default_rng([seed, own, number]), all_beds)


def _excerpt(track: Track, change: Warp, rng: np.random.Generator) -> tuple[int, Samples]:
    """Where the excerpt begins, in samples, and the excerpt: pads included, nowhere silent."""
    size = round((WINDOW_S + 2 * PAD_S) * RATE * change.rate)
    samples = track.samples()
    for _ in range(ATTEMPTS):
        start = int(rng.integers(len(samples) - size))
        excerpt = to_float(samples[start : start + size])
        if loud(excerpt):
            return start, excerpt
    raise SystemExit(f"{track.id} is nearly silent: leave it out of the corpus (NOT_MUSIC in corpus.py)")


def _extent(condition: Condition, number: int) -> tuple[float, float]:
    if not condition.half:
        return 0.0, WINDOW_S
    return (WINDOW_S / 2, WINDOW_S) if number % 2 else (0.0, WINDOW_S / 2)


def _write(arrays: Path, truths: Path, count: int, made: Iterable[Query]) -> None:
    arrays.parent.mkdir(parents=True, exist_ok=True)
    held = np.lib.format.open_memmap(arrays, "w+", np.int16, (count, int(WINDOW_S * QUERY_RATE)))
    described = []
    for row, query in zip(held, made, strict=True):
        row[:] = query.samples
        described.append((query.kind, asdict(query.truth)))
    held.flush()
    truths.write_text(json.dumps(described))


def code_version() -> str:
    """Changes with the code that makes the queries."""
    files = [Path(__file__), *(Path(str(module.__file__)) for module in (beds, conditions, sound))]
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:8]
