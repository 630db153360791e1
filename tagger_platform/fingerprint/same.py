"""Is this the same recording as one that is already there, under another name or in another format?

What belongs here: judging what a whole track has in common with others. What does not: relatives (`related`).
Two masters or a sung and an instrumental version share many landmarks: only what agrees over its whole length counts.
"""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from tagger_platform.fingerprint.common import Common, Ints
from tagger_platform.fingerprint.landmarks import TICK_S, Landmarks
from tagger_platform.fingerprint.segment import TrackMeta

DURATION_S = 1.0
"""Seconds that the durations may differ: encoders pad and trim some hundredths."""
SHIFT_S = 0.2
"""Seconds that one may lie behind the other: encoders' delay."""
LINE_TICKS = 2
"""Ticks (32 ms) that a landmark may lie from the common line."""
STRETCHES = 8
"""Parts of the track that must agree one by one."""
AGREEING = 0.2
"""Share of a stretch's landmarks that must be found again in it. In its weakest stretch MP3 at 64 kbit/s keeps 28 % or
more (14 tracks); a song keeps at most 2 % without a guitar that was 7 dB below the rest, 17 % without one that was
13 dB below (4 songs). A copy that lost more is kept beside the first: better than losing a version."""


def in_step(hits: Common) -> Common:
    """The hits that a copy would make: hardly shifted."""
    return hits.only(np.abs(hits.shift) <= SHIFT_S / TICK_S)


def same_recording(marks: Landmarks, found: Iterable[Common]) -> TrackMeta | None:
    """The track that holds the same recording as `marks`, over its whole length; `found` are all hits `in_step`."""
    by_track: dict[str, tuple[TrackMeta, list[NDArray[np.intp]], list[Ints]]] = {}
    for hits in found:
        for track, mark, shift in hits.by_track():
            if abs(track.duration_s - marks.duration_s) <= DURATION_S:
                _, own, shifts = by_track.setdefault(track.item_id, (track, [], []))
                own.append(mark)
                shifts.append(shift)
    alike = (track for track, *hits in by_track.values() if _agrees(marks, *map(np.concatenate, hits)))
    return next(alike, None)


def _agrees(marks: Landmarks, mark: NDArray[np.intp], shift: Ints) -> bool:
    found = np.unique(mark[np.abs(shift - np.median(shift)) <= LINE_TICKS])
    stretch = (marks.ticks * (STRETCHES * TICK_S / marks.duration_s)).astype(np.int64).clip(0, STRETCHES - 1)
    held = np.bincount(stretch, minlength=STRETCHES)
    again = np.bincount(stretch[found], minlength=STRETCHES)
    return bool(np.all(again >= AGREEING * held))
