"""From any audio file to mono samples, and to what its tags say.

What belongs here: the one place that starts ffmpeg on a file, or reads a window quickly without it, and that says in a
plain sentence why a file cannot be heard. What does not: streams (`capture`), what the samples mean (`fingerprint`).
"""

import os
import re
import select
import subprocess
import tempfile
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import mutagen
import numpy as np
import soundfile
from mutagen.aac import AACInfo
from mutagen.mp3 import BitrateMode
from numpy.typing import NDArray

from tagger_platform.confined import confine
from tagger_platform.errors import AudioError, RequestError

Samples = NDArray[np.float32]

SHORTEST_S = 1.0
"""Seconds of audio below which there is nothing to recognise."""
MOST_VALUES = 60 * 192_000 * 2
"""Samples of all channels of a window at most: its head may claim terabytes, which would be asked for at once."""
STALL_S = 60.0
"""Seconds without a sample after which ffmpeg is given up: it decodes hundreds of times faster than real time."""
LENGTH_S = 600.0
"""Seconds to find out how long a file is: a recording of a week takes a minute."""
LONGEST_PACKET_S = 1.0
"""Seconds of audio in a packet at most; those of FLAC at low rates come near it."""
BLOCK_BYTES = 1 << 20
"""Bytes of float32 handed on at a time: 22 s at 12 kHz."""
FORMATS = "mp3,wav,w64,flac,ogg,mov,aac,aiff,matroska,mpegts,mpeg,asf,avi,flv,caf,au,ac3,eac3,amr,ape,wv"
"""ffmpeg's names of the containers it may open. Playlists are not among them: they would make it read other files."""

SUFFIXES = frozenset({".mp3", ".wav", ".flac", ".ogg", ".oga", ".opus", ".m4a", ".mp4", ".aac", ".aif", ".aiff"})
"""What a folder is searched for, in lower case. A file that is named itself may be called anything."""

TAG_KEYS = {
    "title": ("title", "TIT2", "\xa9nam"),
    "artist": ("artist", "TPE1", "\xa9ART"),
    "album": ("album", "TALB", "\xa9alb"),
    "isrc": ("isrc", "TSRC", "----:com.apple.iTunes:ISRC"),
    "label": ("label", "organization", "publisher", "TPUB", "----:com.apple.iTunes:LABEL"),
}
"""Each tag's names in Vorbis comments, ID3 and MP4, in the order of trust."""


@dataclass(frozen=True)
class Tags:
    """What a file says of itself. `title` is never empty; `duration_s` is None where the header does not tell."""

    title: str
    artist: str = ""
    album: str = ""
    isrc: str = ""
    label: str = ""
    duration_s: float | None = None


def decode(path: Path, rate: int, ffmpeg: str | Path) -> Generator[Samples]:
    """The first audio stream of `path` as consecutive blocks of mono samples at `rate` Hz, whatever its length.

    A file whose end is missing gives what can be decoded. Raises AudioError, also after the last block when there was
    less than a second.
    """
    _check_file(path)
    arguments = [*_reading(path, ffmpeg), "-ac", "1", "-ar", str(rate), "-f", "f32le", "pipe:1"]
    with tempfile.TemporaryFile() as complaints:
        process = _start(arguments, complaints)
        try:
            count = 0
            for block in _blocks(process, path):
                count += len(block)
                yield block
            process.wait(timeout=STALL_S)
            if count == 0:
                raise AudioError(_reason(path, complaints))
            _check_length(path, count / rate)
        finally:
            process.kill()
            process.communicate()


def length_s(path: Path, ffmpeg: str | Path) -> float:
    """The seconds of audio in `path`, however long, from its packets, undecoded. Raises AudioError as `decode` does."""
    _check_file(path)
    arguments = [*_reading(path, ffmpeg), "-c", "copy", "-f", "null", "-progress", "pipe:1", "-nostats", "-"]
    with tempfile.TemporaryFile() as complaints:
        process = _start(arguments, complaints)
        try:
            told, _ = process.communicate(timeout=LENGTH_S)
        except subprocess.TimeoutExpired:
            raise AudioError(f"{path.name} could not be read within {LENGTH_S:.0f} s") from None
        finally:
            process.kill()
            process.communicate()
        ends = re.findall(rb"^out_time_us=(\d+)$", told, re.MULTILINE)
        if not ends or (process.returncode and int(ends[-1]) == 0):
            raise AudioError(_reason(path, complaints))
    seconds = int(ends[-1]) / 1e6
    exact = read_tags(path).duration_s or 0.0  # ffmpeg's own ends where the last packet begins
    seconds = exact if 0 < exact - seconds < LONGEST_PACKET_S else seconds
    _check_length(path, seconds)
    return seconds


def _reading(path: Path, ffmpeg: str | Path) -> list[str]:
    """ffmpeg's arguments to read the first audio stream of `path`, and nothing else."""
    arguments = [str(ffmpeg), "-nostdin", "-v", "error", "-threads", "1"]
    arguments += ["-protocol_whitelist", "file", "-format_whitelist", FORMATS, "-i", f"file:{path}"]
    return [*arguments, "-map", "0:a:0"]


