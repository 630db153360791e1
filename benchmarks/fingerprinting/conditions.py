"""What happens to the music before it is asked for: the fixed list of conditions, each of which weighs the same.

What belongs here: the table, and how sounds are put together in it. What does not: the processing itself (`sound`),
where a query is cut and what is true of it (`queries`).
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from fingerprinting.beds import Beds
from fingerprinting.corpus import Track
from fingerprinting.pcm import RATE, Samples
from fingerprinting.sound import (
    at_level,
    at_tempo,
    coded,
    in_room,
    mixed,
    of_count,
    room,
    telephone,
)

MP3_64 = ("-c:a", "libmp3lame", "-b:a", "64k", "-f", "mp3")
MP3_32 = ("-c:a", "libmp3lame", "-b:a", "32k", "-f", "mp3")
AAC_64 = ("-c:a", "aac", "-b:a", "64k", "-f", "adts")
OPUS_24 = ("-c:a", "libopus", "-b:a", "24k", "-f", "ogg")
"""Of mono, at the encoders' own band limits."""
STATION = (
    "acompressor=threshold=0.06:ratio=6:attack=5:release=120:makeup=4,"
    "equalizer=f=90:t=q:w=0.7:g=5,equalizer=f=800:t=q:w=0.8:g=-3,equalizer=f=5000:t=q:w=0.8:g=5,"
    "alimiter=limit=0.9:attack=2:release=40"
)
"""A loud station's processing: about 10 dB of compression, bass and presence up, a limiter."""
STATION_LEVEL = 0.15
"""Active rms of what goes into it."""
NOISES = ("pink", "white", "effects", "babble")
ROOMS = 12
OVERSHOOT = 4.0
"""12 dB over full scale."""
GAPS = 5
GAP_S = (0.2, 0.5)
JITTER = 0.1
"""Per cent that a speed may differ from its nominal value, so that it never falls on a matcher's grid."""


@dataclass(frozen=True)
class Take:
    """One query in the making. `number` counts a condition's queries: kinds of noise and rooms take turns by it.

    `other_ids` takes the ids of other tracks that are mixed in.
    """

    track: Track
    number: int
    rng: np.random.Generator
    beds: Beds
    other_ids: set[str]


Degrade = Callable[[Samples, Take], Samples]


@dataclass(frozen=True)
class Condition:
    """`speed`, `tempo`, `pitch` in per cent (up or down at random), applied before `degrade`.

    `half`: only the first or the second half of the window is the music.
    """

    degrade: Degrade
    speed: float = 0.0
    tempo: float = 0.0
    pitch: float = 0.0
    half: bool = False


@dataclass(frozen=True)
class Warp:
    """How many seconds of the track a second of the query holds (`rate`), and how much higher it sounds (`pitch`)."""

    rate: float
    pitch: float


def warp(condition: Condition, rng: np.random.Generator) -> Warp:
    """A condition's speed and pitch for one query."""

    def factor(per_cent: float) -> float:
        return 1 + rng.choice([-1, 1]) * (per_cent + rng.uniform(-JITTER, JITTER)) / 100 if per_cent else 1.0

    speed, tempo, pitch = factor(condition.speed), factor(condition.tempo), factor(condition.pitch)
    return Warp(speed * tempo, speed * pitch)


def warped(excerpt: Samples, change: Warp, count: int) -> Samples:
    """`excerpt` with another speed and pitch: `count` samples."""
    if change.rate == change.pitch == 1.0:
        return excerpt[:count]
    if change.rate == change.pitch:
        return of_count(excerpt, count)
    taped = excerpt if change.pitch == 1.0 else of_count(excerpt, round(len(excerpt) / change.pitch))
    return at_tempo(taped, change.rate / change.pitch, count)


def unchanged(music: Samples, take: Take) -> Samples:
    return music


def through(music: Samples, take: Take, encoder: tuple[str, ...]) -> Samples:
    return coded(music, encoder)


