"""The hand-over from capture to Dagster: nothing is lost without a reason, whoever is killed when."""

import errno
import fcntl
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
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
    bounds,
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


# bounds


def test_too_many_windows_drop_the_oldest_slots_and_keep_their_manifests(tmp_path: Path) -> None:
    spool = Spool(tmp_path, max_windows=4)
    one, two, three, four = slots(4)
    for slot in (one, two, three, four):
        publish(spool, slot)
    assert spool.ready() == [slot.key for slot in (one, two, three, four)]
    for slot, state in ((one, "dropped"), (two, "dropped"), (three, "captured"), (four, "captured")):
        read = spool.claim(slot, [])
        assert read
        assert {each.state for each in read.windows} == {state}
        assert {spool.audio(each) is None for each in read.windows} == {state == "dropped"}
        assert state == "captured" or {each.detail for each in read.windows} == {"the spool was full"}


def test_too_many_bytes_drop_the_oldest_slots(tmp_path: Path) -> None:
    spool = Spool(tmp_path, max_bytes=50)
    for slot in slots(4):
        publish(spool, slot)
    assert spool.counts() == {"ready_slots": 4, "claimed_slots": 0, "ready_windows": 4}


def test_windows_that_were_missing_already_keep_their_reason(tmp_path: Path) -> None:
    spool = Spool(tmp_path, max_windows=1)
    one, two = slots(2)
    stalled = window(one, "cafe", state=CaptureState.STALLED, detail="no bytes for 10 s")
    spool.path_for(window(one)).write_bytes(b"x")
    spool.publish(manifest(one, [stalled, window(one)]))
    publish(spool, two)
    read = spool.claim(one, [])
    assert read
    assert [each.state for each in read.windows] == [CaptureState.STALLED, CaptureState.DROPPED]


CLAIM = """
import sys
from pathlib import Path
from tagger_platform.model import Slot
from tagger_platform.spool import Spool

spool = Spool(Path(sys.argv[1]))
print(spool.claim(Slot.parse(sys.argv[2]), []) is not None, flush=True)
sys.stdin.read()
"""


@contextmanager
def claimed_elsewhere(root: Path, slot: Slot) -> Iterator[None]:
    """A run in a process of its own works on the slot, and is killed at the end of the block."""
    argv = [sys.executable, "-c", CLAIM, root, slot.key]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as run:
        assert run.stdout
        assert run.stdout.readline() == "True\n"
        yield
        run.kill()


def test_a_slot_is_not_dropped_while_a_run_works_on_it(tmp_path: Path) -> None:
    spool = Spool(tmp_path, max_windows=2)
    one, *others = slots(4)
    publish(spool, one)
    with claimed_elsewhere(tmp_path, one):
        assert spool.counts() == {"ready_slots": 0, "claimed_slots": 1, "ready_windows": 0}
        for slot in others:
            publish(spool, slot)
        assert all(spool.audio(window(one, stream)) for stream in STREAMS)


def test_slots_whose_runs_have_ended_wait_within_the_same_bounds(tmp_path: Path) -> None:
    """As where the store takes nothing: every slot is begun, and none is finished."""
    spool = Spool(tmp_path, max_windows=4)
    for slot in slots(5):
        publish(spool, slot)
        with claimed_elsewhere(tmp_path, slot):
            pass
    assert spool.claimed() == [slot.key for slot in slots(5)]
    assert spool.counts() == {"ready_slots": 0, "claimed_slots": 5, "ready_windows": 4}
    told = [spool.claim(slot, []) for slot in slots(5)]
    states = [{each.state.value for each in read.windows} for read in told if read]
    assert states == [{"dropped"}] * 3 + [{"captured"}] * 2


def test_what_was_dropped_is_not_written_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While the store takes nothing there are more of them every day."""
    written, real = [], bounds.write_manifest
    monkeypatch.setattr(
        bounds, "write_manifest", lambda folder, made: written.append(folder.name) or real(folder, made)
    )
    spool = Spool(tmp_path, max_windows=2)
    for slot in slots(5):
        publish(spool, slot)
    assert written == [slot.key for slot in slots(4)]


def test_where_not_even_a_manifest_can_be_written_audio_is_dropped_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(folder: Path, made: Manifest) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    spool = Spool(tmp_path, max_windows=4)
    for slot in slots(3):  # the first is dropped
        publish(spool, slot)
    monkeypatch.setattr(bounds, "write_manifest", refuse)
    assert spool.drop_oldest(30) == 40
    assert not [*tmp_path.rglob("*.flac")]


def test_who_just_counts_at_that_moment_keeps_no_audio(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spool = Spool(tmp_path)
    publish(spool)
    counting = os.open(tmp_path / "ready" / FIRST.key, os.O_RDONLY)
    fcntl.flock(counting, fcntl.LOCK_EX)
    monkeypatch.setattr(bounds.time, "sleep", lambda _: os.close(counting))
    assert spool.drop_oldest(1) == 20


def test_a_run_waits_while_its_audio_is_being_dropped_and_hears_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(Spool(tmp_path))
    real, told = bounds.write_manifest, []

    def claims_meanwhile(folder: Path, made: Manifest) -> None:
        run.start()
        run.join(0.2)
        assert run.is_alive()
        real(folder, made)

    run = threading.Thread(target=lambda: told.append(Spool(tmp_path).claim(FIRST, [])))
    with claimed_elsewhere(tmp_path, FIRST):
        pass
    monkeypatch.setattr(bounds, "write_manifest", claims_meanwhile)
    assert Spool(tmp_path).drop_oldest(1) == 20
    run.join()
    assert [each.state.value for each in told[0].windows] == ["dropped", "dropped"]


@pytest.mark.parametrize("content", ["{", '{"version": 99}'], ids=["cut short", "from a newer version"])
def test_a_manifest_that_cannot_be_read_does_not_stop_dropping(tmp_path: Path, content: str) -> None:
    spool = Spool(tmp_path, max_windows=2)
    one, two = slots(2)
    publish(spool, one)
    (tmp_path / "ready" / one.key / MANIFEST).write_text(content)
    publish(spool, two)
    assert spool.counts()["ready_windows"] == 2
    assert (tmp_path / "ready" / one.key / MANIFEST).read_text() == content


def test_claiming_while_capture_drops_disturbs_neither(tmp_path: Path) -> None:
    spool, problems, stop = Spool(tmp_path, max_windows=1), [], threading.Event()

    def claim_all() -> None:
        while not stop.is_set() or spool.ready():
            for key in reversed(spool.ready()):
                try:
                    spool.claim(Slot.parse(key), [])
                except Exception as error:
                    problems.append(error)
                spool.finish(Slot.parse(key))

    claimer = threading.Thread(target=claim_all)
    claimer.start()
    try:
        for slot in slots(400):
            publish(spool, slot)
            spool.counts()
    finally:
        stop.set()
        claimer.join()
    assert problems == []


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
