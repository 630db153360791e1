"""What goes at night and what stays: boundaries, and what must hold of any log."""

import os
from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tagger_platform.model import CaptureState, Play, PlayStatus, Recognition, Slot, Status, Track, Window
from tagger_platform.spool import CAPTURE, Manifest
from tagger_platform.store import totals, writes
from tagger_platform.store.art import Tried, note_tried
from tagger_platform.store.database import Connection, Database
from tagger_platform.store.derivation import derive_plays, replace_plays
from tagger_platform.store.expected import write_expected
from tagger_platform.store.identifications import COLUMNS, newest_identifications, note_identification
from tagger_platform.store.promises import accounts
from tagger_platform.store.retention import IS_OLD, delete_unneeded_art, forget_old, kept_since, slots_before
from tagger_platform.store.rows import aware
from tagger_platform_tests.store import radio

TZ = ZoneInfo("America/Los_Angeles")
MIDNIGHT = datetime(2026, 11, 21, tzinfo=TZ)
HOP_S = 120
TAPE = "recording:tape"


def local(text: str, zone: ZoneInfo = TZ) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone)


@pytest.mark.parametrize(
    ("now", "days", "since"),
    [
        pytest.param(local("2026-11-21T04:00"), 30, local("2026-10-22T00:00"), id="thirty whole days and today"),
        pytest.param(local("2026-11-21T00:00"), 1, local("2026-11-20T00:00"), id="at midnight the day is new"),
        pytest.param(local("2026-11-20T23:59:59"), 1, local("2026-11-19T00:00"), id="a second earlier it is not"),
        pytest.param(local("2026-11-21T04:00"), 0, local("2026-11-21T00:00"), id="today alone"),
        pytest.param(local("2026-11-02T04:00"), 1, local("2026-11-01T00:00"), id="a day of 25 hours is one day"),
        pytest.param(local("2026-03-09T04:00"), 1, local("2026-03-08T00:00"), id="a day of 23 hours too"),
        pytest.param(local("2026-11-21T04:00"), 36_500, local("1926-12-16T00:00"), id="as long as settings allow"),
        pytest.param(datetime(2026, 11, 21, 7, 59, tzinfo=UTC), 0, local("2026-11-20T00:00"), id="days are local"),
        pytest.param(
            local("2026-09-08T04:00", ZoneInfo("America/Santiago")),
            2,
            local("2026-09-06T01:00", ZoneInfo("America/Santiago")),
            id="where the clocks change at midnight a day begins at one",
        ),
    ],
)
def test_days_are_local_and_go_whole(now: datetime, days: int, since: datetime) -> None:
    assert kept_since(now, days, now.tzinfo if isinstance(now.tzinfo, ZoneInfo) else TZ) == since


@dataclass(frozen=True)
class Logged:
    """A slot of one stream as it comes into the log: by capture or off a recording, asked at once or later."""

    start: datetime
    source: str = CAPTURE
    asked_after: timedelta = timedelta(minutes=3)
    status: Status = Status.MATCH
    play: bool = True
    hop_s: int = HOP_S
    offsets: tuple[int, ...] = (0, 30)

    @property
    def slot(self) -> Slot:
        return Slot(self.start)

    @property
    def stream(self) -> str:
        return "kexp" if self.source == CAPTURE else "archive"

    @property
    def windows(self) -> tuple[Window, ...]:
        return tuple(Window(self.stream, self.slot, offset, 12, CaptureState.CAPTURED) for offset in self.offsets)

    @property
    def track(self) -> Track:
        return Track("catalogue", self.slot.key, "A song of this slot alone")

    @property
    def told(self) -> Play:
        ids = tuple(window.window_id for window in self.windows)
        ended_at = self.windows[-1].end + timedelta(seconds=18)
        return Play(ids[0], self.stream, self.start, ended_at, 1, PlayStatus.CONFIRMED, self.track, 0.9, "p", ids)


