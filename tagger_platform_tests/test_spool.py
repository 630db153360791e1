"""The hand-over from capture to Dagster: nothing is lost without a reason, whoever is killed when."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagger_platform.errors import NewerVersionError
from tagger_platform.model import CaptureState, Slot, Window
from tagger_platform.spool import (
    MANIFEST,
    MANIFEST_VERSION,
    Clips,
    Manifest,
    Pending,
    Spool,
    audio_name,
    settle,
)

FIRST = Slot.parse("2026-11-21T03:30:00Z")
STREAMS = ("cafe", "kexp")


def slots(count: int) -> list[Slot]:
    found = [FIRST]
    while len(found) < count:
        found.append(found[-1].next(120))
    return found[:count]


def window(slot: Slot = FIRST, stream: str = "kexp", offset: int = 0, **fields: object) -> Window:
    return Window(stream, slot, offset, 12, **{"state": CaptureState.CAPTURED, "level_dbfs": -20.0, **fields})


def manifest(slot: Slot = FIRST, windows: Iterable[Window] = ()) -> Manifest:
    found = tuple(windows) or tuple(window(slot, stream) for stream in STREAMS)
    return Manifest(slot, "capture", 120, found, titles=(("kexp", "KEXP 90.3"),), traceparent="00-1-2-01")


def publish(spool: Spool, slot: Slot = FIRST, *, size: int = 10) -> Manifest:
    made = manifest(slot)
    for each in made.windows:
        spool.path_for(each).write_bytes(b"x" * size)
    spool.publish(made)
    return made


def recorded(slot: Slot, stream: str) -> Manifest:
    return Manifest(slot, f"recording-{stream}", 120, (window(slot, stream),), titles=((stream, stream),))


def places(root: Path, slot: Slot) -> list[str]:
    return [name for name in ("open", "ready", "claimed") if (root / name / slot.key).exists()]


def assert_whole(root: Path) -> None:
    """Every slot lies in one place, with a readable manifest that names no audio that is not there."""
    for place in ("ready", "claimed"):
        for folder in (root / place).iterdir():
            read = Manifest.from_json((folder / MANIFEST).read_text(encoding="utf-8"))
            assert [place] == [name for name in places(root, read.slot) if name != "open"]
            for each in read.windows:
                has_audio = (folder / audio_name(each)).exists()
                assert has_audio or each.state is not CaptureState.CAPTURED or place == "claimed"


# hand-over


def test_a_slot_goes_from_open_to_ready_to_claimed_to_nothing(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    made = publish(spool)
    assert (places(tmp_path, FIRST), spool.ready(), spool.last_slot()) == (["ready"], [FIRST.key], FIRST)
    assert spool.counts() == {"ready_slots": 1, "claimed_slots": 0, "ready_windows": 2}
    assert spool.claim(FIRST, []) == made
    assert (places(tmp_path, FIRST), spool.claimed()) == (["claimed"], [FIRST.key])
    spool.finish(FIRST)
    assert (places(tmp_path, FIRST), spool.last_slot()) == ([], None)


def test_a_slot_that_was_claimed_and_not_finished_can_be_claimed_again(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    made = publish(spool)
    assert spool.claim(FIRST, []) == spool.claim(FIRST, []) == made


def test_a_slot_nobody_published_cannot_be_claimed(tmp_path: Path) -> None:
    assert Spool(tmp_path).claim(FIRST, []) is None


@pytest.mark.parametrize("claimed", [False, True], ids=["ready", "claimed"])
def test_publishing_a_slot_twice_changes_nothing(tmp_path: Path, claimed: bool) -> None:
    spool = Spool(tmp_path)
    publish(spool)
    if claimed:
        spool.claim(FIRST, [])
    publish(spool, size=99)
    assert places(tmp_path, FIRST) == ["claimed" if claimed else "ready"]
    assert {path.stat().st_size for path in tmp_path.rglob("*.flac")} == {10}


def test_half_written_slots_are_forgotten_when_capture_starts_again(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    spool.path_for(window()).write_bytes(b"half")
    Spool(tmp_path).discard_open()
    assert places(tmp_path, FIRST) == []


# killed between any two steps


class Killed(BaseException):
    """Stands for the end of the process: nothing on the way may catch it."""


STEPS = ("rename", "replace", "unlink", "mkdir", "fsync", "rmdir", "open")


class Countdown:
    """Counts the steps on disk and ends the process before number `last`."""

    def __init__(self, patch: pytest.MonkeyPatch, last: int) -> None:
        self.left = last
        for name in STEPS:
            patch.setattr(os, name, self._step(getattr(os, name)))

    def _step(self, real: object) -> object:
        def step(*args: object, **kwargs: object) -> object:
            self.left -= 1
            if self.left < 0:
                raise Killed
            return real(*args, **kwargs)

        return step


def life_of_a_slot(root: Path) -> None:
    spool = Spool(root)
    spool.discard_open()
    if spool.last_slot() is None and not (root / "done").exists():
        publish(spool)
    read = spool.claim(FIRST, [])
    if read is None:
        return
    assert read == manifest()
    (root / "done").touch()  # stands for the store's commit
    settle_all(root, spool, read)
    spool.finish(FIRST)


def settle_all(root: Path, spool: Spool, read: Manifest) -> None:
    """The cafe has no answer yet, KEXP's window is evidence, and the bakery's is neither."""
    pending = Pending(root / "pending", max_bytes=10**9)
    places = {each.window_id: spool.audio(each) or pending.audio(each.window_id) for each in read.windows}
    settle(
        [(window_id, path) for window_id, path in places.items() if path],
        waiting={each.window_id for each in read.windows if each.stream == "cafe"},
        evidence={each.window_id for each in read.windows if each.stream == "kexp"},
        pending=pending,
        clips=Clips(root / "clips"),
    )


def test_a_kill_before_any_step_loses_nothing(tmp_path: Path) -> None:
    whole = False
    for last in range(200):
        root = tmp_path / str(last)
        root.mkdir()
        with pytest.MonkeyPatch.context() as patch:
            countdown = Countdown(patch, last)
            try:
                life_of_a_slot(root)
            except Killed:
                pass
            else:
                whole = countdown.left >= 0
        life_of_a_slot(root)
        assert places(root, FIRST) == []
        assert sorted(str(path.relative_to(root)) for path in root.rglob("*.flac")) == [
            "clips/kexp/2026-11-21T03-30-00Z+0.flac",
            f"pending/{FIRST.key}/cafe+0.flac",
        ]
        if whole:
            assert last > 15  # there were steps to be killed at
            return
    pytest.fail("the life of a slot has more than 200 steps")


CHILD = """
import sys
from pathlib import Path
from tagger_platform_tests.test_spool import FIRST, publish, settle_all, window
from tagger_platform.spool import Spool
from tagger_platform.model import Slot
root, part = Path(sys.argv[1]), sys.argv[2]
spool = Spool(root, max_windows=20)
if part == "capture":
    spool.discard_open()
    last = spool.last_slot()
    slot = last.next(120) if last else FIRST
    while True:
        publish(spool, slot)
        slot = slot.next(120)
