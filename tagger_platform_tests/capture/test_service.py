"""The whole capture process, on real sockets with a real ffmpeg."""

import json
import os
import signal
import time
import urllib.error
import urllib.request
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tagger_platform.capture.timeline import RATE
from tagger_platform.model import CaptureState
from tagger_platform_tests.capture.chirp import lateness_s
from tagger_platform_tests.capture.conftest import Capture, alive, wait_until
from tagger_platform_tests.capture.radio import Radio
from tagger_platform_tests.journeys.processes import command_lines

LOGIN = "bob:s3cret%2F%40word@"
SECRETS = ("s3cret", "Ym9iOnMz")


def test_windows_hold_the_instants_they_are_named_after(capture: Capture, radio: Radio):
    capture.streams(guarded=radio.url("guarded", LOGIN), wrong=radio.url("guarded", "bob:s3cret-too@"))
    capture.environ["STRUCTURED_LOGS"] = "true"
    capture.start()
    wait_until(lambda: len(capture.manifests()) >= 2, 30, "two slots")

    for manifest in capture.manifests()[-1:]:
        heard = next(window for window in manifest.windows if window.stream == "guarded")
        assert heard.state is CaptureState.CAPTURED
        assert heard.icy_title == radio.title
        assert heard.level_dbfs == pytest.approx(-15.2, abs=0.5)
        path = capture.folder / f"data/spool/ready/{manifest.slot.key}/guarded+0.flac"
        samples, rate = soundfile.read(path, dtype="int16")
        assert (rate, len(samples)) == (RATE, 3 * RATE)
        assert -0.05 < lateness_s(samples, rate, heard.start.timestamp()) < 0.3
        assert path.with_name("manifest.json").stat().st_mtime - heard.end.timestamp() < 2
        assert next(w for w in manifest.windows if w.stream == "wrong").state is CaptureState.AUTH_FAILED

    health, shown = json.dumps(capture.health()), command_lines(capture.ffmpegs())
    assert len(shown) >= 1
    assert capture.end() == (0, pytest.approx(0, abs=2))
    everything = [health, *shown, capture.log.read_text(), *(p.read_text() for p in capture.folder.rglob("*.json"))]
    assert not [text for text in everything for secret in SECRETS if secret in text]
    lines = [json.loads(line) for line in capture.log.read_text().splitlines()]
    assert len(lines) < 10
    assert {line.get("stream") for line in lines} == {None, "guarded", "wrong"}


def test_servers_that_go_come_back_and_stall(capture: Capture, radio: Radio, ffmpeg: str):
    staller = Radio(ffmpeg).start()
    capture.streams(goes=radio.url("live"), stalls=staller.url("live"))
    capture.start()
    wait_until(lambda: all("captured" in capture.states(name) for name in ("goes", "stalls")), 20, "both are captured")
    staller.stall()
    radio.stop()
    wait_until(lambda: capture.stream("goes")["state"] == "reconnecting", 5, "the stream is known to be down")
    wait_until(lambda: capture.states("goes")[-1] == "reconnecting", 10, "a window is missing for that reason")
    assert "connection refused" in capture.stream("goes")["last_error"]
    radio.start()
    wait_until(lambda: capture.states("stalls")[-1] == "stalled", 15, "a window is missing because the server stalls")
    wait_until(lambda: capture.stream("stalls")["state"] == "stalled", 15, "the stream is known to stall")
    wait_until(lambda: capture.states("goes")[-1] == "captured", 20, "captured again")
    assert capture.end()[1] < 2
    staller.stop()


def test_a_file_is_played_again_and_again(capture: Capture, tmp_path: Path, radio: Radio):
    path = tmp_path / "a file.wav"
    soundfile.write(path, (np.sin(np.arange(RATE) / 10) * 8000).astype("int16"), RATE)
    capture.streams(file=f"file://{tmp_path}/a%20file.wav", gone="file:///nowhere/gone.wav")
    capture.start()
    wait_until(lambda: capture.stream("file").get("last_error"), 15, "the file has ended")
    assert "file ended" in capture.stream("file")["last_error"]
    wait_until(lambda: capture.stream("file")["state"] == "live", 5, "the file is played again")
    assert capture.stream("gone")["state"] == "not_found"


def _start_two(capture: Capture, radio: Radio) -> None:
    capture.streams(live=radio.url("live"), hang=radio.url("hang"))
    capture.start()
    wait_until(lambda: capture.stream("live")["state"] == "live", 10, "one plays")
    wait_until(lambda: "/hang" in radio.asked, 10, "the other waits for its server")


