"""Pieces that share a substantial stretch of audio, and those that only sound alike."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from tagger_platform.audio import decode
from tagger_platform.fingerprint import related
from tagger_platform.fingerprint.common import common
from tagger_platform.fingerprint.index import Index
from tagger_platform.fingerprint.landmarks import landmarks
from tagger_platform.fingerprint.peaks import RATE
from tagger_platform.fingerprint.related import RELATED_S, SharedCells
from tagger_platform_tests.fingerprint.conftest import fingerprinted
from tagger_platform_tests.fingerprint.tunes import at_speed, in_a_room, mixed, noise, tune

FFMPEG = shutil.which("ffmpeg") or "ffmpeg"


def shared(samples, index, but=()):
    """Seconds shared with each track of the index, by name."""
    return shared_by(landmarks([np.asarray(samples, np.float32)]), index, but)


def shared_by(marks, index, but=()):
    cells = SharedCells(marks)
    for hits in common(marks, index.segments, but):
        cells.add(hits)
    return cells.relatives()


def looped(samples):
    """Three of its seconds again and again, between other music."""
    return np.concatenate([tune(301, 10.0), np.tile(samples[10 * RATE : 17 * RATE], 3), tune(302, 10.0)])


RELATED = {
    "an edit that holds ten seconds of it": lambda samples: np.concatenate(
        [tune(301, 15.0), samples[12 * RATE : 22 * RATE], tune(302, 15.0)]
    ),
    "a version with another middle": lambda samples: np.concatenate(
        [samples[: 10 * RATE], tune(300, 20.0), samples[30 * RATE :]]
    ),
    "a stem: what is left when the rest is as loud": lambda samples: mixed(samples, tune(303, 40.0), 0),
    "another master, darker and limited": lambda samples: np.tanh(3 * np.convolve(samples, np.ones(3) / 3, "same")),
    "a room": lambda samples: in_a_room(samples, 1),
    "a tape that runs 0.2 % fast": lambda samples: at_speed(samples, 1.002),
    "a loop": looped,
    "the whole of it": lambda samples: samples,
}
UNRELATED = {
    "another tune": lambda _: tune(304, 40.0),
    "noise": lambda _: noise(1, 40 * RATE) / 9,
    "three seconds of it": lambda samples: np.concatenate([tune(301, 20.0), samples[: 3 * RATE], tune(302, 20.0)]),
    "silence": lambda _: np.zeros(20 * RATE),
    "another speed": lambda samples: at_speed(samples, 1.03),
}


@pytest.mark.parametrize("change", RELATED.values(), ids=RELATED)
def test_relatives_are_found(change, tunes, index):
    found = shared(change(tunes["tune2"]), index)
    assert list(found) == ["tune2"]
    assert RELATED_S <= found["tune2"] <= 40.0


@pytest.mark.parametrize("change", UNRELATED.values(), ids=UNRELATED)
def test_what_shares_little_or_nothing_is_no_relative(change, tunes, index):
    assert shared(change(tunes["tune2"]), index) == {}


def test_a_medley_is_related_to_all_its_parts(tunes, index):
    medley = np.concatenate([tunes[f"tune{n}"][5 * RATE : 17 * RATE] for n in (1, 4, 6)])
    assert sorted(shared(medley, index)) == ["tune1", "tune4", "tune6"]
    assert sorted(shared(medley, index, but=("tune4",))) == ["tune1", "tune6"]


def test_what_was_removed_has_no_relatives(tunes, tmp_path):
    index = Index(tmp_path)
    index.add([fingerprinted(name, samples) for name, samples in list(tunes.items())[:2]])
    index.remove(["tune0"])
    assert (shared(tunes["tune0"], index), list(shared(tunes["tune1"], index))) == ({}, ["tune1"])


def test_of_too_many_hits_the_rarest_are_enough(tunes, index, monkeypatch):
    monkeypatch.setattr(related, "MOST_HITS", 3000)
    assert list(shared(tunes["tune3"], index)) == ["tune3"]


@pytest.mark.real
def test_real_pieces_that_share_loops_are_relatives_and_others_are_not(tmp_path):
    """planetblupi's first four pieces are made of the same loops; asc's and singularity's are pieces of their own."""
    folders = {"/usr/share/planetblupi/music": "music00[0-4].ogg", "/usr/share/games/asc/music": "*.mp3"}
    folders |= {"/usr/share/games/singularity/music": "A*.ogg"}
    files = [file for folder, names in folders.items() for file in sorted(Path(folder).glob(names))]
    pieces = {file.stem: fingerprinted(file.stem, beginning(file)) for file in files}
    index = Index(tmp_path)
    index.add(list(pieces.values()))
    found = {name: set(shared_by(marks, index, but=(name,))) for name, (_, marks) in pieces.items()}
    looped = {f"music00{n}" for n in range(4)}
    assert len(found) >= 10
    assert {name for name, others in found.items() if others} == looped
    assert all(others <= looped for others in found.values())


def beginning(file, seconds=300):
    """The first minutes of a file, not more of it decoded than that."""
    samples, blocks = 0, []
    for block in decode(file, RATE, FFMPEG):
        blocks.append(block)
        samples += len(block)
        if samples > seconds * RATE:
            break
    return np.concatenate(blocks)[: seconds * RATE]