def write(connection: Connection, one: Logged) -> None:
    windows = one.windows
    writes.write_windows(connection, windows, titles={one.stream: "A radio"}, source=one.source, slot=one.slot)
    write_expected(connection, Manifest(one.slot, one.source, one.hop_s, windows), hop_s=one.hop_s)
    answer = Recognition(windows[0].window_id, "catalogue", one.status, raw=b"{}")
    if one.status is Status.MATCH:
        answer = replace(answer, track=one.track, further=(replace(answer, track=one.track, raw=None),))
    answers = [answer, *(replace(answer, window_id=window.window_id, further=()) for window in windows[1:])]
    writes.write_recognitions(connection, windows, answers, asked_at=one.start + one.asked_after)
    if one.play and one.status is Status.MATCH:
        replace_plays(connection, [], [one.told])


def counts(connection: Connection) -> Counter[str]:
    found = Counter()
    for table in IS_OLD:
        (found[table],) = connection.execute(f"SELECT count(*) FROM {table}").fetchone() or (0,)
    return found


@pytest.fixture
def store(tmp_path: Path) -> Database:
    return Database(tmp_path / "tagger.duckdb")


def log(store: Database, *logged: Logged) -> None:
    with store.writing() as connection:
        for one in logged:
            write(connection, one)


def ids(store: Database, table: str) -> set[str]:
    """Of whom the table has rows, by the first window of a slot."""
    column = {"plays": "play_id", "play_windows": "play_id"}.get(table, "window_id")
    with store.reading() as connection:
        return {name for (name,) in connection.execute(f"SELECT {column} FROM {table}").fetchall() if name[-2:] == "+0"}


BEFORE, AT, AFTER = (Logged(MIDNIGHT.astimezone(UTC) + timedelta(seconds=HOP_S * number)) for number in (-1, 0, 1))


def test_a_slot_that_began_before_midnight_goes_with_all_that_was_said_of_it(store: Database) -> None:
    log(store, BEFORE, AT, AFTER)
    done = forget_old(store, windows_before=MIDNIGHT, plays_before=None)
    assert done == Counter(windows=2, expected_windows=1, recognitions=2, further_matches=1, raw_answers=2)
    for table in ("windows", "recognitions", "further_matches", "raw_answers"):
        assert ids(store, table) == {AT.windows[0].window_id, AFTER.windows[0].window_id}, table
    for table in ("plays", "play_windows"):
        assert len(ids(store, table)) == 3, table


def test_a_play_that_began_before_midnight_goes_with_its_evidence_and_its_track(store: Database) -> None:
    log(store, BEFORE, AT, AFTER)
    done = forget_old(store, windows_before=MIDNIGHT, plays_before=MIDNIGHT)
    assert (done["plays"], done["play_windows"], done["tracks"]) == (1, 2, 1)
    assert ids(store, "plays") == ids(store, "play_windows") == {AT.windows[0].window_id, AFTER.windows[0].window_id}


def all_windows(store: Database) -> set[str]:
    with store.reading() as connection:
        return {name for (name,) in connection.execute("SELECT window_id FROM windows").fetchall()}


def expected(store: Database) -> set[str]:
    """The windows that the accounts of slots name."""
    with store.reading() as connection:
        rows = connection.execute("SELECT stream, slot, unnest(offsets) FROM expected_windows").fetchall()
    return {f"{stream}/{Slot(aware(slot)).key}+{offset_s}" for stream, slot, offset_s in rows}


def test_a_slot_across_midnight_keeps_the_account_of_what_stays(store: Database) -> None:
    midnight = local("2026-11-20T00:00")
    start = midnight.astimezone(UTC) - timedelta(seconds=120)  # on the hop
    log(store, *(Logged(start + timedelta(seconds=420 * n), hop_s=420, offsets=(0, 300, 400)) for n in range(-1, 3)))
    for _ in range(2):
        forget_old(store, windows_before=midnight, plays_before=None)
        with store.reading() as connection:
            (kept,) = accounts(connection, midnight, midnight + timedelta(hours=1))
            gone = accounts(connection, midnight - timedelta(hours=1), midnight)
        assert (kept.expected, kept.states, kept.adds_up, gone) == (8, {"heard": 8}, True, [])
        assert expected(store) == all_windows(store)