while True:
    for key in [*spool.claimed(), *spool.ready()][:1]:
        slot = Slot.parse(key)
        settle_all(root, spool, spool.claim(slot, []))
        spool.finish(slot)
"""


def test_capture_and_dagster_killed_at_random_leave_the_spool_whole(tmp_path: Path) -> None:
    chance = random.Random(7)
    for _ in range(6):
        children = [
            subprocess.Popen([sys.executable, "-c", CHILD, tmp_path, part], stderr=subprocess.PIPE)
            for part in ("capture", "dagster")
        ]
        time.sleep(0.7 + chance.random() * 0.3)
        for child in children:
            if child.poll() is not None:
                pytest.fail(child.stderr.read().decode() if child.stderr else "ended")
            child.send_signal(signal.SIGKILL)
            child.communicate()
        spool = Spool(tmp_path)
        spool.discard_open()
        assert_whole(tmp_path)
        assert spool.counts()["ready_windows"] <= 24  # the bound, the slot published last, and that of the killed run


# the manifest

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
names = st.from_regex(r"[a-z0-9_-]{1,40}", fullmatch=True)
windows = st.builds(
    Window,
    stream=names,
    slot=st.just(FIRST),
    offset_s=st.integers(0, 86_400),
    length_s=st.integers(3, 60),
    state=st.sampled_from(CaptureState),
    detail=texts,
    level_dbfs=st.none() | st.floats(-120, 0),
    icy_title=st.none() | texts,
)
manifests = st.builds(
    Manifest,
    slot=st.just(FIRST),
    source=texts,
    hop_s=st.integers(5, 86_400),
    windows=st.lists(windows, max_size=6, unique_by=lambda one: one.window_id).map(tuple),
    titles=st.dictionaries(names, texts, max_size=4).map(lambda found: tuple(found.items())),
    traceparent=st.none() | texts,
)


@given(manifests)
def test_a_manifest_reads_back_as_it_was_written(made: Manifest) -> None:
    assert Manifest.from_json(made.to_json()) == made


def test_a_manifest_cut_short_anywhere_is_made_up_for_from_what_was_expected(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    publish(spool)
    path = tmp_path / "ready" / FIRST.key / MANIFEST
    whole = replace(manifest(), titles=(("kexp", "Кафе"),)).to_json().encode()
    expected = [*manifest().windows, window(stream="bakery")]
    spool.claim(FIRST, [])
    path = tmp_path / "claimed" / FIRST.key / MANIFEST
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        read = spool.claim(FIRST, expected)
        assert read, length
        assert [each.state for each in read.windows] == ["captured", "captured", "corrupt"], length
        assert all("manifest is unreadable" in each.detail for each in read.windows)
        assert read.windows[0].level_dbfs == 0.0  # asked, not taken for silence


@pytest.mark.parametrize(
    "content",
    [
        "null",
        "[]",
        "{}",
        '{"version": "1"}',
        f'{{"version": {MANIFEST_VERSION}}}',
        manifest().to_json().replace(FIRST.key, "yesterday"),
        manifest().to_json().replace('"captured"', '"lost"'),
        manifest().to_json().replace('"titles": {', '"titles": 7, "x": {'),
    ],
)
def test_text_that_is_no_manifest_is_refused(content: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        Manifest.from_json(content)


def test_a_manifest_of_a_newer_version_is_refused_and_stays(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    publish(spool)
    path = tmp_path / "ready" / FIRST.key / MANIFEST
    path.write_text(path.read_text().replace(f'"version": {MANIFEST_VERSION}', f'"version": {MANIFEST_VERSION + 1}'))
    with pytest.raises(NewerVersionError, match=r"upgrade tagger"):
        spool.claim(FIRST, [])
    assert len(list((tmp_path / "claimed" / FIRST.key).glob("*.flac"))) == 2
