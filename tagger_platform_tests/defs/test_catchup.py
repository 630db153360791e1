"""Windows without an answer are asked again, and in the end nothing is missing but the time it took."""

import os
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import numpy as np
import pytest
import soundfile

from tagger_platform.definitions import build
from tagger_platform.defs.catchup import CATCHUP, Waiting, catchup_sensor, next_slot
from tagger_platform.defs.platform import Platform
from tagger_platform.defs.slots import SlotRuns
from tagger_platform.model import CaptureState, Play, Slot, Status, Window
from tagger_platform.recognize.breaker import State
from tagger_platform.recognize.budget import Budget, breakers
from tagger_platform.recognize.shazam import ShazamRecognizer
from tagger_platform.settings import Settings
from tagger_platform.spool import Manifest
from tagger_platform_tests.defs.test_hot_path import Hot, Table, answers
from tagger_platform_tests.recognize.clock import Clock
from tagger_platform_tests.standins.shazam import Asked, Mode, ShazamStandIn, song
from tagger_platform_tests.store.radio import without_ids
from tagger_platform_tests.test_spool import FIRST, slots

NOW = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)
A, B, C = (slot.key for slot in slots(3))


@pytest.fixture(autouse=True)
def _no_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stage that fails here is a bug: fail at once instead of after its infrastructure retries."""
    monkeypatch.setattr(dg.RetryPolicy, "max_retries", 0)


# which slot


def wait(key: str, *providers: str) -> Waiting:
    return Waiting(key, frozenset(providers))


RUNNING = SlotRuns(1, in_flight=True)
TRIED = SlotRuns(2, in_flight=False, last_ended=NOW - timedelta(seconds=59))
LONG_AGO = SlotRuns(2, in_flight=False, last_ended=NOW - timedelta(seconds=60))


@pytest.mark.parametrize(
    ("waiting", "runs", "wanted"),
    [
        pytest.param([], {}, None, id="nothing waits"),
        pytest.param([wait(B, "shazam"), wait(A, "shazam")], {}, f"{B}#0", id="who has waited longest"),
        pytest.param([wait(A, "acoustid"), wait(B, "shazam")], {}, f"{B}#0", id="its provider cannot be asked"),
        pytest.param([wait(A, "acoustid")], {}, None, id="nobody can be asked"),
        pytest.param([wait(A, "acoustid", "shazam")], {}, f"{A}#0", id="one of two can be asked"),
        pytest.param([wait(A)], {A: LONG_AGO}, f"{A}#2", id="answered, but its audio was not settled"),
        pytest.param([wait(A, "shazam"), wait(B, "shazam")], {B: RUNNING}, None, id="one at a time"),
        pytest.param([wait(A, "shazam"), wait(B, "shazam")], {A: TRIED}, f"{B}#0", id="the first was just tried"),
        pytest.param([wait(A, "shazam")], {A: LONG_AGO}, f"{A}#2", id="it was tried a while ago"),
    ],
)
def test_next_slot(waiting: list[Waiting], runs: dict[str, SlotRuns], wanted: str | None) -> None:
    found = next_slot(waiting, {"shazam"}, runs, NOW)
    assert (found and found.run_key) == wanted


# the sensor


def tick(instance: dg.DagsterInstance, platform: Platform) -> list[str]:
    """The slots that the sensor requests now."""
    definitions = build(platform.settings, platform=platform)
    with dg.build_sensor_context(
        instance=instance, definitions=definitions, resources={"platform": platform}
    ) as context:
        result = catchup_sensor(context)
    assert isinstance(result, dg.SensorResult)
    requests = result.run_requests or []
    assert all(request.tags == CATCHUP for request in requests)
    added = [key for request in result.dynamic_partitions_requests or [] for key in request.partition_keys]
    assert added == [request.partition_key for request in requests]
    return added


def later() -> datetime:
    return datetime.now(UTC) + timedelta(hours=1)


def test_nothing_is_requested_while_nothing_waits(settings: Settings, instance: dg.DagsterInstance) -> None:
    assert tick(instance, Platform(settings)) == []


def test_a_slot_is_requested_until_it_is_answered(settings: Settings, instance: dg.DagsterInstance) -> None:
    table = Table(answers(FIRST), down=True)
    hot = Hot(settings, instance, table, clock=later)
    hot.publish()
    assert tick(instance, hot.platform) == []  # still the spool's
    hot.run()
    assert tick(instance, hot.platform) == [FIRST.key]
    table.down = False
    hot.run()
    assert tick(instance, hot.platform) == []


def test_a_slot_rests_after_a_run(settings: Settings, instance: dg.DagsterInstance) -> None:
    hot = Hot(settings, instance, Table({}, down=True))
    hot.publish()
    hot.run()
    assert tick(instance, hot.platform) == []


def test_a_slot_waits_while_its_provider_cannot_be_asked(
    settings: Settings, instance: dg.DagsterInstance, tmp_path: Path
) -> None:
    clock = Clock()
    budget = Budget(tmp_path / "budget.sqlite", "shazam", per_minute=4, clock=clock, sleep=clock.sleep)
    table = Table(answers(FIRST), name="shazam", down=True, budget=budget)
    hot = Hot(settings, instance, table, clock=later)
    hot.publish()
    hot.run()
    assert tick(instance, hot.platform) == []  # two questions of the burst are gone
    clock.now += 30
    assert tick(instance, hot.platform) == [FIRST.key]
    hot.run()
    assert breakers(budget.path)["shazam"].state is State.OPEN
    clock.now += 59
    assert tick(instance, hot.platform) == []


def test_audio_whose_slot_was_killed_before_it_was_settled_is_settled_by_the_next_run(
    settings: Settings, instance: dg.DagsterInstance
) -> None:
    table = Table(answers(FIRST), down=True)
    hot = Hot(settings, instance, table, clock=later)
    hot.publish()
    hot.run()
    table.down = False
    hot.run(FIRST, "windows", "recognitions")  # and is killed here
    assert hot.audio() == ["pending/cafe+0.flac", "pending/kexp+0.flac"]
    assert tick(instance, hot.platform) == [FIRST.key]
    hot.run()
    assert (hot.audio(), hot.clips()) == ([], ["kexp/2026-11-21T03-30-00Z+0.flac"])
    assert tick(instance, hot.platform) == []


def test_audio_of_slots_that_the_log_does_not_have_keeps_no_other_from_its_turn(
    settings: Settings, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where a backup was restored that is older, or windows go sooner than their audio."""
    monkeypatch.setattr("tagger_platform.defs.catchup.LOOK_AT", 2)
    hot = Hot(settings, instance, Table({}, down=True), clock=later)
    hot.publish()
    hot.run()
    for slot in slots(5)[1:]:
        lost = hot.platform.spool.root / "pending" / slot.key / "kexp+0.flac"
        lost.parent.mkdir()
        lost.write_bytes(b"x")
        os.utime(lost, (0, 0))
    assert tick(instance, hot.platform) == [FIRST.key]
    with hot.platform.database.writing() as connection:
        connection.execute("DELETE FROM windows")
    assert tick(instance, hot.platform) == []


