"""The nightly assets: what a run shows, when it comes, and what is left when the map is turned off."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest

from tagger_platform.definitions import build
from tagger_platform.defs.insight import track_clusters, track_embeddings
from tagger_platform.defs.platform import Platform
from tagger_platform.insight.embedder import ModelMissingError
from tagger_platform.settings import Settings
from tagger_platform.store.runs import last_runs
from tagger_platform_tests import samples
from tagger_platform_tests.insight.fakes import FakeEmbedder

NIGHT = datetime(2026, 11, 21, 11, 30, tzinfo=UTC)


class NoModel(FakeEmbedder):
    @property
    def name(self):
        raise ModelMissingError("the model is not here, and this is how to get it")

    @name.setter
    def name(self, value):
        """What every embedder sets."""


@pytest.fixture
def platform(tmp_path: Path) -> Platform:
    """30 songs with two plays each."""
    found = Platform(samples.settings(tmp_path), make_embedder=lambda settings: FakeEmbedder(), clock=lambda: NIGHT)
    plays = [
        samples.play(stream, NIGHT - timedelta(days=2, minutes=10 * number), of=samples.track(number))
        for number in range(30)
        for stream in ("kexp", "nova")
    ]
    samples.write_plays(found.database, plays)
    return found


def run(platform: Platform, instance: dg.DagsterInstance) -> dg.ExecuteInProcessResult:
    return dg.materialize(
        [track_embeddings, track_clusters], instance=instance, resources={"platform": platform}, raise_on_error=False
    )


def shown(result: dg.ExecuteInProcessResult, asset: str) -> dict[str, object]:
    (event,) = result.asset_materializations_for_node(asset)
    return {name: value.value for name, value in event.metadata.items()}


def test_a_run_shows_counts_seconds_and_the_map(platform: Platform, instance: dg.DagsterInstance) -> None:
    result = run(platform, instance)
    assert result.success
    embeddings, clusters = shown(result, "track_embeddings"), shown(result, "track_clusters")
    assert (embeddings["tracks"], embeddings["embedded"], embeddings["model"]) == (30, 30, "fake/model")
    assert (clusters["tracks"], clusters["night"], clusters["moved"]) == (30, "2026-11-21", None)
    assert {"seconds", "clusters", "in_no_cluster", "without_a_place"} <= clusters.keys()
    assert str(clusters["map"]).startswith("![the sound map](data:image/png;base64,iVBOR")
    lines = [event.message for event in instance.all_logs(result.run_id)]
    assert any("30 of 30 tracks embedded" in line for line in lines)


def test_a_run_may_come_twice_and_its_end_is_noted(platform: Platform, instance: dg.DagsterInstance) -> None:
    first, second = run(platform, instance), run(platform, instance)
    assert shown(second, "track_embeddings")["embedded"] == 0
    assert shown(second, "track_clusters")["map"] == shown(first, "track_clusters")["map"]
    with platform.database.reading() as connection:
        assert last_runs(connection) == {"track_embeddings": NIGHT, "track_clusters": NIGHT}


def test_without_a_model_the_run_fails_once_with_the_sentence_and_no_map_is_drawn(
    platform: Platform, instance: dg.DagsterInstance
) -> None:
    result = run(replace(platform, make_embedder=lambda settings: NoModel()), instance)
    (failure,) = [event for event in result.all_events if event.is_step_failure]
    assert not result.success
    assert "the model is not here, and this is how to get it" in str(failure.event_specific_data)
    assert not [event for event in result.all_events if event.is_step_up_for_retry]
    assert result.asset_materializations_for_node("track_clusters") == []


def test_it_comes_every_night_in_a_lane_of_its_own(settings: Settings) -> None:
    definitions = build(replace(settings))
    schedule = definitions.resolve_schedule_def("insight_schedule")
    job = definitions.resolve_job_def("insight_job")
    assert (schedule.cron_schedule, schedule.execution_timezone) == ("30 3 * * *", settings.tz.key)
    assert schedule.default_status is dg.DefaultScheduleStatus.RUNNING
    assert job.tags["tagger/lane"] == "nightly"
    assert {node.name for node in job.nodes} == {"track_embeddings", "track_clusters"}


def test_no_map_means_no_asset_and_nothing_that_runs_it(settings: Settings) -> None:
    definitions = build(replace(settings, clusters_enabled=False))
    assets = {key.to_user_string() for key in definitions.resolve_asset_graph().get_all_asset_keys()}
    assert "track_clusters" not in assets
    assert {node.name for node in definitions.resolve_job_def("insight_job").nodes} == {"track_embeddings"}
