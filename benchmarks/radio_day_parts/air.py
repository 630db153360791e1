"""How a programme sounds: its clips mixed and encoded, one file for each stretch that somebody recorded.

What belongs here: mixing and ffmpeg. What does not: what is aired (`programme`). Mixed a minute at a time, so that a
day needs no more memory than a minute.
"""

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from fingerprinting.beds import Beds
from fingerprinting.pcm import RATE, Pcm, Samples, to_float, to_pcm

from radio_day_parts.programme import Clip, Programme

CHUNK_S = 60
VOICE_GAIN = 1.5
"""Speech over an item's level: a presenter is louder than what he talks over."""
CODECS = {False: ("flac", ["-c:a", "flac"]), True: ("mp3", ["-c:a", "libmp3lame", "-b:a", "64k"])}
"""By whether the stream is coded at 64 kbit/s."""


@dataclass(frozen=True)
class Recorded:
    """A file that begins `start_s` after its stream does."""

    path: Path
    start_s: float


def record(programme: Programme, beds: Beds, folder: Path, seed: int) -> list[Recorded]:
    """The recordings of a stream, made where they are not there yet."""
    suffix, codec = CODECS[programme.coded]
    voices = _voices(programme, beds, seed)
    folder.mkdir(parents=True, exist_ok=True)
    found = []
    for number, (start_s, end_s) in enumerate(programme.heard):
        path = folder / f"{programme.stream}-{number}.{suffix}"
        _encode(_mixed(programme, voices, start_s, end_s), codec, path)
        found.append(Recorded(path, start_s))
    return found


def _voices(programme: Programme, beds: Beds, seed: int) -> dict[Clip, Samples]:
    rng = np.random.default_rng([seed, 3])
    spoken = [clip for clip in programme.clips if clip.item is None]
    return {clip: VOICE_GAIN * beds.voice(round((clip.end_s - clip.start_s) * RATE), rng) for clip in spoken}


def _encode(blocks: Iterator[Pcm], codec: list[str], path: Path) -> None:
    command = ["ffmpeg", "-v", "error", "-y", "-threads", "1", "-f", "s16le", "-ar", str(RATE), "-ac", "1"]
    with subprocess.Popen([*command, "-i", "pipe:0", *codec, str(path)], stdin=subprocess.PIPE) as process:
        assert process.stdin is not None
        for block in blocks:
            process.stdin.write(block.tobytes())
        process.stdin.close()
        if process.wait():
            raise SystemExit(f"ffmpeg could not write {path}")


def _mixed(programme: Programme, voices: dict[Clip, Samples], start_s: float, end_s: float) -> Iterator[Pcm]:
    first, last = round(start_s * RATE), round(end_s * RATE)
    for begin in range(first, last, CHUNK_S * RATE):
        end = min(begin + CHUNK_S * RATE, last)
        mix = np.zeros(end - begin, np.float32)
        for clip in programme.clips:
            at, count = round(clip.start_s * RATE), round((clip.end_s - clip.start_s) * RATE)
            since, until = max(begin, at), min(end, at + count)
            if since < until:
                mix[since - begin : until - begin] += _part(clip, voices, since - at, until - at, count)
        yield to_pcm(mix)


def _part(clip: Clip, voices: dict[Clip, Samples], since: int, until: int, count: int) -> Samples:
    """The samples `since` to `until` of a clip of `count`, with its fades."""
    if clip.item is None:
        return voices[clip][since:until]
    offset = round(clip.offset_s * RATE)
    part = to_float(_opened(clip.item.file)[offset + since : offset + until])
    part = np.pad(part, (0, until - since - len(part)))
    places = np.arange(since, until, dtype=np.float32)
    for fade_s, distance in ((clip.fade_in_s, places), (clip.fade_out_s, count - places)):
        if fade_s:
            part = part * np.clip(distance / np.float32(fade_s * RATE), 0, 1)
    return part


@cache
def _opened(file: Path) -> Pcm:
    mapped: Pcm = np.load(file, mmap_mode="r")
    return mapped