# an hour of 429s

STREAMS = ("kexp", "nova")
TITLES = (("kexp", "KEXP"), ("nova", "Nova"))
HOP_S, OFFSETS = 120, (0, 30)
BEGIN = Slot.parse("2100-01-01T00:00:00Z")
"""Far ahead, so that no slot rests after its runs, which end by the machine's clock."""
TROUBLE = range(3, 33)
ANSWERED_AGAIN = 40
"""The first slot that is answered live again: the breaker's pauses have grown to a quarter of an hour by then."""
SLOTS = 43
SHORTER_MS = 3
"""Every window is shorter by so much than the one before: that is how the stand-in knows which it was asked about."""


class Day:
    """A programme of songs of 100 to 235 s, and what a platform with Shazam alone makes of it, on a clock of ours."""

    def __init__(self, folder: Path, instance: dg.DagsterInstance) -> None:
        self.clock = Clock()
        self.instance = instance
        self.windows = [
            Window(stream, self.slot(number), offset, 12, CaptureState.CAPTURED, level_dbfs=-20.0)
            for number in range(SLOTS)
            for stream in STREAMS
            for offset in OFFSETS
        ]
        self.shazam = ShazamStandIn(self.answer)
        environ = {"DATA_DIR": str(folder), "STREAMS_FILE": str(folder / "none.yaml")}
        self.settings = Settings.load(environ)
        budget = Budget(folder / "budget.sqlite", "shazam", 4, clock=self.clock, sleep=self.clock.sleep)
        recognizer = ShazamRecognizer(budget=budget, host=self.shazam.url)
        self.platform = Platform(self.settings, recognizers=[recognizer], clock=self.now)
        self._job = build(self.settings, platform=self.platform).resolve_job_def("window_job")

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.clock.now, UTC)

    def slot(self, number: int) -> Slot:
        return Slot(BEGIN.start + timedelta(seconds=number * HOP_S))

    def answer(self, asked: Asked) -> Mapping[str, Any] | None:
        window = self.windows[round((12_000 - asked.samples_ms) / SHORTER_MS)]
        block, into_s = divmod((window.start - BEGIN.start).total_seconds(), 2 * HOP_S)
        chance = np.random.default_rng([int(block), STREAMS.index(window.stream)])
        starts_s, length_s = chance.integers(-10, 20), chance.integers(100, 215)
        if not starts_s <= into_s <= starts_s + length_s - 12:
            return None
        return song(f"{window.stream}{block:.0f}", f"Song {block:.0f}", offset_s=float(into_s - starts_s))

    def live(self, number: int) -> None:
        slot = self.slot(number)
        self.clock.now = max(self.clock.now, slot.start.timestamp() + HOP_S + 5)
        expected = tuple(window for window in self.windows if window.slot == slot)
        for window in expected:
            path = self.platform.spool.path_for(window)
            soundfile.write(path, self.sound(window), 16_000)
            os.utime(path, (window.end.timestamp(),) * 2)
        self.platform.spool.publish(Manifest(slot, "capture", HOP_S, expected, titles=TITLES))
        self.run(slot.key)

    def sound(self, window: Window) -> np.ndarray:
        length = 12 * 16_000 - self.windows.index(window) * SHORTER_MS * 16
        notes = np.repeat(np.random.default_rng(1).choice([262, 330, 392, 523, 659], 48), 4000)[:length]
        return 0.3 * np.sin(2 * np.pi * notes * np.arange(length) / 16_000)

    def run(self, key: str) -> None:
        self.instance.add_dynamic_partitions("window_slots", [key])
        assert self._job.execute_in_process(instance=self.instance, partition_key=key).success

    def catch_up_until(self, number: int) -> None:
        while self.clock.now < self.slot(number + 1).start.timestamp():
            if self.platform.pending.slots():  # to look in vain a thousand times takes its time
                for key in tick(self.instance, self.platform):
                    self.run(key)
            self.clock.now += 60

    @property
    def plays(self) -> list[Play]:
        return Hot.plays_of(self.platform.database)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        with self.platform.database.reading() as connection:
            return connection.execute(sql).fetchall()

    def clips(self) -> list[str]:
        return sorted(path.name for path in self.settings.clips_dir.rglob("*.flac"))


