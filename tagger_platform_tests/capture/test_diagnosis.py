"""What ffmpeg says and what it means. The texts are ffmpeg 5.1's and 9.0's own, and the real ones are provoked too."""

import subprocess

import pytest

from tagger_platform.capture import diagnosis
from tagger_platform.capture.diagnosis import diagnose
from tagger_platform.capture.ffmpeg import command
from tagger_platform.model import CaptureState, Stream
from tagger_platform_tests.capture.radio import Radio

RTSP = Stream("cam", "rtsp://bob:s3cret@cam.example:554/x?key=s3cret")
HTTP = Stream("fm", "http://bob:s3cret@radio.example/live")

TEXTS = [
    ("[rtsp @ 0x5] method DESCRIBE failed: 401 Unauthorized", CaptureState.AUTH_FAILED, "user name or password"),
    ("[in#0 @ 0x5] method DESCRIBE failed: 401 (Unauthorized)", CaptureState.AUTH_FAILED, "user name or password"),
    ("x: Server returned 403 Forbidden (access denied)", CaptureState.AUTH_FAILED, "forbids access"),
    ("[in#0 @ 0x5] method DESCRIBE failed: 404 (Not Found)", CaptureState.NOT_FOUND, "no such stream"),
    (
        "[rtsp @ 0x5] method PLAY failed: 454 Session Not Found\n"
        "x: Server returned 4XX Client Error, but not one of 40{0,1,3,4}",
        CaptureState.NOT_FOUND,
        "refuses to play",
    ),
    ("Stream map '0:a:0' matches no streams.", CaptureState.NO_AUDIO, "sends no audio"),
    ("Stream map '' matches no streams.\nInvalid argument", CaptureState.NO_AUDIO, "sends no audio"),
    ("Connection to tcp://h:1?timeout=0 failed: Connection refused", CaptureState.RECONNECTING, "nothing listens"),
    ("[tcp @ 0x5] Failed to resolve hostname h: Name or service not known", CaptureState.RECONNECTING, "host name"),
    ("Failed to resolve hostname h: nodename nor servname provided", CaptureState.RECONNECTING, "host name"),
    ("Connection to tcp://h:1 failed: No route to host", CaptureState.RECONNECTING, "no way to"),
    ("Connection to tcp://h:1 failed: Connection timed out", CaptureState.RECONNECTING, "does not answer"),
    ("[http @ 0x5] Error reading HTTP response: Connection timed out", CaptureState.STALLED, "sends nothing"),
    ("x: Server returned 5XX Server Error reply", CaptureState.RECONNECTING, "fault of its own"),
    ("x: Invalid data found when processing input", CaptureState.NO_AUDIO, "not audio that can be decoded"),
    ("[mp3 @ 0x5] Failed to find two consecutive MPEG audio frames.", CaptureState.NO_AUDIO, "not audio that can"),
    (
        "[http @ 0x5] Stream ends prematurely at 5200, should be 18446744073709551615",
        CaptureState.NO_AUDIO,
        "not audio",
    ),
    ("[https @ 0x5] Protocol 'file' not on whitelist 'http,tcp'!", CaptureState.NOT_FOUND, "not allowed"),
    ("[tls @ 0x5] certificate verify failed", CaptureState.RECONNECTING, "certificate"),
]


@pytest.mark.parametrize(("text", "state", "sentence"), TEXTS, ids=[text[0][:50] for text in TEXTS])
def test_texts(text: str, state: CaptureState, sentence: str):
    verdict = diagnose(RTSP, text.split("\n"), heard=False, quiet_s=0.0)
    assert verdict.state is state
    assert sentence in verdict.detail
    assert "s3cret" not in verdict.detail


def test_what_nobody_foresaw_is_quoted_without_the_password():
    words = ["[rtsp @ 0x5] Something odd at rtsp://bob:s3cret@cam.example:554/x", ""]
    verdict = diagnose(RTSP, words, heard=False, quiet_s=0.0)
    assert verdict.state is CaptureState.RECONNECTING
    assert verdict.detail.endswith("(ffmpeg: Something odd at rtsp://***@cam.example:554/x)")


def test_once_audio_was_heard_old_warnings_explain_nothing():
    words = ["[https @ 0x5] HTTP error 404 Not Found"]
    assert diagnose(HTTP, words, heard=True, quiet_s=0.1).detail == "radio.example ended the stream"
    assert diagnose(HTTP, words, heard=True, quiet_s=8.0).state is CaptureState.STALLED
    assert "file ended" in diagnose(Stream("f", "file:///x.wav"), [], heard=True, quiet_s=0.0).detail


def test_an_ffmpeg_that_hangs_may_have_said_why():
    words = ["Stream map '0:a:0' matches no streams."]
    assert diagnosis.stalled(RTSP, words, heard=False).state is CaptureState.NO_AUDIO
    assert diagnosis.stalled(RTSP, words, heard=True).state is CaptureState.STALLED
    assert diagnosis.stalled(RTSP, [], heard=False).state is CaptureState.STALLED


@pytest.mark.parametrize(
    ("path", "login", "state"),
    [
        ("guarded", "bob:wrong@", CaptureState.AUTH_FAILED),
        ("403", "", CaptureState.AUTH_FAILED),
        ("404", "bob:s3cret@", CaptureState.NOT_FOUND),
        ("410", "", CaptureState.NOT_FOUND),
        ("503", "", CaptureState.RECONNECTING),
        ("page", "bob:s3cret@", CaptureState.NO_AUDIO),
        ("video", "bob:s3cret@", CaptureState.NO_AUDIO),
        ("nothing", "bob:s3cret@", CaptureState.RECONNECTING),
    ],
)
def test_real_disappointments(path: str, login: str, state: CaptureState, radio: Radio, ffmpeg: str):
    stream = Stream("s", radio.url(path, login))
    assert _ask(ffmpeg, stream).state is state


@pytest.mark.parametrize("scheme", ["http", "rtsp"])
def test_real_hosts_that_are_not_there(scheme: str, ffmpeg: str):
    refused = _ask(ffmpeg, Stream("s", f"{scheme}://bob:s3cret@127.0.0.1:1/x"))
    assert "connection refused" in refused.detail
    unknown = _ask(ffmpeg, Stream("s", f"{scheme}://bob:s3cret@no-such-host.invalid/x"))
    assert "host name of no-such-host.invalid is not known" in unknown.detail


def _ask(ffmpeg: str, stream: Stream) -> diagnosis.Diagnosis:
    asked = command(ffmpeg, stream)
    done = subprocess.run(asked.argv, input=asked.script, capture_output=True, check=False, timeout=30)
    words = done.stderr.decode().splitlines()
    verdict = diagnose(stream, words, heard=False, quiet_s=0.0)
    assert "s3cret" not in verdict.detail
    return verdict


def test_titles_and_formats_in_ffmpegs_words():
    assert diagnosis.icy_title("[http @ 0x5] Metadata update for StreamTitle: A - B: C") == "A - B: C"
    assert diagnosis.icy_title("Metadata update for StreamTitle: ") == ""
    assert diagnosis.icy_title("something else") is None
    assert diagnosis.icy_title("Metadata update for StreamTitle: http://u:p@h/") == "http://***@h/"
    assert diagnosis.icy_name("    icy-name        : Chirp FM") == "Chirp FM"
    line = "  Stream #0:0: Audio: aac (LC), 48000 Hz, stereo, fltp, 128 kb/s"
    assert diagnosis.audio_format(line) == ("aac (LC)", 48000, "stereo")
    assert diagnosis.audio_format("  Stream #0:1[0x100]: Video: h264") is None