def test_a_slot_of_which_nothing_was_expected_goes_by_its_start(store: Database) -> None:
    with store.writing() as connection:
        for one in (BEFORE, AT):
            write_expected(connection, Manifest(one.slot, CAPTURE, HOP_S, ()), hop_s=HOP_S)
    log(store, replace(BEFORE, start=BEFORE.start - timedelta(seconds=HOP_S)))
    assert forget_old(store, windows_before=MIDNIGHT, plays_before=None)["expected_windows"] == 2
    with store.reading() as connection:
        assert [aware(slot) for (slot,) in connection.execute("SELECT slot FROM expected_windows").fetchall()] == [
            AT.start
        ]


def test_a_recording_that_was_tagged_in_two_goes_stays_as_one(store: Database) -> None:
    first = Logged(BEFORE.start - timedelta(days=9), TAPE, timedelta(days=1))
    second = Logged(BEFORE.start - timedelta(days=3), TAPE, timedelta(days=4))
    log(store, first, second, Logged(BEFORE.start - timedelta(days=5)), BEFORE)
    forget_old(store, windows_before=MIDNIGHT, plays_before=None)
    assert ids(store, "windows") == {first.windows[0].window_id, second.windows[0].window_id}
    assert expected(store) == all_windows(store)


def test_a_play_of_a_recording_stays_with_its_windows_however_soon_plays_go(store: Database) -> None:
    tape = Logged(BEFORE.start - timedelta(days=2), TAPE, timedelta(days=2))
    log(store, tape)
    forget_old(store, windows_before=MIDNIGHT - timedelta(days=1), plays_before=MIDNIGHT + timedelta(days=1))
    assert len(ids(store, "windows")) == len(ids(store, "plays")) == 1


def test_plays_may_go_before_their_windows(store: Database) -> None:
    log(store, BEFORE, AT)
    forget_old(store, windows_before=MIDNIGHT - timedelta(days=9), plays_before=MIDNIGHT)
    assert len(ids(store, "windows")) == 2
    assert ids(store, "plays") == {AT.windows[0].window_id}


YEAR = timedelta(days=365)


@pytest.mark.parametrize(
    ("asked_at", "stays"),
    [
        pytest.param(MIDNIGHT, True, id="tagged at that midnight"),
        pytest.param(MIDNIGHT - timedelta(seconds=1), False, id="tagged a second before"),
        pytest.param(MIDNIGHT + timedelta(days=3), True, id="tagged since"),
    ],
)
def test_the_days_of_a_recording_count_from_when_it_was_tagged(
    store: Database, asked_at: datetime, stays: bool
) -> None:
    old = BEFORE.start - YEAR
    starts = [old + timedelta(seconds=HOP_S * number) for number in range(2)]
    tape = [Logged(start, TAPE, asked_at - start) for start in starts]
    other = Logged(old - YEAR, "recording:other", timedelta(days=1))
    log(store, *tape, other, BEFORE)
    forget_old(store, windows_before=MIDNIGHT, plays_before=MIDNIGHT)
    kept = {one.windows[0].window_id for one in tape} if stays else set()
    for table in ("windows", "recognitions", "raw_answers", "plays", "play_windows"):
        assert ids(store, table) == kept, table
    assert slots_before(store, MIDNIGHT) == ([one.slot.key for one in tape] if stays else [])


def test_a_recording_that_is_just_being_tagged_stays(store: Database) -> None:
    """Its first windows are in the log, and nobody was asked about them yet."""
    tape = Logged(BEFORE.start - YEAR, TAPE)
    with store.writing() as connection:
        writes.write_windows(connection, tape.windows, titles={}, source=TAPE, slot=tape.slot)
    assert forget_old(store, windows_before=MIDNIGHT, plays_before=None)["windows"] == 0