@pytest.fixture(scope="module")
def days(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Day]:
    """The same day without trouble, and with an hour of 429s in it."""
    found = {}
    with pytest.MonkeyPatch.context() as patch, dg.DagsterInstance.ephemeral() as instance:
        patch.setattr(dg.RetryPolicy, "max_retries", 0)
        for name in ("calm", "troubled"):
            day = found[name] = Day(tmp_path_factory.mktemp(name), instance)
            with day.shazam:
                for number in range(SLOTS):
                    throttled = name == "troubled" and number in TROUBLE
                    day.shazam.mode = Mode.THROTTLED if throttled else Mode.MATCH
                    day.live(number)
                    day.catch_up_until(number)
                for number in range(SLOTS, SLOTS + 60):
                    day.catch_up_until(number)
    return found


def test_an_hour_of_429s_costs_no_play_after_catch_up(days: dict[str, Day]) -> None:
    calm, troubled = (without_ids(days[name].plays) for name in ("calm", "troubled"))
    assert sum(play.status == "confirmed" for play in calm) >= 25
    assert [replace(play, late=False) for play in troubled] == calm


def test_the_plays_of_that_hour_are_marked_late_and_no_others(days: dict[str, Day]) -> None:
    assert not any(play.late for play in days["calm"].plays)
    first, last = days["calm"].slot(TROUBLE[0]).start, days["calm"].slot(ANSWERED_AGAIN).start
    for play in days["troubled"].plays:
        in_trouble = [
            first <= window.start < last for window in days["troubled"].windows if window.window_id in play.windows
        ]
        assert play.late == any(in_trouble), play


def test_the_windows_end_in_the_same_states_and_the_same_clips_are_kept(days: dict[str, Day]) -> None:
    calm, troubled = days["calm"], days["troubled"]
    states = "SELECT window_id, w.state, r.status FROM windows w JOIN recognitions r USING (window_id) ORDER BY ALL"
    assert troubled.rows(states) == calm.rows(states)
    assert {status for _, _, status in calm.rows(states)} == {Status.MATCH, Status.NO_MATCH, Status.NOT_NEEDED}
    assert troubled.clips() == calm.clips() != []
    assert list(troubled.settings.spool_dir.rglob("*.flac")) == list(calm.settings.spool_dir.rglob("*.flac")) == []


def test_a_provider_that_throttles_is_left_alone_and_nothing_is_asked_twice(days: dict[str, Day]) -> None:
    calm, troubled = (len(days[name].shazam.asked) for name in ("calm", "troubled"))
    assert 0 < troubled - calm <= 8
