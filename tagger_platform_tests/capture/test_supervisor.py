"""All streams and slots on virtual clocks, with decoders that play what the test says, into a real spool."""

import json
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from tagger_platform.capture.supervisor import Supervisor
from tagger_platform.capture.writer import Writer
from tagger_platform.model import CaptureState, Slot
from tagger_platform.settings import Settings
from tagger_platform.spool import Manifest, Spool
from tagger_platform.spool.last_windows import LastWindows
from tagger_platform_tests import samples
from tagger_platform_tests.capture.fakes import SILENCE, FakeFfmpeg

STEP_S = 0.2
START = datetime(2026, 11, 21, 12, 0, 1, tzinfo=UTC).timestamp()


class FakeWriter(Writer):
    """Keeps manifests in memory, and the last slot as the real one does."""

    def __init__(self, spool: Spool, last_windows: LastWindows) -> None:
        super().__init__(spool, last_windows)
        self.manifests: list[Manifest] = []

    def write(self, window, samples):
        return window

    def publish(self, manifest: Manifest) -> None:
        self.manifests.append(manifest)
        self.last_slot = manifest.slot


class Rig:
    """A supervisor, its two clocks, and decoders that play in real time unless they are told not to."""

    def __init__(self, folder: Path, names: str = "a", **environ: str) -> None:
        self.folder = folder
        self.environ = {"DATA_DIR": str(folder), "STREAMS_FILE": str(folder / "streams.yaml"), "HOP_SECONDS": "20"}
        self.environ |= {"WINDOW_OFFSETS": "0,10", "WINDOW_SECONDS": "5", **samples.OWN_PORTS, **environ}
        self.wall, self.mono = START, 500.0
        self.writer = FakeWriter(Spool(folder / "spool"), LastWindows(folder / "last"))
        self.silent: set[str] = set()
        self.mute: set[str] = set()
        self.configure(names)
        self.start()

    def configure(self, names: str) -> Settings:
        entries = [{"name": name, "url": f"rtsp://u:s3cret@cam/{name}", "title": f"Radio {name}"} for name in names]
        self.folder.mkdir(exist_ok=True)
        (self.folder / "streams.yaml").write_text(json.dumps({"streams": entries}))
        self.settings = Settings.load(self.environ)
        return self.settings

    def start(self) -> None:
        self.ffmpeg = FakeFfmpeg()
        self.supervisor = Supervisor(self.settings, "ff", self.writer, self.ffmpeg, wall=self.wall, mono=self.mono)

    def restart(self, away_s: float) -> None:
        self.supervisor.stop(self.mono)
        self.wall, self.mono = self.wall + away_s, 7.0
        self.start()

    def run(self, seconds: float) -> None:
        for _ in range(round(seconds / STEP_S)):
            self.wall, self.mono = self.wall + STEP_S, self.mono + STEP_S
            for decoder in self.ffmpeg.started:
                name = next(word for word in decoder.command if "cam/" in word)[-1]
                if name not in self.silent and not decoder.gone():
                    decoder.play(STEP_S, *([SILENCE] if name in self.mute else []))
            self.supervisor.tick(self.wall, self.mono)

    @property
    def told(self) -> list[str]:
        return [manifest.slot.key[11:19] for manifest in self.writer.manifests]

    def states(self, name: str = "a") -> list[str]:
        windows = [window for manifest in self.writer.manifests for window in manifest.windows]
        return [window.state.value for window in windows if window.stream == name]


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(tmp_path)


def test_a_slot_is_published_as_soon_as_its_last_window_is_complete(rig: Rig):
    rig.run(33.8)
    assert rig.writer.manifests == []
    rig.run(0.6)  # 12:00:35.4: the window that began at :30 is complete
    (manifest,) = rig.writer.manifests
    assert manifest.slot == Slot(datetime(2026, 11, 21, 12, 0, 20, tzinfo=UTC))
    assert (manifest.source, manifest.hop_s, manifest.titles) == ("capture", 20, (("a", "Radio a"),))
    assert [(window.offset_s, window.state) for window in manifest.windows] == [(0, "captured"), (10, "captured")]
    assert manifest.windows[0].level_dbfs == pytest.approx(-17.0, abs=0.1)


def test_a_stream_that_is_down_delays_the_others_by_the_grace_only(tmp_path: Path):
    rig = Rig(tmp_path, "ab")
    rig.silent.add("b")
    rig.run(35.2)
    assert rig.writer.manifests == []
    rig.run(0.6)
    assert rig.told == ["12:00:20"]
    assert rig.states("a") == ["captured"] * 2
    assert "captured" not in rig.states("b")


def test_windows_of_a_blank_stream_are_blank_and_earlier_silence_is_heard(rig: Rig):
    rig.run(10)
    rig.mute.add("a")
    rig.run(120)
    assert rig.states()[:4] == ["captured"] * 4
    assert rig.states()[-1] == "blank"
    assert rig.writer.manifests[1].windows[0].level_dbfs is None


