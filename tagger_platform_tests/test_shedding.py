"""What is given up when the disk fills up, in which order, and that it comes back by itself."""

import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tagger_platform.model import CaptureState, Slot, Window
from tagger_platform.spool import Manifest, Pending, Room, Shedding, Spool
from tagger_platform_tests.test_spool_bounds import claimed_elsewhere

FIRST = Slot(datetime(2026, 11, 21, 3, 30, tzinfo=UTC))
EPOCH = datetime.fromtimestamp(0, UTC)
RESERVE = 1000


class Disk:
    """A folder's clips, spool and waiting audio, of 100 bytes each, and how much is free beside them."""

    def __init__(self, folder: Path, others_leave: int) -> None:
        self.folder, self.others_leave = folder, others_leave
        self.clips, self.spool = folder / "clips", Spool(folder / "spool")
        self.pending = Pending(folder / "spool" / "pending", max_bytes=10**9)

    def fill(self, clips: int, slots: int, waiting: int = 0) -> None:
        for number in range(clips):
            self._audio(self.clips / ("kexp", "cafe")[number % 2] / f"{number}.flac", cut_at=number)
        for number in range(slots):
            slot = Slot(FIRST.start + timedelta(seconds=120 * number))
            window = Window("kexp", slot, 0, 12, CaptureState.CAPTURED)
            self._audio(self.spool.path_for(window), cut_at=number)
            self.spool.publish(Manifest(slot, "capture", 120, (window,)))
        for number in range(waiting):
            slot = Slot(FIRST.start - timedelta(seconds=120 * (waiting - number)))
            self._audio(self.folder / "spool" / "pending" / slot.key / "kexp+0.flac", cut_at=number)

    def _audio(self, path: Path, cut_at: int) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x" * 100)
        os.utime(path, (cut_at, cut_at))

    def audio(self, below: str) -> list[Path]:
        """Files that are not empty: those were given up."""
        return sorted(path for path in (self.folder / below).rglob("*.flac") if path.stat().st_size)

    @property
    def room(self) -> Room:
        return Room(self.folder, RESERVE, lambda _: self.others_leave - 100 * len(self.audio(".")))

    def states(self) -> list[tuple[str, str]]:
        manifests = sorted(self.spool.waiting_manifests(FIRST, FIRST.next(10**6)), key=lambda one: one.slot)
        return [(one.windows[0].state.value, one.windows[0].detail) for one in manifests]

    def shed(self) -> str:
        return Shedding(self.room, self.clips, self.pending, self.spool)()


@pytest.fixture
def disk(tmp_path: Path) -> Callable[[int], Disk]:
    return lambda others_leave: Disk(tmp_path, others_leave)


@pytest.mark.parametrize(
    ("others_leave", "clips", "slots", "may_write"),
    [
        (2000, 4, 4, True),  # 1,200 free: nothing goes
        (1700, 3, 4, True),  # 900 free: one clip
        (1600, 2, 4, True),
        (1300, 0, 4, True),  # all clips, and 900 free is above half of the reserve
        (900, 0, 4, True),  # 500 free: just at half of it
        (850, 0, 3, True),  # below: the oldest slot's audio
        (600, 0, 1, True),
        (400, 0, 0, False),  # nothing left to give up: just the log is written
    ],
)
def test_clips_go_first_then_the_spool_then_nothing_is_written(
    disk: Callable[[int], Disk], others_leave: int, clips: int, slots: int, may_write: bool
) -> None:
    here = disk(others_leave)
    here.fill(clips=4, slots=4)
    assert (here.shed() == "") is may_write
    assert (len(here.audio("clips")), len(here.audio("spool"))) == (clips, slots)


def test_the_oldest_go_first_and_manifests_stay_with_the_reason(disk: Callable[[int], Disk]) -> None:
    here = disk(800)
    here.fill(clips=0, slots=5)
    here.shed()
    dropped, captured = ("dropped", "the disk was full"), ("captured", "")
    assert here.states() == [dropped, dropped, captured, captured, captured]
    here = Disk(here.folder / "other", 1900)
    here.fill(clips=12, slots=0)
    here.shed()
    assert sorted(int(path.stem) for path in here.audio("clips")) == list(range(3, 12))


def test_what_a_run_works_on_is_not_touched_and_goes_once_it_was_killed(disk: Callable[[int], Disk]) -> None:
    here = disk(100)
    here.fill(clips=0, slots=2)
    with claimed_elsewhere(here.folder / "spool", FIRST):
        assert "make room" in here.shed()
        assert [path.parent.name for path in here.audio("spool")] == [FIRST.key]
    here.shed()
    assert here.audio("spool") == []
    assert here.states() == [("dropped", "the disk was full")] * 2


def test_it_comes_back_by_itself_with_the_room(disk: Callable[[int], Disk]) -> None:
    here = disk(0)
    assert here.shed() == ("less than 0 MB are free, which are kept for the log (half of DISK_RESERVE_MB): make room")
    here.others_leave = RESERVE
    assert here.shed() == ""


def test_a_file_system_that_frees_space_later_loses_no_more_than_it_must(disk: Callable[[int], Disk]) -> None:
    here = disk(0)
    here.fill(clips=9, slots=3)
    lazy = Room(here.folder, RESERVE, lambda _: 700)  # whatever is deleted
    assert Shedding(lazy, here.clips, here.pending, here.spool)() == ""
    assert (len(here.audio("clips")), len(here.audio("spool"))) == (6, 3)


def test_a_stray_folder_among_the_clips_does_not_keep_capture_from_writing(disk: Callable[[int], Disk]) -> None:
    here = disk(1600)
    here.fill(clips=4, slots=4)
    (here.clips / "kexp" / "@eaDir").mkdir()
    assert here.shed() == ""
    assert len(here.audio("clips")) == 2


def test_a_reserve_of_nothing_gives_up_nothing(disk: Callable[[int], Disk]) -> None:
    here = disk(0)
    here.fill(clips=1, slots=1)
    assert Shedding(Room(here.folder, 0, lambda _: 0), here.clips, here.pending, here.spool)() == ""
    assert len(here.audio(".")) == 2


@pytest.mark.parametrize(
    ("others_leave", "waits", "fresh", "may_write"),
    [
        (900, 3, 1, True),  # 500 free: just at half of the reserve
        (850, 2, 1, True),
        (750, 1, 1, True),
        (650, 0, 1, True),
        (550, 0, 0, True),
        (450, 0, 0, False),
    ],
)
def test_what_waits_for_an_answer_goes_oldest_first_and_before_what_nobody_was_asked_about(
    disk: Callable[[int], Disk], others_leave: int, waits: int, fresh: int, may_write: bool
) -> None:
    here = disk(others_leave)
    here.fill(clips=0, slots=1, waiting=3)
    ids = [f"kexp/{path.parent.name}+0" for path in here.audio("spool/pending")]
    assert (here.shed() == "") is may_write
    assert [one for one in ids if here.pending.audio(one)] == ids[3 - waits :]
    assert len(here.audio("spool/ready")) == fresh
    assert here.pending.overdue(EPOCH) == ids[: 3 - waits]  # the store is told of them
