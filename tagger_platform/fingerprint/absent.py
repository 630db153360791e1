"""Sound that should be there and is not.

What belongs here: counting the loud peaks of a track that nothing in the window can have covered. What does not: where
they should lie (`verify`), and what follows from the count (`match`).

Speech, noise or other music over a track cover its peaks, but mixing takes no energy away: where a loud peak of it
should lie, the window is at least about as loud. Another piece made of the same loops, stems or samples meets many
peaks exactly, and that is all the other figures see; but where its own parts should be, it is too quiet.
"""

import numpy as np
from numpy.typing import NDArray

from tagger_platform.fingerprint.landmarks import LEVEL_DB
from tagger_platform.fingerprint.peaks import BAND_BINS, BANDS, LOWEST_BIN, NEPER_POWER_DB
from tagger_platform.fingerprint.verify import Placed

Floats = NDArray[np.floating]

LOUD_LEVELS = 10
"""Steps: peaks less than 30 dB below the loudest around them. Softer ones fall under what codecs leave out."""
FROM_DB, TO_DB = 8.0, 16.0
"""Of a peak that is 8 dB too quiet nothing is said to be absent, of one that is 16 dB too quiet all of it; in right
matches 1 % of the loud peaks are 12 dB too quiet, in rooms and over telephones 3 % (430 windows, 36 conditions)."""
FEWEST_MET = 5
"""Peaks met from which it can be told how loud the track is."""
FEWEST_IN_BAND = 3
"""The same for a band; a telephone passes some bands only."""
SHRINKAGE = 3
"""A band's gain is its own median, and by so many peaks' weight that of all bands."""
DROPPED_DB = 25.0
"""A frame that is so much softer than the window's middle one is a drop-out: whatever is missing there says nothing."""


def absent(placed: Placed, levels: Floats) -> float:
    """How many of the track's loud peaks are missing from a window with the spectrum `levels` (frames, bins)."""
    loud = (placed.level < LOUD_LEVELS) & _sounding(levels)[placed.frame]
    met = placed.met[loud] > 0
    if np.count_nonzero(met) < FEWEST_MET:
        return 0.0
    gain = _loudest_near(levels, placed.frame[loud], placed.row[loud]) + LEVEL_DB * placed.level[loud]
    band = ((placed.row[loud] - LOWEST_BIN) // BAND_BINS).clip(0, BANDS - 1)
    lacking = _gains(gain, band, met)[band] - gain
    return float(((lacking - FROM_DB) / (TO_DB - FROM_DB)).clip(0, 1).sum())


def _sounding(levels: Floats) -> NDArray[np.bool_]:
    """Which frames are no drop-outs."""
    power = np.exp(levels).sum(axis=1)
    sounding: NDArray[np.bool_] = power > np.median(power) * 10 ** (-DROPPED_DB / 10)
    return sounding


def _loudest_near(levels: Floats, frame: NDArray[np.intp], row: NDArray[np.intp]) -> Floats:
    """The window's level in dB at each place, or next to it."""
    last_frame, last_bin = levels.shape[0] - 1, levels.shape[1] - 1
    steps = [(later, higher) for later in (-1, 0, 1) for higher in (-1, 0, 1)]
    around = [
        levels[(frame + later).clip(0, last_frame), (row - LOWEST_BIN + higher).clip(0, last_bin)]
        for later, higher in steps
    ]
    loudest: Floats = np.max(around, axis=0) * NEPER_POWER_DB
    return loudest


def _gains(gain: Floats, band: NDArray[np.intp], met: NDArray[np.bool_]) -> Floats:
    """By how much the window is louder than the track, in dB by band (BANDS,); -inf where it cannot be told."""
    over_all = np.median(gain[met])
    gains = np.full(BANDS, -np.inf)
    for number in range(BANDS):
        own = gain[met & (band == number)]
        if len(own) >= FEWEST_IN_BAND:
            gains[number] = (np.median(own) * len(own) + over_all * SHRINKAGE) / (len(own) + SHRINKAGE)
    return gains