def test_sigkill_leaves_no_ffmpeg(capture: Capture, radio: Radio):
    _start_two(capture, radio)
    started = capture.ffmpegs()
    capture.end(signal.SIGKILL)
    wait_until(lambda: not any(alive(pid) for pid in started), 10, "both have ended")


def test_sigterm_ends_even_stopped_ffmpegs_in_two_seconds(capture: Capture, radio: Radio):
    _start_two(capture, radio)
    started = capture.ffmpegs()
    for pid in started:
        os.kill(pid, signal.SIGSTOP)
    code, seconds = capture.end()
    assert code == 0
    assert 1 < seconds < 2  # TERM did not help
    assert not any(alive(pid) for pid in started)


def test_reload_keeps_unchanged_streams_and_refuses_nonsense(capture: Capture, radio: Radio):
    capture.streams(stays=radio.url("live"), goes=radio.url("hang"))
    capture.start()
    wait_until(lambda: capture.stream("stays")["state"] == "live", 10, "live")
    since = capture.stream("stays")["since"]

    capture.streams(stays=radio.url("live"), comes=radio.url("live"))
    assert capture.process
    capture.process.send_signal(signal.SIGHUP)
    wait_until(lambda: "comes" in {s["name"] for s in capture.health()["streams"]}, 5, "read again")
    wait_until(lambda: capture.stream("comes")["state"] == "live", 10, "the new one plays")
    assert {s["name"] for s in capture.health()["streams"]} == {"stays", "comes"}
    wait_until(lambda: len(capture.ffmpegs()) == 2, 5, "the removed one has ended")

    (capture.folder / "streams.yaml").write_text("streams: [{name: 'Not a name', url: 'http://u:s3cret@h/'}]")
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"http://127.0.0.1:{capture.port}/reload", data=b"")
    assert refused.value.code == 400
    error = json.load(refused.value)["error"]
    assert error["code"] == "settings"
    assert "Not a name" in error["details"][0]

    capture.streams(stays=radio.url("live"), later=radio.url("404"))
    with urllib.request.urlopen(f"http://127.0.0.1:{capture.port}/reload", data=b"") as answer:
        assert json.load(answer) == {"added": ["later"], "removed": ["comes"]}
    assert capture.stream("stays")["since"] == since
    wait_until(lambda: "later" in {w.stream for m in capture.manifests() for w in m.windows}, 15, "it is expected")
    assert "s3cret" not in capture.log.read_text()


def test_a_restart_accounts_for_the_slots_in_between(capture: Capture, radio: Radio):
    capture.streams(live=radio.url("live"))
    capture.start()
    wait_until(lambda: len(capture.manifests()) >= 1, 20, "a slot")
    capture.end(signal.SIGKILL)
    time.sleep(6)
    capture.start()
    before = len(capture.manifests())
    wait_until(lambda: len(capture.manifests()) >= before + 3, 25, "the missed slots and a new one")
    starts = [manifest.slot.start.timestamp() for manifest in capture.manifests()]
    assert {b - a for a, b in pairwise(starts)} == {5.0}
    states = capture.states("live")
    assert "capture_down" in states
    wait_until(lambda: capture.states("live")[-1] == "captured", 15, "captured again")


def test_what_cannot_begin_says_so(capture: Capture, radio: Radio, tmp_path: Path):
    capture.streams(live=radio.url("live"))
    capture.start()
    wait_until(lambda: capture.stream("live")["state"] == "live", 10, "live")

    second = Capture(tmp_path, capture.port)
    second.log = tmp_path / "second.log"
    assert second.start().process.wait(10) == 2
    assert "another capture already writes" in second.log.read_text()

    second.environ["DATA_DIR"] = str(tmp_path / "elsewhere")
    assert second.start().process.wait(10) == 2
    assert "CAPTURE_PORT" in second.log.read_text()

    second.environ["DATA_DIR"] = str(second.log)
    assert second.start().process.wait(10) == 2
    assert "DATA_DIR" in second.log.read_text().splitlines()[-1]

    second.environ |= {"DATA_DIR": str(tmp_path / "elsewhere"), "FFMPEG_PATH": "/nowhere/ffmpeg"}
    assert second.start().process.wait(10) == 2
    assert "FFMPEG_PATH" in second.log.read_text().splitlines()[-1]
