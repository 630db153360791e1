"""Shazam through the real library, real signatures and real sockets, against the stand-in on loopback."""

import asyncio
import json
import math
import subprocess
import sys
import zlib
from datetime import UTC, datetime

import numpy as np
import pytest
import soundfile

from tagger_platform.model import CaptureState, Slot, Status, Window
from tagger_platform.recognize.base import Metered
from tagger_platform.recognize.budget import Budget
from tagger_platform.recognize.shazam import ShazamRecognizer, SkewLimits
from tagger_platform_tests.standins.shazam import Mode, ShazamStandIn, song

WINDOW = Window("kexp", Slot(datetime(2026, 11, 21, 3, tzinfo=UTC)), 0, 12, CaptureState.CAPTURED, level_dbfs=-20.0)


@pytest.fixture(scope="module")
def audio(tmp_path_factory):
    """Twelve seconds of something with peaks, as capture writes it."""
    path = tmp_path_factory.mktemp("audio") / "window.flac"
    seconds = np.arange(12 * 16000) / 16000
    notes = np.repeat(np.random.default_rng(1).choice([262, 330, 392, 523, 659], 48), 4000)
    soundfile.write(path, 0.3 * np.sin(2 * np.pi * notes * seconds), 16000)
    return path


def ask(audio, stand_in, **options):
    return asyncio.run(ShazamRecognizer(host=stand_in.url, **options).recognize(WINDOW, audio))


def test_a_match_tells_track_offset_speed_and_keeps_the_raw_answer(audio):
    about = {"isrc": "GBAYE6900522", "album": "Album", "label": "Label"}
    answer = song("553", "Song", "Band", **about, offset_s=41.5, timeskew=2e-4)
    with ShazamStandIn(lambda asked: answer) as shazam:
        found = ask(audio, shazam)
    track = found.track
    assert (found.window_id, found.provider, found.status) == (WINDOW.window_id, "shazam", Status.MATCH)
    assert (track.track_id, track.title, track.artist) == ("shazam:553", "Song", "Band")
    assert (track.album, track.label, track.isrc) == ("Album", "Label", "GBAYE6900522")
    assert (track.artwork, track.link) == ("https://cover.example/553-hq.jpg", "https://song.example/track/553")
    assert (found.offset_s, found.speed, found.confidence) == (41.5, 1.0002, 0.9)
    assert json.loads(zlib.decompress(found.raw)) == answer
    assert found.latency_ms > 0


def test_only_a_signature_of_twelve_seconds_travels(audio):
    with ShazamStandIn() as shazam:
        assert ask(audio, shazam).status is Status.NO_MATCH
    (asked,) = shazam.asked
    assert asked.signature.startswith("data:audio/vnd.shazam.sig;base64,")
    assert asked.samples_ms == 12000


def test_what_an_answer_lacks_is_empty_and_not_an_error(audio):
    bare = {"matches": [{"offset": 1}], "track": {"key": 7, "title": "Song"}}
    with ShazamStandIn(lambda asked: bare) as shazam:
        found = ask(audio, shazam)
    assert (found.track.track_id, found.track.artist, found.track.link) == ("shazam:7", "", "")
    assert (found.offset_s, found.speed, found.confidence) == (1.0, None, None)


SKEWED = [(0.02, 0.0, 0.5), (0.0, -0.02, 0.5), (-0.001, 0.001, 0.9), (0.002, 0.0, 0.5)]


@pytest.mark.parametrize(("time", "frequency", "confidence"), SKEWED)
def test_a_skewed_match_is_trusted_less(audio, time, frequency, confidence):
    with ShazamStandIn(lambda asked: song("1", "Song", timeskew=time, frequencyskew=frequency)) as shazam:
        found = ask(audio, shazam)
    assert (found.speed, found.confidence) == (1 + time, confidence)


def test_how_much_skew_is_too_much_can_be_set(audio):
    with ShazamStandIn(lambda asked: song("1", "Song", timeskew=0.02, frequencyskew=0.01)) as shazam:
        limits = [SkewLimits(0.02, 0.01), SkewLimits(0.019, 0.01), SkewLimits(0.02, 0.009)]
        assert [ask(audio, shazam, limits=given).confidence for given in limits] == [0.9, 0.5, 0.5]


@pytest.mark.parametrize("nonsense", [math.nan, math.inf, "1.0", None, [1]], ids=str)
def test_numbers_that_cannot_be_reckoned_with_are_unknown(audio, nonsense):
    answer = song("1", "Song")
    answer["matches"][0] |= {"offset": nonsense, "timeskew": nonsense, "frequencyskew": nonsense}
    with ShazamStandIn(lambda asked: answer) as shazam:
        found = ask(audio, shazam)
    assert (found.status, found.offset_s, found.speed, found.confidence) == (Status.MATCH, None, None, None)


def test_the_hub_gives_a_link_where_nothing_else_does(audio):
    answer = song("1", "Song")
    del answer["track"]["share"], answer["track"]["url"]
    with ShazamStandIn(lambda asked: answer) as shazam:
        assert ask(audio, shazam).track.link == "https://hub.example/1"


