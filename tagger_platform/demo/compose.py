"""The recordings of the demo: which there are, and how they get into a folder.

What belongs here: titles, recipes, the cache of files. What does not: how a recipe becomes sound (`arrange`,
`babble`). `render` fills ``music/`` and ``jingles/``, the originals a catalogue is made of, and ``talk/``.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from mutagen.flac import FLAC
from numpy.typing import NDArray

from tagger_platform.demo import instruments as i
from tagger_platform.demo.arrange import Arrangement, Song, jingle
from tagger_platform.demo.babble import babble

VERSION = 2  # of the recordings: raise it whenever they would sound different, and caches are rendered again
INDEX = "recordings.json"  # written last: a cache without it is not complete
JINGLE_S = 7.0
TALK_S = 12.0


@dataclass(frozen=True)
class Piece:
    """A recording of the demo. `kind` is music, jingle or talk."""

    kind: str
    title: str
    artist: str
    album: str
    path: Path
    seconds: float


@dataclass(frozen=True)
class Recording:
    """A piece that is yet to be made."""

    kind: str
    title: str
    artist: str
    album: str
    seed: int
    song: Song | None = None

    @property
    def file(self) -> str:
        folder = {"music": "music", "jingle": "jingles", "talk": "talk"}[self.kind]
        name = re.sub(r"[^a-z0-9]+", "_", f"{self.artist} {self.title}".lower())
        return f"{folder}/{name}.flac"

    def samples(self) -> NDArray[np.float32]:
        if self.song is not None:
            return Arrangement(self.song, self.seed).play()
        return jingle(self.seed, JINGLE_S) if self.kind == "jingle" else babble(self.seed, TALK_S)


def music(title: str, artist: str, album: str, seed: int, song: Song) -> Recording:
    return Recording("music", title, artist, album, seed, song)


def ident(station: str, seed: int) -> Recording:
    return Recording("jingle", f"{station} Ident", station, "Station Idents", seed)


def talk(host: str, seed: int) -> Recording:
    return Recording("talk", "In Conversation", host, "", seed)


# A table, a song in two lines: with an argument a line it would be four times as long.
RECORDINGS = (
    music("Lanterns on the Water", "Marlow & Finch", "Harbour Songs", 11,
          Song(60, "major", 96, (0, 4, 5, 3), (3, 4, 0, 5), i.FLUTE, i.pluck, i.ROUND_BASS, "rock")),
    music("Night Bus Home", "Polar Static", "Concrete Skies", 12,
          Song(57, "minor", 118, (0, 5, 2, 6), (5, 6, 0, 0), i.SQUARE_LEAD, i.ELECTRIC_PIANO, i.SYNTH_BASS, "floor",
               pad=i.WARM_PAD, seconds=66)),
    music("Saturday in Valparaiso", "Las Golondrinas", "Calle Larga", 13,
          Song(62, "dorian", 132, (0, 3, 0, 6), (3, 6, 0, 4), i.ACCORDION, i.pluck, i.ROUND_BASS, "bossa",
               broken_chords=False, seconds=58)),
    music("The Cartographer's Waltz", "Ida Vantongeren", "Paper Continents", 14,
          Song(55, "harmonic", 144, (0, 3, 4, 0), (5, 3, 4, 0), i.pluck, i.ELECTRIC_PIANO, i.ROUND_BASS, "waltz",
               beats=3, broken_chords=False, seconds=64)),
    music("Glass Garden", "Ohmura Trio", "Slow Mechanics", 15,
          Song(63, "lydian", 82, (0, 1, 0, 4), (3, 1, 4, 0), i.GLASS_BELL, i.MARIMBA, i.ROUND_BASS, "brush",
               pad=i.CHOIR, seconds=70)),
    music("Hold the Line, Caroline", "The Borrowed Kings", "Second Hand Crowns", 16,
          Song(64, "mixolydian", 126, (0, 6, 3, 0), (3, 0, 6, 4), i.SAW_LEAD, i.ORGAN, i.SYNTH_BASS, "rock",
               pad=i.WARM_PAD, broken_chords=False, seconds=55)),
    music("Sunday Psalm", "Reverend Coleman Hart", "Tin Roof Choir", 17,
          Song(53, "major", 72, (0, 3, 0, 4), (5, 3, 1, 4), i.ORGAN, i.ELECTRIC_PIANO, i.ROUND_BASS, "brush",
               pad=i.CHOIR, swing=0.55, seconds=68)),
    music("Copper Wire", "Delta Nine", "Substation", 18,
          Song(58, "dorian", 104, (0, 0, 3, 4), (5, 4, 3, 0), i.FM_BRASS, i.MARIMBA, i.SYNTH_BASS, "half",
               pad=i.WARM_PAD, seconds=60)),
    music("Paper Boats", "Nora Lindqvist", "Small Weather", 19,
          Song(65, "major", 88, (5, 3, 0, 4), (0, 2, 3, 4), i.MARIMBA, i.GLASS_BELL, i.ROUND_BASS, "half",
               pad=i.STRINGS, seconds=56)),
    music("Midnight at the Alhambra", "Quinteto Arroyo", "Patio de Sombras", 20,
          Song(52, "harmonic", 110, (0, 6, 5, 4), (3, 2, 5, 4), i.pluck, i.pluck, i.ROUND_BASS, "bossa",
               seconds=72)),
    music("Blue Tramlines", "The Corner Set", "After the Last Round", 21,
          Song(60, "mixolydian", 92, (0, 3, 1, 4), (1, 4, 0, 5), i.ELECTRIC_PIANO, i.ORGAN, i.ROUND_BASS, "brush",
               swing=0.6, broken_chords=False, seconds=63)),
    music("Satellite Weather", "Aurora Kessler", "Low Orbit", 22,
          Song(59, "lydian", 122, (0, 4, 1, 5), (3, 4, 5, 1), i.SAW_LEAD, i.SQUARE_LEAD, i.SYNTH_BASS, "floor",
               pad=i.CHOIR, seconds=61)),
    ident("Velvet FM", 31), ident("Harbour Radio", 32), ident("Radio Meridian", 37), ident("Static City", 34),
    talk("Morning Host", 41), talk("Evening Host", 42), talk("News Desk", 43),
)  # fmt: skip # a song in two lines: see above


def render(folder: Path) -> list[Piece]:
    """All pieces, as FLAC files in `folder`; they are made only if a complete set of this version is not there."""
    pieces = list(_cached(folder))
    if pieces:
        return pieces
    (folder / INDEX).unlink(missing_ok=True)
    lengths = {recording.file: _record(recording, folder) for recording in RECORDINGS}
    partial = folder / f"{INDEX}.partial"
    partial.write_text(json.dumps({"version": VERSION, "seconds": lengths}, indent=1), encoding="utf-8")
    partial.replace(folder / INDEX)
    return list(_cached(folder))


def _cached(folder: Path) -> Iterator[Piece]:
    """The pieces of a complete cache of this version, else none."""
    try:
        index = json.loads((folder / INDEX).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return
    if index["version"] != VERSION or not all((folder / recording.file).is_file() for recording in RECORDINGS):
        return
    for it in RECORDINGS:
        yield Piece(it.kind, it.title, it.artist, it.album, folder / it.file, index["seconds"][it.file])


def _record(recording: Recording, folder: Path) -> float:
    """Writes the recording's file with its tags, all or nothing. Returns its length in seconds."""
    samples = recording.samples()
    path = folder / recording.file
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    soundfile.write(partial, samples, i.RATE, format="FLAC", subtype="PCM_16")
    tags: Any = FLAC(partial)  # type: ignore[no-untyped-call]  # mutagen has types, but not everywhere
    tags.update({"title": recording.title, "artist": recording.artist, "album": recording.album})
    tags.save()
    partial.replace(path)
    return len(samples) / i.RATE
