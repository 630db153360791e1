"""Audio that capture gives up in the middle of a run, or before it: every window is told of, once, and stays so."""

import os
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import pytest

from tagger_platform.definitions import build
from tagger_platform.defs import plays as plays_module
from tagger_platform.defs import retention as retention_module
from tagger_platform.defs.retention import retention_job
from tagger_platform.model import CaptureState, Recognition, Window
from tagger_platform.settings import Settings
from tagger_platform.spool import Clips, Spool
from tagger_platform.store import slot_reads
from tagger_platform_tests.defs.test_hot_path import Hot, Table, answers
from tagger_platform_tests.test_spool import FIRST, slots, window


def test_what_capture_gives_up_on_a_nearly_full_disk_the_next_slots_run_tells_the_store(
    settings: Settings, instance: dg.DagsterInstance
) -> None:
    hot = Hot(settings, instance, Table({}, down=True))
    first, second = slots(2)
    hot.publish(first)
    hot.run(first)
    assert set(hot.states().values()) == {"provider_down"}
    hot.platform.pending.drop_oldest(1)
    hot.publish(second)
    result = hot.run(second)
    (event,) = result.asset_materializations_for_node("plays")
    assert event.metadata["expired"].value == 2
    with hot.platform.database.reading() as connection:
        states = connection.execute(
            "SELECT slot, list(DISTINCT state) FROM windows GROUP BY slot ORDER BY slot"
        ).fetchall()
    assert [found for _, found in states] == [["expired"], ["provider_down"]]
    assert hot.platform.pending.slots() == [second.key]


class Pressed(Table):
    """A provider during whose answer capture needs room."""

    spool: Spool | None = None

    async def recognize(self, window: Window, audio: Path) -> Recognition:
        assert self.spool
        assert self.spool.drop_oldest(1) == 0
        return await super().recognize(window, audio)


def test_the_audio_of_a_run_that_dagster_begins_in_the_middle_is_not_dropped(
    settings: Settings, instance: dg.DagsterInstance
) -> None:
    """After a kill Dagster runs again just the assets that were not made: somebody else has claimed the slot."""
    table = Pressed(answers(FIRST))
    hot = Hot(settings, instance, table)
    hot.publish()
    hot.run(FIRST, "windows")
    os.close(hot.platform.spool._held.pop(FIRST.key))  # the kernel does so at the run's death
    table.spool = Spool(settings.spool_dir)
    hot.run(FIRST, "recognitions", "plays")
    assert hot.states() == {"cafe": "heard", "kexp": "heard"}
    assert hot.clips() == ["kexp/2026-11-21T03-30-00Z+0.flac"]


def test_what_is_given_up_while_its_own_run_ends_is_told_by_the_next(
    settings: Settings, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    hot = Hot(settings, instance, Table({}, down=True))
    hot.publish()
    hot.run()
    derive = plays_module.derive_plays

    def pressed(*given: object) -> object:
        hot.platform.pending.drop_oldest(1)
        return derive(*given)

    with monkeypatch.context() as patch:
        patch.setattr(plays_module, "derive_plays", pressed)
        hot.run()
    assert set(hot.states().values()) == {"provider_down"}
    _, second = slots(2)
    hot.publish(second)
    hot.run(second)
    with hot.platform.database.reading() as connection:
        states = connection.execute("SELECT DISTINCT state FROM windows WHERE slot < ?", [second.start]).fetchall()
    assert states == [("expired",)]
    assert hot.audio() == ["pending/cafe+0.flac", "pending/kexp+0.flac"]


def test_what_is_given_up_as_it_becomes_evidence_is_no_clip(
    settings: Settings, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = Table(answers(FIRST), down=True)
    hot = Hot(settings, instance, table)
    hot.publish()
    hot.run()
    table.down = False
    settle = plays_module.settle

    def pressed(*given: object, **named: object) -> None:
        hot.platform.pending.drop_oldest(1)
        settle(*given, **named)

    monkeypatch.setattr(plays_module, "settle", pressed)
    hot.run()
    assert len(hot.plays) == 1
    assert Clips(settings.clips_dir).audio(window().window_id) is None


def test_what_a_run_settles_while_the_night_looks_for_lost_audio_stays(
    settings: Settings, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    hot = Hot(settings, instance, Table({}))
    hot.publish(corrupt="cafe")
    hot.run(FIRST, "windows")
    read = slot_reads.waiting_windows

    def and_the_run_ends(*given: object) -> object:
        found = read(*given)
        hot.run(FIRST, "recognitions", "plays")
        return found

    monkeypatch.setattr(retention_module.slot_reads, "waiting_windows", and_the_run_ends)
    platform = replace(hot.platform, clock=lambda: datetime.now(UTC))
    job = build(settings, platform=platform).resolve_job_def(retention_job.name)
    assert job.execute_in_process(instance=instance).success
    assert hot.states() == {"cafe": CaptureState.CORRUPT, "kexp": "heard"}
