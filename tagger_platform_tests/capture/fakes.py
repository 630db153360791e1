"""A decoder that plays what a test tells it, on virtual time."""

import numpy as np

from tagger_platform.capture.ffmpeg import Command
from tagger_platform.capture.timeline import RATE

NOISE = np.random.default_rng(1).integers(-8000, 8000, 120 * RATE).astype("<i2").tobytes()
SILENCE = bytes(len(NOISE))


class FakeDecoder:
    """Give it audio and words; it ends when told to, unless it is `stubborn`, which only KILL ends."""

    def __init__(self, command: Command) -> None:
        self.command = [*command.argv, *(line.strip("'") for line in command.script.decode().splitlines())]
        self.stubborn = False
        self.stops: list[bool] = []
        self.closed = False
        self._audio = b""
        self._words: list[str] = []
        self._ended = False

    def play(self, seconds: float, sound: bytes = NOISE) -> None:
        self._audio += sound[: round(seconds * RATE) * 2]

    def end(self, *words: str) -> None:
        self._words += words
        self._ended = True

    def say(self, *words: str) -> None:
        self._words += words

    def read_audio(self) -> bytes | None:
        data, self._audio = self._audio, b""
        return data or (None if self._ended else b"")

    def read_words(self) -> list[str]:
        words, self._words = self._words, []
        return words

    def stop(self, *, hard: bool = False) -> None:
        self.stops.append(hard)
        self._ended = self._ended or hard or not self.stubborn

    def gone(self) -> bool:
        return self._ended

    def close(self) -> None:
        self.closed = True


class FakeFfmpeg:
    """Spawns fake decoders and keeps them in order. `fault` is raised instead, when set."""

    def __init__(self) -> None:
        self.started: list[FakeDecoder] = []
        self.fault: OSError | None = None

    def __call__(self, command: Command) -> FakeDecoder:
        if self.fault:
            raise self.fault
        self.started.append(FakeDecoder(command))
        return self.started[-1]

    @property
    def newest(self) -> FakeDecoder:
        return self.started[-1]
