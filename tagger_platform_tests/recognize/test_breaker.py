"""A provider in trouble is left alone for a while, tried with one question, and asked again when it answers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagger_platform.model import ANSWERED, Recognition, Status
from tagger_platform.recognize.breaker import (
    FAILURES,
    LONGEST_PAUSE_S,
    PAUSES_S,
    PROBE_POLL_S,
    PROBE_WITHIN_S,
    TROUBLE,
    Breaker,
    State,
    retry_after_s,
)

NOW = 1_790_000_000.0
STATUSES = [Status.THROTTLED, Status.PROVIDER_DOWN, Status.TIMEOUT, Status.BAD_ANSWER]


def told(status, retry_after=None):
    return Recognition("kexp/2026-11-21T03:30:00Z+0", "shazam", status, detail="HTTP 429", retry_after_s=retry_after)


def opened(*, times=1, status=Status.THROTTLED, now=NOW):
    """A breaker that has opened so many times in a row, and when that was last."""
    breaker = Breaker()
    for _ in range(FAILURES):
        breaker = breaker.told(told(status), now)
    for _ in range(times - 1):
        now = breaker.until
        breaker = breaker.asked(now).told(told(status), now)
    return breaker, now


@pytest.mark.parametrize("status", STATUSES)
def test_failures_in_a_row_open_it(status):
    breaker = Breaker()
    for _ in range(FAILURES - 1):
        breaker = breaker.told(told(status), NOW)
        assert (breaker.state, breaker.wait_s(NOW)) == (State.CLOSED, 0)
    breaker = breaker.told(told(status), NOW)
    assert (breaker.state, breaker.since, breaker.wait_s(NOW)) == (State.OPEN, NOW, PAUSES_S[0])


@pytest.mark.parametrize("answer", sorted(ANSWERED))
def test_an_answer_between_failures_starts_the_count_again(answer):
    breaker = Breaker()
    for status in [Status.TIMEOUT] * (FAILURES - 1) + [answer] + [Status.TIMEOUT] * (FAILURES - 1):
        breaker = breaker.told(told(status), NOW)
    assert breaker.state is State.CLOSED


@pytest.mark.parametrize("status", sorted(set(Status) - ANSWERED - TROUBLE))
def test_what_says_nothing_about_the_provider_changes_nothing(status):
    for breaker in (Breaker(failures=2), opened()[0], opened()[0].asked(NOW + 60)):
        assert breaker.told(told(status), NOW) == breaker


@pytest.mark.parametrize(
    ("status", "means"),
    [(Status.THROTTLED, Status.THROTTLED), *((one, Status.PROVIDER_DOWN) for one in STATUSES[1:])],
)
def test_while_it_is_open_questions_are_throttled_or_the_provider_is_down(status, means):
    breaker, _ = opened(status=status)
    assert breaker.status is means
    assert f"({status}: HTTP 429)" in breaker.describe()


def test_one_question_is_the_try_and_the_others_look_how_it_went():
    breaker, now = opened()
    assert breaker.wait_s(now + 59) == 1
    assert breaker.wait_s(now + 60) == 0
    trying = breaker.asked(now + 60)
    assert (trying.state, trying.wait_s(now + 61)) == (State.HALF_OPEN, PROBE_POLL_S)


def test_an_answered_try_closes_it():
    breaker, now = opened()
    closed = breaker.asked(now + 60).told(told(Status.NO_MATCH), now + 61)
    assert (closed.state, closed.since, closed.wait_s(now + 61)) == (State.CLOSED, now + 61, 0)


def test_each_failed_try_makes_the_pause_longer():
    pauses = [opened(times=times)[0].wait_s(opened(times=times)[1]) for times in range(1, 7)]
    assert pauses == [60, 120, 300, 900, 900, 900]


def test_a_try_that_is_lost_with_its_process_gives_way_to_the_next():
    trying = opened()[0].asked(NOW + 60)
    assert trying.wait_s(NOW + 60 + PROBE_WITHIN_S - 0.5) == 0.5
    assert trying.wait_s(NOW + 60 + PROBE_WITHIN_S) == 0


def test_pauses_begin_short_again_when_all_was_well_for_long():
    breaker, now = opened(times=3)
    well = breaker.asked(now + 300).told(told(Status.MATCH), now + 300)
    for soon, first_pause_s in ((100, PAUSES_S[3]), (1000, PAUSES_S[0])):
        again = well.told(told(Status.MATCH), now + 300 + soon)
        for _ in range(FAILURES):
            again = again.told(told(Status.TIMEOUT), now + 300 + soon)
        assert again.wait_s(now + 300 + soon) == first_pause_s


@pytest.mark.parametrize(
    ("asks_for", "pause_s"), [(5, 60), (90, 90), (2000, 2000), (10_000_000, LONGEST_PAUSE_S), (0, 60)]
)
def test_a_provider_that_says_how_long_is_left_alone_at_once_and_for_that_long(asks_for, pause_s):
    breaker = Breaker().told(told(Status.THROTTLED, float(asks_for)), NOW)
    assert (breaker.state, breaker.wait_s(NOW)) == (State.OPEN, pause_s)


def test_a_clock_that_steps_back_does_not_keep_it_open():
    assert opened()[0].wait_s(NOW - 3600) == 0


@given(st.lists(st.tuples(st.sampled_from(list(Status)), st.floats(0, 2000)), max_size=60))
def test_nobody_waits_for_ever_whatever_happens(happened):
    breaker, now = Breaker(), NOW
    for status, seconds in happened:
        now += seconds
        if not breaker.wait_s(now):
            breaker = breaker.asked(now).told(told(status), now)
        assert 0 <= breaker.wait_s(now) <= LONGEST_PAUSE_S
        assert not breaker.wait_s(now + LONGEST_PAUSE_S)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("60", 60),
        (" 7 ", 7),
        ("Mon, 21 Sep 2026 14:15:00 GMT", 1_790_000_100 - NOW),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0),
        (None, None),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(header, seconds):
    assert retry_after_s(header, NOW) == seconds
