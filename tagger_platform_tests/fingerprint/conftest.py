"""One index of synthetic tracks, built once for all tests that only read it."""

import pytest

from tagger_platform.fingerprint.index import Index
from tagger_platform.fingerprint.landmarks import landmarks
from tagger_platform.fingerprint.segment import TrackMeta
from tagger_platform_tests.fingerprint.tunes import tune

TRACKS = 8
LENGTH_S = 40.0


def fingerprinted(name, samples, **more):
    marks = landmarks([samples])
    return TrackMeta(name, more.pop("title", name), duration_s=marks.duration_s, **more), marks


@pytest.fixture(scope="session")
def tunes():
    """Samples by name; none of them is in two tests' way, because nobody changes them."""
    return {f"tune{seed}": tune(seed, LENGTH_S) for seed in range(TRACKS)}


@pytest.fixture(scope="session")
def index(tunes, tmp_path_factory):
    filled = Index(tmp_path_factory.mktemp("catalogue"))
    filled.add([fingerprinted(name, samples) for name, samples in tunes.items()])
    return filled
