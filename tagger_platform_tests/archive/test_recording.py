"""Which windows a recording holds, how they are cut, and which recordings are refused."""

import io
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from tagger_platform.archive.cut import cut_slots
from tagger_platform.archive.recording import Plan, Recording, opened, plan
from tagger_platform.capture.timeline import RATE
from tagger_platform.errors import AudioError, RequestError
from tagger_platform.model import Slot, Window, iso
from tagger_platform.settings import Settings
from tagger_platform.spool import Spool
from tagger_platform.store.reports import KnownWindow

MIDNIGHT = datetime(2026, 11, 20, tzinfo=UTC)
NOW = MIDNIGHT + timedelta(days=1)


def recording(start_s: float, length_s: float, path: Path = Path("old.wav")) -> Recording:
    return Recording(path, "old", "Old", MIDNIGHT + timedelta(seconds=start_s), length_s, "recording-1")


def starts(windows: Sequence[Window]) -> list[float]:
    return [(window.start - MIDNIGHT).total_seconds() for window in windows]


def planned(settings: Settings, made: Recording, known: Sequence[KnownWindow] = ()) -> Plan:
    return plan(settings, made, known, Spool(settings.spool_dir))


@pytest.mark.parametrize(
    ("start_s", "length_s", "expected"),
    [
        pytest.param(0, 240, [0, 30, 120, 150], id="two whole slots"),
        pytest.param(0.5, 240, [30, 120, 150], id="it begins a moment after the slot"),
        pytest.param(-7, 49, [0, 30], id="it begins before the slot and ends with its last window"),
        pytest.param(-7, 48.9, [0], id="its last window is cut off"),
        pytest.param(31, 130, [120], id="a window of the slot after the one it begins in"),
    ],
)
def test_windows_that_are_wholly_in_it_are_expected(
    settings: Settings, start_s: float, length_s: float, expected: list[float]
) -> None:
    assert starts(recording(start_s, length_s).windows(settings)) == expected


@given(st.floats(-500, 500), st.floats(1, 4000), st.sampled_from([(0, 30), (0,), (0, 12, 24, 108)]))
def test_no_window_is_expected_that_is_not_wholly_in_it(
    start_s: float, length_s: float, offsets: tuple[int, ...]
) -> None:
    settings = replace(Settings.load({}), window_offsets=offsets)
    made = recording(start_s, length_s)
    windows = made.windows(settings)
    assert all(made.start <= window.start and window.end <= made.end for window in windows)
    assert len({window.window_id for window in windows}) == len(windows)
    first = Slot.containing(made.start, 120).start
    every = [first + timedelta(seconds=120 * n + offset) for n in range(40) for offset in offsets]
    inside = [one for one in every if made.start <= one and one + timedelta(seconds=12) <= made.end]
    assert [window.start for window in windows] == inside


