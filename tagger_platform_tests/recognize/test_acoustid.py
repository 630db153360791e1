"""AcoustID through the real library, the real fpcalc and real sockets, against the stand-in on loopback."""

import asyncio
import json
import os
import subprocess
import sys
import threading
import zlib
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tagger_platform.model import UNANSWERED, CaptureState, Slot, Status, Window
from tagger_platform.recognize import panel
from tagger_platform.recognize.acoustid import AcoustidRecognizer
from tagger_platform.recognize.base import Metered
from tagger_platform.recognize.budget import Budget
from tagger_platform.recognize.shazam import ShazamRecognizer
from tagger_platform_tests.standins.acoustid import AcoustidStandIn, Mode, result
from tagger_platform_tests.standins.shazam import ShazamStandIn, song

pytestmark = pytest.mark.real  # fpcalc

WINDOW = Window("kexp", Slot(datetime(2026, 11, 21, 3, tzinfo=UTC)), 0, 12, CaptureState.CAPTURED, level_dbfs=-20.0)


@pytest.fixture(scope="module")
def audio(tmp_path_factory):
    """Twelve seconds of something with notes, as capture writes it."""
    path = tmp_path_factory.mktemp("audio") / "window.flac"
    seconds = np.arange(12 * 16000) / 16000
    notes = np.repeat(np.random.default_rng(1).choice([262, 330, 392, 523, 659], 48), 4000)
    soundfile.write(path, 0.3 * np.sin(2 * np.pi * notes * seconds), 16000)
    return path


@pytest.fixture
def program(tmp_path):
    """Makes an executable that runs `lines` of shell, in place of fpcalc."""

    def made(*lines):
        path = tmp_path / "fpcalc"
        path.write_text("\n".join(["#!/bin/sh", *lines]))
        path.chmod(0o755)
        return path

    return made


def ask(audio, stand_in, **options):
    return asyncio.run(AcoustidRecognizer("a-key", host=stand_in.url, **options).recognize(WINDOW, audio))


def test_a_match_tells_the_track_and_keeps_the_raw_answer(audio):
    results = [result("9ff4", "Song", "Band", album="Album", score=0.93, duration=201)]
    with AcoustidStandIn(lambda asked: results) as acoustid:
        found = ask(audio, acoustid)
    track = found.track
    assert (found.window_id, found.provider, found.status) == (WINDOW.window_id, "acoustid", Status.MATCH)
    assert (track.track_id, track.title, track.artist, track.album) == ("acoustid:9ff4", "Song", "Band", "Album")
    assert (track.link, track.duration_s) == ("https://acoustid.org/track/9ff4", 201.0)
    assert (found.confidence, found.offset_s, found.speed) == (0.93, None, None)
    assert json.loads(zlib.decompress(found.raw)) == {"status": "ok", "results": results}
    assert found.latency_ms > 0


def test_only_the_fingerprint_travels_with_the_key_and_nothing_is_submitted(audio):
    with AcoustidStandIn() as acoustid:
        assert ask(audio, acoustid).status is Status.NO_MATCH
    (asked,) = acoustid.asked
    assert (asked.path, asked.client, asked.duration) == ("/v2/lookup", "a-key", 12)
    told = json.loads(subprocess.run(["fpcalc", "-json", audio], capture_output=True).stdout)
    assert asked.fingerprint == told["fingerprint"]


def test_the_surest_result_with_a_name_counts(audio):
    results = [result("b", "Second", score=0.5), result("nameless", score=0.99), result("a", "First", score=0.8)]
    with AcoustidStandIn(lambda asked: results) as acoustid:
        found = ask(audio, acoustid)
    assert (found.track.title, found.confidence) == ("First", 0.8)


def test_artists_are_joined_as_they_appear(audio):
    named = result("a", "Song")
    named["recordings"][0]["artists"] = [{"name": "One", "joinphrase": " feat. "}, {"name": "Two"}]
    with AcoustidStandIn(lambda asked: [named]) as acoustid:
        assert ask(audio, acoustid).track.artist == "One feat. Two"


