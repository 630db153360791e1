"""A provider's questions are counted, and its trouble is known, for all processes and restarts together."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest

import tagger_platform
from tagger_platform.model import Recognition, Status
from tagger_platform.recognize.breaker import FAILURES, State
from tagger_platform.recognize.budget import BURST, RUN_WAIT_S, Budget, Line, breakers
from tagger_platform_tests.recognize.clock import Clock


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def budget(tmp_path, clock):
    return Budget(tmp_path / "budget.sqlite", "shazam", per_minute=4, clock=clock, sleep=clock.sleep)


def spend_all(budget, *, late=False):
    taken = 0
    while budget.take("kexp", late=late) is None:
        taken += 1
    return taken


def told(status, **fields):
    return Recognition("kexp/2026-11-21T03:30:00Z+0", "shazam", status, detail="HTTP 429", **fields)


def fail(budget, status=Status.THROTTLED):
    for _ in range(FAILURES):
        budget.told(told(status))


def paid(budget, *streams, late=False):
    """Who could pay, of streams that stand in one run's line in this order."""

    async def pay():
        line = Line(budget, late=late)
        return await asyncio.gather(*(line.pay(stream) for stream in streams))

    return [stream for stream, wait in zip(streams, asyncio.run(pay()), strict=True) if wait is None]


# the bucket


def test_a_burst_can_be_taken_at_once_and_then_nothing(budget):
    assert spend_all(budget) == BURST
    wait = budget.take("kexp")
    assert (wait.seconds, wait.status, wait.detail) == (15, Status.THROTTLED, "our own budget")


@pytest.mark.parametrize(("seconds", "questions"), [(14, 0), (15, 1), (44, 2), (60, 4), (86_400, BURST)])
def test_questions_come_back_at_the_rate_up_to_a_burst(budget, clock, seconds, questions):
    spend_all(budget)
    clock.now += seconds
    assert spend_all(budget) == questions


def test_asking_in_vain_costs_nothing(budget, clock):
    spend_all(budget)
    for _ in range(30):
        clock.now += 0.5
        wait = budget.take("kexp")
    assert wait is None


def test_an_hour_of_asking_gets_a_burst_and_four_a_minute(budget, clock):
    taken = 0
    for _ in range(240):
        taken += spend_all(budget)
        clock.now += 15
    assert BURST + 239 <= taken <= BURST + 240


def test_a_clock_that_steps_back_neither_adds_nor_blocks(budget, clock):
    spend_all(budget)
    clock.now -= 3600
    assert spend_all(budget) == 0
    clock.now += 15
    assert spend_all(budget) == 1


def test_a_restart_forgets_nothing_and_every_provider_has_its_own(budget, tmp_path, clock):
    spend_all(budget)
    assert spend_all(Budget(tmp_path / "budget.sqlite", "shazam", per_minute=4, clock=clock)) == 0
    assert spend_all(Budget(tmp_path / "budget.sqlite", "other", per_minute=4, clock=clock)) == BURST


def test_processes_at_the_same_time_never_take_more_than_there_is(tmp_path):
    code = (
        "import sys, pathlib; from tagger_platform.recognize.budget import Budget\n"
        "budget = Budget(pathlib.Path(sys.argv[1]), 'shazam', per_minute=0.001)\n"
        "print(sum(budget.take('kexp') is None for _ in range(20)))"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "budget.sqlite")]
    here = {**os.environ, "PYTHONPATH": str(Path(tagger_platform.__file__).parents[1])}
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, env=here) for _ in range(4)]
    assert sum(int(process.communicate(timeout=30)[0]) for process in running) == BURST


# waiting in line


def test_a_question_waits_until_it_can_be_paid(budget, clock):
    spend_all(budget)
    began = clock.now
    assert paid(budget, "kexp") == ["kexp"]
    assert clock.now - began == pytest.approx(15, abs=0.01)


def test_a_run_waits_half_a_minute_in_all_and_the_first_in_line_are_served(budget, clock):
    spend_all(budget)
    began = clock.now
    assert paid(budget, *"cabd") == ["c", "a"]
    assert clock.now - began == pytest.approx(RUN_WAIT_S, abs=0.01)


def test_what_cannot_be_paid_in_time_is_refused_without_waiting(tmp_path, clock):
    slow = Budget(tmp_path / "budget.sqlite", "slow", per_minute=1, clock=clock, sleep=clock.sleep)
    spend_all(slow)
    began = clock.now
    assert paid(slow, "kexp") == []
    assert clock.now == began


# turns


def test_streams_that_were_paid_for_longest_ago_come_first_also_after_a_restart(budget, tmp_path, clock):
    assert budget.in_turn("cab") == ["a", "b", "c"]
    for stream in "bca":
        budget.take(stream)
    again = Budget(tmp_path / "budget.sqlite", "shazam", per_minute=4, clock=clock)
    assert again.in_turn("abcd") == ["d", "b", "c", "a"]
    clock.now -= 3600
    again.take("b")
    assert again.in_turn("abcd") == ["d", "c", "a", "b"]


