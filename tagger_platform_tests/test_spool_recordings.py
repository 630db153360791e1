"""A recording's slots in the spool: the same way as capture's, and neither in the other's."""

from pathlib import Path

import pytest

from tagger_platform.model import Slot
from tagger_platform.spool import MANIFEST, Manifest, Spool
from tagger_platform_tests.test_spool import FIRST, publish, recorded, slots


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    return Spool(tmp_path)


def hand_over(spool: Spool, stream: str = "old", slot: Slot = FIRST) -> Manifest:
    made = recorded(slot, stream)
    spool.publish_recorded(made, {made.windows[0]: b"x" * 10})
    return made


def test_a_slot_of_a_recording_goes_the_way_of_a_slot_of_capture(spool: Spool) -> None:
    made = hand_over(spool)
    assert (spool.recorded(), spool.ready(), spool.claimed()) == ([FIRST.key], [], [])
    assert spool.claim_recorded(FIRST) == [made]
    assert (spool.recorded(), spool.claimed()) == ([], [FIRST.key])
    assert spool.claim_recorded(FIRST) == [made]  # as after a kill
    assert spool.audio(made.windows[0]) is not None
    spool.finish(FIRST)
    assert spool.claimed() == []
    assert spool.audio(made.windows[0]) is None


def test_sources_of_one_slot_are_not_in_each_others_way(spool: Spool) -> None:
    live, one, other = publish(spool), hand_over(spool), hand_over(spool, "older")
    assert spool.claim(FIRST, []) == live
    assert spool.claim_recorded(FIRST) == [one, other]
    for each in (*live.windows, *one.windows, *other.windows):
        assert spool.audio(each) is not None
    late = hand_over(spool, "latest")
    spool.finish(FIRST)
    assert (spool.claimed(), spool.recorded()) == ([], [FIRST.key])
    assert spool.claim_recorded(FIRST) == [late]


@pytest.mark.parametrize("claimed", [False, True], ids=["waiting", "claimed"])
def test_what_was_handed_over_is_not_handed_over_again(spool: Spool, claimed: bool) -> None:
    made = hand_over(spool)
    if claimed:
        spool.claim_recorded(FIRST)
    spool.publish_recorded(made, {made.windows[0]: b"other"})
    spool.claim_recorded(FIRST)
    assert [path.read_bytes() for path in spool.root.rglob("*.flac")] == [b"x" * 10]


def test_capture_neither_sees_nor_drops_nor_forgets_recordings(tmp_path: Path) -> None:
    spool = Spool(tmp_path, max_windows=2)
    hand_over(spool)
    spool.claim_recorded(FIRST)
    for number, slot in enumerate(slots(3)):
        hand_over(spool, f"old{number}", slot)
        publish(spool, slot)
    spool.discard_open()
    assert len(spool.recorded()) == 3
    assert sum(1 for path in spool.root.rglob("old*.flac")) == 4
    assert (spool.last_slot(), spool.counts()["ready_windows"]) == (slots(3)[-1], 2)


def test_only_capture_counts_for_the_newest_slot(spool: Spool) -> None:
    hand_over(spool)
    spool.claim_recorded(FIRST)
    assert spool.last_slot() is None


def test_what_waits_can_be_looked_at(spool: Spool) -> None:
    one, two, three = slots(3)
    live, old = publish(spool, one), hand_over(spool, "old", two)
    publish(spool, three)
    (spool.root / "ready" / three.key / MANIFEST).write_text("{")
    assert list(spool.waiting_manifests(one, three)) == [live, old]
    spool.claim(one, [])
    spool.claim_recorded(two)
    assert list(spool.waiting_manifests(one, one)) == [live]
    assert list(spool.waiting_manifests(two, three)) == [old]
