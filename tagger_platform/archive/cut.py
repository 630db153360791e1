"""The windows of a recording, cut while it is decoded: memory does not grow with its length.

What belongs here: samples in, manifests with their audio out. What does not: which windows are wanted (`recording`).
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby

import numpy as np

from tagger_platform.archive.recording import Recording
from tagger_platform.audio import Samples as FloatSamples
from tagger_platform.audio import decode
from tagger_platform.capture.ffmpeg import find_ffmpeg
from tagger_platform.capture.timeline import RATE, Samples, level_dbfs
from tagger_platform.capture.writer import flac
from tagger_platform.model import Slot, Window
from tagger_platform.settings import Settings
from tagger_platform.spool import Manifest

FULL = 32768
"""What full scale is in the int16 samples of a stream."""


@dataclass(frozen=True)
class CutSlot:
    """A slot of a recording as the spool takes it: its manifest, and the FLAC file of each of its windows."""

    manifest: Manifest
    audio: dict[Window, bytes]


def cut_slots(settings: Settings, recording: Recording, wanted: dict[Slot, tuple[Window, ...]]) -> Iterator[CutSlot]:
    """The slots in `wanted`, in order. Where the audio ends too early the windows that it lacks are left out."""
    windows = [window for own in wanted.values() for window in own]
    with closing(decode(recording.path, RATE, find_ffmpeg(settings.ffmpeg_path))) as blocks:  # ends ffmpeg with us
        cut = _cut(map(_as_heard, blocks), windows, recording.start)
        for _, own in groupby(cut, key=lambda one: one[0].slot):
            held = {replace(window, level_dbfs=level_dbfs(samples)): flac(samples) for window, samples in own}
            yield _slot(settings, recording, held)


def _slot(settings: Settings, recording: Recording, held: dict[Window, bytes]) -> CutSlot:
    slot = next(iter(held)).slot
    titles = ((recording.stream, recording.title),)
    return CutSlot(Manifest(slot, recording.source, settings.hop_s, tuple(held), titles), held)


def _cut(blocks: Iterable[Samples], windows: Sequence[Window], start: datetime) -> Iterator[tuple[Window, Samples]]:
    """Each window with its samples, by start, the first sample of all blocks being heard at `start`."""
    kept: Samples = np.empty(0, np.int16)
    first_kept = 0
    waiting = iter(windows)
    window = next(waiting, None)
    for block in blocks:
        kept = np.concatenate((kept, block))
        while window is not None:
            first = round((window.start - start).total_seconds() * RATE)
            kept, first_kept = _without(kept, first_kept, first)
            if first_kept + len(kept) < first + window.length_s * RATE:
                break
            begin = first - first_kept
            yield window, kept[begin : begin + window.length_s * RATE]
            window = next(waiting, None)
        if window is None:
            return


def _without(kept: Samples, first_kept: int, first: int) -> tuple[Samples, int]:
    """What is left of the samples when those before `first` are let go; windows come by start."""
    gone = min(max(0, first - first_kept), len(kept))
    return kept[gone:], first_kept + gone


def _as_heard(block: FloatSamples) -> Samples:
    """As ffmpeg gives a stream's samples to capture."""
    samples: Samples = np.clip(np.rint(block * FULL), -FULL, FULL - 1).astype(np.int16)
    return samples
