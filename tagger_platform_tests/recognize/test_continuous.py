"""Windows without gaps: exact starts and ends of jingles, ads and songs, whole or cut, from sound to play."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
import pytest
import soundfile

from tagger_platform.decide import decide, heard
from tagger_platform.fingerprint.index import Index
from tagger_platform.model import CaptureState, Slot, Window
from tagger_platform.recognize.catalogue import CatalogueRecognizer
from tagger_platform_tests.fingerprint.conftest import fingerprinted
from tagger_platform_tests.fingerprint.tunes import speech, tune

RATE = 16_000
HOP_S = 120
START = datetime(2026, 11, 21, 3, 30, tzinfo=UTC)
POLICIES = ("catalogue_two_hit", "catalogue_single")


@dataclass(frozen=True)
class Item:
    """`seconds` of a catalogue item, from `skip_s` on; `name` None is talk."""

    name: str | None
    seconds: float
    skip_s: float = 0.0


LENGTHS = {"song1": 75.0, "song2": 90.0, "song3": 60.0, "jingle1": 5.0, "jingle2": 7.5, "ad1": 20.0, "ad2": 30.0}
PROGRAMME = [
    Item(None, 7.3),
    Item("song1", 75.0),
    Item("jingle1", 5.0),
    Item("song2", 41.0),  # faded out
    Item(None, 9.0),
    Item("jingle2", 7.5),
    Item("ad1", 20.0),
    Item("ad2", 30.0),
    Item("jingle1", 5.0),
    Item("song3", 40.0, skip_s=20.0),  # joined in its middle
    Item("jingle2", 7.5),
    Item(None, 20.0),
]
SOUNDS = {name: tune(500 + number, length, RATE) for number, (name, length) in enumerate(LENGTHS.items())}


def aired():
    """(name, start, end) in seconds, and the sound."""
    told, parts, now = [], [], 0.0
    for number, item in enumerate(PROGRAMME):
        whole = SOUNDS[item.name] if item.name else 0.3 * speech(number, item.seconds, RATE)
        first = int(item.skip_s * RATE)
        parts.append(whole[first : first + int(item.seconds * RATE)])
        if item.name:
            told.append((item.name, now, now + item.seconds))
        now += item.seconds
    return told, np.concatenate(parts).astype(np.float32)


@pytest.fixture(scope="module")
def plays(tmp_path_factory):
    folder = tmp_path_factory.mktemp("continuous")
    items = []
    for name, sound in SOUNDS.items():
        at_12k = np.interp(np.arange(0, len(sound), 4 / 3), np.arange(len(sound)), sound).astype(np.float32)
        items.append(fingerprinted(name, at_12k, kind=name.rstrip("123").replace("song", "music")))
    Index(folder / "catalogue").add(items)
    recognizer = CatalogueRecognizer(folder / "catalogue")
    _, sound = aired()
    windows = []
    for second in range(0, int(len(sound) / RATE) - 11, 12):
        slot = Slot.containing(START, HOP_S)
        window = Window("kexp", slot, second, 12, CaptureState.CAPTURED)
        soundfile.write(folder / "window.flac", sound[second * RATE : (second + 12) * RATE], RATE)
        windows.append(heard(window, [asyncio.run(recognizer.recognize(window, folder / "window.flac"))], hop_s=HOP_S))
    return decide(windows, stream="kexp", policies=POLICIES, tolerance=1, dedup_s=300, hop_s=HOP_S)


def test_every_item_is_played_once_and_in_order(plays):
    told = [(play.track.title, play.status) for play in plays]
    assert told == [(name, "confirmed") for name, _, _ in aired()[0]]


@pytest.mark.parametrize(("kinds", "within_s"), [(("jingle", "ad"), 0.3), (("music",), 2.0)])
def test_starts_and_ends_are_exact(kinds, within_s, plays):
    pairs = [(play, truth) for play, truth in zip(plays, aired()[0], strict=True) if play.track.kind in kinds]
    assert len(pairs) >= 3
    for play, (_, start_s, end_s) in pairs:
        assert abs((play.started_at - START).total_seconds() - start_s) <= within_s
        assert abs((play.ended_at - START).total_seconds() - end_s) <= within_s
