"""What waits in the spool is bounded: the oldest audio is dropped by name, and never under a run that works on it."""

import errno
import fcntl
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tagger_platform.model import CaptureState, Slot
from tagger_platform.spool import MANIFEST, Manifest, Spool, bounds
from tagger_platform_tests.test_spool import FIRST, STREAMS, manifest, publish, slots, window


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
