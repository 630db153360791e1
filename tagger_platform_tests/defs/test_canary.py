"""The canary's Dagster path: every enabled provider is asked about a clip it knows, and the log stays as it was."""

from collections.abc import Iterator

import dagster as dg
import pytest

from tagger_platform.definitions import build
from tagger_platform.defs.canary import CANARY, HOURLY, NOTHING_YET
from tagger_platform.defs.platform import Platform
from tagger_platform.model import CanaryOutcome
from tagger_platform.settings import Settings
from tagger_platform.store import reports
from tagger_platform_tests.defs.test_hot_path import Hot
from tagger_platform_tests.defs.test_platform import one_song
from tagger_platform_tests.standins.shazam import Mode, ShazamStandIn
from tagger_platform_tests.test_spool import slots


@pytest.fixture
def shazam() -> Iterator[ShazamStandIn]:
    with ShazamStandIn(one_song()) as standin:
        yield standin


@pytest.fixture
def hot(environ: dict[str, str], instance: dg.DagsterInstance, shazam: ShazamStandIn) -> Hot:
    return Hot(
        Settings.load(environ | {"SHAZAM_ENABLED": "true", "SHAZAM_URL": shazam.url, "SHAZAM_PER_MINUTE": "600"}),
        instance,
    )


def canaries(platform: Platform, instance: dg.DagsterInstance) -> dict[str, tuple[CanaryOutcome, str]]:
    """Run the job; what it left in the store."""
    job = build(platform.settings, platform=platform).resolve_job_def("canary_job")
    assert job.execute_in_process(instance=instance).success
    return {one.provider: (one.outcome, one.detail) for one in reports.canary_results(platform.database)}


def test_before_anything_was_confirmed_there_is_nothing_to_ask_a_provider(hot, instance, shazam):
    assert canaries(hot.platform, instance) == {
        "catalogue": (CanaryOutcome.MATCH, ""),
        "shazam": (CanaryOutcome.NOT_ASKED, NOTHING_YET),
    }
    assert shazam.asked == []


def test_the_last_confirmed_plays_clip_is_the_canary_and_the_log_stays_as_it_was(hot, instance, shazam):
    for slot in slots(2):
        hot.publish(slot, streams=("kexp",))
        hot.run(slot)
    assert [play.status for play in hot.plays] == ["confirmed"]
    before, asked = hot.everything(), len(shazam.asked)
    assert canaries(hot.platform, instance)["shazam"] == (CanaryOutcome.MATCH, "")
    assert len(shazam.asked) == asked + 1
    shazam.mode = Mode.SERVER_ERROR
    assert canaries(hot.platform, instance)["shazam"][0] is CanaryOutcome.PROVIDER_DOWN
    shazam.mode = Mode.NONE
    assert canaries(hot.platform, instance)["shazam"][0] is CanaryOutcome.NO_MATCH
    assert hot.everything() == before
    for clip in hot.platform.settings.clips_dir.rglob("*.flac"):
        clip.unlink()
    assert canaries(hot.platform, instance)["shazam"] == (CanaryOutcome.NOT_ASKED, NOTHING_YET)


def test_a_provider_that_is_not_enabled_gets_none(settings: Settings, instance: dg.DagsterInstance):
    assert canaries(Platform(settings), instance) == {"catalogue": (CanaryOutcome.MATCH, "")}


def test_it_runs_hourly_in_a_lane_of_its_own_after_everything_else(settings: Settings):
    definitions = build(settings)
    schedule = definitions.resolve_schedule_def("canary_schedule")
    assert (schedule.cron_schedule, schedule.default_status) == (HOURLY, dg.DefaultScheduleStatus.RUNNING)
    tags = definitions.resolve_job_def("canary_job").tags
    assert tags.items() >= CANARY.items()
    assert CANARY["tagger/lane"] == "canary"
