"""Who is asked about which window, and what happens when one provider fails."""

import asyncio
import logging
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tagger_platform.decide.evidence import Heard, heard
from tagger_platform.model import CaptureState, Recognition, Slot, Status, Track, Window
from tagger_platform.recognize import panel
from tagger_platform.recognize.breaker import FAILURES
from tagger_platform.recognize.budget import BURST, Budget
from tagger_platform.recognize.panel import ask, ask_slot
from tagger_platform_tests.recognize.clock import Clock

SLOT = Slot(datetime(2026, 11, 21, 3, tzinfo=UTC))
SONG = Track("shazam", "1", "Song", "Band")
LIMITS = {"global_inflight": 3, "per_provider_inflight": 3}


class Provider:
    """Answers with what `says` gives for a window, or raises it; knows who was asked and how many at a time."""

    def __init__(self, name="shazam", *, every=False, says=lambda window: Status.NO_MATCH, takes_s=0.0):
        self.name = name
        self.asks_every_window = every
        self.says = says
        self.takes_s = takes_s
        self.asked = []
        self.at_once = self.most_at_once = 0

    async def recognize(self, window, audio):
        self.asked.append(window.window_id)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await asyncio.sleep(self.takes_s)
        self.at_once -= 1
        said = self.says(window)
        if isinstance(said, BaseException):
            raise said
        if isinstance(said, Track):
            return Recognition(window.window_id, self.name, Status.MATCH, said)
        return Recognition(window.window_id, self.name, said)


class Metered(Provider):
    """A provider that is paid for from `budget`."""

    def __init__(self, *args, budget, **options):
        super().__init__(*args, **options)
        self.budget = budget


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def budget(tmp_path, clock):
    return Budget(tmp_path / "budget.sqlite", "shazam", per_minute=4, clock=clock, sleep=clock.sleep)


def spend(budget, questions=BURST):
    for _ in range(questions):
        assert budget.take("somebody") is None


def job(offset=0, stream="kexp", level=-20.0):
    return Window(stream, SLOT, offset, 12, CaptureState.CAPTURED, level_dbfs=level), Path("window.flac")


def asked(*, jobs, recognizers, **limits):
    return asyncio.run(ask(jobs, recognizers, **{**LIMITS, **limits}))


def asked_of_slot(*, jobs, recognizers, known=None, answered=None, tolerance=1, late=False):
    rules = {"known": known or {}, "answered": answered or {}, "late": late, "hop_s": 120, "tolerance": tolerance}
    return asyncio.run(ask_slot(jobs, recognizers, **rules, **LIMITS))


def statuses(found, provider="shazam"):
    return {one.window_id.rpartition("/")[2][-3:].lstrip("0Z"): one.status for one in found if one.provider == provider}


def test_every_provider_answers_about_every_window():
    found = asked(jobs=[job(), job(30)], recognizers=[Provider("a"), Provider("b")])
    assert {(one.window_id, one.provider) for one in found} == {
        (window.window_id, name) for window, _ in (job(), job(30)) for name in "ab"
    }


def test_a_provider_that_raises_stops_nobody_and_is_logged_once(caplog):
    broken = Provider("broken", says=lambda window: RuntimeError("no such luck"))
    with caplog.at_level(logging.INFO):
        found = asked(jobs=[job()], recognizers=[broken, Provider("sound", says=lambda window: SONG)])
    assert [(one.provider, one.status) for one in found] == [
        ("broken", Status.PROVIDER_DOWN),
        ("sound", Status.MATCH),
    ]
    assert found[0].detail == "RuntimeError: no such luck"
    assert len(caplog.records) == 1


def test_a_provider_that_hangs_is_a_timeout_and_stops_nobody(monkeypatch):
    monkeypatch.setattr(panel, "ANSWER_WITHIN_S", 0.05)
    found = asked(jobs=[job()], recognizers=[Provider("hangs", takes_s=60), Provider("sound")])
    assert [one.status for one in found] == [Status.TIMEOUT, Status.NO_MATCH]


@pytest.mark.parametrize(
    ("level", "status"),
    [(None, Status.SILENT), (-90.0, Status.SILENT), (-60.1, Status.SILENT), (-60.0, Status.NO_MATCH)],
)
def test_silence_is_never_sent_nor_paid_for(level, status, budget):
    provider = Metered(budget=budget)
    (found,) = asked(jobs=[job(level=level)], recognizers=[provider])
    assert found.status is status
    assert len(provider.asked) == (status is not Status.SILENT)
    assert budget.has_spare() == (status is Status.SILENT)


def test_no_provider_has_more_in_flight_than_its_limit():
    provider = Provider(takes_s=0.01)
    asked(jobs=[job(offset) for offset in range(8)], recognizers=[provider], per_provider_inflight=2)
    assert provider.most_at_once == 2


