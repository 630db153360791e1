"""Every part of a health report: when it is well, when it is not, and what it says then."""

import os
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from tagger_platform.health import parts
from tagger_platform.health.marks import SENSOR, leave_mark, marked_at
from tagger_platform.health.parts import look, look_at
from tagger_platform.health.report import Code, Part, State
from tagger_platform.model import CanaryOutcome, CanaryResult, Recognition, Slot, Status, iso
from tagger_platform.recognize.budget import BURST, Budget
from tagger_platform.spool import Manifest, Room, Spool
from tagger_platform.store.canary import note_canaries
from tagger_platform.store.database import Database
from tagger_platform.store.runs import note_run
from tagger_platform_tests.health.conftest import NOW, Around
from tagger_platform_tests.test_spool import publish, window
from tagger_platform_tests.test_spool_bounds import claimed_elsewhere


def part(around: Around, name: str) -> Part:
    return look_at(name, around.watched)


def test_a_platform_that_is_well_is_well_in_every_part(around: Around):
    report = look(around.watched)
    assert {one.name: one.state for one in report.parts} == dict.fromkeys(parts.PARTS, State.OK)
    assert (report.state, report.as_json()["status"]) == (State.OK, "ok")


def test_the_worst_part_is_the_state_of_all(around: Around):
    around.capture = None
    report = look(around.watched)
    assert report.state is State.FAILING
    assert [one.name for one in report.parts if one.state is not State.OK] == ["capture"]
    assert "CAPTURE_PORT" in report.as_json()["parts"]["capture"]["detail"]


# capture

THREE_HOPS = 3 * 120


@pytest.mark.parametrize(("age_s", "state"), [(THREE_HOPS, State.OK), (THREE_HOPS + 1, State.FAILING)])
def test_three_hops_without_a_window_are_bad(around: Around, age_s: int, state: State):
    for stream in around.capture["streams"]:
        stream["last_window"] = iso(NOW - timedelta(seconds=age_s))
    assert part(around, "capture").state is state
    assert part(around, "capture").numbers["age_s"] == age_s


@pytest.mark.parametrize(("age_s", "state"), [(THREE_HOPS, State.OK), (THREE_HOPS + 1, State.FAILING)])
def test_a_capture_that_has_just_started_has_three_hops_for_its_first_window(around: Around, age_s: int, state: State):
    around.capture["since"] = iso(NOW - timedelta(seconds=age_s))
    for stream in around.capture["streams"]:
        stream["last_window"] = None
    assert part(around, "capture").state is state


def test_one_stream_that_is_down_is_that_streams_trouble(around: Around):
    around.capture["streams"][0] |= {"state": "reconnecting", "last_window": None}
    found = part(around, "capture")
    assert (found.state, found.detail) == (State.OK, "1 of 2 streams are live")
    assert found.numbers["streams"] == {"live": 1, "reconnecting": 1}


def test_no_stream_is_no_trouble_and_disabled_ones_do_not_count(around: Around):
    for stream in around.capture["streams"]:
        stream |= {"enabled": False, "state": "disabled", "last_window": None}
    around.capture["since"] = iso(NOW - timedelta(days=9))
    assert (part(around, "capture").state, part(around, "capture").detail) == (State.OK, "no stream is enabled")


def test_what_capture_says_of_itself_is_passed_on(around: Around):
    around.capture["problems"] = ["the disk is full", "it is stuck"]
    found = part(around, "capture")
    assert (found.state, found.detail) == (State.FAILING, "the disk is full; it is stuck")
    assert [one["details"] for one in found.as_json()["findings"]] == [
        {"why": "the disk is full"},
        {"why": "it is stuck"},
    ]


def test_nonsense_from_capture_is_a_part_that_fails_and_no_crash(around: Around):
    around.capture = {"streams": [{"enabled": True, "last_window": "yesterday"}]}
    assert part(around, "capture").state is State.FAILING


def test_a_report_shows_no_password(around: Around):
    around.capture["problems"] = ["rtsp://me:secret-word@cam/1 is gone"]
    assert "secret-word" not in str(look(around.watched).as_json())


# spool


@pytest.mark.parametrize(("minutes", "state"), [(9, State.OK), (11, State.WARNING)])
def test_slots_that_nobody_takes_are_a_warning(around: Around, minutes: int, state: State):
    publish(Spool(around.settings.spool_dir), Slot.containing(NOW - timedelta(minutes=minutes), 60))
    found = part(around, "spool")
    assert (found.state, found.numbers["ready_slots"], found.numbers["ready_windows"]) == (state, 1, 2)


