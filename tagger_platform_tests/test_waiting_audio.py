"""Audio after the hand-over: what waits, what is kept as evidence, and what goes."""

import os
from collections.abc import Callable, Collection
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tagger_platform.model import Slot
from tagger_platform.spool import Clips, Pending, expire_clips, settle
from tagger_platform.spool.clips import shed_clips
from tagger_platform_tests.test_spool import slots, window

EPOCH = datetime.fromtimestamp(0, UTC)
ONE, TWO, THREE = slots(3)
NOW = THREE.start + timedelta(days=1)
Put = Callable[..., str]
CAFE, KEXP = (window(ONE, stream).window_id for stream in ("cafe", "kexp"))


@pytest.fixture
def pending(tmp_path: Path) -> Pending:
    return Pending(tmp_path / "pending", max_bytes=100)


@pytest.fixture
def put(tmp_path: Path, pending: Pending) -> Put:
    """A function that lets audio wait, cut when its slot was on air, or at `cut`; it returns the window's id."""

    def put(slot: Slot, stream: str = "kexp", *, size: int = 10, cut: datetime | None = None) -> str:
        fresh = tmp_path / "fresh.flac"
        fresh.write_bytes(b"x" * size)
        at = (cut or slot.start).timestamp()
        os.utime(fresh, (at, at))
        pending.keep(window(slot, stream).window_id, fresh)
        return window(slot, stream).window_id

    return put


def test_audio_waits_under_its_windows_id(pending: Pending, put: Put) -> None:
    window_id = put(ONE)
    kept = pending.audio(window_id)
    assert kept
    assert kept.read_bytes() == b"x" * 10
    pending.keep(window_id, kept)  # again, as after a kill
    assert pending.audio(window_id) == kept
    assert pending.audio(window(ONE, "cafe").window_id) is None


def test_nothing_waits_in_a_folder_that_is_not_there(pending: Pending) -> None:
    assert (pending.slots(), pending.overdue(datetime.now(UTC))) == ([], [])


def test_those_that_have_waited_longest_come_first(pending: Pending, put: Put) -> None:
    put(TWO)
    put(THREE)
    put(ONE, cut=THREE.start + timedelta(hours=1))  # an archive
    assert pending.slots() == [TWO.key, THREE.key, ONE.key]
    assert pending.windows(TWO.key) == [window(TWO).window_id]


def test_audio_that_waited_too_long_is_overdue(pending: Pending, put: Put) -> None:
    ids = [put(slot, stream) for slot in (ONE, TWO) for stream in ("cafe", "kexp")]
    assert pending.overdue(ONE.start) == []
    assert pending.overdue(TWO.start) == ids[:2]
    assert pending.overdue(THREE.start) == ids


def test_an_archive_waits_from_when_it_was_cut(pending: Pending, put: Put) -> None:
    put(Slot.parse("2020-01-01T00:00:00Z"), cut=TWO.start)
    assert pending.overdue(TWO.start) == []


@pytest.mark.parametrize(("size", "gone"), [(33, []), (34, [ONE]), (51, [ONE, TWO]), (101, [ONE, TWO, THREE])])
def test_above_the_limit_in_bytes_the_oldest_slots_are_overdue(
    pending: Pending, put: Put, size: int, gone: list[Slot]
) -> None:
    for slot in (ONE, TWO, THREE):
        put(slot, size=size)
    assert pending.overdue(EPOCH) == [window(slot).window_id for slot in gone]


@pytest.mark.parametrize(
    ("waiting", "evidence", "place"),
    [
        (True, False, "pending/2026-11-21T03:30:00Z/kexp+0.flac"),
        (True, True, "pending/2026-11-21T03:30:00Z/kexp+0.flac"),
        (False, True, "clips/kexp/2026-11-21T03-30-00Z+0.flac"),
        (False, False, None),
    ],
)
def test_audio_goes_where_it_belongs_and_its_folder_with_the_last(
    tmp_path: Path, pending: Pending, put: Put, waiting: bool, evidence: bool, place: str | None
) -> None:
    put(ONE)
    path = pending.audio(KEXP)
    assert path
    for _ in range(2):  # the second time as after a kill, or in a run that found the same
        settle(
            [(KEXP, path)],
            waiting={KEXP} if waiting else (),
            evidence={KEXP} if evidence else (),
            pending=pending,
            clips=Clips(tmp_path / "clips"),
        )
    found = [str(file.relative_to(tmp_path)) for file in tmp_path.rglob("*.flac")]
    assert found == ([place] if place else [])
    assert pending.slots() == ([ONE.key] if waiting else [])
    assert (tmp_path / "pending" / ONE.key).exists() == waiting