def ramp(seconds: float) -> np.ndarray:
    """Samples that tell where they are: their value rises by one every 2 ms."""
    return (np.arange(round(seconds * RATE)) // 32 % 30_000).astype(np.int16)


@pytest.mark.parametrize("offsets", [(0, 30), tuple(range(0, 120, 12)), (0, 6, 108)], ids=["0,30", "tiled", "overlap"])
def test_windows_are_cut_where_they_belong(settings: Settings, tmp_path: Path, offsets: tuple[int, ...]) -> None:
    settings, path, samples = replace(settings, window_offsets=offsets), tmp_path / "old.wav", ramp(400)
    soundfile.write(path, samples, RATE)
    made = recording(-10.25, 400, path)
    found = planned(settings, made)
    cut = list(cut_slots(settings, made, found.slots))
    assert [one.manifest.slot for one in cut] == list(found.slots)
    told = [window for one in cut for window in one.manifest.windows]
    assert [window.window_id for window in told] == [window.window_id for window in found.windows]
    for one in cut:
        for window, flac in one.audio.items():
            heard, _ = soundfile.read(io.BytesIO(flac), dtype="int16")
            first = round((window.start - made.start).total_seconds() * RATE)
            assert np.array_equal(heard, samples[first : first + 12 * RATE])
            assert window.level_dbfs is not None


def test_audio_that_ends_before_its_time_is_not_made_up(settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / "old.wav"
    soundfile.write(path, ramp(135), RATE)
    made = recording(0, 400, path)
    cut = list(cut_slots(settings, made, planned(settings, made).slots))
    assert starts([window for one in cut for window in one.manifest.windows]) == [0, 30, 120]


def test_digital_silence_has_no_level(settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / "old.wav"
    soundfile.write(path, np.zeros(60 * RATE, np.int16), RATE)
    made = recording(0, 60, path)
    (cut,) = cut_slots(settings, made, planned(settings, made).slots)
    assert [window.level_dbfs for window in cut.manifest.windows] == [None, None]


def test_only_slots_without_all_their_answers_are_open(settings: Settings) -> None:
    made = recording(0, 480)
    states = {"00:00": ("heard", "silent"), "00:02": ("heard", "throttled"), "00:04": ("heard",)}
    known = [
        KnownWindow(f"old/2026-11-20T{clock}:00Z+{offset}", "recording-1", state)
        for clock, told in states.items()
        for offset, state in zip((0, 30), told, strict=False)
    ]
    found = planned(settings, made, known)
    assert [slot.key[11:16] for slot in found.open] == ["00:02", "00:04", "00:06"]
    assert len(found.slots) == 4


@pytest.mark.parametrize(("source", "words"), [("capture", "heard live"), ("recording-2", "another recording")])
def test_what_another_source_told_of_is_left_alone(settings: Settings, source: str, words: str) -> None:
    known = [KnownWindow(f"old/2026-11-20T00:0{minute}:00Z+30", source, "heard") for minute in (2, 4)]
    with pytest.raises(RequestError, match=f"{words} of old: 2 slots, the first is 2026-11-20T00:02:00Z"):
        planned(settings, recording(0, 480), known)


def test_a_window_beside_those_of_another_source_is_no_overlap(settings: Settings) -> None:
    known = [KnownWindow("old/2026-11-20T00:02:00Z+0", "capture", "heard")]
    assert starts(planned(settings, recording(125, 60), known).windows) == [150]


@pytest.mark.parametrize(
    ("start", "stream", "words"),
    [
        pytest.param("2026-11-20T00:00:00", "old", "has no time zone", id="no zone"),
        pytest.param("2026-11-20", "old", "has no time zone", id="only a day"),
        pytest.param("yesterday", "old", "is no instant", id="no instant"),
        pytest.param("0001-01-01T00:00:00+10:00", "old", "is no instant", id="before all time"),
        pytest.param("1969-12-31T00:00:00Z", "old", "too long ago", id="before 1970"),
        pytest.param("2026-11-21T00:00:01Z", "old", "lies in the future", id="in the future"),
        pytest.param(
            "2026-11-20T23:59:00Z", "old", "it would end at 2026-11-21T00:00:30Z, in the future", id="its end"
        ),
        pytest.param("2026-11-20T00:00:00Z", "Old Radio", "--stream must be", id="no name of a stream"),
        pytest.param("2026-11-20T00:00:00Z", "../old", "--stream must be", id="a path"),
    ],
)
def test_what_cannot_be_a_recording_is_refused(
    settings: Settings, tmp_path: Path, start: str, stream: str, words: str
) -> None:
    path = tmp_path / "old.wav"
    soundfile.write(path, ramp(90), RATE)
    with pytest.raises(RequestError, match=words):
        opened(settings, path, stream, start, now=NOW)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        pytest.param("none.wav", None, "is not there", id="no file"),
        pytest.param("empty.wav", b"", "is empty", id="an empty file"),
        pytest.param("text.mp3", b"dear diary\n" * 1000, "is not audio that can be read", id="text"),
    ],
)
def test_what_is_no_audio_is_refused(
    settings: Settings, tmp_path: Path, name: str, content: bytes | None, words: str
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(AudioError, match=words):
        opened(settings, tmp_path / name, "old", "2026-11-20T00:00:00Z", now=NOW)


def test_a_recording_too_short_for_a_window_is_refused(settings: Settings) -> None:
    with pytest.raises(RequestError, match="holds no whole window: windows of 12 s begin 0, 30 s after every 120 s"):
        planned(settings, recording(50, 60))


def test_the_same_recording_is_the_same_source_whatever_its_file_is_called(settings: Settings, tmp_path: Path) -> None:
    for name in ("one.wav", "two.wav"):
        soundfile.write(tmp_path / name, ramp(90), RATE)
    told = [
        opened(settings, tmp_path / name, stream, start, now=NOW).source
        for name, stream, start in (
            ("one.wav", "old", "2026-11-20T00:00:00Z"),
            ("two.wav", "old", "2026-11-20T01:00:00+01:00"),
            ("one.wav", "old", "2026-11-20T00:00:01Z"),
            ("one.wav", "new", "2026-11-20T00:00:00Z"),
        )
    ]
    assert told[0] == told[1]
    assert len(set(told)) == 3
    assert iso(opened(settings, tmp_path / "one.wav", "old", "2026-11-20T00:00:00Z", now=NOW).end).endswith("00:01:30Z")
