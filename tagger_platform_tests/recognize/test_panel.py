"""Who is asked about which window, and what happens when one provider fails."""

import asyncio
import logging
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tagger_platform.decide.evidence import Heard
from tagger_platform.model import CaptureState, Recognition, Slot, Status, Track, Window
from tagger_platform.recognize import panel
from tagger_platform.recognize.panel import ask, ask_slot

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
    """A provider that can be asked `affords` times."""

    def __init__(self, *args, affords, waits_s=0.0, **options):
        super().__init__(*args, **options)
        self.affords = affords
        self.waits_s = waits_s
        self.would_wait = []

    async def pay(self, wait_s):
        self.would_wait.append(wait_s)
        await asyncio.sleep(self.waits_s)
        self.affords -= 1
        return self.affords >= 0


def job(offset=0, stream="kexp", level=-20.0):
    return Window(stream, SLOT, offset, 12, CaptureState.CAPTURED, level_dbfs=level), Path("window.flac")


def asked(*, jobs, recognizers, **limits):
    return asyncio.run(ask(jobs, recognizers, **{**LIMITS, **limits}))


def asked_of_slot(*, jobs, recognizers, earlier=None, tolerance=1):
    rules = {"earlier": earlier or {}, "hop_s": 120, "tolerance": tolerance}
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
def test_silence_is_never_sent(level, status):
    provider = Metered(affords=5)
    (found,) = asked(jobs=[job(level=level)], recognizers=[provider])
    assert found.status is status
    assert len(provider.asked) == len(provider.would_wait) == (status is not Status.SILENT)


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


def test_what_cannot_be_paid_is_throttled_and_not_sent():
    provider = Metered(affords=2)
    found = asked(jobs=[job(offset) for offset in range(3)], recognizers=[provider])
    assert [one.status for one in found] == [Status.NO_MATCH, Status.NO_MATCH, Status.THROTTLED]
    assert len(provider.asked) == 2
    assert all(29 < wait_s <= 30 for wait_s in provider.would_wait)


def test_one_provider_waiting_for_its_budget_does_not_hold_up_another():
    order = []
    poor = Metered("poor", affords=3, waits_s=0.05, says=lambda window: order.append("poor") or Status.NO_MATCH)
    free = Provider("free", says=lambda window: order.append("free") or Status.NO_MATCH)
    asked(jobs=[job(offset) for offset in range(3)], recognizers=[poor, free], global_inflight=1)
    assert order == ["free"] * 3 + ["poor"] * 3


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
    "a provider that is down is not asked again in this slot": (
        {0: Status.PROVIDER_DOWN},
        {"+0": Status.PROVIDER_DOWN, "+30": Status.NOT_NEEDED, "+60": Status.NOT_NEEDED},
    ),
}


@pytest.mark.parametrize(("says", "expected"), SLOTS.values(), ids=SLOTS.keys())
def test_confirm_windows_are_asked_in_order_while_they_are_needed(says, expected):
    provider = Provider(says=lambda window: says.get(window.offset_s, Status.NO_MATCH))
    found = asked_of_slot(jobs=[job(60), job(0), job(30)], recognizers=[provider])
    assert statuses(found) == expected
    assert provider.asked == [job(int(offset))[0].window_id for offset in expected if expected[offset] != "not_needed"]


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
        jobs=[job(0), job(30), job(0, "other"), job(30, "other")], recognizers=[provider], earlier={"kexp": [before]}
    )
    assert [one.status for one in found if one.window_id.startswith("kexp")] == [Status.MATCH, Status.NOT_NEEDED]
    assert [one.status for one in found if one.window_id.startswith("other")] == [Status.MATCH, Status.MATCH]


def test_where_the_primary_window_was_lost_the_next_one_takes_its_place():
    provider = Provider()
    found = asked_of_slot(jobs=[job(30), job(60)], recognizers=[provider])
    assert statuses(found) == {"+30": Status.NO_MATCH, "+60": Status.NOT_NEEDED}


def test_a_slot_without_audio_asks_nobody():
    assert asked_of_slot(jobs=[], recognizers=[Provider()]) == []
