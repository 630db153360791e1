"""Real music, from Debian's games: nothing that numpy makes is as repetitive, as dense or as quiet.

What these two soundtracks do not show: other pieces made of the same loops, which are accepted (match.ACCEPTED).
"""

import shutil
from pathlib import Path

import numpy as np
import pytest

from tagger_platform.audio import decode
from tagger_platform.fingerprint.index import Index
from tagger_platform.fingerprint.match import ACCEPTED, best_guess, identify
from tagger_platform.fingerprint.peaks import RATE
from tagger_platform_tests.fingerprint.conftest import fingerprinted
from tagger_platform_tests.fingerprint.tunes import at_speed, mixed, speech

FOLDERS = ("/usr/share/games/singularity/music", "/usr/share/games/asc/music")
FFMPEG = shutil.which("ffmpeg") or "ffmpeg"

pytestmark = pytest.mark.real


def music():
    found = [file for folder in FOLDERS for file in sorted(Path(folder).rglob("*")) if file.suffix in (".ogg", ".mp3")]
    assert len(found) >= 15, f"the music of the Debian packages singularity-music and asc-music is not in {FOLDERS}"
    return found


@pytest.fixture(scope="module")
def tracks():
    """Ninety seconds of each track, every second one of which is in the index."""
    return {file.stem: np.concatenate(list(decode(file, RATE, FFMPEG)))[: 90 * RATE] for file in music()}


@pytest.fixture(scope="module")
def half(tracks, tmp_path_factory):
    index = Index(tmp_path_factory.mktemp("real"))
    index.add([fingerprinted(name, samples) for name, samples in list(tracks.items())[::2]])
    return index


def windows(tracks, indexed):
    for name, samples in list(tracks.items())[0 if indexed else 1 :: 2]:
        for start_s in (20, 45, 70):
            part = samples[start_s * RATE : (start_s + 12) * RATE]
            if len(part) == 12 * RATE and np.abs(part).max() > 0.02:
                yield name, start_s, part


@pytest.mark.parametrize(
    ("change", "recall"),
    [
        (lambda part: part, 1.0),
        (lambda part: mixed(part, speech(1, 12), 0), 0.8),
        (lambda part: at_speed(part, 1.02), 0.9),
        (lambda part: part[: 5 * RATE], 0.9),
    ],
    ids=["as it is", "under speech", "faster", "five seconds"],
)
def test_real_music_is_found(change, recall, tracks, half):
    asked = [(name, start, identify(change(part), half)) for name, start, part in windows(tracks, indexed=True)]
    right = [
        found
        and found.track.item_id == name
        and min(abs(at - start) for at in (found.offset_s, *found.other_offsets_s)) < 0.2
        for name, start, found in asked
    ]
    assert len(right) >= 20
    assert np.mean(np.array(right, bool)) >= recall


def test_real_music_that_shares_no_loops_with_the_catalogue_is_not_found(tracks, half):
    guesses = [best_guess(part, half) for _, _, part in windows(tracks, indexed=False)]
    assert len(guesses) >= 20
    assert max(guess.confidence for guess in guesses if guess) < ACCEPTED
