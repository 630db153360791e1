"""What a station has on its shelf: songs, jingles, advertisements; and songs that its catalogue does not know.

What belongs here: making items out of the corpus. What does not: when they are aired (`programme`). There is one right
answer for everything: every item is made of another track, no two of those tracks are kin, and what is spoken in an
advertisement is spoken nowhere else.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import soundfile
from fingerprinting.beds import Beds
from fingerprinting.corpus import Corpus, Track
from fingerprinting.pcm import RATE, Pcm, Samples, save, to_float, to_pcm
from fingerprinting.relatives import Relatives
from fingerprinting.sound import at_level, mixed

SONG_S = (60.0, 300.0)
JINGLE_S = (8.0, 15.0)
AD_S = (15.0, 30.0)
SPOKEN_OVER = 12
"""Tracks of which jingles and advertisements are made, at least: the short ones, and as many others as are missing."""
AD_VOICES = 4
"""Speakers that are heard in advertisements only."""
UNKNOWN_SHARE = 0.15
"""Of the songs, how many the catalogue lacks."""
LEVEL = 0.12
"""Active rms of every item."""
FADE_S = 1.0
AD_MUSIC_BELOW_DB = 10.0
"""How much quieter the music of an advertisement is than its speaker."""


@dataclass(frozen=True)
class Item:
    """Something that can be aired. `name` is also its title in the catalogue; `known`: whether it is in there."""

    name: str
    kind: str
    file: Path = field(repr=False)
    seconds: float
    known: bool = True

    def samples(self) -> Pcm:
        """Mono int16 at 44.1 kHz, memory-mapped."""
        mapped: Pcm = np.load(self.file, mmap_mode="r")
        return mapped


@dataclass(frozen=True)
class Shelf:
    songs: tuple[Item, ...]
    unknown: tuple[Item, ...]
    jingles: tuple[Item, ...]
    ads: tuple[Item, ...]

    @property
    def known(self) -> tuple[Item, ...]:
        return (*self.songs, *self.jingles, *self.ads)


def stock(corpus: Corpus, relatives: Relatives, folder: Path, seed: int) -> Shelf:
    """All items, as files in `folder`."""
    rng = np.random.default_rng([seed, 1])
    tracks = _strangers(corpus, relatives, rng)
    long = [track for track in tracks if track.duration_s >= SONG_S[0]]
    short = [track for track in tracks if track.duration_s < SONG_S[0]]
    spoken_over = [*short, *long[: max(0, SPOKEN_OVER - len(short))]]
    long = [track for track in long if track not in spoken_over]
    unknown = round(UNKNOWN_SHARE * len(long))
    songs = [_song(track, folder, rng, known=number >= unknown) for number, track in enumerate(long)]
    half = len(spoken_over) // 2
    jingles = [_jingle(track, folder, rng) for track in spoken_over[:half]]
    voices = [np.load(file, mmap_mode="r") for file in corpus.voices[:AD_VOICES]]
    ads = [_ad(track, _spoken(voices, number), folder, rng) for number, track in enumerate(spoken_over[half:])]
    return Shelf(tuple(songs[unknown:]), tuple(songs[:unknown]), tuple(jingles), tuple(ads))


def shelve(shelf: Shelf, folder: Path) -> list[Path]:
    """The files that the catalogue is given, in folders that say what they are."""
    files = []
    for item in shelf.known:
        file = folder / {"jingle": "jingles", "ad": "ads"}.get(item.kind, "music") / f"{item.name}.flac"
        file.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(file, item.samples(), RATE)
        files.append(file)
    return files


def _strangers(corpus: Corpus, relatives: Relatives, rng: np.random.Generator) -> list[Track]:
    """Tracks in random order, of kin only the first."""
    seen: set[str] = set()
    found = []
    for number in rng.permutation(len(corpus.tracks)):
        track = corpus.tracks[number]
        if not relatives.family(track.id) & seen:
            found.append(track)
        seen |= relatives.family(track.id)
    return found


def _song(track: Track, folder: Path, rng: np.random.Generator, *, known: bool) -> Item:
    seconds = min(track.duration_s, float(rng.uniform(*SONG_S)))
    return _item(track.id.replace("/", " "), "music", to_float(track.samples()[: int(seconds * RATE)]), folder, known)


def _jingle(track: Track, folder: Path, rng: np.random.Generator) -> Item:
    return _item(f"jingle {track.id.replace('/', ' ')}", "jingle", _excerpt(track, rng.uniform(*JINGLE_S), rng), folder)


def _ad(track: Track, spoken: Samples, folder: Path, rng: np.random.Generator) -> Item:
    music = _excerpt(track, rng.uniform(*AD_S), rng)
    samples = mixed(spoken[: len(music)], music, AD_MUSIC_BELOW_DB)
    return _item(f"ad {track.id.replace('/', ' ')}", "ad", samples, folder)


def _spoken(voices: Sequence[Pcm], number: int) -> Samples:
    """What is said in the advertisement with this number, and in no other."""
    voice, count = voices[number % len(voices)], int(AD_S[1] * RATE)
    first = number // len(voices) * count
    if first + count > len(voice):
        raise SystemExit(f"there is not enough speech for advertisement {number}: raise AD_VOICES")
    return to_float(voice[first : first + count])


def talk(corpus: Corpus) -> Beds:
    """The speech between and over the items: by others than those of the advertisements."""
    return Beds(replace(corpus, voices=corpus.voices[AD_VOICES:]))


def _excerpt(track: Track, seconds: float, rng: np.random.Generator) -> Samples:
    count = int(seconds * RATE)
    first = int(rng.integers(track.count - count))
    return to_float(track.samples()[first : first + count])


def _item(name: str, kind: str, samples: Samples, folder: Path, known: bool = True) -> Item:
    file = folder / f"{name}.npy"
    save(file, to_pcm(faded(at_level(samples, LEVEL), FADE_S if kind == "music" else 0.1)))
    return Item(name, kind, file, len(samples) / RATE, known)


def faded(samples: Samples, seconds: float) -> Samples:
    """`samples` ending softly, within their last `seconds`."""
    count = min(int(seconds * RATE), len(samples))
    softer = samples.copy()
    softer[len(samples) - count :] *= np.linspace(1, 0, count, dtype=np.float32)
    return softer