@pytest.mark.parametrize("evidence", [(), {KEXP}], ids=["of no play", "of a play"])
def test_what_was_given_up_is_overdue_until_it_is_settled_and_is_no_evidence(
    tmp_path: Path, pending: Pending, put: Put, evidence: Collection[str]
) -> None:
    put(ONE, size=10)
    put(TWO, size=10)
    assert pending.drop_oldest(1) == 10
    assert (pending.audio(KEXP), pending.overdue(EPOCH)) == (None, [KEXP])
    settle([(KEXP, None)], waiting=(), evidence=evidence, pending=pending, clips=Clips(tmp_path / "clips"))
    assert pending.overdue(EPOCH) == []
    assert [path.parent.name for path in tmp_path.rglob("*.flac")] == [TWO.key]


def test_audio_that_was_answered_just_now_is_not_given_up(
    pending: Pending, put: Put, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(ONE)
    real = pending.windows

    def answered_meanwhile(key: str) -> list[str]:
        found = real(key)
        settle(
            [(one, pending.audio(one)) for one in found], waiting=(), evidence=(), pending=pending, clips=Clips(Path())
        )
        return found

    monkeypatch.setattr(pending, "windows", answered_meanwhile)
    pending.drop_oldest(1)
    assert (pending.slots(), pending.overdue(NOW)) == ([], [])


def test_a_folder_that_is_called_like_audio_keeps_no_room(tmp_path: Path, pending: Pending, put: Put) -> None:
    put(ONE)
    (tmp_path / "pending" / ONE.key / "cafe+0.flac").mkdir()
    put(TWO)
    assert pending.drop_oldest(11) == 20


@pytest.fixture
def clips(tmp_path: Path, pending: Pending, put: Put) -> Clips:
    """Of each of three slots a clip of 10 bytes of two streams; that of cafe's first was cut last, off a recording."""
    found = Clips(tmp_path / "clips")
    for slot in (ONE, TWO, THREE):
        for stream in ("cafe", "kexp"):
            window_id = put(slot, stream, cut=NOW if (slot, stream) == (ONE, "cafe") else None)
            found.keep(window_id, pending.audio(window_id) or Path())
    return found


@pytest.mark.parametrize(
    ("before", "most_bytes", "left"),
    [
        pytest.param(ONE.start, 60, 6, id="one cut at that very instant stays"),
        pytest.param(ONE.start + timedelta(seconds=1), 60, 5, id="one cut before goes"),
        pytest.param(THREE.start, 60, 3, id="by when it was cut, not when it was on air"),
        pytest.param(EPOCH, 59, 5, id="what does not fit goes, the oldest first"),
        pytest.param(EPOCH, 10, 1, id="a recording's is not the oldest"),
        pytest.param(THREE.start, 10, 1, id="both"),
        pytest.param(NOW + timedelta(seconds=1), 60, 0, id="all"),
    ],
)
def test_clips_are_kept_until_they_are_too_old_or_too_many(
    tmp_path: Path, clips: Clips, before: datetime, most_bytes: int, left: int
) -> None:
    assert expire_clips(tmp_path / "clips", before=before, most_bytes=most_bytes) == 6 - left
    assert len([*(tmp_path / "clips").rglob("*.flac")]) == left
    assert (clips.audio(CAFE) is not None) == (left > 0)


def test_no_clips_expire_where_there_are_none(tmp_path: Path) -> None:
    assert expire_clips(tmp_path / "clips", before=NOW, most_bytes=0) == 0


STRAY = ["@eaDir", ".snapshot", "x.flac", "notes.txt"]


@pytest.mark.parametrize("name", STRAY)
def test_what_a_nas_or_a_person_leaves_beside_clips_stops_nothing(tmp_path: Path, clips: Clips, name: str) -> None:
    stray = tmp_path / "clips" / "kexp" / name
    stray.write_text("mine") if name.endswith(".txt") else stray.mkdir()
    os.utime(stray, (0, 0))
    assert shed_clips(tmp_path / "clips", 1) == 10
    assert expire_clips(tmp_path / "clips", before=NOW, most_bytes=0) == 5
    assert [path.name for path in (tmp_path / "clips").glob("*/*")] == [name]


def test_a_clip_that_has_just_gone_is_no_error(tmp_path: Path, clips: Clips, monkeypatch: pytest.MonkeyPatch) -> None:
    """Retention and capture may clean up at the same time."""
    real = Path.glob

    def later(folder: Path, pattern: str) -> list[Path]:
        found = sorted(real(folder, pattern))
        found[-1].unlink()
        return found

    monkeypatch.setattr(Path, "glob", later)
    assert expire_clips(tmp_path / "clips", before=NOW + timedelta(seconds=1), most_bytes=0) == 5


@pytest.mark.parametrize("name", STRAY)
def test_a_slots_folder_with_nothing_but_strays_does_not_wait(
    tmp_path: Path, pending: Pending, put: Put, name: str
) -> None:
    stray = tmp_path / "pending" / ONE.key / name
    stray.parent.mkdir(parents=True)
    stray.write_text("mine") if name.endswith(".txt") else stray.mkdir()
    assert pending.slots() == []
    assert pending.overdue(NOW) == []
    put(ONE)
    assert pending.overdue(NOW) == [KEXP]