def under_speech(music: Samples, take: Take, above_db: float) -> Samples:
    return mixed(music, take.beds.voice(len(music), take.rng), above_db)


def under_noise(music: Samples, take: Take, above_db: float) -> Samples:
    return mixed(music, take.beds.noise(NOISES[take.number % len(NOISES)], len(music), take.rng), above_db)


def under_music(music: Samples, take: Take, above_db: float) -> Samples:
    other_id, bed = take.beds.other_music(take.track, len(music), take.rng)
    take.other_ids.add(other_id)
    return mixed(music, bed, above_db)


def by_telephone(music: Samples, take: Take) -> Samples:
    return telephone(music)


def across_room(music: Samples, take: Take) -> Samples:
    return in_room(music, room(take.number % ROOMS))


def across_noisy_room(music: Samples, take: Take) -> Samples:
    wet = across_room(music, take)
    return (under_speech if take.number % 2 else under_noise)(wet, take, above_db=0.0)


def clipped(music: Samples, take: Take) -> Samples:
    cut: Samples = np.clip(music * np.float32(OVERSHOOT / np.abs(music).max()), -1, 1)
    return cut


def with_gaps(music: Samples, take: Take) -> Samples:
    broken = music.copy()
    for start, length in zip(take.rng.uniform(0, 1, GAPS), take.rng.uniform(*GAP_S, GAPS), strict=True):
        size = int(length * RATE)
        begin = int(start * (len(music) - size))
        broken[begin : begin + size] = 0
    return broken


def on_air(music: Samples, take: Take) -> Samples:
    return coded(at_level(music, STATION_LEVEL), MP3_64, STATION)


def on_air_under_voice(music: Samples, take: Take, above_db: float) -> Samples:
    return on_air(under_speech(music, take, above_db), take)


def half_other(music: Samples, take: Take) -> Samples:
    """The first half (even numbers) or the second is the music; a voice or a noise at the same level is the rest."""
    kind = take.number // 2
    voice = take.beds.voice(len(music), take.rng)
    other = voice if kind % 2 else take.beds.noise(NOISES[kind // 2 % len(NOISES)], len(music), take.rng)
    result = at_level(music, 0.1)
    middle = len(music) // 2
    rest = slice(0, middle) if take.number % 2 else slice(middle, None)
    result[rest] = at_level(other, 0.1)[rest]
    return result


LEVELS = {"p10": 10.0, "p5": 5.0, "0": 0.0, "m5": -5.0, "m10": -10.0}
"""dB that the music is louder than what lies over it."""
PER_CENT = (0.7, 1.3, 2.4, 3.0)

CONDITIONS: dict[str, Condition] = {
    "clean": Condition(unchanged),
    "mp3_64": Condition(partial(through, encoder=MP3_64)),
    "mp3_32": Condition(partial(through, encoder=MP3_32)),
    "aac_64": Condition(partial(through, encoder=AAC_64)),
    "opus_24": Condition(partial(through, encoder=OPUS_24)),
    **{f"speech_{name}": Condition(partial(under_speech, above_db=db)) for name, db in LEVELS.items()},
    **{f"noise_{name}": Condition(partial(under_noise, above_db=db)) for name, db in LEVELS.items()},
    "other_music_0": Condition(partial(under_music, above_db=0.0)),
    "telephone": Condition(by_telephone),
    "room": Condition(across_room),
    "room_0": Condition(across_noisy_room),
    **{f"speed_{by}": Condition(unchanged, speed=by) for by in PER_CENT},
    **{f"tempo_{by}": Condition(unchanged, tempo=by) for by in PER_CENT},
    **{f"pitch_{by}": Condition(unchanged, pitch=by) for by in PER_CENT},
    "clipping": Condition(clipped),
    "dropouts": Condition(with_gaps),
    "radio": Condition(on_air, speed=1.3),
    "radio_speech_m3": Condition(partial(on_air_under_voice, above_db=-3.0), speed=1.3),
    "half": Condition(half_other, half=True),
}
