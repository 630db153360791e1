"""The same recording under another name, and what only resembles it."""

import numpy as np
import pytest

from tagger_platform.fingerprint.common import common
from tagger_platform.fingerprint.landmarks import landmarks
from tagger_platform.fingerprint.peaks import RATE
from tagger_platform.fingerprint.same import in_step, same_recording
from tagger_platform_tests.fingerprint.tunes import at_speed, mixed, noise, tune


def shifted(samples):
    return np.concatenate([np.zeros(600, np.float32), samples])


def with_another_middle(samples):
    changed = samples.copy()
    changed[18 * RATE : 26 * RATE] = tune(300, 8.0)
    return changed


SAME = {
    "unchanged": lambda samples: samples,
    "quieter": lambda samples: 0.3 * samples,
    "50 ms later": shifted,
    "with hiss": lambda samples: mixed(samples, noise(1, len(samples)), 40),
    "cut to a coarse grid": lambda samples: np.round(samples * 100) / 100,
}
OTHER = {
    "the first half": lambda samples: samples[: 20 * RATE],
    "half a second longer than allowed": lambda samples: np.concatenate([samples, noise(2, 18_000)]),
    "a beginning cut away": lambda samples: np.concatenate([samples[4 * RATE :], tune(301, 4.0)]),
    "another middle": with_another_middle,
    "faster": lambda samples: at_speed(samples, 1.02),
    "with a voice as loud": lambda samples: mixed(samples, tune(302, 40.0), 0),
    "another tune": lambda samples: tune(303, 40.0),
}


def twin_of(samples, index):
    marks = landmarks([samples.astype(np.float32)])
    return same_recording(marks, map(in_step, common(marks, index.segments, ())))


@pytest.mark.parametrize("change", SAME.values(), ids=SAME)
def test_the_same_recording_is_recognised(change, tunes, index):
    twin = twin_of(change(tunes["tune2"]), index)
    assert twin
    assert twin.item_id == "tune2"


@pytest.mark.parametrize("change", OTHER.values(), ids=OTHER)
def test_another_version_is_not_the_same_recording(change, tunes, index):
    assert twin_of(change(tunes["tune2"]), index) is None