def test_a_sound_without_a_name_is_no_match(audio):
    with AcoustidStandIn(lambda asked: [result("nameless")]) as acoustid:
        found = ask(audio, acoustid)
    assert (found.status, found.track) == (Status.NO_MATCH, None)
    assert "not its name" in found.detail


FAILURES = [
    (Mode.NONE, Status.NO_MATCH, ""),
    (Mode.INVALID_KEY, Status.DISABLED, "invalid API key; check ACOUSTID_API_KEY"),
    (Mode.INVALID_FINGERPRINT, Status.BAD_ANSWER, "error 3: invalid fingerprint"),
    (Mode.THROTTLED, Status.THROTTLED, "error 14: rate limit"),
    (Mode.THROTTLED_HTML, Status.THROTTLED, "HTTP 429: <html>"),
    (Mode.INTERNAL_ERROR, Status.PROVIDER_DOWN, "error 5"),
    (Mode.UNAVAILABLE, Status.PROVIDER_DOWN, "error 13"),
    (Mode.UNAVAILABLE_HTML, Status.PROVIDER_DOWN, "HTTP 503: <html>"),
    (Mode.GARBAGE, Status.BAD_ANSWER, "HTTP 200: <html>"),
    (Mode.EMPTY, Status.BAD_ANSWER, "HTTP 204"),
    (Mode.TRUNCATED, Status.BAD_ANSWER, "HTTP 200: {"),
    (Mode.CUT, Status.PROVIDER_DOWN, "ChunkedEncodingError"),
    (Mode.RESET, Status.PROVIDER_DOWN, "ConnectionError"),
    (Mode.REFUSED, Status.PROVIDER_DOWN, "ConnectionError"),
]


@pytest.mark.parametrize(("mode", "status", "detail"), FAILURES)
def test_every_failure_has_its_status_and_one_attempt(audio, mode, status, detail):
    with AcoustidStandIn(mode=mode) as acoustid:
        found = ask(audio, acoustid)
    assert (found.status, found.track) == (status, None)
    assert detail in found.detail
    assert "a-key" not in found.detail
    assert len(acoustid.asked) == (mode is not Mode.REFUSED)


@pytest.mark.parametrize("mode", [Mode.HANG, Mode.TRICKLE])
def test_an_answer_that_does_not_come_or_never_ends_is_a_timeout(audio, mode):
    with AcoustidStandIn(mode=mode) as acoustid:
        found = ask(audio, acoustid, step_s=0.5)
        assert (found.status, len(acoustid.asked)) == (Status.TIMEOUT, 1)
    assert found.detail.startswith("no answer within")
    for thread in threading.enumerate():  # it ends with the server, before the next test asks
        if thread.name == "acoustid":
            thread.join(10)
            assert not thread.is_alive()


def test_every_mode_of_the_stand_in_is_met_in_this_file():
    assert {mode for mode, _, _ in FAILURES} | {Mode.MATCH, Mode.HANG, Mode.TRICKLE} == set(Mode)


MISSHAPEN = [
    [1, 2],
    "text",
    {},
    {"status": "ok"},
    {"status": "error"},
    {"status": "error", "error": {"code": [4], "message": "x"}},
    {"status": "ok", "results": [7]},
    {"status": "ok", "results": [{"id": "1", "score": None}]},
    {"status": "ok", "results": [{"id": "1", "score": 1, "recordings": [{"title": "t", "artists": [{}]}]}]},
    {"status": "ok", "results": [{"score": 1, "recordings": [{"title": "no id"}]}]},
]


class Says(AcoustidStandIn):
    """Answers any JSON."""

    def __init__(self, said):
        super().__init__()
        self.said = said

    async def _answer(self, request):
        from aiohttp import web

        return web.json_response(self.said)


@pytest.mark.parametrize("said", MISSHAPEN, ids=str)
def test_json_of_another_shape_is_a_bad_answer(audio, said):
    with Says(said) as acoustid:
        assert ask(audio, acoustid).status is Status.BAD_ANSWER