def read_window(path: Path, rate: int) -> Samples:
    """A small FLAC, WAV or Ogg file as mono samples at `rate` Hz, without another process (4 CPU-ms for 12 s)."""
    _check_file(path)
    try:
        with soundfile.SoundFile(path) as file:
            if file.frames * file.channels > MOST_VALUES:
                raise AudioError(f"{path.name} is no window, or it is damaged: it claims to hold {file.frames} samples")
            samples, own_rate = file.read(dtype="float32", always_2d=True), file.samplerate
    except (soundfile.LibsndfileError, OSError, RuntimeError) as error:
        raise AudioError(f"{path.name} is not audio that can be read, or it is damaged ({error})") from error
    _check_length(path, len(samples) / own_rate)
    if len(samples) / own_rate * rate > MOST_VALUES:
        raise AudioError(f"{path.name} is no window, or it is damaged: it claims {own_rate} samples a second")
    mono = np.nan_to_num(samples.mean(axis=1), posinf=0.0, neginf=0.0)
    return _resampled(mono, own_rate, rate)


def _resampled(samples: Samples, own_rate: int, rate: int) -> Samples:
    """`samples` at `rate` Hz, band-limited, by cutting or padding their spectrum.

    Not scipy.signal's: its import costs 0.7 CPU-s, a quarter of what a whole slot run may, and this is as exact.
    """
    if rate == own_rate:
        return samples
    count = round(len(samples) * rate / own_rate)
    spectrum = np.fft.rfft(samples)[: count // 2 + 1]
    return (np.fft.irfft(spectrum, count) * (count / len(samples))).astype(np.float32)


def read_tags(path: Path) -> Tags:
    """The tags of `path`; a file without readable ones has its stem as title."""
    try:
        file = mutagen.File(path)
    except Exception:  # over damaged heads mutagen trips with whatever error its parsers meet
        file = None
    if file is None:
        return Tags(path.stem)
    texts = {name: _first_text(file.tags, keys) for name, keys in TAG_KEYS.items()}
    return Tags(**{**texts, "title": texts["title"] or path.stem}, duration_s=_length(file.info))


def _length(info: Any) -> float | None:  # noqa: ANN401 (mutagen has one unrelated type per format)
    """The seconds that the header tells; None where mutagen guesses them from the size and the first bit rate."""
    guessed = isinstance(info, AACInfo) or getattr(info, "bitrate_mode", None) is BitrateMode.UNKNOWN
    return None if guessed else getattr(info, "length", 0.0) or None


def _first_text(tags: Any, keys: tuple[str, ...]) -> str:  # noqa: ANN401 (mutagen has one unrelated type per format)
    for key in keys:
        try:
            value = tags[key] if tags is not None else None
        except (KeyError, ValueError):  # Vorbis comments refuse keys such as "\xa9nam"
            continue
        if isinstance(value, list):
            value = value[0] if value else None
        text = bytes(value).decode("utf-8", "replace") if isinstance(value, bytes) else str(value or "")
        if text.strip():
            return text.strip()
    return ""


def _start(arguments: list[str], complaints: IO[bytes]) -> subprocess.Popen[bytes]:
    def start() -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            arguments, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=complaints, preexec_fn=confine
        )

    try:
        with ThreadPoolExecutor(max_workers=1) as starter:  # why a thread: see `confine`
            return starter.submit(start).result()
    except OSError as error:
        raise RequestError(f"ffmpeg could not be started as {arguments[0]}: {error.strerror}") from error


def _blocks(process: subprocess.Popen[bytes], path: Path) -> Iterator[Samples]:
    assert process.stdout is not None  # noqa: S101 (Popen was given a pipe)
    descriptor = process.stdout.fileno()
    held = b""
    while True:
        if not select.select([descriptor], [], [], STALL_S)[0]:
            raise AudioError(f"{path.name} could not be decoded: nothing came for {STALL_S:.0f} s")
        fresh = os.read(descriptor, BLOCK_BYTES)
        held += fresh
        if len(held) >= BLOCK_BYTES or not fresh:
            whole = len(held) - len(held) % 4
            if whole:
                yield np.nan_to_num(np.frombuffer(held[:whole], np.float32), posinf=0.0, neginf=0.0)
            held = held[whole:]
        if not fresh:
            return


def _reason(path: Path, complaints: IO[bytes]) -> str:
    complaints.seek(0)
    text = complaints.read().decode("utf-8", "replace")
    if not path.exists():
        return f"{path.name} is no longer there"
    if "matches no streams" in text:
        return f"{path.name} has no audio stream"
    if "Permission denied" in text:
        return f"{path.name} may not be read by this user"
    return f"{path.name} is not audio that can be read, or it is damaged or truncated"


def _check_file(path: Path) -> None:
    try:
        size = path.stat().st_size
    except OSError as error:
        raise AudioError(f"{path.name} is not there, or may not be read") from error
    if path.is_dir():
        raise AudioError(f"{path.name} is a folder, not an audio file")
    if size == 0:
        raise AudioError(f"{path.name} is empty")


def _check_length(path: Path, seconds: float) -> None:
    if seconds < SHORTEST_S:
        raise AudioError(f"{path.name} holds only {seconds:.1f} s of audio; at least {SHORTEST_S:.0f} s is needed")
