"""What a station has on its shelf: songs, jingles, advertisements; and songs that its catalogue does not know.

What belongs here: making items out of the corpus. What does not: when they are aired (`programme`). Every item is made
of another track, and no two of those tracks are relatives, so that there is one right answer for everything (only
advertisements come in pairs, with other words and another part of their music).
"""

from dataclasses import dataclass, field
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
ADS_PER_TRACK = 2
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
    spoken_over = [*short, *long[: max(0, 10 - len(short))]]
    long = [track for track in long if track not in spoken_over]
    unknown = round(UNKNOWN_SHARE * len(long))
    beds = Beds(corpus)
    songs = [_song(track, folder, rng, known=number >= unknown) for number, track in enumerate(long)]
    half = len(spoken_over) // 2
    jingles = [_jingle(track, folder, rng) for track in spoken_over[:half]]
    ads = [_ad(track, number, folder, rng, beds) for track in spoken_over[half:] for number in range(ADS_PER_TRACK)]
    return Shelf(tuple(songs[unknown:]), tuple(songs[:unknown]), tuple(jingles), tuple(ads))


def shelve(shelf: Shelf, folder: Path) -> list[Path]:
    """The files that the catalogue is given, in folders that say what they are."""
    files = []
    for item in shelf.known:
        file = folder / {"jingle": "jingles", "ad": "ads"}.get(item.kind, "music") / f"{item.name}.wav"
        file.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(file, item.samples(), RATE)
        files.append(file)
    return files


def _strangers(corpus: Corpus, relatives: Relatives, rng: np.random.Generator) -> list[Track]:
    """Tracks in random order, of relatives only the first."""
    seen: set[str] = set()
    found = []
    for number in rng.permutation(len(corpus.tracks)):
        track = corpus.tracks[number]
        if not relatives.group(track.id) & seen:
            found.append(track)
        seen |= relatives.group(track.id)
    return found


def _song(track: Track, folder: Path, rng: np.random.Generator, *, known: bool) -> Item:
    seconds = min(track.duration_s, float(rng.uniform(*SONG_S)))
    return _item(track.id.replace("/", " "), "music", to_float(track.samples()[: int(seconds * RATE)]), folder, known)


def _jingle(track: Track, folder: Path, rng: np.random.Generator) -> Item:
    return _item(f"jingle {track.id.replace('/', ' ')}", "jingle", _excerpt(track, rng.uniform(*JINGLE_S), rng), folder)


def _ad(track: Track, number: int, folder: Path, rng: np.random.Generator, beds: Beds) -> Item:
    music = _excerpt(track, rng.uniform(*AD_S), rng)
    voice = beds.voice(len(music), rng)
    return _item(f"ad {track.id.replace('/', ' ')} {number}", "ad", mixed(voice, music, AD_MUSIC_BELOW_DB), folder)


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
