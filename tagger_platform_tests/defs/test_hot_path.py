"""The assets of a slot, run in this process: plays come out, whatever goes wrong on the way."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

import dagster as dg
import numpy as np
import pytest
import soundfile

from tagger_platform.definitions import build
from tagger_platform.defs.platform import Platform, utc_now
from tagger_platform.insight.ranking import search
from tagger_platform.model import Play, Recognition, Slot, Status, Track, Window
from tagger_platform.recognize.budget import Budget
from tagger_platform.settings import Settings
from tagger_platform.spool import Manifest
from tagger_platform.store.database import Database
from tagger_platform_tests.store.radio import all_plays
from tagger_platform_tests.test_spool import FIRST, slots, window

SONG = Track("catalogue", "1", "Song", "Band", duration_s=200.0)
NOISE = np.random.default_rng(1).normal(0, 0.1, 12 * 16_000).astype(np.float32)


@dataclass
class Table:
    """A provider that answers from a table of window ids, knows no other window, and can be out of order."""

    answers: dict[str, Track]
    name: str = "catalogue"
    asks_every_window: bool = True
    down: bool = False
    budget: Budget | None = None
    asked: list[str] = field(default_factory=list)

    async def recognize(self, window: Window, audio: Path) -> Recognition:
        assert audio.exists()
        self.asked.append(window.window_id)
        if self.down:
            raise ConnectionRefusedError("nobody there")
        song = self.answers.get(window.window_id)
        if song is None:
            return Recognition(window.window_id, self.name, Status.NO_MATCH)
        offset_s = 10 + (window.start - FIRST.start).total_seconds()
        return Recognition(window.window_id, self.name, Status.MATCH, song, offset_s=offset_s, confidence=0.9)


class Hot:
    """The hot path of one platform, and what is in its store; without recognizers it asks those of the settings."""

    def __init__(
        self,
        settings: Settings,
        instance: dg.DagsterInstance,
        *recognizers: Table,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._instance = instance
        self.use(Platform(settings, recognizers=recognizers or None, clock=clock))

    def use(self, platform: Platform) -> None:
        self.platform = platform
        self._job = build(platform.settings, platform=platform).resolve_job_def("window_job")

    def publish(self, slot: Slot = FIRST, *, corrupt: str = "", streams: tuple[str, ...] = ("cafe", "kexp")) -> None:
        windows = tuple(window(slot, stream) for stream in streams)
        for each in windows:
            path = self.platform.spool.path_for(each)
            soundfile.write(path, NOISE, 16_000, format="FLAC")
            if each.stream == corrupt:
                path.write_bytes(path.read_bytes()[:300])
        self.platform.spool.publish(Manifest(slot, "capture", 120, windows, titles=tuple((s, s) for s in streams)))

    def run(self, slot: Slot = FIRST, *assets: str, fails: bool = False) -> dg.ExecuteInProcessResult:
        self._instance.add_dynamic_partitions("window_slots", [slot.key])
        result = self._job.execute_in_process(
            instance=self._instance,
            partition_key=slot.key,
            asset_selection=[dg.AssetKey(name) for name in assets] or None,
            raise_on_error=False,
        )
        assert result.success != fails
        return result

    @property
    def plays(self) -> list[Play]:
        return self.plays_of(self.platform.database)

    @staticmethod
    def plays_of(database: Database) -> list[Play]:
        with database.reading() as connection:
            return all_plays(connection)

    def states(self, column: str = "state") -> dict[str, str]:
        with self.platform.database.reading() as connection:
            return dict(connection.execute(f"SELECT stream, {column} FROM windows").fetchall())

    def audio(self) -> list[str]:
        return sorted(path.parent.parent.name + "/" + path.name for path in self.platform.spool.root.rglob("*.flac"))

    def clips(self) -> list[str]:
        folder = self.platform.settings.clips_dir
        return sorted(str(path.relative_to(folder)) for path in folder.rglob("*.flac"))

    def everything(self) -> dict[str, list[tuple[object, ...]]]:
        tables = ("streams", "windows", "recognitions", "tracks", "plays", "play_windows")
        with self.platform.database.reading() as connection:
            return {table: connection.execute(f"SELECT * FROM {table} ORDER BY ALL").fetchall() for table in tables}


@pytest.fixture(autouse=True)
def _no_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stage that fails here is a bug: fail at once instead of after its infrastructure retries."""
    monkeypatch.setattr(dg.RetryPolicy, "max_retries", 0)


