"""What the stations play: a seeded play list of real music from Debian packages, and its sound.

What belongs here: choosing and rendering, and the exact instant of every piece. What does not: serving it.
"""

import math
import random
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tagger_platform_tests.journeys.on_the_clock import CHANNELS, FRAME_BYTES, RATE

SINGULARITY = Path("/usr/share/games/singularity/music")
PLANETBLUPI = Path("/usr/share/planetblupi/music")
ASC = Path("/usr/share/games/asc/music")

LOOPING = tuple(PLANETBLUPI / f"music00{number}.ogg" for number in range(4))
"""These go round every few minutes: nobody can hear when one of them began. Two of them are decoys, none is played."""
DECOYS = LOOPING[:2]
UNKNOWN = (SINGULARITY / "By-Product.ogg", PLANETBLUPI / "music009.ogg", ASC / "time_to_strike.mp3")
"""Played, and not in the catalogue: nothing may be found where they are."""

SHORTEST_S, LONGEST_S = 42, 51
"""seconds of a piece; from 36 s on two whole windows lie in it wherever it begins, when windows of 12 s touch"""
LONGEST_PAUSE_S = 4.0


@dataclass(frozen=True)
class Piece:
    """The beginning of a song, from `starts_s` to `ends_s` of the programme. Cut at its end, as stations do."""

    path: Path
    starts_s: float
    ends_s: float

    @property
    def known(self) -> bool:
        return self.path not in UNKNOWN


def catalogue() -> list[Path]:
    """The files that can be recognised: all that is played but UNKNOWN, and as many again that is not."""
    return [*_playable(), *DECOYS]


def _playable() -> list[Path]:
    files = sorted([*SINGULARITY.rglob("*.ogg"), *PLANETBLUPI.glob("*.ogg"), *ASC.glob("*.mp3")])
    return [path for path in files if path not in LOOPING and path not in UNKNOWN]


def play_lists(names: Sequence[str], seed: int) -> dict[str, list[Piece]]:
    """A play list for each name, all different. Each begins and ends with the same song, with a third one between,
    and with one that nobody knows."""
    chance = random.Random(seed)
    songs = chance.sample(_playable(), 2 * len(names))
    unknown = chance.sample(UNKNOWN, len(names))
    return {
        name: _play_list(chance, songs[2 * number], songs[2 * number + 1], unknown[number])
        for number, name in enumerate(names)
    }


def _play_list(chance: random.Random, first: Path, second: Path, unknown: Path) -> list[Piece]:
    pieces: list[Piece] = []
    at = 0.0
    for path in (first, *chance.sample([second, unknown], 2), first):
        pieces.append(Piece(path, at, at + chance.randint(SHORTEST_S, LONGEST_S)))
        at = round(pieces[-1].ends_s + chance.uniform(0, LONGEST_PAUSE_S), 2)
    return pieces


def render(pieces: Sequence[Piece], pcm: Path) -> None:
    """Write the programme's sound, each piece at its very frame, silence between."""
    with pcm.open("wb") as file:
        for piece in pieces:
            file.seek(round(piece.starts_s * RATE) * FRAME_BYTES)
            frames = round(piece.ends_s * RATE) - round(piece.starts_s * RATE)
            file.write(_beginning(piece.path, piece.ends_s - piece.starts_s)[: frames * FRAME_BYTES])


def level_dbfs(pcm: Path, start_s: float, end_s: float) -> float:
    """The level of the programme, mixed to mono, between two of its instants; silence lies before and after it."""
    first, last = round(start_s * RATE), round(end_s * RATE)
    with pcm.open("rb") as file:
        file.seek(max(0, first) * FRAME_BYTES)
        sound = np.frombuffer(file.read(max(0, last - max(0, first)) * FRAME_BYTES), dtype="<i2")
    mono = sound.reshape(-1, CHANNELS).mean(axis=1) / 32768
    return 10 * math.log10(float(np.square(mono).sum()) / (last - first) + 1e-12)


def _beginning(path: Path, seconds: float) -> bytes:
    shape = ["-t", str(seconds), "-f", "s16le", "-ar", str(RATE), "-ac", str(CHANNELS), "pipe:1"]
    command = ["ffmpeg", "-nostdin", "-loglevel", "error", "-i", str(path), *shape]
    return subprocess.run(command, capture_output=True, check=True).stdout
