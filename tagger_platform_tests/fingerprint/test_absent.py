"""Sound that should be there and is not: nothing that is mixed in makes it, another piece of the same stems does."""

import numpy as np
import pytest

from tagger_platform.fingerprint.absent import absent
from tagger_platform.fingerprint.index import Index
from tagger_platform.fingerprint.landmarks import TICK_S, query
from tagger_platform.fingerprint.match import best_guess, identify
from tagger_platform.fingerprint.peaks import RATE
from tagger_platform.fingerprint.verify import fit, peak_map
from tagger_platform.fingerprint.vote import Candidate
from tagger_platform_tests.fingerprint.conftest import fingerprinted
from tagger_platform_tests.fingerprint.tunes import in_a_room, mixed, noise, speech, tune

LENGTH_S = 40.0
START_S = 8.0


@pytest.fixture(scope="module")
def pieces():
    """Two pieces of one author: the same stem, and above it a melody of their own."""
    stem = tune(200, LENGTH_S)
    return {name: mixed(stem, tune(seed, LENGTH_S), -3) for name, seed in (("first", 201), ("second", 202))}


@pytest.fixture(scope="module")
def stems(pieces, tmp_path_factory):
    index = Index(tmp_path_factory.mktemp("stems"))
    index.add([fingerprinted("second", pieces["second"])])
    return index


def window(samples, seconds=12.0):
    return samples[int(START_S * RATE) : int((START_S + seconds) * RATE)]


def missing(samples, index):
    """How much of the index's only track is missing from these samples, at the place where the window was cut."""
    [segment] = index.segments
    heard = peak_map(query(samples.astype(np.float32)))
    fitted = fit(Candidate(segment, int(segment.begins[0]) + round(START_S / TICK_S), 1.0, 1.0), heard)
    return absent(fitted.placed, heard.levels)


def with_drop_outs(samples):
    damaged = samples.copy()
    for second in (2, 5, 9):
        damaged[second * RATE : int((second + 0.7) * RATE)] = 0
    return damaged


COVERED = {
    "nothing": lambda samples: samples,
    "speech as loud": lambda samples: mixed(samples, speech(1, 13), 0),
    "noise 5 dB louder": lambda samples: mixed(samples, noise(3, len(samples)), -5),
    "another tune as loud": lambda samples: mixed(samples, tune(210, 13), 0),
    "a room": lambda samples: in_a_room(samples, 4),
    "a fiftieth as loud": lambda samples: 0.02 * samples,
    "drop-outs": with_drop_outs,
}


@pytest.mark.parametrize("damage", COVERED.values(), ids=COVERED)
def test_hardly_anything_is_missing_of_music_that_is_there(damage, pieces, stems):
    assert missing(damage(window(pieces["second"])), stems) < 8


def test_much_is_missing_of_another_piece_made_of_the_same_stem(pieces, stems):
    assert missing(window(pieces["first"]), stems) > 20


def test_a_piece_is_not_taken_for_another_one_that_shares_its_stem(pieces, stems):
    nearest = best_guess(window(pieces["first"]), stems)
    assert nearest.score > 30  # their common sound is found, exactly in its place
    assert identify(window(pieces["first"]), stems) is None
    assert identify(window(pieces["second"]), stems).track.item_id == "second"


def test_nothing_is_said_of_a_track_of_which_too_few_peaks_were_met(stems):
    assert missing(tune(220, 12.0), stems) == 0
