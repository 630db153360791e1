"""What a whole track's landmarks have in common with those of tracks in an index, piece by piece.

What belongs here: the look-up that both questions of ingest share: is this a copy (`same`) or a relative (`related`)?
What does not: judging the hits; naming a window (`match`).
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tagger_platform.fingerprint.landmarks import Landmarks
from tagger_platform.fingerprint.segment import Segment, TrackMeta

CELL_TICKS = 125
"""Two seconds: time is cut into cells of this length, and no piece ends within one."""
PIECE_CELLS = 30
"""A minute: a piece that is all loops, in an index of the same loops, makes up to 3 million hits (some 100 MB)."""

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Common:
    """Landmarks of a new track found again in one segment, as arrays (hits,).

    `mark` is which of the new track's landmarks, `track` the number of the segment's, `shift` by how many ticks it lies
    later in that track than in the new one.
    """

    segment: Segment
    mark: NDArray[np.intp]
    track: Ints
    shift: Ints

    def by_track(self) -> Iterator[tuple[TrackMeta, NDArray[np.intp], Ints]]:
        """Each track that has a hit, with `mark` and `shift` of its hits."""
        order = np.argsort(self.track, kind="stable")
        numbers, first = np.unique(self.track[order], return_index=True)
        for number, own in zip(numbers.tolist(), np.split(order, first[1:]), strict=False):
            yield self.segment.tracks[number], self.mark[own], self.shift[own]

    def only(self, wanted: NDArray[np.bool_] | NDArray[np.intp]) -> "Common":
        return Common(self.segment, self.mark[wanted], self.track[wanted], self.shift[wanted])


def common(marks: Landmarks, segments: Sequence[Segment], but: Collection[str]) -> Iterator[Common]:
    """The hits of `marks` in the live tracks of `segments`, a minute of `marks` at a time, without the tracks whose
    item_id is in `but`."""
    order = np.argsort(marks.ticks, kind="stable")
    piece = marks.ticks[order] // np.uint32(CELL_TICKS * PIECE_CELLS)
    pieces = np.split(order, np.flatnonzero(np.diff(piece)) + 1)
    for segment in segments:
        ignored = np.array([track.item_id in but for track in segment.tracks], bool) | segment.removed
        if not ignored.all():
            yield from (_hits(marks, own, segment, ignored) for own in pieces)


def _hits(marks: Landmarks, own: NDArray[np.intp], segment: Segment, ignored: NDArray[np.bool_]) -> Common:
    which, tick = segment.look_up(marks.hashes[own])
    track = np.searchsorted(segment.begins, tick, side="right") - 1
    kept = ~ignored[track]
    mark, track = own[which[kept]], track[kept].astype(np.int64)
    return Common(segment, mark, track, tick[kept] - segment.begins[track] - marks.ticks[mark].astype(np.int64))
