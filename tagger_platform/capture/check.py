"""Try a URL for a few seconds and say in plain words what is there, or what is wrong.

What belongs here: one attempt, watched from start to end, for `tagger streams check URL` and the pages. What does
not: keeping a stream alive (`listener`).
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from tagger_platform import stream_config
from tagger_platform.capture import diagnosis
from tagger_platform.capture.diagnosis import Diagnosis, diagnose
from tagger_platform.capture.ffmpeg import Process, Spawn, command, recent_words
from tagger_platform.capture.timeline import RATE, Samples, level_dbfs
from tagger_platform.model import Stream, StreamKind

PATIENCE_S = 12.0
"""seconds that an attempt may take: longer than ffmpeg's own timeout of 8 s, so that it can say why"""
ENOUGH_S = 3.0
"""seconds of audio that tell enough; digital silence is listened to until the end"""
LOOK_S = 0.1
"""seconds between two looks at the pipes"""
GOING_S = 1.0
"""seconds that ffmpeg has to end when asked"""

_T = TypeVar("_T")


@dataclass(frozen=True)
class CheckResult:
    """What an attempt found. `state` is `live`, `blank` or a reason of capture's; `sentence` says it for people."""

    ok: bool
    state: str
    sentence: str
    codec: str | None = None
    sample_rate_hz: int | None = None
    channels: str | None = None
    level_dbfs: float | None = None
    icy_name: str | None = None
    icy_title: str | None = None


class _Attempt:
    """One ffmpeg, from start to end, and all it said and played."""

    def __init__(self, stream: Stream, ffmpeg: str, spawn: Spawn, *, audio_only: bool) -> None:
        self.audio = b""
        self.words = recent_words()
        self.said: list[str] = []
        self._decoder = spawn(command(ffmpeg, stream, audio_only=audio_only, talkative=True))
        self._ended = False

    def run(self, until: float) -> None:
        while not self._ended and time.monotonic() < until and not self._enough():
            self._look()
            time.sleep(LOOK_S)
        self._finish()

    def _look(self) -> None:
        words = self._decoder.read_words()
        self.words.extend(words)
        self.said += [line for line in words if "Metadata update" in line or "Audio:" in line or "icy-name" in line]
        data = self._decoder.read_audio()
        self._ended = data is None
        self.audio += data or b""

    def _enough(self) -> bool:
        return len(self.audio) >= ENOUGH_S * RATE * 2 and level_dbfs(self.samples) is not None

    def _finish(self) -> None:
        kill_at = time.monotonic() + GOING_S
        self._decoder.stop()
        while not self._decoder.gone():
            if time.monotonic() >= kill_at:
                self._decoder.stop(hard=True)
            time.sleep(LOOK_S / 10)
        self.words.extend(self._decoder.read_words())
        self._decoder.close()

    @property
    def samples(self) -> Samples:
        return np.frombuffer(self.audio[: len(self.audio) // 2 * 2], dtype="<i2")

    @property
    def timed_out(self) -> bool:
        return not self._ended


def check(url: str, ffmpeg: str, spawn: Spawn = Process) -> CheckResult:
    """Play `url` for some seconds. Never raises for a bad URL or stream: the result says what is wrong."""
    url = stream_config.quote_userinfo(url.strip())
    if problem := stream_config.url_problem(url):
        return CheckResult(ok=False, state="bad_url", sentence=f"the URL {problem}")
    stream = Stream("check", url)
    until = time.monotonic() + PATIENCE_S
    attempt, failure = _try(stream, ffmpeg, spawn, until, audio_only=True)
    if failure and failure.refused_media and stream.kind is StreamKind.RTSP:
        attempt, failure = _try(stream, ffmpeg, spawn, until, audio_only=False)
    if failure:
        return CheckResult(ok=False, state=failure.state, sentence=failure.detail)
    return _found(stream, attempt)


def _try(
    stream: Stream, ffmpeg: str, spawn: Spawn, until: float, *, audio_only: bool
) -> tuple[_Attempt, Diagnosis | None]:
    attempt = _Attempt(stream, ffmpeg, spawn, audio_only=audio_only)
    attempt.run(until)
    if attempt.audio:
        return attempt, None
    if attempt.timed_out:
        return attempt, diagnosis.stalled(stream, attempt.words, heard=False)
    return attempt, diagnose(stream, attempt.words, heard=False, quiet_s=0.0)


def _found(stream: Stream, attempt: _Attempt) -> CheckResult:
    codec, rate_hz, channels = _first(diagnosis.audio_format, attempt.said) or ("unknown audio", None, None)
    level = level_dbfs(attempt.samples)
    rate = f" at {rate_hz} Hz, {channels}" if rate_hz else ""
    sentence = f"{diagnosis.place(stream)} plays {codec}{rate}, level {level} dBFS"
    if level is None:
        sentence = f"{diagnosis.blank(stream).detail} ({codec}{rate})"
    return CheckResult(
        ok=level is not None,
        state="blank" if level is None else "live",
        sentence=sentence,
        codec=codec,
        sample_rate_hz=rate_hz,
        channels=channels,
        level_dbfs=level,
        icy_name=_first(diagnosis.icy_name, attempt.said),
        icy_title=_first(diagnosis.icy_title, attempt.said),
    )


def _first(read: Callable[[str], _T | None], lines: list[str]) -> _T | None:
    return next((value for line in lines if (value := read(line)) is not None), None)
