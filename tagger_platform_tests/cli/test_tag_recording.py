"""`tagger tag-recording`: the same plays as if it had been live, once, whatever interrupts it; and what is refused."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
import numpy as np
import pytest
import soundfile
from dagster._daemon.types import DaemonHeartbeat
from scipy.signal import resample_poly

from tagger_platform.capture.timeline import RATE, level_dbfs
from tagger_platform.capture.writer import Writer
from tagger_platform.cli.library_add import DAEMONS, add_files
from tagger_platform.cli.slot_runs import SlotRuns
from tagger_platform.defs.platform import Platform
from tagger_platform.library.files import find_audio
from tagger_platform.model import CaptureState, Play, Slot, Window
from tagger_platform.settings import Settings
from tagger_platform.spool import Manifest
from tagger_platform.spool.last_windows import LastWindows
from tagger_platform_tests.fingerprint.tunes import tune
from tagger_platform_tests.store.radio import all_plays

Tagger = Callable[..., tuple[int, str, str]]
ROOT = Path(__file__).parent.parent.parent
START = "2026-11-20T03:30:00Z"
SLOTS = 4
FIELDS = ["file", "stream", "start", "end", "slots", "done_before", "windows", "states", "at_the_edges", "missing"]


@pytest.fixture
def environ(environ: dict[str, str]) -> dict[str, str]:
    return {**environ, "HOP_SECONDS": "30", "WINDOW_OFFSETS": "0,12"}


@dataclass
class Radio:
    """Two minutes of radio, in a file, and a catalogue that knows its songs."""

    settings: Settings
    path: Path
    samples: np.ndarray

    @property
    def platform(self) -> Platform:
        return Platform(self.settings)

    def plays(self) -> list[Play]:
        with self.platform.database.reading() as connection:
            return all_plays(connection)

    def windows(self) -> list[tuple[str, str]]:
        with self.platform.database.reading() as connection:
            return connection.execute("SELECT window_id, state FROM windows ORDER BY 1").fetchall()

    def slots(self) -> list[Slot]:
        found = [Slot.parse(START)]
        while len(found) < SLOTS:
            found.append(found[-1].next(30))
        return found

    def capture(self, stream: str) -> None:
        """Hand the same audio over as capture does."""
        writer = Writer(self.platform.spool, LastWindows(self.platform.settings.last_windows_dir))
        writer.start()
        for number, slot in enumerate(self.slots()):
            told = []
            for offset in self.settings.window_offsets:
                first = (number * 30 + offset) * RATE
                heard = self.samples[first : first + 12 * RATE]
                window = Window(stream, slot, offset, 12, CaptureState.CAPTURED, level_dbfs=level_dbfs(heard))
                told.append(writer.write(window, heard))
            writer.publish(Manifest(slot, "capture", 30, tuple(told), ((stream, stream),)))
        writer.stop(30)


@pytest.fixture
def radio(settings: Settings, tmp_path: Path) -> Radio:
    songs = [tune(seed, 70) for seed in (1, 2)]
    (tmp_path / "music").mkdir()
    for number, song in enumerate(songs):
        soundfile.write(tmp_path / "music" / f"song {number}.flac", song, 12_000)
    add_files(settings, find_audio([tmp_path / "music"]), kind=None, progress=False)
    programme = resample_poly(np.concatenate([songs[0][: 50 * 12_000], songs[1]]), 4, 3)
    samples = (np.clip(programme, -1, 1) * 32767).astype(np.int16)
    soundfile.write(tmp_path / "radio.flac", samples, RATE)
    return Radio(settings, tmp_path / "radio.flac", samples)


def asked(radio: Radio, stream: str = "kexp", start: str = START) -> list[str]:
    return ["tag-recording", str(radio.path), "--stream", stream, "--start", start]


def test_it_makes_the_plays_that_it_would_have_made_live(tagger: Tagger, radio: Radio) -> None:
    radio.capture("kexp")
    with SlotRuns(radio.platform) as runs:
        for slot in radio.slots():
            runs.run(slot)
    live, windows = radio.plays(), radio.windows()
    assert [(play.track.title, play.status) for play in live] == [("song 0", "confirmed"), ("song 1", "confirmed")]
    with radio.platform.database.writing() as connection:
        for table in ("windows", "recognitions", "further_matches", "plays", "play_windows", "expected_windows"):
            connection.execute(f"DELETE FROM {table}")
    code, out, _ = tagger(*asked(radio))
    assert code == 0, out
    assert (radio.plays(), radio.windows()) == (live, windows)


def test_what_came_of_it_is_told(tagger: Tagger, radio: Radio) -> None:
    code, out, err = tagger(*asked(radio, "closed", "2026-11-20T03:30:05Z"), "--json")
    (told,) = [json.loads(line) for line in out.splitlines()]
    assert (code, err) == (0, "")
    assert list(told) == [*FIELDS, "plays"]
    assert {name: told[name] for name in FIELDS[1:]} == {
        "stream": "closed",
        "start": "2026-11-20T03:30:05Z",
        "end": "2026-11-20T03:32:05Z",
        "slots": 4,
        "done_before": 0,
        "windows": 7,
        "states": {"heard": 7},
        "at_the_edges": 1,
        "missing": 0,
    }
    code, out, err = tagger(*asked(radio, "closed", "2026-11-20T03:30:05Z"))
    assert (code, out.splitlines()[1:]) == (
        0,
        ["1 windows of its first and last slots are not wholly in it: not expected"],
    )
    assert "4 slots (4 were done before), 7 windows: heard 7" in out
    assert "slots" in err  # the bar
    code, out, _ = tagger("coverage", "--date", "2026-11-19", "--stream", "closed", "--json")
    (day,) = [json.loads(line) for line in out.splitlines()]
    assert (day["expected"], day["heard"], day["gaps"]) == (7, 7, [])


def test_a_second_call_changes_nothing(tagger: Tagger, radio: Radio) -> None:
    tagger(*asked(radio))
    before = radio.plays(), radio.windows(), radio.settings.database_path.stat().st_mtime_ns
    tagger(*asked(radio))
    assert (radio.plays(), radio.windows(), radio.settings.database_path.stat().st_mtime_ns) == before


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT], ids=["kill -9", "Ctrl-C"])
def test_the_same_command_goes_on_where_it_was_interrupted(
    tagger: Tagger, radio: Radio, environ: dict[str, str], how: signal.Signals
) -> None:
    command = [sys.executable, "-m", "tagger_platform", *asked(radio)]
    process = subprocess.Popen(command, cwd=ROOT, env={**os.environ, **environ}, stderr=subprocess.PIPE, text=True)
    while process.poll() is None and not radio.windows():
        time.sleep(0.02)
    process.send_signal(how)
    _, said = process.communicate(timeout=60)
    assert process.returncode == (-9 if how is signal.SIGKILL else 1), said
    assert how is signal.SIGKILL or "the same command again goes on where it was" in said
    assert len(radio.windows()) < 2 * SLOTS
    code, out, err = tagger(*asked(radio), "--json")
    assert (code, err) == (0, "")
    assert json.loads(out)["states"] == {"heard": 2 * SLOTS}
    interrupted, windows = radio.plays(), radio.windows()
    assert [play.track.title for play in interrupted] == ["song 0", "song 1"]
    assert (radio.platform.spool.recorded(), radio.platform.spool.claimed()) == ([], [])
    assert len(windows) == len({window_id for window_id, _ in windows})
    assert not list(radio.settings.spool_dir.rglob("*.flac"))


@pytest.mark.parametrize("done", [True, False], ids=["in the store", "still in the spool"])
def test_what_was_heard_live_is_refused_by_name(tagger: Tagger, radio: Radio, done: bool) -> None:
    radio.capture("kexp")
    if done:
        with SlotRuns(radio.platform) as runs:
            for slot in radio.slots():
                runs.run(slot)
    before = radio.windows()
    code, out, err = tagger(*asked(radio, start="2026-11-20T03:31:00Z"))
    assert (code, out) == (2, "")
    assert "overlaps what was heard live of kexp: 2 slots, the first is 2026-11-20T03:31:00Z" in err
    assert radio.windows() == before
    assert tagger(*asked(radio, "other", start="2026-11-20T03:31:00Z"))[0] == 0


@pytest.mark.parametrize(
    ("start", "stream", "words"),
    [
        pytest.param("2126-11-20T03:30:00Z", "kexp", "lies in the future", id="in the future"),
        pytest.param("2026-11-20T03:30:00", "kexp", "has no time zone", id="no zone"),
        pytest.param(START, "KEXP 90.3", "--stream must be", id="no name"),
    ],
)
def test_a_wrong_request_is_refused(tagger: Tagger, tmp_path: Path, start: str, stream: str, words: str) -> None:
    soundfile.write(tmp_path / "radio.flac", tune(1, 30), 12_000)
    code, out, err = tagger("tag-recording", "radio.flac", "--stream", stream, "--start", start)
    assert (code, out) == (2, "")
    assert words in err


def test_a_film_without_sound_is_refused(tagger: Tagger, tmp_path: Path) -> None:
    film = ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc=d=5:s=64x64", str(tmp_path / "film.mkv")]
    subprocess.run(film, check=True)
    code, _, err = tagger("tag-recording", "film.mkv", "--stream", "kexp", "--start", START)
    assert (code, err) == (2, "film.mkv has no audio stream\n")


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("TWO_HIT_HOP_TOLERANCE", "-1", "TWO_HIT_HOP_TOLERANCE must be a whole number from 0"),
        ("WINDOW_OFFSETS", "0,25", "WINDOW_OFFSETS: the window at 25 s lasts 12 s"),
        ("DECISION_POLICY", "gut_feeling", "DECISION_POLICY has unknown policies gut_feeling"),
    ],
)
def test_contradictory_settings_are_refused(
    tagger: Tagger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str, words: str
) -> None:
    soundfile.write(tmp_path / "radio.flac", tune(1, 30), 12_000)
    monkeypatch.setenv(name, value)
    code, _, err = tagger("tag-recording", "radio.flac", "--stream", "kexp", "--start", START)
    assert code == 2
    assert words in err


def test_audio_that_fails_on_the_way_is_a_failure_and_not_a_wrong_request(
    tagger: Tagger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An ffmpeg that finds packets and can decode none."""
    ffmpeg = tmp_path / "ffmpeg"
    ffmpeg.write_text('#!/bin/sh\ncase "$*" in *"-c copy"*) echo out_time_us=90000000 ;; *) exit 1 ;; esac\n')
    ffmpeg.chmod(0o755)
    (tmp_path / "radio.mp3").write_bytes(b"x")
    monkeypatch.setenv("FFMPEG_PATH", str(ffmpeg))
    code, _, err = tagger("tag-recording", "radio.mp3", "--stream", "kexp", "--start", START)
    assert code == 1
    assert "radio.mp3 is not audio that can be read, or it is damaged or truncated: what was read until then is" in err


@pytest.fixture
def daemon(radio: Radio) -> Iterator[list[str]]:
    """Somebody whose heartbeat is that of Dagster's daemon, and who runs what waits; tells which slots those were."""
    home = radio.settings.dagster_home
    home.mkdir(parents=True)
    (home / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
    over, ran = threading.Event(), []
    with dg.DagsterInstance.from_config(str(home)) as instance:
        for name in DAEMONS:
            instance.add_daemon_heartbeat(DaemonHeartbeat(time.time(), name, "1", None))

    def work() -> None:
        with SlotRuns(radio.platform) as runs:
            while not over.wait(0.05):
                for key in radio.platform.spool.recorded():
                    ran.append(key)
                    runs.run(Slot.parse(key))

    worker = threading.Thread(target=work)
    worker.start()
    yield ran
    over.set()
    worker.join()


def test_a_daemon_that_is_alive_does_the_work(tagger: Tagger, radio: Radio, daemon: list[str]) -> None:
    code, out, _ = tagger(*asked(radio), "--json")
    assert (code, json.loads(out)["states"]) == (0, {"heard": 2 * SLOTS})
    assert daemon == [slot.key for slot in radio.slots()]
    assert [play.track.title for play in radio.plays()] == ["song 0", "song 1"]