def test_without_fpcalc_it_is_disabled_and_says_what_to_install(audio, tmp_path, monkeypatch):
    with AcoustidStandIn() as acoustid:
        configured = ask(audio, acoustid, fpcalc=tmp_path / "nothing")
        monkeypatch.setenv("PATH", str(tmp_path))
        looked_up = ask(audio, acoustid)
    assert (configured.status, looked_up.status) == (Status.DISABLED, Status.DISABLED)
    assert "CHROMAPRINT_PATH" in configured.detail
    assert "no fpcalc in PATH" in looked_up.detail
    assert "libchromaprint-tools" in looked_up.detail
    assert acoustid.asked == []


def test_what_only_a_person_can_mend_is_not_asked_again():
    assert Status.DISABLED not in UNANSWERED


FPCALCS = [
    (["echo ERROR: no audio >&2", "exit 3"], "(exit code 3): ERROR: no audio"),
    (["echo DURATION=12"], "no fingerprint"),
    (["echo '[1]'"], "no fingerprint"),
    (["echo '{\"duration\": null}'"], "no fingerprint"),
]


@pytest.mark.parametrize(("lines", "detail"), FPCALCS)
def test_an_fpcalc_that_fails_is_a_bad_answer_and_nothing_is_sent(audio, program, lines, detail):
    with AcoustidStandIn() as acoustid:
        found = ask(audio, acoustid, fpcalc=program(*lines))
    assert (found.status, acoustid.asked) == (Status.BAD_ANSWER, [])
    assert detail in found.detail


def test_what_cannot_be_run_is_disabled(audio, program):
    with AcoustidStandIn() as acoustid:
        broken = program("")
        broken.write_bytes(b"\x7fELF and no more")
        found = ask(audio, acoustid, fpcalc=broken)
    assert (found.status, acoustid.asked) == (Status.DISABLED, [])
    assert "cannot be run" in found.detail


def test_an_fpcalc_that_hangs_is_ended(audio, program, tmp_path):
    hanging = program(f"echo $$ > {tmp_path}/pid", "exec sleep 600")
    with AcoustidStandIn() as acoustid:
        found = ask(audio, acoustid, fpcalc=hanging, step_s=1.0)
    assert (found.status, found.detail, acoustid.asked) == (Status.TIMEOUT, "fpcalc took longer than 1 s", [])
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


def test_a_file_that_is_no_audio_is_a_bad_answer(tmp_path):
    path = tmp_path / "window.flac"
    path.write_bytes(b"no audio at all")
    with AcoustidStandIn() as acoustid:
        found = ask(path, acoustid)
    assert (found.status, acoustid.asked) == (Status.BAD_ANSWER, [])
    assert "no fingerprint" in found.detail


def test_it_is_asked_beside_shazam_and_neither_stops_the_other(audio):
    job = (WINDOW, audio)
    with AcoustidStandIn(mode=Mode.GARBAGE) as acoustid, ShazamStandIn(lambda asked: song("1", "Song")) as shazam:
        both = [AcoustidRecognizer("a-key", host=acoustid.url), ShazamRecognizer(host=shazam.url)]
        found = asyncio.run(panel.ask([job], both, global_inflight=3, per_provider_inflight=3))
    assert {one.provider: one.status for one in found} == {"acoustid": Status.BAD_ANSWER, "shazam": Status.MATCH}


def test_several_questions_at_once_are_all_answered(audio):
    recognizer = None
    with AcoustidStandIn(lambda asked: [result("1", "Song")]) as acoustid:
        recognizer = AcoustidRecognizer("a-key", host=acoustid.url)

        async def several():
            return await asyncio.gather(*(recognizer.recognize(WINDOW, audio) for _ in range(3)))

        found = asyncio.run(several())
    assert [one.status for one in found] == [Status.MATCH] * 3


def test_it_is_paid_for_from_its_budget(tmp_path):
    budget = Budget(tmp_path / "budget.sqlite", "acoustid", per_minute=180)
    recognizer = AcoustidRecognizer("a-key", budget=budget)
    assert isinstance(recognizer, Metered)
    assert recognizer.budget == budget


def test_the_library_is_imported_with_the_first_question_only():
    code = "import sys, tagger_platform.recognize.acoustid; sys.exit(bool({'acoustid', 'requests'} & set(sys.modules)))"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[2])