FAILURES = [
    (Mode.NONE, Status.NO_MATCH, ""),
    (Mode.THROTTLED, Status.THROTTLED, "HTTP 429, Retry-After 60: <html>"),
    (Mode.THROTTLED_JSON, Status.THROTTLED, "HTTP 429, Retry-After 60: {"),
    (Mode.THROTTLED_BARE, Status.THROTTLED, "HTTP 429: <html>"),
    (Mode.THROTTLED_JSON_BARE, Status.THROTTLED, "HTTP 429: {"),
    (Mode.GARBAGE, Status.BAD_ANSWER, "HTTP 200: <html>"),
    (Mode.BAD_REQUEST, Status.BAD_ANSWER, "HTTP 400: {"),
    (Mode.SERVER_ERROR, Status.PROVIDER_DOWN, "HTTP 500"),
    (Mode.UNAVAILABLE, Status.PROVIDER_DOWN, "HTTP 503: <html>"),
    (Mode.EMPTY, Status.BAD_ANSWER, "HTTP 204"),
    (Mode.TRUNCATED, Status.BAD_ANSWER, "HTTP 200"),
    (Mode.CUT, Status.PROVIDER_DOWN, "ClientPayloadError"),
    (Mode.RESET, Status.PROVIDER_DOWN, "ServerDisconnected"),
    (Mode.REFUSED, Status.PROVIDER_DOWN, "ClientConnector"),
]


@pytest.mark.parametrize(("mode", "status", "detail"), FAILURES)
def test_every_failure_has_its_status_and_one_attempt(audio, mode, status, detail):
    with ShazamStandIn(mode=mode) as shazam:
        found = ask(audio, shazam)
    assert (found.status, found.track) == (status, None)
    assert detail in found.detail
    assert len(shazam.asked) == (mode is not Mode.REFUSED)


def test_every_mode_of_the_stand_in_is_met_in_this_file():
    assert {mode for mode, _, _ in FAILURES} | {Mode.MATCH, Mode.HANG} == set(Mode)


def test_an_answer_that_does_not_come_is_a_timeout(audio):
    with ShazamStandIn(mode=Mode.HANG) as shazam:
        found = ask(audio, shazam, timeout_s=0.5)
    assert (found.status, found.detail) == (Status.TIMEOUT, "no answer within 0.5 s")


MISSHAPEN = [
    {"error": {"msg": "an outage that calls itself 200"}},
    {"matches": None},
    {"matches": []} | {"tagid": "\ud800"},
    {"matches": [{"offset": 1}]},
    {"matches": [{"offset": 1}], "track": {"title": "no key"}},
    {"matches": ["text"], "track": {"key": "1", "title": "t"}},
    {"matches": {"0": {}}, "track": {}},
    {"matches": [{}], "track": []},
    {"matches": [{}], "track": {"key": "1", "title": "t", "sections": [7]}},
    [1, 2],
]


@pytest.mark.parametrize("answer", MISSHAPEN, ids=str)
def test_json_of_another_shape_is_a_bad_answer(audio, answer):
    with ShazamStandIn(lambda asked: answer) as shazam:
        assert ask(audio, shazam).status is Status.BAD_ANSWER


def test_audio_without_a_signature_is_a_bad_answer_and_nothing_is_sent(tmp_path):
    path = tmp_path / "window.flac"
    path.write_bytes(b"no audio at all")
    with ShazamStandIn() as shazam:
        found = ask(path, shazam)
    assert found.status is Status.BAD_ANSWER
    assert "SignatureError" in found.detail
    assert shazam.asked == []


def test_one_recognizer_serves_many_windows_and_many_event_loops(audio):
    recognizer = None
    with ShazamStandIn(lambda asked: song("1", "Song")) as shazam:
        recognizer = ShazamRecognizer(host=shazam.url)

        async def several():
            return await asyncio.gather(*(recognizer.recognize(WINDOW, audio) for _ in range(3)))

        found = [*asyncio.run(several()), *asyncio.run(several())]
    assert [one.status for one in found] == [Status.MATCH] * 6


def test_how_long_it_asks_to_be_left_alone_is_told(audio):
    with ShazamStandIn(mode=Mode.THROTTLED) as shazam:
        assert ask(audio, shazam).retry_after_s == 60
    with ShazamStandIn(mode=Mode.SERVER_ERROR) as shazam:
        assert ask(audio, shazam).retry_after_s is None


def test_it_is_paid_for_from_its_budget_and_without_one_asked_freely(tmp_path):
    budget = Budget(tmp_path / "budget.sqlite", "shazam", per_minute=4)
    assert isinstance(ShazamRecognizer(budget=budget), Metered)
    assert (ShazamRecognizer(budget=budget).budget, ShazamRecognizer().budget) == (budget, None)


def test_the_library_is_imported_with_the_first_question_only():
    code = "import sys, tagger_platform.recognize.shazam; sys.exit(bool({'shazamio', 'aiohttp'} & set(sys.modules)))"
    subprocess.run([sys.executable, "-c", code], check=True)
