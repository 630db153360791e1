"""A provider's questions are counted for all processes and restarts together."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest

import tagger_platform
from tagger_platform.recognize.budget import BURST, Budget


class Clock:
    """A clock that sleeping moves."""

    def __init__(self):
        self.now = 1_790_000_000.0

    def __call__(self):
        return self.now

    async def sleep(self, seconds):
        until = self.now + seconds
        await asyncio.sleep(0)  # others begin to sleep at the same time
        self.now = max(self.now, until)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def budget(tmp_path, clock):
    return Budget(tmp_path / "budget.sqlite", "shazam", per_minute=4, clock=clock, sleep=clock.sleep)


def spend_all(budget):
    taken = 0
    while budget.try_take():
        taken += 1
    return taken


def test_a_burst_can_be_taken_at_once_and_then_nothing(budget):
    assert spend_all(budget) == BURST


@pytest.mark.parametrize(("seconds", "questions"), [(14, 0), (15, 1), (44, 2), (60, 4), (86_400, BURST)])
def test_questions_come_back_at_the_rate_up_to_a_burst(budget, clock, seconds, questions):
    spend_all(budget)
    clock.now += seconds
    assert spend_all(budget) == questions


def test_asking_in_vain_costs_nothing(budget, clock):
    spend_all(budget)
    for _ in range(30):
        clock.now += 0.5
        taken = budget.try_take()
    assert taken


def test_an_hour_of_asking_gets_a_burst_and_four_a_minute(budget, clock):
    taken = 0
    for _ in range(3600):
        taken += spend_all(budget)
        clock.now += 1
    assert BURST + 239 <= taken <= BURST + 240


def test_a_clock_that_steps_back_neither_adds_nor_blocks(budget, clock):
    spend_all(budget)
    clock.now -= 3600
    assert spend_all(budget) == 0
    clock.now += 15
    assert spend_all(budget) == 1


def test_waiting_takes_a_question_as_soon_as_there_is_one(budget, clock):
    spend_all(budget)
    began = clock.now
    assert asyncio.run(budget.take(30))
    assert clock.now - began == pytest.approx(15, abs=0.01)


def test_what_cannot_be_paid_in_time_is_refused_without_waiting(budget, clock):
    spend_all(budget)
    began = clock.now
    assert not asyncio.run(budget.take(10))
    assert clock.now == began


def test_those_who_wait_together_share_what_comes(budget):
    spend_all(budget)

    async def three():
        return await asyncio.gather(*(budget.take(30) for _ in range(3)))

    assert sum(asyncio.run(three())) == 2


def test_a_restart_forgets_nothing_and_every_provider_has_its_own(budget, tmp_path, clock):
    spend_all(budget)
    assert spend_all(Budget(tmp_path / "budget.sqlite", "shazam", per_minute=4, clock=clock)) == 0
    assert spend_all(Budget(tmp_path / "budget.sqlite", "other", per_minute=4, clock=clock)) == BURST


def test_processes_at_the_same_time_never_take_more_than_there_is(tmp_path):
    code = (
        "import sys, pathlib; from tagger_platform.recognize.budget import Budget\n"
        "budget = Budget(pathlib.Path(sys.argv[1]), 'shazam', per_minute=0.001)\n"
        "print(sum(budget.try_take() for _ in range(20)))"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "budget.sqlite")]
    here = {**os.environ, "PYTHONPATH": str(Path(tagger_platform.__file__).parents[1])}
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, env=here) for _ in range(4)]
    assert sum(int(process.communicate(timeout=30)[0]) for process in running) == BURST
