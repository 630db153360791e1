"""The canary: a clip that a provider is sure to know, to tell "it is broken" from "nothing was played".

What belongs here: asking one provider about one clip, and the clip for the catalogue. What does not: which clip a
provider knows (`store.canary`), and when (`defs.canary`). No answer goes into windows, recognitions or plays.

The catalogue is asked about a clip of our own in a catalogue of its own: it answers as long as decoding, fingerprints
and index work, whatever the user's audio is. Nothing of anybody else is shipped.
"""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from tagger_platform.decide.linking import Links
from tagger_platform.fingerprint.index import Index
from tagger_platform.fingerprint.landmarks import landmarks
from tagger_platform.fingerprint.peaks import RATE
from tagger_platform.fingerprint.segment import TrackMeta
from tagger_platform.model import CanaryOutcome, CanaryResult, CaptureState, Recognition, Slot, Status, Track, Window
from tagger_platform.recognize.base import Metered, Recognizer
from tagger_platform.recognize.budget import Line
from tagger_platform.recognize.catalogue import CatalogueRecognizer, catalogue_track
from tagger_platform.recognize.panel import answer_of

NAME = "canary"
"""In the place of a stream's name, so that no stream's turn at the budget is used up."""
CLIP_RATE = 16_000
"""Samples a second, as capture cuts windows."""
SEED, SONG_S, CLIP_FROM_S, CLIP_S = 7, 24.0, 6.0, 12.0
"""Of our own song, and of the window of it that is asked about."""
NOTE_S = (0.18, 0.42)
NOTES_HZ = 110 * 2 ** (np.array([0, 2, 3, 5, 7, 9, 10, 12, 14, 15, 17, 19]) / 12)
OWN_SONG = TrackMeta("canary", "The canary's song", duration_s=SONG_S)


@dataclass(frozen=True)
class Clip:
    """A window's audio, and what the provider named when it heard it."""

    path: Path
    track: Track


async def send(recognizer: Recognizer, clip: Clip, clock: Callable[[], datetime]) -> CanaryResult:
    """Ask about `clip`, paid as a late question: what is on air comes first. Nothing is raised."""
    window = Window(NAME, Slot(datetime.fromtimestamp(0, UTC)), 0, int(CLIP_S), CaptureState.CAPTURED, level_dbfs=0.0)
    line = Line(recognizer.budget, late=True) if isinstance(recognizer, Metered) and recognizer.budget else None
    if line and (wait := await line.pay(NAME)):
        return not_asked(recognizer.name, clock(), wait.detail)
    given = await answer_of((window, clip.path), recognizer)
    if line:
        line.told(given)
    outcome, detail = _judged(given, clip.track)
    return CanaryResult(recognizer.name, clock(), outcome, given.latency_ms, detail)


def not_asked(provider: str, at: datetime, why: str) -> CanaryResult:
    """The result of a canary that was not sent."""
    return CanaryResult(provider, at, CanaryOutcome.NOT_ASKED, detail=why)


def _judged(given: Recognition, expected: Track) -> tuple[CanaryOutcome, str]:
    if given.status is not Status.MATCH or given.track is None:
        return CanaryOutcome(given.status.value), given.detail
    links = Links([given.track, expected])  # a provider may know one song under several ids
    if links.same(given.track, expected):
        return CanaryOutcome.MATCH, ""
    return CanaryOutcome.WRONG, f"named {given.track.track_id} instead of {expected.track_id}"


async def send_to_catalogue(clock: Callable[[], datetime]) -> CanaryResult:
    """Ask a catalogue that holds nothing but our own song about twelve seconds of it."""
    with tempfile.TemporaryDirectory(prefix="tagger-canary-") as name:
        folder = Path(name)
        Index(folder).add([(OWN_SONG, landmarks([_song(RATE)]))])
        clip = _song(CLIP_RATE)[int(CLIP_FROM_S * CLIP_RATE) :][: int(CLIP_S * CLIP_RATE)]
        soundfile.write(folder / "clip.flac", clip, CLIP_RATE)
        return await send(CatalogueRecognizer(folder), Clip(folder / "clip.flac", catalogue_track(OWN_SONG)), clock)


def _song(rate: int) -> NDArray[np.float32]:
    """A few plucked notes after each other and at once, the same at every rate."""
    random = np.random.default_rng(SEED)
    time = np.arange(int(SONG_S * rate)) / rate
    samples = np.zeros_like(time)
    start = 0.0
    while start < SONG_S:
        for octave in (1, 2, 4):
            tone = random.choice(NOTES_HZ) * octave * random.uniform(0.985, 1.015)
            begin = int(start * rate)
            since = time[: min(rate, len(time) - begin)]
            samples[begin : begin + len(since)] += np.sin(2 * np.pi * tone * since) * np.exp(-4 * since)
        start += random.uniform(*NOTE_S)
    return np.asarray(0.5 * samples / np.abs(samples).max(), dtype=np.float32)
