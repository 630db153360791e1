"""What is given up when the disk fills up, in which order, and that it comes back by itself."""

import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tagger_platform.model import CaptureState, Slot, Window
from tagger_platform.spool import Manifest, Pending, Room, Shedding, Spool

FIRST = Slot(datetime(2026, 11, 21, 3, 30, tzinfo=UTC))
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
        return sorted((self.folder / below).rglob("*.flac"))

    @property
    def room(self) -> Room:
        return Room(self.folder, RESERVE, lambda _: self.others_leave - 100 * len(self.audio(".")))

    def states(self) -> list[tuple[str, str]]:
        manifests = sorted(self.spool.waiting_manifests(FIRST, FIRST.next(10**6)), key=lambda one: one.slot)
        return [(one.windows[0].state.value, one.windows[0].detail) for one in manifests]

    def shed(self) -> str:
        return Shedding(self.room, self.clips, self.spool)()


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


def test_what_a_run_has_claimed_is_not_touched(disk: Callable[[int], Disk]) -> None:
    here = disk(100)
    here.fill(clips=0, slots=2)
    here.spool.claim(FIRST, [])
    assert "make room" in here.shed()
    assert [path.parent.name for path in here.audio("spool")] == [FIRST.key]


def test_it_comes_back_by_itself_with_the_room(disk: Callable[[int], Disk]) -> None:
    here = disk(0)
    assert here.shed() == ("less than 0 MB are free, which are kept for the log (half of DISK_RESERVE_MB): make room")
    here.others_leave = RESERVE
    assert here.shed() == ""


def test_a_file_system_that_frees_space_later_loses_no_more_than_it_must(disk: Callable[[int], Disk]) -> None:
    here = disk(0)
    here.fill(clips=9, slots=3)
    lazy = Room(here.folder, RESERVE, lambda _: 700)  # whatever is deleted
    assert Shedding(lazy, here.clips, here.spool)() == ""
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
    assert Shedding(Room(here.folder, 0, lambda _: 0), here.clips, here.spool)() == ""
    assert len(here.audio(".")) == 2


@pytest.mark.parametrize(("missing", "gone"), [(0, 0), (1, 1), (100, 1), (101, 2), (10**9, 3)])
def test_audio_that_waits_goes_the_oldest_first_until_enough_is_free(
    disk: Callable[[int], Disk], missing: int, gone: int
) -> None:
    here = disk(10**6)
    here.fill(clips=0, slots=0, waiting=3)
    never = datetime(1970, 1, 1, tzinfo=UTC)
    keys = [path.parent.name for path in here.audio("spool/pending")]
    assert here.pending.overdue(never, missing) == [f"kexp/{key}+0" for key in keys[:gone]]


def test_what_is_missing_is_counted_up_to_half_of_the_reserve(tmp_path: Path) -> None:
    free = [0, 499, 500, 5000]
    assert [Room(tmp_path, RESERVE, lambda _, left=left: left).missing_above_floor() for left in free] == [500, 1, 0, 0]
