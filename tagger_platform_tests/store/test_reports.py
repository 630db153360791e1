"""What people ask of the log: a local day's plays, its coverage, the newest of every stream."""

import csv
import io
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from tagger_platform.model import CaptureState, Recognition, Slot, Status, Track, Window
from tagger_platform.store import reports, slot_reads
from tagger_platform.store.database import Database
from tagger_platform.store.rows import coverage_json, play_json, plays_csv
from tagger_platform.store.writes import write_recognitions, write_windows
from tagger_platform_tests.samples import DAY, HOP_S, TZ, busy_day, noon, play, track, write_plays
from tagger_platform_tests.store.radio import RULES

SPRING, AUTUMN, NOVEMBER_20 = date(2026, 3, 8), date(2026, 11, 1), date(2026, 11, 20)
HEADER = (
    "started_at_local,started_at,ended_at,stream,title,artist,album,isrc,label,status,confidence,provider,link,play_id"
)


@pytest.fixture
def store(tmp_path: Path) -> Database:
    return Database(tmp_path / "tagger.duckdb")


def hourly(day: date) -> list[datetime]:
    """The full hours of a day and of the days around it."""
    first = reports.day_bounds(day - timedelta(days=1), TZ)[0]
    last = reports.day_bounds(day + timedelta(days=1), TZ)[1]
    return [first + timedelta(hours=number) for number in range(round((last - first).total_seconds() / 3600))]


@pytest.mark.parametrize(
    ("day", "hours"),
    [
        pytest.param(SPRING, 23, id="23 hours in spring"),
        pytest.param(AUTUMN, 25, id="25 hours in autumn"),
        pytest.param(DAY, 24, id="24 hours"),
    ],
)
def test_a_local_day_has_its_own_length(store: Database, day: date, hours: int) -> None:
    write_plays(store, [play("kexp", moment) for moment in hourly(day)])
    found = reports.plays_of_day(store, day, TZ)
    assert found.total == len(found.plays) == hours
    assert {one.started_at.astimezone(TZ).date() for one in found.plays} == {day}


def test_two_local_hours_of_the_same_name_are_told_apart(store: Database) -> None:
    write_plays(store, [play("kexp", moment) for moment in hourly(AUTUMN)])
    rows = list(csv.DictReader(io.StringIO(plays_csv(reports.plays_of_day(store, AUTUMN, TZ).plays, TZ))))
    assert [row["started_at_local"] for row in rows[1:3]] == ["2026-11-01T01:00:00-07:00", "2026-11-01T01:00:00-08:00"]


def test_days_next_to_each_other_share_no_play_and_lose_none(store: Database) -> None:
    plays = [play("kexp", moment) for moment in hourly(AUTUMN)]
    write_plays(store, plays)
    days = [AUTUMN + timedelta(days=shift) for shift in (-1, 0, 1)]
    assert [one.play_id for day in days for one in reports.plays_of_day(store, day, TZ).plays] == [
        one.play_id for one in plays
    ]


@pytest.mark.parametrize("streams", [[], ["kexp"], ["kexp", "nova"], ["nobody"]], ids=str)
def test_plays_of_some_streams(store: Database, streams: list[str]) -> None:
    plays = list(busy_day(DAY, until=None, seed=1))
    write_plays(store, plays)
    expected = {one.play_id for one in plays if not streams or one.stream in streams}
    found = reports.plays_of_day(store, DAY, TZ, streams=streams)
    assert {one.play_id for one in found.plays} == expected
    assert found.total == len(expected)


def test_pages_follow_each_other(store: Database) -> None:
    write_plays(store, busy_day(DAY, until=None, seed=1))
    whole = reports.plays_of_day(store, DAY, TZ)
    pages = [reports.plays_of_day(store, DAY, TZ, limit=100, offset=offset) for offset in range(0, whole.total, 100)]
    assert [one for page in pages for one in page.plays] == whole.plays
    assert {page.total for page in pages} == {whole.total}
    assert reports.plays_of_day(store, DAY, TZ, limit=10, offset=whole.total).plays == []
    assert reports.plays_of_day(store, DAY, TZ, limit=0).plays == []