def test_twelve_streams_get_the_same_share_hour_by_hour(tmp_path, clock):
    streams = [f"stream{number:02}" for number in range(12)]
    began = clock.now
    for hour in range(2):
        got = dict.fromkeys(streams, 0)
        for slot in range(30):
            clock.now = max(clock.now, began + hour * 3600 + slot * 120)
            # As every run does: in a process of its own, with what the file remembers.
            fresh = Budget(tmp_path / "b.sqlite", "shazam", per_minute=4, clock=clock, sleep=clock.sleep)
            for stream in paid(fresh, *fresh.in_turn(streams)):
                got[stream] += 1
        assert max(got.values()) - min(got.values()) <= 1
        assert abs(sum(got.values()) - 240) <= BURST


# late questions


def test_late_questions_get_what_would_overflow_and_no_more(budget, clock):
    assert budget.has_spare()
    assert spend_all(budget, late=True) == 1
    assert not budget.has_spare()
    assert budget.take("kexp", late=True).seconds == 15
    assert spend_all(budget) == BURST - 1
    clock.now += 119
    assert not budget.has_spare()
    clock.now += 1
    assert budget.has_spare()


def test_late_questions_wait_in_line_too(budget):
    assert paid(budget, *"abcd", late=True) == ["a", "b", "c"]


@pytest.mark.parametrize(("live_streams", "late_an_hour"), [(1, 210), (4, 120), (12, 0)])
def test_what_live_questions_leave_goes_to_late_ones_and_costs_them_nothing(budget, clock, live_streams, late_an_hour):
    spend_all(budget)
    live = [f"stream{number:02}" for number in range(live_streams)]
    began, got_live, got_late = clock.now, 0, 0
    for slot in range(1, 16):
        clock.now = max(clock.now, began + slot * 120)
        got_live += len(paid(budget, *budget.in_turn(live)))
        while clock.now < began + (slot + 1) * 120:
            got_late += len(paid(budget, "archive", late=True)) if budget.has_spare() else 0
            clock.now += 5
    assert 0 <= got_live - 15 * min(live_streams, 8) <= 2  # the first run also waits for two
    assert abs(got_late * 2 - late_an_hour) <= 2 * BURST


# trouble


@pytest.mark.parametrize(
    ("status", "means"), [(Status.THROTTLED, Status.THROTTLED), (Status.TIMEOUT, Status.PROVIDER_DOWN)]
)
def test_a_provider_in_trouble_is_asked_nothing_and_the_reason_is_told(budget, status, means):
    fail(budget, status)
    wait = budget.take("kexp")
    assert (wait.seconds, wait.status) == (60, means)
    assert wait.detail == (
        f"shazam is not asked until 2026-09-21T14:14:20Z, open since 2026-09-21T14:13:20Z ({status}: HTTP 429)"
    )
    assert not budget.has_spare()


def test_trouble_is_known_to_other_processes_and_after_a_restart(budget, tmp_path, clock):
    fail(budget)
    other = Budget(tmp_path / "budget.sqlite", "shazam", per_minute=4, clock=clock)
    assert other.take("kexp").seconds == 60
    assert Budget(tmp_path / "budget.sqlite", "acoustid", per_minute=4, clock=clock).take("kexp") is None
    assert {name: one.state for name, one in breakers(tmp_path / "budget.sqlite").items()} == {
        "acoustid": State.CLOSED,
        "shazam": State.OPEN,
    }


def test_nobody_was_asked_where_there_is_no_file(tmp_path):
    assert breakers(tmp_path / "none.sqlite") == {}


def test_after_trouble_one_question_is_tried_and_the_bucket_fills_from_nothing(budget, clock):
    fail(budget)
    clock.now += 60
    assert budget.take("kexp") is None
    assert budget.take("cafe").seconds == 1
    budget.told(told(Status.NO_MATCH))
    assert breakers(budget.path)["shazam"].state is State.CLOSED
    assert budget.take("cafe").seconds == 15
    clock.now += 45
    assert spend_all(budget) == 3


def test_a_run_waits_for_a_pause_that_ends_soon(budget, clock):
    fail(budget)
    clock.now += 31
    began = clock.now
    assert paid(budget, "a") == ["a"]
    assert clock.now - began == 29


def in_line_while_one_is_tried(budget, answer):
    """Who of three could pay, where the first question is the try and has this answer."""

    async def ask(line, stream):
        wait = await line.pay(stream)
        if wait is None:
            for _ in range(100):  # the provider takes its time, and it is no time of ours
                await asyncio.sleep(0)
            line.told(told(answer))
        return wait

    async def run():
        line = Line(budget, late=False)
        return await asyncio.gather(*(ask(line, stream) for stream in "abc"))

    return [wait is None for wait in asyncio.run(run())]


@pytest.mark.parametrize(("answer", "asked"), [(Status.MATCH, [True] * 3), (Status.TIMEOUT, [True, False, False])])
def test_those_in_line_wait_for_the_answer_to_the_try(budget, clock, answer, asked):
    fail(budget)
    clock.now += 60
    assert in_line_while_one_is_tried(budget, answer) == asked


def test_a_run_looks_half_a_minute_how_another_ones_try_goes(budget, clock):
    fail(budget)
    clock.now += 60
    assert budget.take("kexp") is None
    began = clock.now
    assert paid(budget, "a") == []
    assert clock.now - began == RUN_WAIT_S