def test_slots_that_runs_began_and_left_wait_too(around: Around):
    """As where the store takes nothing."""
    slot = Slot.containing(NOW - timedelta(minutes=11), 60)
    publish(Spool(around.settings.spool_dir), slot)
    with claimed_elsewhere(around.settings.spool_dir, slot):
        assert part(around, "spool").detail == "0 slots wait, 1 under way"
    found = part(around, "spool")
    assert (found.state, found.detail) == (State.WARNING, "1 slots wait, the oldest for 11 min")


def test_a_spool_that_is_about_to_drop_audio_is_failing(around: Around, environ: dict[str, str]):
    small = Around(type(around.settings).load(environ | {"QUEUE_MAX_SIZE": "10"}))
    spool = Spool(small.settings.spool_dir, max_windows=10)
    slot = Slot.containing(NOW - timedelta(minutes=2), 120)
    windows = tuple(window(slot, "kexp", offset) for offset in range(9))
    for number, each in enumerate(windows):
        assert number < 9
        spool.path_for(each).write_bytes(b"x")
    spool.publish(Manifest(slot, "capture", 120, windows[:8]))
    assert part(small, "spool").state is State.FAILING
    (spool.root / "ready" / slot.key / "kexp+8.flac").unlink()
    assert part(small, "spool").state is State.OK


# providers


def a_budget(around: Around) -> Budget:
    return Budget(around.settings.budget_path, "shazam", 4, clock=lambda: around.now.timestamp())


def test_nobody_asked_is_no_trouble(around: Around):
    assert (part(around, "providers").state, part(around, "providers").detail) == (
        State.OK,
        "nobody outside this machine was asked yet",
    )


def test_a_providers_budget_and_breaker_are_told(around: Around):
    budget = a_budget(around)
    assert budget.take("kexp") is None
    assert part(around, "providers").numbers == {"shazam": {"breaker": "closed", "budget_left": BURST - 1}}
    budget.told(Recognition("", "shazam", Status.THROTTLED, detail="HTTP 429", retry_after_s=60.0))
    found = part(around, "providers")
    assert (found.state, found.numbers["shazam"]["breaker"]) == (State.WARNING, "open")
    assert "HTTP 429" in found.detail


def test_a_provider_that_is_not_asked_any_more_is_nobodys_trouble(around: Around, environ: dict[str, str]):
    a_budget(around).told(Recognition("", "shazam", Status.THROTTLED, retry_after_s=60.0))
    without = Around(type(around.settings).load(environ))
    assert part(around, "providers").state is State.WARNING
    assert part(without, "providers").state is State.OK


@pytest.mark.parametrize("outcome", CanaryOutcome)
def test_a_canary_that_a_provider_does_not_name_is_a_warning(around: Around, outcome: CanaryOutcome):
    results = [
        CanaryResult("shazam", NOW, outcome, 100.0, "so it is"),
        CanaryResult("catalogue", NOW, CanaryOutcome.MATCH),
    ]
    with around.watched.database.writing() as connection:
        note_canaries(connection, results)
    found = part(around, "providers")
    good = outcome in (CanaryOutcome.MATCH, CanaryOutcome.NOT_ASKED)
    assert found.state is (State.OK if good else State.WARNING)
    assert ("shazam's canary" in found.detail) is not good
    assert found.numbers["shazam"] == {"canary": outcome, "canary_at": iso(NOW), "canary_latency_ms": 100.0}


# store and disk


def test_a_store_that_is_none_is_failing(around: Around):
    around.settings.database_path.write_bytes(b"not a database at all" * 500)
    assert part(around, "store").state is State.FAILING


def test_a_folder_that_cannot_be_written_is_noticed_and_one_that_can_stays_as_it_was(around: Around):
    folder = around.settings.marks_dir
    assert parts.unwritable(folder / SENSOR) == "Not a directory"
    assert parts.unwritable(folder) == ""
    assert list(folder.iterdir()) == [folder / SENSOR]


@pytest.mark.parametrize(
    ("free", "state"),
    [
        (2000, (State.OK, Code.DISK_FREE)),
        (1999, (State.WARNING, Code.DISK_LOW)),
        (999, (State.WARNING, Code.DISK_SHEDS_CLIPS)),
        (499, (State.FAILING, Code.DISK_FULL)),
    ],
)
def test_a_disk_is_judged_by_what_is_left_of_it(free: int, state: tuple[State, Code]):
    assert parts.disk_state(free, Room(Path(), 1000)) == state