def answers(*found: Slot, stream: str = "kexp") -> dict[str, Track]:
    return {window(slot, stream).window_id: SONG for slot in found}


def found(hot: Hot, query: str) -> list[str]:
    return [result.track.track_id for result in search(hot.platform.search_index, query)]


def test_a_track_can_be_found_when_its_play_can_be_seen(settings: Settings, instance: dg.DagsterInstance) -> None:
    hot = Hot(settings, instance, Table(answers(FIRST)))
    hot.publish()
    hot.run(FIRST, "windows", "recognitions")
    assert found(hot, "band song") == [SONG.track_id]


def test_a_search_index_that_cannot_be_written_stops_no_play(
    settings: Settings, instance: dg.DagsterInstance, caplog: pytest.LogCaptureFixture
) -> None:
    settings.data_dir.mkdir()
    settings.search_index_path.parent.write_text("a file where the folder should be")
    hot = Hot(settings, instance, Table(answers(FIRST)))
    hot.publish()
    hot.run()
    assert [play.track for play in hot.plays] == [SONG]
    assert "until the asset search_index has run" in caplog.text
    settings.search_index_path.parent.unlink()
    whole = build(settings, platform=hot.platform).resolve_job_def("search_index_job")
    assert whole.execute_in_process(instance=instance).success
    assert found(hot, "band song") == [SONG.track_id]


def test_two_hits_in_two_slots_are_a_confirmed_play(settings: Settings, instance: dg.DagsterInstance) -> None:
    one, two = slots(2)
    hot = Hot(settings, instance, Table(answers(one, two)))
    statuses = []
    for slot in (one, two):
        hot.publish(slot)
        hot.run(slot)
        statuses.append([(play.stream, play.status) for play in hot.plays])
    assert statuses == [[("kexp", "probable")], [("kexp", "confirmed")]]
    assert hot.plays[0].windows == tuple(answers(one, two))
    assert hot.audio() == []
    assert hot.clips() == ["kexp/2026-11-21T03-30-00Z+0.flac", "kexp/2026-11-21T03-32-00Z+0.flac"]
    assert hot.platform.spool.claimed() == []


def test_running_a_slot_again_asks_nobody_and_changes_nothing(settings: Settings, instance: dg.DagsterInstance) -> None:
    table = Table(answers(FIRST))
    hot = Hot(settings, instance, table)
    hot.publish()
    hot.run()
    before, asked = hot.everything(), list(table.asked)
    result = hot.run()
    assert (hot.everything(), table.asked) == (before, asked)
    assert result.asset_materializations_for_node("windows")[0].metadata["source"].value == "store"


@pytest.mark.parametrize("done", [["windows"], ["windows", "recognitions"]], ids="+".join)
def test_a_slot_that_was_killed_between_stages_is_finished_by_the_next_run(
    settings: Settings, instance: dg.DagsterInstance, done: list[str]
) -> None:
    table = Table(answers(FIRST))
    hot = Hot(settings, instance, table)
    hot.publish()
    hot.run(FIRST, *done)
    assert hot.platform.spool.claimed() == [FIRST.key]
    assert hot.plays == []
    hot.run()
    assert [play.stream for play in hot.plays] == ["kexp"]
    assert sorted(table.asked) == [window(stream=stream).window_id for stream in ("cafe", "kexp")]
    assert (hot.platform.spool.claimed(), hot.audio()) == ([], [])


