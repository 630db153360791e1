"""Is this the same recording as one that is already there, under another name or in another format?

What belongs here: comparing a whole track's landmarks with the index. What does not: naming a window (`match`).
Two masters or a sung and an instrumental version share many landmarks: only what agrees over its whole length counts.
"""

import numpy as np

from tagger_platform.fingerprint.index import Index
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


def same_recording(marks: Landmarks, index: Index) -> TrackMeta | None:
    """The live track of `index` that holds the same recording as `marks`, over its whole length."""
    for segment in index.segments:
        which, ticks = segment.look_up(marks.hashes)
        shift = ticks - marks.ticks[which]
        for number, track in enumerate(segment.tracks):
            alike = abs(track.duration_s - marks.duration_s) <= DURATION_S
            if alike and not segment.removed[number] and _agrees(marks, which, shift - segment.begins[number]):
                return track
    return None


def _agrees(marks: Landmarks, which: np.ndarray, shift: np.ndarray) -> bool:
    near = np.abs(shift) <= SHIFT_S / TICK_S
    if not near.any():
        return False
    line = np.median(shift[near])
    found = np.unique(which[near & (np.abs(shift - line) <= LINE_TICKS)])
    stretch = (marks.ticks * (STRETCHES * TICK_S / marks.duration_s)).astype(np.int64).clip(0, STRETCHES - 1)
    held = np.bincount(stretch, minlength=STRETCHES)
    again = np.bincount(stretch[found], minlength=STRETCHES)
    return bool(np.all(again >= AGREEING * held))
