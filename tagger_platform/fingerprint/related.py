"""Does this share a substantial stretch with tracks that are already there: a remix, a stem, another master, an edit?

What belongs here: judging what a whole track has in common with others. What does not: the same recording (`same`),
what follows for groups (`tagger_platform.library.groups`).

Time is cut into cells of two seconds, short enough for a loop, and for 0.2 % of speed to stay on one line. A cell is
shared with a track when enough of its landmarks lie in that track in the same order and distance: an edit shares some
cells as they are, another master a part of each cell's landmarks, a loop the same few seconds again and again.
"""

import numpy as np
from numpy.typing import NDArray

from tagger_platform.fingerprint.common import CELL_TICKS, Common, Ints
from tagger_platform.fingerprint.landmarks import TICK_S, Landmarks
from tagger_platform.fingerprint.segment import TrackMeta

LINE_TICKS = 4
"""Ticks (64 ms) within which the shifts of a shared cell lie."""
FEWEST = 3
SHARE = 0.03
"""Landmarks of a cell that must agree: at least three, and 3 % of the cell's. See RELATED_S."""
RELATED_S = 6.0
"""Seconds that must be shared, counted in the track that shares fewer.

Measured on the soundtracks of six games (146 pieces, 7.6 h, 10,585 pairs): 13 pairs share 6 s or more, all of them made
of the same sound (four planetblupi pieces that share loops, songs and their guitars, a theme and its raw version);
three more that are related by name share 4 s; five share 2 s, which is what chance gives. Of 90 s of 22 pieces each was
found again, as 15 s in an edit: 18 of 18 that are long enough; as another master: all; under other music as loud: 21,
6 dB louder: 20; half a per cent faster: 19; in a room: 16; one per cent faster: none."""
MOST_HITS = 500_000
"""Hits judged per minute and segment (0.1 CPU-s): of more, those of the rarest landmarks, which tell most."""


class SharedCells:
    """Gathers, hit by hit, which cells of a new track are shared with which tracks."""

    def __init__(self, marks: Landmarks) -> None:
        self._ticks = marks.ticks.astype(np.int64)
        self._held = np.bincount(self._ticks // CELL_TICKS)
        self._tracks: dict[str, tuple[TrackMeta, set[int], set[int]]] = {}

    def add(self, hits: Common) -> None:
        """Take note of the hits of some whole cells."""
        hits = _rarest(hits)
        dense = hits.only(_dense(hits, self._ticks[hits.mark] // CELL_TICKS, self._held))
        for track, mark, shift in dense.by_track():
            _, mine, theirs = self._tracks.setdefault(track.item_id, (track, set(), set()))
            mine.update((self._ticks[mark] // CELL_TICKS).tolist())
            theirs.update(((self._ticks[mark] + shift) // CELL_TICKS).tolist())

    def relatives(self) -> dict[str, float]:
        """The tracks that share at least RELATED_S by item_id, and how many seconds."""
        shared = {key: min(map(len, cells)) * CELL_TICKS * TICK_S for key, (_, *cells) in self._tracks.items()}
        return {key: seconds for key, seconds in shared.items() if seconds >= RELATED_S}


def _rarest(hits: Common) -> Common:
    if len(hits.mark) <= MOST_HITS:
        return hits
    made = np.bincount(hits.mark)[hits.mark]
    return hits.only(np.argpartition(made, MOST_HITS)[:MOST_HITS])


def _dense(hits: Common, cell: Ints, held: Ints) -> NDArray[np.intp]:
    """Which hits begin a run that is as dense as a shared cell's; a cell has `held` landmarks."""
    if not len(cell):
        return np.zeros(0, np.intp)
    span = int(np.ptp(hits.shift)) + LINE_TICKS + 1
    place = (hits.track * len(held) + cell) * span + hits.shift - hits.shift.min()
    order = np.argsort(place)
    place = place[order]
    needed = np.maximum(FEWEST, np.ceil(SHARE * held).astype(np.int64))[cell[order]]
    last = np.arange(len(place)) + needed - 1
    inside = np.flatnonzero(last < len(place))
    begins: NDArray[np.intp] = order[inside[place[last[inside]] - place[inside] <= LINE_TICKS]]
    return begins