def test_what_still_waited_for_an_answer_has_expired(store: Database) -> None:
    log(store, replace(BEFORE, status=Status.PROVIDER_DOWN), replace(AT, play=False))
    forget_old(store, windows_before=MIDNIGHT, plays_before=None)
    with store.reading() as connection:
        counted = totals.read(connection)
    assert counted[totals.WINDOWS] == {("kexp", "expired"): 2, ("kexp", "heard"): 2}
    assert counted[totals.DELETED]["windows", ""] == 2


def test_pictures_go_with_the_last_track_that_names_them(store: Database, tmp_path: Path) -> None:
    art = tmp_path / "art"
    art.mkdir()
    urls = [f"https://images.example/{name}" for name in ("old", "new")]
    log(store, BEFORE, AT)
    with store.writing() as connection:
        for one, url in zip((BEFORE, AT), urls, strict=True):
            writes.write_tracks(connection, [replace(one.track, artwork=url)])
        note_tried(connection, [Tried(url, f"{url[-3:]}.jpg") for url in urls], AT.start)
    for name in ("old.jpg", "new.jpg", "of-a-crashed-run.jpg", "just-fetched.jpg"):
        (art / name).write_bytes(b"")
        age = timedelta(hours=1 if name.startswith("just") else 48)
        written_at = (AT.start - age).timestamp()
        os.utime(art / name, (written_at, written_at))
    forget_old(store, windows_before=MIDNIGHT, plays_before=MIDNIGHT)
    assert delete_unneeded_art(store, art, AT.start - timedelta(days=1)) == 2
    assert sorted(path.name for path in art.iterdir()) == ["just-fetched.jpg", "new.jpg"]


def test_folders_among_the_pictures_are_left_alone(store: Database, tmp_path: Path) -> None:
    for name in ("@eaDir", "old.jpg"):
        (tmp_path / "art" / name).mkdir(parents=True)
        os.utime(tmp_path / "art" / name, (0, 0))
    (tmp_path / "art" / "gone.jpg").symlink_to("nowhere")
    (tmp_path / "art" / "unneeded.jpg").touch()
    os.utime(tmp_path / "art" / "unneeded.jpg", (0, 0))
    assert delete_unneeded_art(store, tmp_path / "art", AT.start) == 1
    assert not (tmp_path / "art" / "unneeded.jpg").exists()


def test_what_people_asked_about_by_hand_goes_like_windows(store: Database) -> None:
    told = {**dict.fromkeys(COLUMNS), "file": "clip.wav", "runner_up": None, "elapsed_ms": 12}
    with store.writing() as connection:
        for instant in (MIDNIGHT - timedelta(seconds=1), MIDNIGHT):
            note_identification(connection, told, instant, {})
    assert forget_old(store, windows_before=MIDNIGHT, plays_before=None) == {"identifications": 1}
    with store.reading() as connection:
        assert [one.asked_at for one in newest_identifications(connection, 9, 0)] == [MIDNIGHT]


def test_a_night_may_come_twice(store: Database) -> None:
    log(store, BEFORE, AT)
    assert forget_old(store, windows_before=MIDNIGHT, plays_before=MIDNIGHT).total() > 0
    assert forget_old(store, windows_before=MIDNIGHT, plays_before=MIDNIGHT).total() == 0


def test_a_play_whose_evidence_has_expired_is_not_decided_again(store: Database) -> None:
    """A slot beside the boundary runs again: what is left is not enough to see the airing that began before it."""
    heard = radio.day(3, 1, streams=["cafe"])
    with store.writing() as connection:
        for slot in heard:
            radio.write_slot(connection, slot, heard[slot])
        for slot in heard:
            derive_plays(connection, "cafe", slot, radio.RULES)
        before = radio.all_plays(connection)
    halved = next(play for play in before if len(play.windows) > 3)
    cut = halved.started_at + timedelta(seconds=100)
    forget_old(store, windows_before=cut, plays_before=None)
    with store.writing() as connection:
        for slot in heard:
            if slot.start >= cut:
                derive_plays(connection, "cafe", slot, radio.RULES)
        after = radio.all_plays(connection)
    assert halved in after
    assert [(play.play_id, play.windows) for play in after] == [(play.play_id, play.windows) for play in before]
