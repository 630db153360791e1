"""The matcher of this project, as it is shipped.

What belongs here: calling it as `recognize` does. What does not: settings; it has none here.
"""

import shutil
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
from scipy.signal import resample_poly

from fingerprinting.pcm import Pcm, Samples, to_float
from fingerprinting.queries import QUERY_RATE
from fingerprinting.systems.base import NOTHING, Answer
from tagger_platform.fingerprint.index import Index
from tagger_platform.fingerprint.landmarks import Landmarks, landmarks
from tagger_platform.fingerprint.match import ACCEPTED, best_guess
from tagger_platform.fingerprint.peaks import RATE
from tagger_platform.fingerprint.segment import TrackMeta

BLOCK = 20 * RATE
"""Samples handed to the matcher at a time, as from a decoder."""


class Ours:
    """An index in a temporary folder; masked tracks are marked as removed in memory only."""

    name = "ours"
    rate = RATE

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="tagger-benchmark-"))
        self._waiting: list[tuple[TrackMeta, Landmarks]] = []
        self.index = Index(self._folder)
        self._segments = self.index.segments

    def add(self, track_id: str, samples: Samples) -> None:
        marks = landmarks(samples[start : start + BLOCK] for start in range(0, len(samples), BLOCK))
        if len(marks.hashes):
            self._waiting.append((TrackMeta(track_id, track_id, duration_s=marks.duration_s), marks))

    def finish(self) -> None:
        self.extend(self._waiting)
        self._waiting = []
        self.optimise()

    def extend(self, tracks: list[tuple[TrackMeta, Landmarks]]) -> None:
        """Publish more tracks."""
        self.index.segments = self._segments
        self.index.add(tracks)
        self._segments = self.index.segments

    def optimise(self) -> None:
        """What a run of the library does at its end."""
        self.index.segments = self._segments
        self.index.optimise()
        self._segments = self.index.segments

    def query(self, samples: Pcm, masked: frozenset[str]) -> Answer:
        self.index.segments = tuple(
            replace(segment, removed=np.array([track.item_id in masked for track in segment.tracks], bool))
            if masked & {track.item_id for track in segment.tracks}
            else segment
            for segment in self._segments
        )
        best = best_guess(at_rate(samples), self.index)
        if best is None:
            return NOTHING
        return Answer(best.track.item_id, best.offset_s, best.confidence, best.confidence >= ACCEPTED)

    def index_bytes(self) -> int:
        folders = [self._folder / "segments" / segment.name for segment in self._segments]
        return sum(file.stat().st_size for folder in folders for file in folder.iterdir())

    def close(self) -> None:
        shutil.rmtree(self._folder)


def at_rate(samples: Pcm) -> Samples:
    """A window as the matcher takes it."""
    step = np.gcd(RATE, QUERY_RATE)
    window: Samples = resample_poly(to_float(samples), RATE // step, QUERY_RATE // step).astype(np.float32)
    return window