def test_an_empty_store_has_an_empty_day(store: Database) -> None:
    assert reports.plays_of_day(store, DAY, TZ) == reports.PlaysPage([], 0)
    assert reports.coverage_of_day(store, DAY, TZ) == []
    assert (reports.latest_plays(store), reports.last_windows(store), reports.stream_titles(store)) == ({}, {}, {})


def test_the_newest_play_of_every_stream(store: Database) -> None:
    plays = list(busy_day(DAY, until=None, seed=1))
    write_plays(store, plays)
    expected = {one.stream: one for one in sorted(plays, key=lambda one: one.started_at)}
    assert reports.latest_plays(store) == expected


# CSV and JSON


def test_csv_has_the_header_that_scripts_rely_on() -> None:
    assert plays_csv([], TZ) == HEADER + "\n"


def test_csv_keeps_whatever_a_title_holds() -> None:
    odd = play("kexp", datetime(2026, 11, 21, 3, 30, tzinfo=UTC), of=track(3))
    title = 'Comma, "quote"\nand a new line; =1+1'
    named = replace(odd, track=replace(odd.track, title=title))
    rows = list(csv.DictReader(io.StringIO(plays_csv([named], TZ))))
    assert [(row["title"], row["started_at"], row["play_id"]) for row in rows] == [
        (title, "2026-11-21T03:30:00Z", odd.play_id)
    ]


def test_json_of_a_play_has_the_keys_that_scripts_rely_on() -> None:
    row = play_json(play("kexp", datetime(2026, 11, 21, 3, 30, tzinfo=UTC)))
    names = (
        "play_id stream started_at ended_at uncertainty_s status track_id provider provider_track_id title artist "
        "album isrc label artwork link confidence policy windows late explanation"
    )
    assert list(row) == names.split()
    assert (row["started_at"], row["status"]) == ("2026-11-21T03:30:00Z", "confirmed")


# coverage

STATES = {
    "heard": (CaptureState.CAPTURED, Status.MATCH),
    "silent": (CaptureState.CAPTURED, Status.SILENT),
    "pending": (CaptureState.CAPTURED, None),
    "throttled": (CaptureState.CAPTURED, Status.THROTTLED),
    "not_needed": (CaptureState.CAPTURED, Status.NOT_NEEDED),
    "stalled": (CaptureState.STALLED, None),
}


def write_states(store: Database, first: datetime, states: list[str], stream: str = "kexp") -> None:
    """One window a slot from `first` on, each in the state that is named."""
    slot = Slot.containing(first, HOP_S)
    windows, given = [], []
    for number, name in enumerate(states):
        capture, status = STATES[name]
        start = Slot(slot.start + timedelta(seconds=HOP_S * number))
        windows.append(Window(stream, start, 0, 12, capture))
        if status:
            song = track(1) if status is Status.MATCH else None
            given.append(Recognition(windows[-1].window_id, "shazam", status, song))
    with store.writing() as connection:
        write_windows(connection, windows, titles={stream: stream.title()}, source="capture", slot=slot)
        write_recognitions(connection, windows, given, asked_at=slot.start)


def test_coverage_adds_up(store: Database) -> None:
    states = ["heard", "heard", "silent", "stalled", "stalled", "throttled", "pending", "not_needed", "heard"]
    write_states(store, datetime(2026, 11, 21, 3, 30, tzinfo=UTC), states)
    (found,) = reports.coverage_of_day(store, NOVEMBER_20, TZ)
    row = coverage_json(found)
    assert row["states"] == {"heard": 3, "not_needed": 1, "pending": 1, "silent": 1, "stalled": 2, "throttled": 1}
    assert row["expected"] == sum(row["states"].values()) == 9
    assert (row["heard"], row["silent"], row["not_needed"], row["ratio"]) == (3, 1, 1, 0.5)
    assert [(gap["from"][11:19], gap["to"][11:19], gap["reason"]) for gap in row["gaps"]] == [
        ("03:36:00", "03:38:12", "stalled"),
        ("03:40:00", "03:40:12", "throttled"),
        ("03:42:00", "03:42:12", "pending"),
    ]


