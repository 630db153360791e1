"""A local day decided again: what changes, and that nothing else does."""

import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tagger_platform.decide.identity import same_airings
from tagger_platform.errors import RequestError
from tagger_platform.model import CaptureState, Play, PlayStatus, Recognition, Slot, Status, Track, Window
from tagger_platform.store.database import Database
from tagger_platform.store.decide_again import DayDecided, decide_day
from tagger_platform.store.reports import day_bounds
from tagger_platform_tests.store.radio import RULES, all_plays, day, derive, slots_of, write_slot

TZ = ZoneInfo("Europe/Kyiv")
DAY = date(2026, 11, 21)
MIDNIGHT, NEXT_MIDNIGHT = day_bounds(DAY, TZ)
EVENING = Slot(MIDNIGHT - timedelta(hours=1))
"""When the log begins: an hour before the day does."""

STRICT = replace(RULES, policies=("catalogue_two_hit",), tolerance=0)
AGREE = replace(RULES, policies=("any_two_agree", "timeline"))
SONG = Track("catalogue", "1", "Song", "Band", duration_s=200.0)


@pytest.fixture
def store(tmp_path: Path) -> Database:
    return Database(tmp_path / "tagger.duckdb")


@pytest.fixture(scope="module")
def hours(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with five hours of two streams around the day's first midnight, as the live path writes them."""
    store = Database(tmp_path_factory.mktemp("hours") / "tagger.duckdb")
    with store.writing() as connection:
        for slot, heard in day(7, 5, EVENING).items():
            write_slot(connection, slot, heard)
            derive(connection, slot)
    return store.path


@pytest.fixture
def log(store: Database, hours: Path) -> list[Play]:
    """The plays of a copy of those hours."""
    shutil.copy(hours, store.path)
    return plays_of(store)


def plays_of(store: Database) -> list[Play]:
    with store.reading() as connection:
        return all_plays(connection)


def decided(store: Database, **more: object) -> dict[str, DayDecided]:
    found = decide_day(store, DAY, TZ, **{"rules": RULES, **more})
    return {one.stream: one for one in found}


def of_day(plays: Sequence[Play], stream: str = "") -> list[Play]:
    return [play for play in plays if MIDNIGHT <= play.started_at < NEXT_MIDNIGHT and stream in ("", play.stream)]


def elsewhere(plays: Sequence[Play], stream: str = "") -> list[Play]:
    own = of_day(plays, stream)
    return [play for play in plays if play not in own]


def heard_at(second: float, offset_s: float | None, track: Track | None = SONG) -> tuple[Window, list[Recognition]]:
    """A window so many seconds after midnight, and what the track's provider said of it."""
    slot = Slot.containing(MIDNIGHT + timedelta(seconds=second), RULES.hop_s)
    offset = int((MIDNIGHT - slot.start).total_seconds() + second)
    window = Window("kexp", slot, offset, 12, CaptureState.CAPTURED)
    status = Status.MATCH if track else Status.NO_MATCH
    provider = track.provider if track else "catalogue"
    return window, [Recognition(window.window_id, provider, status, track, offset_s=offset_s, confidence=0.9)]


def write(store: Database, *heard: tuple[Window, list[Recognition]], rules: object = RULES) -> None:
    with store.writing() as connection:
        for window, said in heard:
            write_slot(connection, window.slot, [(window, said)])
        for slot in sorted({window.slot for window, _ in heard}):
            derive(connection, slot, rules)


def test_the_same_rules_change_nothing(store: Database, log: list[Play]) -> None:
    found = decided(store, apply=True)
    assert sorted(found) == ["cafe", "kexp"]
    for stream, one in found.items():
        changes = one.difference
        assert (changes.added, changes.removed, changes.moved, changes.changed) == ((), (), (), ())
        assert changes.unchanged == len(of_day(log, stream)) > 10
    assert plays_of(store) == log


@pytest.mark.parametrize(
    "rules",
    [STRICT, replace(RULES, dedup_s=0), replace(RULES, policies=("shazam_two_hit",), tolerance=10, dedup_s=900)],
    ids=["one provider, and stricter", "gaps part plays", "the other provider, and laxer"],
)
def test_a_dry_run_tells_what_applying_does_and_writes_nothing(store: Database, log: list[Play], rules: object) -> None:
    version = store.version()
    dry = decided(store, rules=rules)
    assert (plays_of(store), store.version()) == (log, version)
    done = decided(store, rules=rules, apply=True)
    assert {stream: one.difference for stream, one in dry.items()} == {s: one.difference for s, one in done.items()}
    assert {one.applied for one in dry.values()} == {False}
    after = {play.play_id: play for play in plays_of(store)}
    before = {play.play_id: play for play in log}
    changes = [one.difference for one in done.values()]
    assert any(change.removed or change.changed for change in changes)
    assert {play.play_id for change in changes for play in change.added} == after.keys() - before.keys()
    assert {play.play_id for change in changes for play in change.removed} == before.keys() - after.keys()
    assert all(after[new.play_id] == new for change in changes for _, new in (*change.moved, *change.changed))
    assert elsewhere(list(after.values())) == elsewhere(log)
    again = decided(store, rules=rules, apply=True)
    assert all(one.difference.unchanged == len(of_day([*after.values()], s)) for s, one in again.items())


def test_the_policies_of_before_bring_back_the_plays_of_before(store: Database, log: list[Play]) -> None:
    decided(store, rules=AGREE, apply=True)
    assert plays_of(store) != log
    decided(store, apply=True)
    assert plays_of(store) == log  # the ids too: no play went away in between


def test_only_the_named_stream_changes(store: Database, log: list[Play]) -> None:
    found = decided(store, rules=STRICT, stream="cafe", apply=True)
    assert list(found) == ["cafe"]
    assert elsewhere(plays_of(store), "cafe") == elsewhere(log, "cafe")
    assert of_day(plays_of(store), "cafe") != of_day(log, "cafe")


def test_a_play_that_straddles_midnight_is_one_and_belongs_to_the_day_it_began_in(store: Database) -> None:
    write(store, heard_at(-200, None, None), heard_at(-80, 10.0), heard_at(40, 130.0), heard_at(240, None, None))
    (play,) = plays_of(store)
    assert (play.started_at < MIDNIGHT < play.ended_at, play.status) == (True, PlayStatus.CONFIRMED)
    found = decide_day(store, DAY, TZ, STRICT, apply=True)
    assert [one.difference.unchanged for one in found] == [0]
    assert plays_of(store) == [play]
    (evening,) = decide_day(store, DAY - timedelta(days=1), TZ, AGREE, apply=True)
    assert [new.policy for _, new in evening.difference.changed] == []
    assert [play.policy for play in plays_of(store)] == ["any_two_agree+timeline"]


SHAZAM = Track("shazam", "9", "Song", "Band")
"""The same song, as another provider knows it."""


def test_an_airing_that_a_play_of_the_day_before_tells_of_is_not_logged_twice(store: Database) -> None:
    """Shazam heard it before midnight, the catalogue only after: to the catalogue alone it began on this day."""
    write(
        store,
        *[heard_at(second, None, SHAZAM) for second in (-90, -60)],
        heard_at(30, 120.0),
        heard_at(60, 150.0),
        heard_at(150, None, None),
    )
    (play,) = plays_of(store)
    assert play.started_at < MIDNIGHT
    (found,) = decide_day(store, DAY, TZ, replace(RULES, policies=("catalogue_two_hit",)), apply=True)
    assert (found.difference.added, found.difference.unchanged) == ((), 0)
    assert plays_of(store) == [play]


def test_plays_of_the_day_that_the_rules_join_with_one_of_the_day_before_stay(store: Database) -> None:
    apart, together = replace(RULES, dedup_s=60), RULES
    write(store, *[heard_at(second, None) for second in (-60, -30, 90, 120)], rules=apart)
    before = plays_of(store)
    assert [play.started_at < MIDNIGHT for play in before] == [True, False]
    decide_day(store, DAY, TZ, together, apply=True)
    assert plays_of(store) == before


def test_a_slot_run_later_undoes_a_decided_day_only_around_itself(store: Database, log: list[Play]) -> None:
    mark = replace(RULES, policies=("any_two_agree",))
    decided(store, rules=mark, apply=True)
    ours = {play.play_id: play for play in of_day(plays_of(store), "cafe")}
    with store.writing() as connection:
        derive(connection, EVENING)  # far from the day
        assert {play.play_id: play for play in of_day(all_plays(connection), "cafe")} == ours
        derive(connection, Slot(MIDNIGHT))
        after = all_plays(connection)
    undone = [play for play in of_day(after, "cafe") if play.policy != ours.get(play.play_id, play).policy]
    assert undone
    assert all(play.started_at <= MIDNIGHT + timedelta(hours=1) for play in undone)
    assert sum(play.policy == "any_two_agree" for play in of_day(after, "cafe")) > len(ours) / 2
    for one in after:
        assert len(same_airings([one], after)) == 1  # itself: no airing is logged twice


def spoil_recognitions(store: Database) -> None:
    with store.writing() as connection:
        (play_id,) = connection.execute(
            "SELECT play_id FROM plays WHERE stream = 'kexp' AND started_at >= ? ORDER BY started_at LIMIT 1",
            [MIDNIGHT.replace(tzinfo=None)],
        ).fetchone() or (None,)
        connection.execute(
            "DELETE FROM recognitions WHERE window_id IN (SELECT window_id FROM play_windows WHERE play_id = ?)",
            [play_id],
        )


def spoil_windows(store: Database) -> None:
    """What retention leaves of the day: plays, and windows of a later one."""
    with store.writing() as connection:
        for table in ("windows", "recognitions", "further_matches"):
            connection.execute(f"DELETE FROM {table}")
        window, _ = heard_at(86_400 * 3, None)
        write_slot(connection, window.slot, [(window, [])])


def spoil_everything(store: Database) -> None:
    with store.writing() as connection:
        for table in ("windows", "recognitions", "further_matches"):
            connection.execute(f"DELETE FROM {table}")


REFUSED = {
    "recognitions behind a play have expired": (
        spoil_recognitions,
        "the recognitions behind 1 of its plays have expired",
    ),
    "the windows of the day have expired": (spoil_windows, "its windows are kept only since 2026-11-23T22:00:00Z"),
    "all windows have expired": (spoil_everything, "no windows of that stream are kept"),
}


@pytest.mark.parametrize(("spoil", "sentence"), REFUSED.values(), ids=REFUSED.keys())
@pytest.mark.parametrize("apply", [False, True])
def test_what_has_expired_is_not_decided_again(
    store: Database, log: list[Play], spoil: Callable[[Database], None], sentence: str, apply: bool
) -> None:
    spoil(store)
    with pytest.raises(RequestError, match=f"2026-11-21 of kexp cannot be decided again: {sentence}"):
        decided(store, rules=STRICT, stream="kexp", apply=apply)
    assert plays_of(store) == log


def test_one_stream_that_has_expired_keeps_all_from_being_written(store: Database, log: list[Play]) -> None:
    spoil_recognitions(store)
    with pytest.raises(RequestError, match="have expired"):
        decided(store, rules=STRICT, apply=True)
    assert plays_of(store) == log


def test_a_day_without_anything_and_unknown_policies_are_refused(store: Database, log: list[Play]) -> None:
    with pytest.raises(RequestError, match="there are no windows and no plays of that day"):
        decide_day(store, date(2027, 1, 1), TZ, RULES)
    with pytest.raises(RequestError, match="unknown decision policy coin_toss"):
        decided(store, rules=replace(RULES, policies=("coin_toss",)), apply=True)


def test_the_slots_of_the_log_cover_both_sides_of_midnight() -> None:
    slots = slots_of(5, EVENING)
    assert slots[0].start < MIDNIGHT < slots[-1].start
