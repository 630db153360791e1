"""Capture's own scrape: what it is made of, and that it counts what happens to streams on virtual time."""

import urllib.request
from pathlib import Path

import pytest

from tagger_platform.capture.server import Health
from tagger_platform_tests.capture.test_server import Door
from tagger_platform_tests.capture.test_supervisor import Rig
from tagger_platform_tests.scrapes import CAPTURE, linted, shape, values


def scrape(rig: Rig) -> str:
    return Health(rig.supervisor, rig.writer, rig.writer._spool, lambda: rig.mono).metrics().decode()


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    """Capture of one stream that is heard and one that is not."""
    one = Rig(tmp_path, "ab")
    one.silent.add("b")
    one.run(50)
    return one


def test_the_scrape_is_the_golden_one(rig: Rig):
    assert "\n".join(shape(scrape(rig))) + "\n" == CAPTURE.read_text()


@pytest.mark.real
def test_promtool_finds_nothing_to_say(rig: Rig):
    assert linted(scrape(rig)) == ""


def test_streams_and_their_windows_are_counted(rig: Rig):
    found = values(scrape(rig))
    assert (found['streams_active{stream="a"}'], found['streams_active{stream="b"}']) == (1, 0)
    windows = [window for manifest in rig.writer.manifests for window in manifest.windows]
    assert windows
    for stream in "ab":
        for state in {window.state for window in windows if window.stream == stream}:
            expected = sum((window.stream, window.state) == (stream, state) for window in windows)
            assert found[f'capture_windows_total{{state="{state}",stream="{stream}"}}'] == expected


def test_restarts_are_counted_from_zero_on(rig: Rig):
    before = values(scrape(rig))
    assert before['ffmpeg_restarts_total{stream="a"}'] == 0
    starts = sum("cam/b" in word for decoder in rig.ffmpeg.started for word in decoder.command)
    assert before['ffmpeg_restarts_total{stream="b"}'] == starts - 1 > 0
    next(decoder for decoder in rig.ffmpeg.started if any("cam/a" in word for word in decoder.command)).end()
    rig.run(5)
    assert values(scrape(rig))['ffmpeg_restarts_total{stream="a"}'] == 1


def test_a_pause_in_the_audio_is_a_long_gap(rig: Rig):
    def gaps(le: str) -> float:
        return values(scrape(rig))[f'ffmpeg_read_gap_seconds_bucket{{le="{le}",stream="a"}}']

    assert gaps("0.75") == gaps("+Inf") > 100
    rig.silent.add("a")
    rig.run(4)
    rig.silent.remove("a")
    rig.run(4)
    assert gaps("+Inf") - gaps("5.0") == 0
    assert gaps("5.0") - gaps("3.0") == 1


def test_a_stream_that_is_taken_out_is_no_longer_active(rig: Rig):
    rig.supervisor.reload(rig.configure("a"), rig.mono)
    assert not any(name.startswith('streams_active{stream="b"') for name in values(scrape(rig)))


def test_the_spools_depth_is_told_in_windows(rig: Rig):
    folder = rig.writer._spool.root / "ready" / "2026-11-21T11:00:00Z"
    folder.mkdir()
    for name in "xyz":
        (folder / f"{name}+0.flac").touch()
    found = values(scrape(rig))
    assert (found['queue_depth{name="ready_windows"}'], found['queue_depth{name="writer"}']) == (3, 0)


@pytest.mark.parametrize(
    ("more", "path", "status"),
    [
        ({}, "/metrics", 200),
        ({"METRICS_PATH": "/numbers"}, "/numbers", 200),
        ({"METRICS_PATH": "/numbers"}, "/metrics", 404),
        ({"ENABLE_PROMETHEUS": "false"}, "/metrics", 404),
    ],
)
def test_they_are_served_on_captures_own_port(tmp_path: Path, free_port, more: dict[str, str], path: str, status: int):
    door = Door(Rig(tmp_path, "a", **more), free_port())
    try:
        if status == 200:
            with urllib.request.urlopen(f"http://127.0.0.1:{door.port}{path}", timeout=5) as answer:
                assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
                assert values(answer.read().decode())['ffmpeg_restarts_total{stream="a"}'] == 0
        else:
            assert door.ask(path)[0] == status
    finally:
        door.server.close()
