"""The benchmark's sounds: tracks, speech and effects, decoded once to mono int16 at 44.1 kHz in the cache.

What belongs here: which files are tracks and which are beds. What does not: where the files come from (`packages`),
decoding one (`pcm`), synthetic voices (`speech`), what is done with the sounds (`conditions`, `negatives`).
"""

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fingerprinting import packages, speech
from fingerprinting.pcm import RATE, Pcm, decode, save, to_float, to_pcm

CACHE = Path("~/.cache/tagger-benchmarks").expanduser()
SUFFIXES = frozenset({".ogg", ".opus", ".mp3", ".wav", ".flac", ".mod", ".xm", ".it", ".s3m"})
"""Audio and tracker files; ffmpeg decodes the latter where it has libopenmpt."""
SHORTEST_TRACK_S = 25.0
LONGEST_EFFECT_S = 15.0
SHORTEST_EFFECT_S = 0.2
"""Seconds. What lies between an effect and a track is left out: jingles, mostly."""
NOT_MUSIC = ("AMB_", "rain", "tada")
"""How the names of long files begin that are weather, or a fanfare and silence: not tracks."""
SHORT_TRACK_S = 180.0
"""Seconds of each track that the short benchmark uses."""
PROMPTS = 100
"""The longest prompts of a package that are used: about 12 minutes."""
EFFECT_RMS = 0.1
"""What each effect's rms is made, of full scale, so that no loud one drowns the others."""


@dataclass(frozen=True)
class Track:
    """A piece of music: `id` is stable (package/stem), `pcm` its decoded file of `count` samples."""

    id: str
    pcm: Path
    count: int

    @property
    def duration_s(self) -> float:
        return self.count / RATE

    def samples(self) -> Pcm:
        """Mono int16 (count,) at 44.1 kHz, memory-mapped."""
        mapped: Pcm = np.load(self.pcm, mmap_mode="r")
        return mapped


@dataclass(frozen=True)
class Corpus:
    """Tracks in order of their ids, and beds: files of many sounds on end. `left_out` names what did not decode."""

    cache: Path
    tracks: tuple[Track, ...]
    voices: tuple[Path, ...]
    prompts: tuple[Path, ...]
    effects: tuple[Path, ...]
    left_out: tuple[str, ...]

    @property
    def key(self) -> str:
        """Names what queries depend on: the tracks and their lengths."""
        text = "\n".join(f"{track.id} {track.count}" for track in self.tracks)
        return hashlib.sha256(text.encode()).hexdigest()[:12]

    @property
    def hours(self) -> float:
        return sum(track.duration_s for track in self.tracks) / 3600


def load(cache: Path, short: bool) -> Corpus:
    """The whole corpus, or the short one: fewer packages, the first minutes of each track, no telephone prompts."""
    cache = cache.expanduser()
    music = packages.SHORT_MUSIC if short else packages.MUSIC
    prompts = () if short else packages.PROMPTS
    folders = packages.unpack(cache, (*music, *packages.VOICES, *packages.TEXTS, *prompts))
    longest_s = SHORT_TRACK_S if short else None
    pcm = cache / ("pcm-short" if short else "pcm")
    tracks: list[Track] = []
    effects: list[Path] = []
    left_out: list[str] = []
    for package in music:
        decoded = _decode_package(package, folders[package], pcm, longest_s)
        left_out += [name for name, file in decoded.items() if file is None]
        files = {name: file for name, file in decoded.items() if file is not None}
        tracks += _tracks(files)
        effects += _joined(_effects(files), pcm / "beds" / f"{package}.npy")
    voices = [*speech.render(folders, pcm / "voices"), *_readers(folders["pocketsphinx-testdata"], pcm)]
    asked = [path for name in prompts for path in _prompts(name, folders[name], pcm)]
    ordered = tuple(sorted(tracks, key=lambda track: track.id))
    return Corpus(cache, ordered, tuple(voices), tuple(asked), tuple(effects), tuple(left_out))


def _decode_package(package: str, folder: Path, pcm: Path, longest_s: float | None) -> dict[str, Path | None]:
    """The package's audio by name (package/stem); None for a file that ffmpeg cannot decode."""
    files = list(_audio_files(folder))
    stems = Counter(file.stem for file in files)
    found: dict[str, Path | None] = {}
    for file in files:
        stem = file.stem if stems[file.stem] == 1 else f"{file.parent.name}-{file.stem}"
        name = f"{package}/{stem}"
        if name in found:
            name = f"{package}/{file.parent.parent.name}-{stem}"
        target = pcm / f"{name}.npy"
        found[name] = target if target.exists() or decode(file, target, longest_s) else None
    return found


def _audio_files(folder: Path) -> Iterator[Path]:
    """Audio in order of name, without links and without what is byte for byte another file."""
    seen: set[bytes] = set()
    for file in sorted(folder.rglob("*")):
        if file.suffix.lower() not in SUFFIXES or file.is_symlink() or not file.is_file():
            continue
        digest = hashlib.sha256(file.read_bytes()).digest()
        if digest not in seen:
            seen.add(digest)
            yield file


def _tracks(files: dict[str, Path]) -> Iterator[Track]:
    for name, file in files.items():
        count = len(np.load(file, mmap_mode="r"))
        if count >= SHORTEST_TRACK_S * RATE and not name.partition("/")[2].startswith(NOT_MUSIC):
            yield Track(name, file, count)


def _effects(files: dict[str, Path]) -> list[Path]:
    return [
        file
        for file in files.values()
        if SHORTEST_EFFECT_S * RATE <= len(np.load(file, mmap_mode="r")) < LONGEST_EFFECT_S * RATE
    ]


def _joined(files: Sequence[Path], target: Path) -> list[Path]:
    """One bed of all `files`, each at the same level; none if there are none."""
    if files and not target.exists():
        parts = [to_float(np.load(file)) for file in files]
        loud = [part * np.float32(EFFECT_RMS / np.sqrt(np.mean(part**2))) for part in parts if part.any()]
        save(target, to_pcm(np.concatenate(loud)))
    return [target] if files else []


def _readers(folder: Path, pcm: Path) -> list[Path]:
    """Real people reading, at 16 kHz."""
    files = [file for file in sorted(folder.rglob("*.wav")) if "librivox" in file.parts]
    return _recordings(files, pcm / "pocketsphinx-testdata")


def _prompts(package: str, folder: Path, pcm: Path) -> list[Path]:
    by_size = sorted(folder.rglob("*.wav"), key=lambda file: (-file.stat().st_size, file.name))
    return _recordings(by_size[:PROMPTS], pcm / package)


def _recordings(files: Sequence[Path], pcm: Path) -> list[Path]:
    """One bed of a package's recordings."""
    decoded = [pcm / f"{number:03d}.npy" for number in range(len(files))]
    for file, target in zip(files, decoded, strict=True):
        if not target.exists():
            decode(file, target)
    return _joined([target for target in decoded if target.exists()], pcm / "all.npy")