@pytest.mark.parametrize(
    ("reserve_mb", "says"),
    [
        ("0", " lies"),
        ("1500", ": make room"),
        ("2500", ": make room; the oldest clips are given up"),
        ("5000", ": make room; windows are not kept, clips and the oldest audio that waits are given up"),
    ],
)
def test_what_little_room_costs_is_told(around: Around, environ, monkeypatch, reserve_mb: str, says: str):
    small = Around(type(around.settings).load(environ | {"DISK_RESERVE_MB": reserve_mb}))
    monkeypatch.setattr("shutil.disk_usage", lambda folder: SimpleNamespace(free=2_000_000_000, total=9_000_000_000))
    assert part(small, "disk").detail.endswith(says)
    assert part(small, "disk").detail.startswith("2.0 GB free")


def test_the_disk_is_the_one_of_data_dir(around: Around):
    found = part(around, "disk")
    told = os.statvfs(around.settings.data_dir)
    assert found.numbers["total_bytes"] == told.f_blocks * told.f_frsize
    assert str(around.settings.data_dir) in found.detail


# Dagster and the night


@pytest.mark.parametrize(("age_s", "state"), [(120, State.OK), (121, State.FAILING)])
def test_a_sensor_that_does_not_tick_is_bad(around: Around, age_s: int, state: State):
    leave_mark(around.settings.marks_dir, SENSOR, NOW - timedelta(seconds=age_s))
    assert part(around, "dagster").state is state


def test_a_sensor_that_never_ticked_is_bad(around: Around):
    (around.settings.marks_dir / SENSOR).unlink()
    assert part(around, "dagster").state is State.FAILING


def test_a_clock_that_stepped_back_makes_nothing_old(around: Around):
    leave_mark(around.settings.marks_dir, SENSOR, NOW + timedelta(hours=1))
    assert part(around, "dagster").numbers["age_s"] == 0


def note(around: Around, **ages: timedelta) -> None:
    with Database(around.settings.database_path).writing() as connection:
        for name, age in ages.items():
            note_run(connection, name, NOW - age)


@pytest.mark.parametrize(("hours", "state"), [(26, State.OK), (27, State.FAILING)])
def test_a_night_that_is_left_out_is_bad(around: Around, hours: int, state: State):
    assert part(around, "nightly").detail == "none yet"
    note(around, retention=timedelta(hours=hours))
    assert part(around, "nightly").state is state


A_WEEK_AND_A_DAY, A_MONTH_AND_A_DAY = timedelta(days=8), timedelta(days=32)
A_NIGHT, A_SECOND = timedelta(hours=26), timedelta(seconds=1)
LATE = {"backup": A_NIGHT, "restore_drill": A_MONTH_AND_A_DAY, "upkeep": A_WEEK_AND_A_DAY}


@pytest.mark.parametrize(("name", "late_after"), LATE.items())
def test_a_backup_a_drill_or_an_upkeep_that_does_not_come_is_named_with_what_to_do(
    around: Around, name: str, late_after: timedelta
):
    note(around, **dict.fromkeys(("retention", *LATE), timedelta(hours=1)))
    note(around, **{name: late_after})
    assert part(around, "nightly").state is State.OK
    note(around, **{name: late_after + A_SECOND})
    found = part(around, "nightly")
    assert (found.state, [one.code for one in found.findings]) == (State.WARNING, [Code.RUN_OVERDUE])
    assert iso(NOW - late_after - A_SECOND) in found.detail
    assert f"the runs of {name}_job in Dagster tell why" in found.detail


@pytest.mark.parametrize(("name", "late_after"), {"retention": A_NIGHT, **LATE}.items())
def test_what_never_came_is_late_once_it_should_have(around: Around, name: str, late_after: timedelta):
    note(around, **{other: timedelta(0) for other in ("retention", *LATE) if other != name})
    around.has_run_for(late_after)
    assert part(around, "nightly").state is State.OK
    around.has_run_for(late_after + A_SECOND)
    found = part(around, "nightly")
    assert [(one.code, one.details["run"]) for one in found.findings] == [(Code.RUN_NEVER, name)]
    assert found.state is (State.FAILING if name == "retention" else State.WARNING)
    assert "was never done" in found.detail


def test_who_wants_no_backups_is_not_told_that_they_are_late(around: Around):
    around.settings = replace(around.settings, backup_retain_days=0)
    around.has_run_for(timedelta(days=400))
    note(around, retention=timedelta(hours=1), upkeep=timedelta(hours=1))
    assert part(around, "nightly").state is State.OK


def test_a_mark_that_cannot_be_left_stops_nobody(around: Around):
    file = around.settings.marks_dir / SENSOR
    leave_mark(file, "below a file", NOW)
    assert marked_at(around.settings.marks_dir, "below a file") is None
