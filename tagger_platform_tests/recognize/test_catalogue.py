"""The catalogue recognizer: answers with evidence, from an index that changes while it runs."""

import asyncio
import json
from datetime import UTC, datetime

import numpy as np
import pytest
import soundfile

from tagger_platform.errors import AudioError, NewerVersionError
from tagger_platform.fingerprint.index import Index
from tagger_platform.fingerprint.match import ACCEPTED
from tagger_platform.model import CaptureState, Slot, Status, Track, Window
from tagger_platform.recognize.base import Recognizer
from tagger_platform.recognize.catalogue import CatalogueRecognizer
from tagger_platform_tests.fingerprint.conftest import fingerprinted
from tagger_platform_tests.fingerprint.tunes import tune

RATE = 16_000  # the spool's
WINDOW = Window("kexp", Slot(datetime(2026, 11, 21, 3, 30, tzinfo=UTC)), 30, 12, CaptureState.CAPTURED)
SONG = tune(1, 40.0)
OTHER = tune(2, 20.0)


def at_16k(samples):
    return np.interp(np.arange(len(samples) * 4 // 3) * 0.75, np.arange(len(samples)), samples).astype(np.float32)


SONG_16K = at_16k(SONG)
FACTS = {"artist": "Band", "album": "LP", "isrc": "USRC17607839", "label": "Label", "kind": "jingle"}


@pytest.fixture
def root(tmp_path):
    Index(tmp_path / "catalogue").add([fingerprinted("abc", SONG, title="Song", **FACTS), fingerprinted("def", OTHER)])
    return tmp_path / "catalogue"


@pytest.fixture
def audio(tmp_path):
    def written(samples):
        soundfile.write(tmp_path / "window.flac", samples, RATE)
        return tmp_path / "window.flac"

    return written


def ask(recognizer, path):
    return asyncio.run(recognizer.recognize(WINDOW, path))


def test_a_known_window_is_a_match_with_track_place_and_evidence(root, audio):
    recognizer: Recognizer = CatalogueRecognizer(root)
    answer = ask(recognizer, audio(SONG_16K[7 * RATE : 19 * RATE]))
    assert (answer.window_id, answer.provider, answer.status) == (
        "kexp/2026-11-21T03:30:00Z+30",
        "catalogue",
        Status.MATCH,
    )
    assert answer.track == Track("catalogue", "abc", "Song", duration_s=40.0, **FACTS)
    assert answer.offset_s == pytest.approx(7.0, abs=0.1)
    assert answer.speed == pytest.approx(1.0, abs=0.002)
    assert ACCEPTED <= answer.confidence <= 1
    assert 0 < answer.latency_ms < 10_000
    evidence = json.loads(answer.raw)
    assert evidence["match"] is True
    assert evidence["score"] > evidence["runner_up"]["score"]
    assert evidence["runner_up"]["item_id"] == "def"
    assert "nats" in evidence["runner_up"]["why"]
    assert evidence["other_offsets_s"] == []


def test_a_window_in_which_one_track_ends_and_another_begins_names_both(root, audio):
    answer = ask(CatalogueRecognizer(root), audio(np.concatenate([SONG_16K[-7 * RATE :], at_16k(OTHER)[: 5 * RATE]])))
    [further] = answer.further
    assert {answer.track.provider_track_id, further.track.provider_track_id} == {"abc", "def"}
    assert sorted(map(round, (*answer.heard_s, *further.heard_s))) == [0, 7, 7, 12]
    assert (further.window_id, further.status) == (answer.window_id, Status.MATCH)


@pytest.mark.parametrize("samples", [tune(77, 12.0), np.zeros(12 * RATE)], ids=["strange music", "silence"])
def test_an_unknown_window_is_no_match_and_says_how_near_it_was(samples, root, audio):
    answer = ask(CatalogueRecognizer(root), audio(samples))
    assert (answer.status, answer.track, answer.confidence) == (Status.NO_MATCH, None, None)
    evidence = json.loads(answer.raw)
    assert evidence["match"] is False
    assert evidence["why"] == answer.detail
    assert answer.detail


def test_an_empty_catalogue_is_disabled_until_something_is_added(tmp_path, audio):
    recognizer = CatalogueRecognizer(tmp_path / "new")
    path = audio(SONG_16K[: 12 * RATE])
    answer = ask(recognizer, path)
    assert (answer.status, answer.detail) == (Status.DISABLED, "the catalogue is empty")
    Index(tmp_path / "new").add([fingerprinted("abc", SONG)])
    assert ask(recognizer, path).status is Status.MATCH
    Index(tmp_path / "new").remove(["abc"])
    assert ask(recognizer, path).status is Status.DISABLED


def test_an_index_that_cannot_be_read_is_told_with_the_question_and_stops_nobody_else(root, audio):
    (root / "current.json").write_text('{"format": 99, "segments": {}}')
    recognizer = CatalogueRecognizer(root)  # the panel calls it down, and the others answer
    with pytest.raises(NewerVersionError, match="newer tagger"):
        ask(recognizer, audio(SONG_16K[: 12 * RATE]))


def test_a_window_longer_than_can_be_asked_is_asked_by_its_beginning(root, audio):
    answer = ask(CatalogueRecognizer(root), audio(SONG_16K[3 * RATE : 33 * RATE]))
    assert answer.status is Status.MATCH
    assert answer.offset_s == pytest.approx(3.0, abs=0.1)


@pytest.mark.parametrize("content", [None, b"", b"words" * 100], ids=["missing", "empty", "text"])
def test_a_window_that_cannot_be_read_is_an_error_and_never_an_answer(content, root, tmp_path):
    path = tmp_path / "window.flac"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(AudioError, match=r"window\.flac"):
        ask(CatalogueRecognizer(root), path)


def test_windows_asked_at_the_same_time_do_not_disturb_each_other(root, audio, tmp_path):
    paths = [
        audio(SONG_16K[start * RATE : (start + 12) * RATE]).rename(tmp_path / f"{start}.flac")
        for start in range(0, 25, 5)
    ]
    recognizer = CatalogueRecognizer(root)

    async def together():
        return await asyncio.gather(*(recognizer.recognize(WINDOW, path) for path in paths))

    assert [answer.offset_s for answer in asyncio.run(together())] == pytest.approx([0, 5, 10, 15, 20], abs=0.1)