def test_after_a_restart_every_slot_in_between_is_accounted_for(rig: Rig):
    rig.run(36)
    rig.restart(away_s=65)
    rig.run(40)
    assert rig.told == ["12:00:20", "12:00:40", "12:01:00", "12:01:20", "12:01:40", "12:02:00"]
    assert rig.states() == [*["captured"] * 2, *["capture_down"] * 6, *["capture_down", "captured"], *["captured"] * 2]


def test_what_was_heard_of_the_running_slot_is_handed_over_at_the_end(rig: Rig):
    rig.run(27)
    rig.supervisor.stop(rig.mono)
    assert rig.states() == ["captured", "capture_down"]
    assert rig.supervisor.stopped(rig.mono)


def test_a_slot_of_which_nothing_was_heard_yet_is_left_to_a_quick_restart(rig: Rig):
    rig.run(41)
    rig.restart(away_s=1)
    rig.run(15)
    assert rig.told == ["12:00:20", "12:00:40"]
    assert rig.states()[2:] == ["capture_down", "captured"]


@pytest.mark.parametrize("shift", [3600.0, -3600.0])
def test_a_clock_that_steps(rig: Rig, shift: float):
    rig.run(27)
    rig.wall += shift
    rig.run(0.2)
    assert rig.states()[:2] == ["captured", "clock_stepped"]
    rig.run(3700 if shift < 0 else 60)
    assert rig.told == sorted(set(rig.told))
    assert rig.states()[-1] == "captured"
    assert rig.states().count("clock_stepped") == 1 + (2 * 180 if shift > 0 else 0)


def test_a_capture_that_was_held_up_accounts_for_what_it_slept_through(rig: Rig):
    rig.run(22)
    rig.wall, rig.mono = rig.wall + 60, rig.mono + 60
    rig.run(20)
    assert rig.told == ["12:00:20", "12:00:40", "12:01:00", "12:01:20"]
    assert "captured" not in rig.states()[:6]
    assert rig.states()[-1] == "captured"


def test_reload(tmp_path: Path):
    rig = Rig(tmp_path, "ab")
    rig.run(22)
    untouched = rig.supervisor.listeners["a"]
    assert rig.supervisor.reload(rig.configure("ac"), rig.mono) == {"added": ["c"], "removed": ["b"]}
    rig.run(40)
    assert rig.supervisor.listeners["a"] is untouched
    assert [{window.stream for window in manifest.windows} for manifest in rig.writer.manifests] == [{"a"}, {"a", "c"}]
    assert rig.states("c") == ["captured"] * 2
    assert [decoder.gone() for decoder in rig.ffmpeg.started] == [False, True, False]


def test_a_stubborn_ffmpeg_of_a_removed_stream_is_killed(tmp_path: Path):
    rig = Rig(tmp_path, "ab")
    rig.run(1)
    rig.ffmpeg.newest.stubborn = True
    rig.supervisor.reload(rig.configure("a"), rig.mono)
    rig.run(0.8)
    assert rig.ffmpeg.newest.stops == [False]
    rig.run(0.6)
    assert rig.ffmpeg.newest.stops == [False, True]


def test_no_manifest_holds_a_password(rig: Rig):
    rig.silent.add("a")
    rig.run(60)
    assert "s3cret" not in "".join(manifest.to_json() for manifest in rig.writer.manifests)


@hypothesis_settings(max_examples=40)
@given(
    moves=st.lists(
        st.tuples(
            st.sampled_from(["run", "pause", "step", "restart", "silent", "sound", "ended"]),
            st.floats(0.2, 60.0),
            st.floats(-90.0, 90.0),
        ),
        max_size=8,
    )
)
def test_no_slot_is_published_twice_and_every_expected_window_has_a_state(
    tmp_path_factory: pytest.TempPathFactory, moves: list[tuple[str, float, float]]
):
    rig = Rig(tmp_path_factory.mktemp("rig"))
    for kind, seconds, shift in moves:
        if kind == "step":
            rig.wall += shift
        elif kind == "pause":
            rig.wall, rig.mono = rig.wall + seconds, rig.mono + seconds
        elif kind == "restart":
            rig.restart(seconds)
        elif kind == "silent":
            rig.silent.add("a")
        elif kind == "sound":
            rig.silent.clear()
        elif kind == "ended" and rig.ffmpeg.started:
            rig.ffmpeg.newest.end()
        rig.run(seconds)
    slots = [manifest.slot.start.timestamp() for manifest in rig.writer.manifests]
    assert all(b - a == 20 for a, b in pairwise(slots))
    for manifest in rig.writer.manifests:
        assert [window.offset_s for window in manifest.windows] == [0, 10]
        assert all(window.state is not CaptureState.STARTING or window.detail for window in manifest.windows)