def test_a_corrupt_file_is_one_corrupt_window_and_the_others_are_answered(
    settings: Settings, instance: dg.DagsterInstance
) -> None:
    table = Table(answers(FIRST))
    hot = Hot(settings, instance, table)
    hot.publish(corrupt="cafe")
    hot.run()
    assert hot.states() == {"cafe": "corrupt", "kexp": "heard"}
    assert hot.states("detail")["cafe"]
    assert table.asked == [window().window_id]
    assert hot.audio() == []


def test_a_provider_that_raises_is_down_and_is_asked_again_later(
    settings: Settings, instance: dg.DagsterInstance
) -> None:
    table = Table(answers(FIRST), down=True)
    hot = Hot(settings, instance, table)
    hot.publish()
    hot.run()
    assert hot.states() == {"cafe": "provider_down", "kexp": "provider_down"}
    assert hot.audio() == ["pending/cafe+0.flac", "pending/kexp+0.flac"]
    assert (hot.plays, hot.platform.spool.claimed()) == ([], [])
    table.down = False
    hot.run()
    assert hot.states() == {"cafe": "heard", "kexp": "heard"}
    assert [play.stream for play in hot.plays] == ["kexp"]
    assert hot.audio() == []


def test_only_the_provider_that_did_not_answer_is_asked_again(settings: Settings, instance: dg.DagsterInstance) -> None:
    catalogue, shazam = Table({}), Table(answers(FIRST), name="shazam", down=True)
    hot = Hot(settings, instance, catalogue, shazam)
    hot.publish(streams=("kexp",))
    hot.run()
    assert (hot.states(), hot.audio()) == ({"kexp": "heard"}, ["pending/kexp+0.flac"])
    shazam.down = False
    hot.run()
    assert (len(catalogue.asked), len(shazam.asked)) == (1, 2)
    assert (len(hot.plays), hot.audio()) == (1, [])


def test_audio_that_waited_too_long_is_expired(settings: Settings, instance: dg.DagsterInstance) -> None:
    old, new = slots(2)
    table = Table({}, down=True)
    hot = Hot(replace(settings, catchup_retain_hours=0), instance, table)
    for slot in (old, new):
        hot.publish(slot, streams=("kexp",))
        hot.run(slot)
    with hot.platform.database.reading() as connection:
        found = connection.execute("SELECT state FROM windows ORDER BY slot").fetchall()
    assert found == [("expired",), ("provider_down",)]
    assert len(hot.audio()) == 1


def test_a_slot_nobody_ever_captured_fails_with_a_sentence(settings: Settings, instance: dg.DagsterInstance) -> None:
    result = Hot(settings, instance).run(fails=True)
    (failure,) = [event for event in result.all_events if event.is_step_failure]
    assert failure.step_key == "windows"
    assert "neither in the spool nor in the store" in str(failure.event_specific_data)
    assert not [event for event in result.all_events if event.is_step_up_for_retry]


def test_a_garbled_manifest_loses_nothing_that_lies_there(settings: Settings, instance: dg.DagsterInstance) -> None:
    table = Table(answers(FIRST))
    hot = Hot(replace(settings, window_offsets=(0,)), instance, table)
    hot.publish(streams=("kexp",))
    (settings.spool_dir / "ready" / FIRST.key / "manifest.json").write_text("{")
    hot.run()
    assert hot.states() == {"cafe": "corrupt", "kexp": "heard"}
    assert len(hot.plays) == 1


def test_dropped_windows_keep_their_reason(settings: Settings, instance: dg.DagsterInstance) -> None:
    one, two = slots(2)
    hot = Hot(replace(settings, queue_max_size=1), instance, Table({}))
    hot.publish(one, streams=("kexp",))
    hot.publish(two, streams=("kexp",))
    hot.run(one)
    assert hot.states() == {"kexp": "dropped"}
    assert isinstance(hot.platform.database, Database)


# evidence