def test_all_providers_together_stay_within_the_global_limit():
    running = []

    class Counting(Provider):
        async def recognize(self, window, audio):
            running.append(self)
            most.append(len(running))
            await asyncio.sleep(0.01)
            running.pop()
            return Recognition(window.window_id, self.name, Status.NO_MATCH)

    most = []
    providers = [Counting(name) for name in "abcd"]
    asked(jobs=[job(offset) for offset in range(4)], recognizers=providers, global_inflight=3)
    assert max(most) == 3


def test_what_cannot_be_paid_is_throttled_and_not_sent(budget):
    spend(budget)
    provider = Metered(budget=budget)
    found = asked(jobs=[job(offset) for offset in range(3)], recognizers=[provider])
    assert [one.status for one in found] == [Status.NO_MATCH, Status.NO_MATCH, Status.THROTTLED]
    assert len(provider.asked) == 2
    assert found[2].detail == "our own budget"


def test_one_provider_waiting_for_its_budget_does_not_hold_up_another(tmp_path):
    order, released = [], asyncio.Event()

    async def wait_for_the_other(seconds):
        await released.wait()
        clock.now += seconds

    def answers(name):
        order.append(name)
        if order.count("free") == 3:
            released.set()
        return Status.NO_MATCH

    clock = Clock()
    budget = Budget(tmp_path / "budget.sqlite", "poor", per_minute=4, clock=clock, sleep=wait_for_the_other)
    spend(budget)
    poor = Metered("poor", budget=budget, says=lambda window: answers("poor"))
    free = Provider("free", says=lambda window: answers("free"))
    asked(jobs=[job(offset) for offset in range(3)], recognizers=[poor, free], global_inflight=1)
    assert order == ["free"] * 3 + ["poor"] * 2


@pytest.mark.parametrize(
    ("says", "status"),
    [
        (Status.THROTTLED, Status.THROTTLED),
        (Status.BAD_ANSWER, Status.PROVIDER_DOWN),
        (OSError("no route"), Status.PROVIDER_DOWN),
    ],
    ids=str,
)
def test_a_provider_that_fails_again_and_again_is_asked_no_more(budget, says, status):
    provider = Metered(budget=budget, says=lambda window: says)
    found = [asked(jobs=[job(offset)], recognizers=[provider])[0] for offset in range(5)]
    assert len(provider.asked) == FAILURES
    assert [one.status for one in found[FAILURES:]] == [status] * 2
    assert all("shazam is not asked until 2026-" in one.detail for one in found[FAILURES:])


def test_a_budget_that_cannot_be_read_stops_nobody(budget):
    budget.path.write_text("no database at all, but long enough to be taken for one by its first bytes " * 9)
    found = asked(jobs=[job()], recognizers=[Metered("broken", budget=budget), Provider("sound")])
    assert [one.status for one in found] == [Status.PROVIDER_DOWN, Status.NO_MATCH]


def test_first_windows_are_paid_before_confirm_windows_and_streams_take_turns(budget):
    spend(budget, BURST - 3)
    provider = Metered(budget=budget, says=lambda window: SONG)
    order = []
    for names in ("abcd", "abcd"):
        before = len(provider.asked)
        asked_of_slot(jobs=[job(at, name) for name in names for at in (0, 30)], recognizers=[provider])
        order.append([window_id[0] + window_id[-2:] for window_id in provider.asked[before:]])
    assert order == [["a+0", "b+0", "c+0", "d+0", "a30"], ["b+0", "c+0"]]


def test_late_windows_are_asked_from_what_is_spare(budget):
    spend(budget, 1)
    provider = Metered(budget=budget)
    for late, sent in ((True, 2), (False, 8)):
        provider.asked.clear()
        asked_of_slot(jobs=[job(0, name) for name in "abcdefgh"], recognizers=[provider], late=late)
        assert len(provider.asked) == sent


SLOTS = {
    "no hit: no confirm window is needed": (
        {},
        {"+0": Status.NO_MATCH, "+30": Status.NOT_NEEDED, "+60": Status.NOT_NEEDED},
    ),
    "a hit is confirmed by the next window, the last is not needed": (
        {0: SONG, 30: SONG},
        {"+0": Status.MATCH, "+30": Status.MATCH, "+60": Status.NOT_NEEDED},
    ),
    "a hit that stays unconfirmed takes every window": (
        {0: SONG},
        {"+0": Status.MATCH, "+30": Status.NO_MATCH, "+60": Status.NO_MATCH},
    ),
    "while the first window has no answer nobody knows, and the others wait": (
        {0: Status.PROVIDER_DOWN},
        {"+0": Status.PROVIDER_DOWN, "+30": Status.PENDING, "+60": Status.PENDING},
    ),
    "a confirm window without an answer does not keep the next from confirming": (
        {0: SONG, 30: Status.TIMEOUT, 60: SONG},
        {"+0": Status.MATCH, "+30": Status.TIMEOUT, "+60": Status.MATCH},
    ),
    "a provider that is switched off needs no confirm window": (
        {0: Status.DISABLED},
        {"+0": Status.DISABLED, "+30": Status.NOT_NEEDED, "+60": Status.NOT_NEEDED},
    ),
}


