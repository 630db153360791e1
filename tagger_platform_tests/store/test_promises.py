"""The promises of the log: kept on ordinary and on strange days, and seen to be broken when the store is broken."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tagger_platform.decide.coverage import UNACCOUNTED
from tagger_platform.model import CaptureState, Slot, Window
from tagger_platform.spool import Manifest
from tagger_platform.store import promises
from tagger_platform.store.database import Connection, Database
from tagger_platform.store.expected import write_expected
from tagger_platform.store.promises import Account
from tagger_platform.store.reports import coverage_of_day, day_bounds
from tagger_platform.store.writes import insert, write_windows
from tagger_platform_tests.samples import DAY, TZ, play, track, write_plays

START, END = day_bounds(DAY, TZ)
NOON = START + timedelta(hours=12)
HOP_S = 1200
BREAKS = {
    "a window is lost": "DELETE FROM windows WHERE window_id = (SELECT min(window_id) FROM windows)",
    "a slot is lost": "DELETE FROM windows WHERE slot = (SELECT min(slot) FROM windows)",
    "a slot is lost with its account": (
        "DELETE FROM windows WHERE slot = (SELECT min(slot) FROM expected_windows WHERE slot > $noon);"
        "DELETE FROM expected_windows WHERE slot = (SELECT min(slot) FROM expected_windows WHERE slot > $noon)"
    ),
    "a window nobody expected": "UPDATE expected_windows SET offsets = offsets[1:1] WHERE slot < $noon",
    "a state there is none of": "UPDATE windows SET state = 'fine' WHERE offset_s = 0",
    "a stream is lost": "DELETE FROM windows WHERE stream = 'cafe'",
}


@dataclass
class Log:
    """A store that slots are told to, as the run of each does."""

    database: Database

    def tell(
        self,
        start: datetime,
        end: datetime,
        *streams: str,
        hop_s: int = HOP_S,
        state: CaptureState = CaptureState.RECONNECTING,
        source: str = "capture",
        offsets: Iterable[int] = (0, 30),
    ) -> None:
        slot = Slot.containing(start, hop_s)
        with self.database.writing() as connection:
            while slot.start < end:
                windows = tuple(Window(stream, slot, offset, 12, state) for stream in streams for offset in offsets)
                self._write(connection, Manifest(slot, source, hop_s, windows, tuple((s, s) for s in streams)))
                slot = slot.next(hop_s)

    def _write(self, connection: Connection, manifest: Manifest) -> None:
        titles = dict(manifest.titles)
        write_windows(connection, manifest.windows, titles=titles, source=manifest.source, slot=manifest.slot)
        write_expected(connection, manifest, hop_s=manifest.hop_s)

    def accounts(self, **waiting: set[str]) -> dict[str, Account]:
        with self.database.reading() as connection:
            return {one.stream: one for one in promises.accounts(connection, START, END, **waiting)}

    def expected(self) -> dict[str, int]:
        """Of every stream, as `tagger coverage` says it, after looking that it adds up."""
        days = coverage_of_day(self.database, DAY, TZ)
        assert all(day.expected == sum(day.states.values()) for day in days)
        return {day.stream: day.expected for day in days}


@pytest.fixture
def log(tmp_path: Path) -> Log:
    return Log(Database(tmp_path / "tagger.duckdb"))


def day_before_to_day_after(log: Log) -> None:
    log.tell(START - timedelta(hours=2), END + timedelta(hours=2), "cafe", "kexp")


def dead(log: Log) -> None:
    log.tell(START, END, "cafe", "kexp", state=CaptureState.CAPTURE_DOWN)


def added_at_noon(log: Log) -> None:
    log.tell(START, NOON, "kexp")
    log.tell(NOON, END, "cafe", "kexp")


def hop_changed_at_noon(log: Log) -> None:
    log.tell(START, NOON, "kexp")
    # Capture goes on with the next whole multiple of the new hop after the last slot, which is before noon.
    log.tell(NOON - timedelta(seconds=HOP_S // 2), END, "kexp", hop_s=HOP_S // 2)


def none_enabled_in_the_afternoon(log: Log) -> None:
    log.tell(START, NOON, "kexp")
    log.tell(NOON, NOON + timedelta(seconds=HOP_S))
    log.tell(NOON + timedelta(hours=6), END, "kexp")


def recorded_in_the_morning(log: Log) -> None:
    log.tell(NOON, END, "kexp")
    log.tell(START + timedelta(hours=1), START + timedelta(hours=2), "old", source="recording-1", offsets=(30,))


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        pytest.param(day_before_to_day_after, {"cafe": 144, "kexp": 144}, id="an ordinary day"),
        pytest.param(dead, {"cafe": 144, "kexp": 144}, id="capture was dead"),
        pytest.param(added_at_noon, {"cafe": 72, "kexp": 144}, id="a stream was added at noon"),
        pytest.param(hop_changed_at_noon, {"kexp": 72 + 146}, id="the hop was halved at noon"),
        pytest.param(none_enabled_in_the_afternoon, {"kexp": 72 + 36}, id="no stream was enabled for hours"),
        pytest.param(recorded_in_the_morning, {"kexp": 72, "old": 3}, id="a recording of some hours"),
    ],
)
def test_every_day_adds_up(log: Log, told: Callable[[Log], None], expected: dict[str, int]) -> None:
    told(log)
    accounts = log.accounts()
    assert {stream: account.expected for stream, account in accounts.items()} == expected == log.expected()
    assert all(account.adds_up for account in accounts.values())


@pytest.mark.parametrize("name", BREAKS)
def test_a_day_that_was_tampered_with_does_not_add_up(log: Log, name: str) -> None:
    day_before_to_day_after(log)
    inside = {"noon": NOON.astimezone(UTC).replace(tzinfo=None)}
    with log.database.writing() as connection:
        connection.execute("DELETE FROM windows WHERE started_at < ?", [START.replace(tzinfo=None)])
        connection.execute("DELETE FROM expected_windows WHERE slot < ?", [START.replace(tzinfo=None)])
        for statement in BREAKS[name].split(";"):
            connection.execute(statement, inside if "$noon" in statement else None)
    assert not all(account.adds_up for account in log.accounts().values())
    if name not in ("a state there is none of", "a window nobody expected"):
        assert log.expected() == {"cafe": 144, "kexp": 144}


def test_slots_that_nobody_told_of_are_expected_all_the_same(log: Log) -> None:
    log.tell(START, NOON, "kexp", "gone")
    log.tell(NOON + timedelta(hours=6), END, "kexp", "new")
    account = log.accounts()["kexp"]
    assert (account.expected, len(account.unaccounted), account.unaccounted[0]) == (144, 36, NOON)
    assert log.expected() == {"gone": 72, "kexp": 144, "new": 36}
    (kexp,) = coverage_of_day(log.database, DAY, TZ, streams=["kexp"])
    (gap,) = [gap for gap in kexp.gaps if gap.reason == UNACCOUNTED]
    assert (kexp.states[UNACCOUNTED], gap.start) == (36, NOON)


def test_a_day_that_lies_in_a_hole_is_expected_too(log: Log) -> None:
    log.tell(START - timedelta(days=2), START - timedelta(days=1), "kexp")
    log.tell(END + timedelta(days=1), END + timedelta(days=2), "kexp")
    assert len(log.accounts()["kexp"].unaccounted) == 144
    assert log.expected() == {"kexp": 144}


def test_slots_that_still_wait_are_not_missed(log: Log) -> None:
    late = Slot.containing(NOON, HOP_S)
    log.tell(START, NOON, "kexp")
    log.tell(late.next(HOP_S).start, END, "kexp")
    assert len(log.accounts()["kexp"].unaccounted) == 2
    assert log.accounts(waiting={late.key})["kexp"].adds_up


def test_a_recording_can_fill_a_hole(log: Log) -> None:
    log.tell(START, NOON, "kexp")
    log.tell(NOON + timedelta(hours=6), END, "kexp")
    log.tell(NOON, NOON + timedelta(hours=6), "kexp", source="recording-1")
    assert log.accounts()["kexp"].adds_up
    assert log.expected() == {"kexp": 144}


def test_telling_a_slot_again_changes_nothing(log: Log) -> None:
    for _ in range(2):
        log.tell(START, END, "kexp")
    assert log.expected() == {"kexp": 144}


def test_a_recording_ends_no_stream_and_makes_its_own_known(log: Log) -> None:
    log.tell(START, NOON, "kexp")
    log.tell(NOON, END, "old", source="recording-1")
    with log.database.reading() as connection:
        found = connection.execute("SELECT name, enabled_to IS NULL FROM streams ORDER BY name").fetchall()
    assert found == [("kexp", True), ("old", False)]


def test_two_plays_of_one_track_at_once_are_seen(log: Log) -> None:
    song = track(1)
    apart = [play("kexp", NOON, of=song), play("kexp", NOON + timedelta(seconds=200), of=song)]
    write_plays(log.database, [*apart, play("cafe", NOON, of=song)])
    with log.database.reading() as connection:
        assert promises.overlapping_plays(connection, START, END) == []
    again = replace(play("kexp", NOON + timedelta(seconds=199), of=song), play_id="again")
    write_plays(log.database, [again])
    with log.database.reading() as connection:
        assert ("kexp", song.track_id, again.started_at) in promises.overlapping_plays(connection, START, END)


@pytest.mark.parametrize("table", ["plays", "recognitions"])
def test_a_track_that_is_named_and_not_there_is_seen(log: Log, table: str) -> None:
    write_plays(log.database, [play("kexp", NOON, of=track(1))])
    row = ["w", "catalogue", "match", "catalogue:9", 1.0, [], 1.0, 0.9, 1.0, "", *[NOON.replace(tzinfo=None)] * 2]
    with log.database.writing() as connection:
        assert promises.orphan_tracks(connection, START, END) == []
        if table == "plays":
            connection.execute("DELETE FROM tracks")
        else:
            insert(connection, "recognitions", [[*row, None, None]])
    with log.database.reading() as connection:
        orphans = promises.orphan_tracks(connection, START, END)
    assert orphans == [track(1).track_id if table == "plays" else "catalogue:9"]


def test_a_slot_that_is_left_out_just_when_the_hop_changes_is_seen(log: Log) -> None:
    log.tell(START, NOON, "kexp")
    log.tell(NOON, END, "kexp", hop_s=HOP_S // 2)
    left_out = NOON - timedelta(seconds=HOP_S // 2)
    assert log.accounts()["kexp"].unaccounted == (left_out, left_out + timedelta(seconds=30))
