"""Audio files whose heads were damaged: as windows, as tags, and as ffmpeg reads them."""

import io
import math
import tempfile
from functools import cache
from pathlib import Path

import numpy as np
import soundfile
from hypothesis import strategies as st
from mutagen.id3 import ID3, TIT2, TPE1

from tagger_platform.audio import decode, read_tags, read_window
from tagger_platform.capture.ffmpeg import find_ffmpeg
from tagger_platform.errors import AudioError
from tagger_platform_tests.fuzz.inputs import damaged_bytes
from tagger_platform_tests.fuzz.target import Target

RATE = 16_000
HEAD = 200
"""bytes: where the formats say what they hold"""
FORMATS = {"wav": "PCM_16", "flac": "PCM_16", "ogg": "VORBIS", "aiff": "PCM_16", "mp3": "MPEG_LAYER_III"}


@cache
def good() -> list[bytes]:
    """Two seconds of noise in every format that libsndfile writes, and one with tags."""
    samples = np.random.default_rng(1).uniform(-0.3, 0.3, 2 * RATE).astype(np.float32)
    files = []
    for name, subtype in FORMATS.items():
        buffer = io.BytesIO()
        soundfile.write(buffer, samples, RATE, format=name.upper(), subtype=subtype)
        files.append(buffer.getvalue())
    return [*files, _tags() + files[-1]]


def _tags() -> bytes:
    buffer = io.BytesIO()
    tags = ID3()
    tags.add(TIT2(encoding=3, text=["Title"]))
    tags.add(TPE1(encoding=1, text=["Artist"]))
    tags.save(buffer)
    return buffer.getvalue()


FILES = st.deferred(lambda: damaged_bytes(good(), HEAD))


def _in_a_file(content: bytes) -> Path:
    path = Path(tempfile.gettempdir()) / f"fuzz-audio-{np.random.default_rng().integers(1 << 60)}.mp3"
    path.write_bytes(content)
    return path


def judge_window(content: bytes) -> None:
    path = _in_a_file(content)
    try:
        samples = read_window(path, RATE)
        assert samples.dtype == np.float32
        assert np.isfinite(samples).all()
        assert len(samples) >= RATE // 2
    except AudioError as error:
        assert path.name in str(error)
    finally:
        path.unlink()


def judge_tags(content: bytes) -> None:
    path = _in_a_file(content)
    try:
        tags = read_tags(path)
    finally:
        path.unlink()
    assert tags.title.strip()
    for text in (tags.title, tags.artist, tags.album, tags.isrc, tags.label):
        text.encode()
    assert tags.duration_s is None or (math.isfinite(tags.duration_s) and tags.duration_s >= 0)


def judge_decode(content: bytes) -> None:
    path = _in_a_file(content)
    try:
        for block in decode(path, RATE, find_ffmpeg(None)):
            assert np.isfinite(block).all()
    except AudioError as error:
        assert path.name in str(error)
    finally:
        path.unlink()


TARGETS = [
    Target("audio heads, as windows", 0.06, FILES, judge_window),
    Target("audio heads, as tags", 0.045, FILES, judge_tags),
    Target("audio heads, by ffmpeg", 0.005, FILES, judge_decode),
]
