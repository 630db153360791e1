"""Slots on a virtual clock: each is told once, in order, whatever the clock does."""

from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagger_platform.capture.slots import MISSED_LIMIT_S, Begun, Missed, Schedule, Stepped
from tagger_platform.model import CaptureState, Slot

HOP_S = 120
NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC).timestamp()


def slot(seconds: float) -> Slot:
    return Slot(datetime.fromtimestamp(seconds, UTC))


def test_the_first_slot_ever_is_the_next_to_begin():
    schedule = Schedule(HOP_S, None, NOON + 1, 50.0)
    assert schedule.advance(NOON + 100, 149.0) == []
    assert schedule.advance(NOON + 120.1, 169.1) == [Begun(slot(NOON + 120), pytest.approx(169.0))]
    assert schedule.advance(NOON + 121, 170.0) == []


def test_after_a_restart_the_missed_slots_come_first_and_the_running_one_is_listened_for():
    schedule = Schedule(HOP_S, slot(NOON), NOON + 370, 0.0)
    missed, begun = schedule.advance(NOON + 370, 0.0)
    assert missed == Missed((slot(NOON + 120), slot(NOON + 240)), CaptureState.CAPTURE_DOWN, missed.detail)
    assert begun == Begun(slot(NOON + 360), pytest.approx(-10.0))


def test_a_quick_restart_misses_nothing():
    schedule = Schedule(HOP_S, slot(NOON), NOON + 50, 0.0)
    assert schedule.advance(NOON + 50, 0.0) == []
    assert [type(event) for event in schedule.advance(NOON + 120, 70.0)] == [Begun]


def test_drift_is_taken_up_between_slots():
    schedule = Schedule(HOP_S, None, NOON, 0.0)
    schedule.advance(NOON, 0.0)
    assert schedule.advance(NOON + 120.5, 119.5) == []  # the wall clock is 1 s ahead of the monotonic one
    (begun,) = schedule.advance(NOON + 121.0, 120.0)
    assert begun == Begun(slot(NOON + 120), pytest.approx(119.0))


def test_a_step_forward_ends_what_is_open_and_names_the_slots_jumped_over():
    schedule = Schedule(HOP_S, None, NOON, 0.0)
    schedule.advance(NOON, 0.0)
    stepped, missed = schedule.advance(NOON + 300, 10.0)
    assert isinstance(stepped, Stepped)
    assert stepped.detail == "the computer's clock went forward by 290 s"
    assert missed == Missed((slot(NOON + 120), slot(NOON + 240)), CaptureState.CLOCK_STEPPED, stepped.detail)
    assert schedule.advance(NOON + 360, 70.0) == [Begun(slot(NOON + 360), pytest.approx(70.0))]


def test_after_a_step_back_no_slot_is_named_again():
    schedule = Schedule(HOP_S, None, NOON, 0.0)
    schedule.advance(NOON, 0.0)
    assert [type(event) for event in schedule.advance(NOON - 3590, 10.0)] == [Stepped]
    assert schedule.advance(NOON + 119, 3719.0) == []
    assert schedule.advance(NOON + 120, 3720.0) == [Begun(slot(NOON + 120), pytest.approx(3720.0))]


def test_a_clock_that_was_years_off_makes_a_week_of_slots_at_most():
    schedule = Schedule(HOP_S, slot(0), NOON, 0.0)
    missed, _ = schedule.advance(NOON, 0.0)
    assert isinstance(missed, Missed)
    assert len(missed.slots) == MISSED_LIMIT_S // HOP_S
    assert missed.slots[-1] == slot(NOON - 120)


@given(
    hop_s=st.sampled_from([5, 7, 120, 3600]),
    moves=st.lists(
        st.tuples(st.sampled_from(["run", "step", "restart"]), st.floats(0.1, 400.0), st.floats(-1000.0, 1000.0))
    ),
)
def test_no_slot_is_told_twice_and_none_is_left_out(hop_s: int, moves: list[tuple[str, float, float]]):
    wall, mono = NOON + 3.3, 10.0
    schedule = Schedule(hop_s, None, wall, mono)
    told: list[Slot] = []
    for kind, passed, shift in moves:
        wall, mono = wall + passed, mono + passed
        if kind == "step":
            wall += shift
        if kind == "restart":
            mono = passed
            schedule = Schedule(hop_s, told[-1] if told else None, wall, mono)
        for event in schedule.advance(wall, mono):
            told += event.slots if isinstance(event, Missed) else [event.slot] if isinstance(event, Begun) else []
    starts = [one.start.timestamp() for one in told]
    assert all(b - a == hop_s for a, b in pairwise(starts))
    assert all(start % hop_s == 0 for start in starts)