@pytest.mark.parametrize(("says", "expected"), SLOTS.values(), ids=SLOTS.keys())
def test_confirm_windows_are_asked_in_order_while_they_are_needed(says, expected):
    provider = Provider(says=lambda window: says.get(window.offset_s, Status.NO_MATCH))
    found = asked_of_slot(jobs=[job(60), job(0), job(30)], recognizers=[provider])
    assert statuses(found) == expected
    unasked = ("not_needed", "pending")
    assert provider.asked == [job(int(at))[0].window_id for at in expected if expected[at] not in unasked]


def test_a_provider_that_asks_every_window_does_so_whatever_it_hears():
    provider = Provider("catalogue", every=True)
    found = asked_of_slot(jobs=[job(0), job(30)], recognizers=[provider])
    assert statuses(found, "catalogue") == {"+0": Status.NO_MATCH, "+30": Status.NO_MATCH}


def test_a_hit_that_the_slot_before_confirms_needs_no_window():
    start = SLOT.start - timedelta(seconds=120)
    number = int(start.timestamp()) // 120
    hit = Recognition("before", "shazam", Status.MATCH, SONG)
    before = Heard("before", start, start + timedelta(seconds=12), number, (hit,))
    provider = Provider(says=lambda window: SONG)
    found = asked_of_slot(
        jobs=[job(0), job(30), job(0, "other"), job(30, "other")], recognizers=[provider], known={"kexp": [before]}
    )
    assert [one.status for one in found if one.window_id.startswith("kexp")] == [Status.MATCH, Status.NOT_NEEDED]
    assert [one.status for one in found if one.window_id.startswith("other")] == [Status.MATCH, Status.MATCH]


AGAIN = {
    "the first window matches now: its confirm window is asked": (
        {},
        [0, 30],
        {0: SONG},
        {"+0": Status.MATCH, "+30": Status.NO_MATCH},
    ),
    "the first window is still without an answer": (
        {},
        [0, 30],
        {0: Status.THROTTLED},
        {"+0": Status.THROTTLED, "+30": Status.PENDING},
    ),
    "the first window says no match: its confirm window is not needed": (
        {},
        [0, 30],
        {},
        {"+0": Status.NO_MATCH, "+30": Status.NOT_NEEDED},
    ),
    "the first window matched before: only its confirm window is asked": (
        {0: Status.MATCH},
        [30],
        {},
        {"+30": Status.NO_MATCH},
    ),
    "another window has confirmed it since": ({0: Status.MATCH, 60: Status.MATCH}, [30], {}, {"+30": "not_needed"}),
    "the first window's audio has expired: the next takes its place": (
        {0: Status.EXPIRED},
        [30, 60],
        {},
        {"+30": Status.NO_MATCH, "+60": Status.NOT_NEEDED},
    ),
}


@pytest.mark.parametrize(("before", "waiting", "says", "expected"), AGAIN.values(), ids=AGAIN.keys())
def test_when_a_slot_is_asked_again(before, waiting, says, expected):
    provider = Provider(says=lambda window: says.get(window.offset_s, Status.NO_MATCH))
    windows = {offset: job(offset)[0] for offset in before}
    known = [
        heard(windows[offset], [Recognition("", "shazam", status, SONG if status == "match" else None)], hop_s=120)
        for offset, status in before.items()
    ]
    found = asked_of_slot(jobs=[job(at) for at in waiting], recognizers=[provider], known={"kexp": known})
    assert statuses(found) == expected


def test_only_those_who_have_not_answered_a_window_are_asked_about_it():
    one, other = Provider("one", every=True), Provider("other", every=True)
    first, second = job(0), job(30)
    answered = {first[0].window_id: {"one"}, second[0].window_id: {"one", "other"}}
    found = asked_of_slot(jobs=[first, second], recognizers=[one, other], answered=answered)
    assert [(given.window_id, given.provider) for given in found] == [(first[0].window_id, "other")]


def test_where_the_primary_window_was_lost_the_next_one_takes_its_place():
    provider = Provider()
    found = asked_of_slot(jobs=[job(30), job(60)], recognizers=[provider])
    assert statuses(found) == {"+30": Status.NO_MATCH, "+60": Status.NOT_NEEDED}


def test_a_slot_without_audio_asks_nobody():
    assert asked_of_slot(jobs=[], recognizers=[Provider()]) == []
