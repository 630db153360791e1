"""Every expected window has one state, and the states add up."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagger_platform.decide.coverage import STATES as TELLABLE
from tagger_platform.decide.coverage import coverage, left_out, window_state
from tagger_platform.model import CaptureState, Slot, Status, Window, iso

DAY = datetime(2026, 11, 21, tzinfo=UTC)
STATES = [*sorted({state.value for state in (*Status, *CaptureState)} - {"match", "no_match", "captured"}), "heard"]

CAPTURED, LOST = CaptureState.CAPTURED, CaptureState.STALLED
PRECEDENCE = [
    (CAPTURED, {"a": Status.NO_MATCH, "b": Status.TIMEOUT}, "heard"),
    (CAPTURED, {"a": Status.MATCH, "b": Status.SILENT}, "heard"),
    (CAPTURED, {"a": Status.SILENT, "b": Status.PENDING}, "silent"),
    (CAPTURED, {"a": Status.THROTTLED, "b": Status.PENDING}, "pending"),
    (CAPTURED, {"a": Status.PROVIDER_DOWN, "b": Status.NOT_NEEDED}, "provider_down"),
    (CAPTURED, {"a": Status.EXPIRED, "b": Status.BAD_ANSWER}, "bad_answer"),
    (CAPTURED, {"a": Status.NOT_NEEDED}, "not_needed"),
    (CAPTURED, {"a": Status.NOT_NEEDED, "b": Status.DISABLED}, "not_needed"),
    (CAPTURED, {"a": Status.NO_MATCH, "b": Status.DISABLED}, "heard"),
    (CAPTURED, {"a": Status.DISABLED, "b": Status.DISABLED}, "disabled"),
    (CAPTURED, {}, "pending"),
    (LOST, {}, "stalled"),
    (LOST, {"a": Status.NOT_NEEDED}, "stalled"),
    (LOST, {"a": Status.DISABLED}, "stalled"),
    (CaptureState.DROPPED, {"a": Status.EXPIRED}, "expired"),
]


@pytest.mark.parametrize(("capture", "statuses", "state"), PRECEDENCE)
def test_a_window_has_the_first_state_by_precedence(capture, statuses, state):
    assert window_state(Window("kexp", Slot(DAY), 0, 12, capture), statuses) == state


@given(st.dictionaries(st.sampled_from(["a", "b", "c"]), st.sampled_from(Status)), st.sampled_from(CaptureState))
def test_every_window_has_a_known_state(statuses, capture):
    assert window_state(Window("kexp", Slot(DAY), 0, 12, capture), statuses) in STATES


def expected(states, hop_s=120):
    starts = [DAY + timedelta(seconds=hop_s * place) for place in range(len(states))]
    return [(start, start + timedelta(seconds=12), state) for start, state in zip(starts, states, strict=True)]


def day(windows):
    return coverage(windows, stream="kexp", date=date(2026, 11, 21))


def gaps(windows):
    return [(since(gap.start), since(gap.end), gap.reason) for gap in day(windows).gaps]


def since(instant):
    return (instant - DAY).total_seconds()


@given(st.lists(st.sampled_from(STATES)))
def test_expected_is_the_sum_of_the_states_and_gaps_hold_every_lost_window(states):
    windows = expected(states)
    found = day(windows)
    assert found.expected == sum(found.states.values()) == len(states)
    assert found.states == Counter(states)
    for start, end, state in windows:
        lost = state not in ("heard", "silent", "not_needed")
        holding = [gap for gap in found.gaps if gap.start <= start and end <= gap.end and gap.reason == state]
        assert len(holding) == lost


def test_the_ratio_counts_what_was_heard_of_what_was_due():
    found = day(expected(["heard", "silent", "not_needed", "stalled", "heard"]))
    assert (found.heard, found.silent, found.not_needed, found.ratio) == (2, 1, 1, 0.75)


@pytest.mark.parametrize("states", [[], ["not_needed"]])
def test_a_day_on_which_nothing_was_due_has_no_ratio(states):
    assert day(expected(states)).ratio is None


def test_adjoining_lost_windows_with_one_reason_are_one_gap():
    states = ["heard", "stalled", "stalled", "throttled", "heard", "throttled", "not_needed", "throttled"]
    assert gaps(expected(states)) == [
        (120, 252, "stalled"),
        (360, 372, "throttled"),
        (600, 852, "throttled"),
    ]


def test_a_time_in_which_no_window_was_expected_parts_a_gap():
    windows = expected(["stalled"] * 40)
    assert gaps(windows[:15] + windows[30:]) == [(0, 1692, "stalled"), (3600, 4692, "stalled")]


def test_confirm_windows_close_to_their_primary_leave_a_gap_whole():
    windows = expected(["stalled"] * 40)
    confirm = [(start + timedelta(seconds=15), end + timedelta(seconds=15), state) for start, end, state in windows]
    assert gaps(windows + confirm) == [(0, 4707, "stalled")]


def test_a_gap_is_written_with_from_and_to():
    (gap,) = day(expected(["stalled"])).gaps
    assert gap.as_json() == {"from": iso(DAY), "to": "2026-11-21T00:00:12Z", "reason": "stalled"}


def slot_at(clock: str) -> Slot:
    return Slot.parse(f"2026-11-21T{clock}:00Z")


@pytest.mark.parametrize(
    ("previous", "following", "hop_s", "expected"),
    [
        pytest.param("12:00", "12:02", 120, [], id="one after the other"),
        pytest.param("12:00", "12:08", 120, ["12:02", "12:04", "12:06"], id="three are missing"),
        pytest.param("12:02", "12:05", 300, [], id="the hop was made longer"),
        pytest.param("12:00", "12:02", 60, ["12:01"], id="the hop was made shorter, and one is missing"),
        pytest.param("12:00", "12:01", 60, [], id="the hop was made shorter"),
        pytest.param("12:00", "12:30", None, [], id="the hop is unknown"),
        pytest.param("11:00", "13:00", 1200, ["12:00", "12:20", "12:40"], id="a hole that begins before the time"),
        pytest.param("12:40", "15:00", 1200, [], id="a hole that goes on after the time"),
    ],
)
def test_slots_that_nobody_told_of_are_left_out(
    previous: str, following: str, hop_s: int | None, expected: list[str]
) -> None:
    times = {"start": slot_at("12:00").start, "end": slot_at("13:00").start}
    found = left_out(slot_at(previous), slot_at(following), hop_s, **times)
    assert [slot.start.strftime("%H:%M") for slot in found] == expected


def test_every_state_that_a_window_can_have_is_known() -> None:
    assert {*STATES} == TELLABLE