@pytest.mark.parametrize(("day", "windows"), [(SPRING, 23 * 30), (AUTUMN, 25 * 30)], ids=["23 hours", "25 hours"])
def test_coverage_of_a_day_holds_every_window_that_began_in_it(store: Database, day: date, windows: int) -> None:
    start, end = reports.day_bounds(day, TZ)
    count = round((end - start).total_seconds()) // HOP_S
    write_states(store, start - timedelta(hours=1), ["heard"] * (count + 60))
    (found,) = reports.coverage_of_day(store, day, TZ)
    assert (found.expected, found.ratio, found.gaps) == (windows, 1.0, ())


def test_coverage_of_one_stream(store: Database) -> None:
    moment = datetime(2026, 11, 21, 3, 30, tzinfo=UTC)
    write_states(store, moment, ["heard"])
    write_states(store, moment, ["stalled"], "cafe")
    assert [found.stream for found in reports.coverage_of_day(store, NOVEMBER_20, TZ)] == ["cafe", "kexp"]
    (found,) = reports.coverage_of_day(store, NOVEMBER_20, TZ, streams=["cafe"])
    assert (found.stream, found.ratio) == ("cafe", 0.0)


def test_a_track_was_last_heard_where_a_play_shows_another_providers_name_of_it(store: Database) -> None:
    at, own = noon(DAY), Track("catalogue", "abc", "Song")
    known = play("kexp", at, of=Track("shazam", "77", "Song"))
    write_plays(store, [play("kexp", at - timedelta(days=1), of=own), known])
    window = Window("kexp", Slot.containing(at, HOP_S), 0, 12, CaptureState.CAPTURED)
    with store.writing() as connection:
        heard = Recognition(known.windows[0], "catalogue", Status.MATCH, own, offset_s=1.0, confidence=0.9)
        write_recognitions(connection, [window], [heard], asked_at=at)
    found = reports.last_play(store, own.track_id)
    assert found
    assert found.play_id == known.play_id


def test_the_newest_window_of_every_stream(store: Database) -> None:
    moment = datetime(2026, 11, 21, 3, 30, tzinfo=UTC)
    write_states(store, moment, ["heard", "stalled"])
    found = reports.last_windows(store)["kexp"]
    assert (found.started_at, found.state) == (moment + timedelta(seconds=HOP_S), "stalled")


# what the assets ask


def test_open_questions_are_windows_that_somebody_may_still_answer(store: Database) -> None:
    slot = Slot.parse("2026-11-21T03:30:00Z")
    offsets = {0: "throttled", 1: "heard", 2: "pending", 3: "stalled", 4: "silent"}
    with store.writing() as connection:
        for offset, name in offsets.items():
            capture, status = STATES[name]
            window = Window("kexp", slot, offset, 12, capture)
            write_windows(connection, [window], titles={"kexp": "KEXP"}, source="capture", slot=slot)
            given = [Recognition(window.window_id, "catalogue", Status.NO_MATCH)] if name == "throttled" else []
            given += [Recognition(window.window_id, "shazam", status, track(1))] if status else []
            write_recognitions(connection, [window], given, asked_at=slot.start)
    found = slot_reads.open_questions(store, [slot])
    assert [(each.window.offset_s, each.answered_by) for each in found] == [
        (0, frozenset({"catalogue"})),
        (2, frozenset()),
    ]
    assert len(slot_reads.windows_of(store, [slot])) == 5


def test_what_was_heard_until_the_end_of_a_slot_reaches_as_far_as_a_chain_of_hits(store: Database) -> None:
    slot = Slot.parse("2026-11-21T03:30:00Z")
    write_states(store, slot.start - timedelta(hours=1), ["heard"] * 40)
    found = slot_reads.heard_until(store, slot, RULES)["kexp"]
    assert found[0].start >= slot.start - RULES.reach
    assert found[-1].start == slot.start
    assert len(found) == RULES.reach.total_seconds() // HOP_S + 1