def test_the_clip_of_a_play_can_be_played(settings: Settings, instance: dg.DagsterInstance) -> None:
    hot = Hot(settings, instance, Table(answers(FIRST)))
    hot.publish()
    hot.run()
    (play,) = hot.plays
    samples, rate = soundfile.read(hot.platform.clips.audio(play.windows[0]))
    assert (len(samples), rate, play.status) == (len(NOISE), 16_000, "probable")


def test_a_run_that_ends_between_the_plays_and_their_clips_is_finished_by_the_next(
    settings: Settings, instance: dg.DagsterInstance
) -> None:
    hot = Hot(settings, instance, Table(answers(FIRST)))
    hot.publish()
    settings.clips_dir.write_text("a file where the folder should be")
    hot.run(fails=True)
    assert (len(hot.plays), hot.platform.spool.claimed()) == (1, [FIRST.key])
    assert "claimed/kexp+0.flac" in hot.audio()
    settings.clips_dir.unlink()
    hot.run()
    assert (hot.clips(), hot.audio()) == (["kexp/2026-11-21T03-30-00Z+0.flac"], [])


def test_audio_that_somebody_still_has_to_answer_becomes_a_clip_when_it_expires(
    settings: Settings, instance: dg.DagsterInstance
) -> None:
    one, two = slots(2)
    down = Table({}, name="shazam", down=True)
    hot = Hot(replace(settings, catchup_retain_hours=0), instance, Table(answers(one)), down)
    hot.publish(one)
    hot.run(one)
    assert (hot.clips(), hot.audio()) == ([], ["pending/cafe+0.flac", "pending/kexp+0.flac"])
    hot.publish(two, streams=("cafe",))
    hot.run(two)
    assert hot.clips() == ["kexp/2026-11-21T03-30-00Z+0.flac"]
    assert hot.audio() == ["pending/cafe+0.flac"]


def test_when_too_much_waits_the_oldest_expires(settings: Settings, instance: dg.DagsterInstance) -> None:
    three = slots(3)
    hot = Hot(replace(settings, pending_max_mb=1), instance, Table({}, down=True))
    for slot in three:
        hot.publish(slot)  # 0.7 MB each
        hot.run(slot)
    with hot.platform.database.reading() as connection:
        found = connection.execute("SELECT slot, state FROM windows GROUP BY ALL ORDER BY slot").fetchall()
    assert [state for _, state in found] == ["expired", "provider_down", "provider_down"]
    assert len(hot.audio()) == 4


def test_where_clips_are_not_wanted_none_is_kept(settings: Settings, instance: dg.DagsterInstance) -> None:
    hot = Hot(replace(settings, clip_retain_days=0), instance, Table(answers(FIRST)))
    hot.publish()
    hot.run()
    assert len(hot.plays) == 1
    assert (hot.clips(), hot.audio()) == ([], [])


# late


@pytest.mark.parametrize(("minutes", "late"), [(9, False), (11, True)])
def test_a_play_whose_evidence_was_answered_long_after_it_was_on_air_is_late(
    settings: Settings, instance: dg.DagsterInstance, minutes: int, late: bool
) -> None:
    now = FIRST.start + timedelta(minutes=minutes)
    hot = Hot(settings, instance, Table(answers(FIRST)), clock=lambda: now)
    hot.publish()
    hot.run()
    assert [play.late for play in hot.plays] == [late]


def test_what_another_provider_says_later_does_not_make_a_play_late(
    settings: Settings, instance: dg.DagsterInstance
) -> None:
    now = [FIRST.start + timedelta(minutes=2)]
    shazam = Table(answers(FIRST), name="shazam", down=True)
    hot = Hot(settings, instance, Table(answers(FIRST)), shazam, clock=lambda: now[0])
    hot.publish()
    hot.run()
    shazam.down, now[0] = False, FIRST.start + timedelta(hours=5)
    hot.run()
    assert len(shazam.asked) == 4
    assert [play.late for play in hot.plays] == [False]
