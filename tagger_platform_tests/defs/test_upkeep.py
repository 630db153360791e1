"""The weekly job: the store is looked after, and the search index holds what the store holds."""

from dataclasses import replace

import dagster as dg

from tagger_platform.definitions import build
from tagger_platform.defs.platform import Platform
from tagger_platform.defs.upkeep import AT, upkeep_job
from tagger_platform.insight.index import sync
from tagger_platform.insight.ranking import search
from tagger_platform.settings import Settings
from tagger_platform.store.runs import last_runs
from tagger_platform_tests import samples


def test_a_week_leaves_the_index_with_the_stores_tracks(settings: Settings) -> None:
    platform = Platform(settings)
    gone, left = (replace(samples.track(number), title=f"Title{number}") for number in (1, 2))
    now = platform.clock()
    samples.write_plays(platform.database, [samples.play("kexp", now, of=gone), samples.play("cafe", now, of=left)])
    sync(platform.search_index, platform.database)
    with platform.database.writing() as connection:
        connection.execute("DELETE FROM tracks WHERE track_id = ?", [gone.track_id])
    job = build(settings, platform=platform).resolve_job_def(upkeep_job.name)
    with dg.DagsterInstance.ephemeral() as instance:
        result = job.execute_in_process(instance=instance)
    assert result.success
    with platform.database.reading() as connection:
        assert last_runs(connection)["upkeep"] >= now
    assert [len(search(platform.search_index, title)) for title in ("title1", "title2")] == [0, 1]


def test_it_comes_every_sunday_in_the_nights_lane(settings: Settings) -> None:
    definitions = build(settings)
    schedule = definitions.resolve_schedule_def("upkeep_schedule")
    assert (schedule.cron_schedule, schedule.execution_timezone) == (AT, settings.tz.key)
    assert schedule.default_status is dg.DefaultScheduleStatus.RUNNING
    assert definitions.resolve_job_def(upkeep_job.name).tags["tagger/lane"] == "nightly"
