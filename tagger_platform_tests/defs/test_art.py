"""The cover art's Dagster path: when a run is requested, what it does, and that plays never wait for it."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import dagster as dg
import pytest

from tagger_platform.definitions import build
from tagger_platform.defs.art import ART, art_sensor
from tagger_platform.defs.platform import Platform
from tagger_platform.defs.slots import IN_FLIGHT
from tagger_platform.recognize.cover_art import fetch
from tagger_platform.settings import Settings
from tagger_platform.store import reports
from tagger_platform_tests import samples
from tagger_platform_tests.standins.pictures import Certificate, Mode, PictureStandIn
from tagger_platform_tests.store.test_art import NOW, play_with


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return Certificate.make(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def pictures(certificate: Certificate) -> Iterator[PictureStandIn]:
    with PictureStandIn(certificate) as server:
        yield server


@pytest.fixture
def platform(environ: dict[str, str], pictures: PictureStandIn, certificate: Certificate) -> Platform:
    """A platform that believes the stand-in to be a host of cover art, with one track that names a picture there."""
    asking = partial(fetch, hosts={pictures.host}, context=certificate.trusted, timeout_s=5)
    made = Platform(Settings.load(environ | {"SHAZAM_ENABLED": "true"}), recognizers=[], fetch_picture=asking)
    samples.write_plays(made.database, [play_with(pictures.url + "/1.jpg")])
    return made


def tick(
    instance: dg.DagsterInstance, platform: Platform, cursor: str | None = None
) -> tuple[dg.RunRequest | dg.SkipReason, str | None]:
    definitions = build(platform.settings, platform=platform)
    with dg.build_sensor_context(
        instance=instance, definitions=definitions, resources={"platform": platform}, cursor=cursor
    ) as context:
        result = art_sensor(context)
        assert isinstance(result, dg.RunRequest | dg.SkipReason)
        return result, context.cursor


def run(instance: dg.DagsterInstance, platform: Platform) -> dict[str, object]:
    job = build(platform.settings, platform=platform).resolve_job_def("art_job")
    result = job.execute_in_process(instance=instance)
    (made,) = result.asset_materializations_for_node("art")
    return {name: value.value for name, value in made.metadata.items()}


def shown(platform: Platform) -> str:
    return reports.latest_plays(platform.database)["kexp"].track.artwork


def test_a_picture_is_fetched_once_kept_and_shown(
    instance: dg.DagsterInstance, platform: Platform, pictures: PictureStandIn
) -> None:
    assert run(instance, platform) == {"asked": 1, "kept": 1}
    assert run(instance, platform) == {"asked": 0}
    assert pictures.asked == ["/1.jpg"]
    (kept,) = platform.settings.art_dir.iterdir()
    assert kept.read_bytes() == pictures.content
    assert shown(platform) == f"/api/art/{kept.name}"


@pytest.mark.parametrize("mode", [Mode.NOT_FOUND, Mode.SERVER_ERROR, Mode.HTML])
def test_a_picture_that_does_not_come_harms_nothing_and_is_left_alone(
    instance: dg.DagsterInstance, platform: Platform, pictures: PictureStandIn, mode: Mode
) -> None:
    pictures.mode = mode
    before = reports.plays_of_day(platform.database, NOW.astimezone(samples.TZ).date(), samples.TZ)
    assert run(instance, platform)["asked"] == 1
    assert run(instance, platform) == {"asked": 0}
    assert reports.plays_of_day(platform.database, NOW.astimezone(samples.TZ).date(), samples.TZ) == before
    assert shown(platform) == ""


def test_one_bad_picture_does_not_stop_the_others(
    instance: dg.DagsterInstance, platform: Platform, pictures: PictureStandIn
) -> None:
    samples.write_plays(platform.database, [play_with("http://10.0.0.1/private.jpg", 2)])
    assert run(instance, platform) == {"asked": 2, "kept": 1, "not https but http": 1}


def test_a_run_is_requested_when_the_log_has_changed_and_names_new_pictures(
    instance: dg.DagsterInstance, platform: Platform
) -> None:
    request, seen = tick(instance, platform)
    assert isinstance(request, dg.RunRequest)
    assert isinstance(tick(instance, platform, seen)[0], dg.SkipReason)
    run(instance, platform)
    skipped, seen = tick(instance, platform, seen)
    assert skipped == dg.SkipReason("no new cover art")
    samples.write_plays(platform.database, [play_with("https://elsewhere.example/2.jpg", 2)])
    assert isinstance(tick(instance, platform, seen)[0], dg.RunRequest)


UNDER_WAY = [status for status in IN_FLIGHT if status is not dg.DagsterRunStatus.QUEUED]  # which needs a workspace


@pytest.mark.parametrize("status", UNDER_WAY)
def test_while_a_run_is_under_way_no_other_is_requested_and_nothing_is_forgotten(
    instance: dg.DagsterInstance, platform: Platform, status: dg.DagsterRunStatus
) -> None:
    job = build(platform.settings, platform=platform).resolve_job_def("art_job")
    instance.create_run_for_job(job, status=status)
    skipped, seen = tick(instance, platform)
    assert (skipped, seen) == (dg.SkipReason("a run is under way"), None)


def test_without_a_log_or_without_shazam_nothing_is_requested_or_opened(
    instance: dg.DagsterInstance, environ: dict[str, str], platform: Platform, tmp_path: Path
) -> None:
    silent = replace(platform, settings=Settings.load(environ))
    assert isinstance(tick(instance, silent)[0], dg.SkipReason)
    empty = Platform(Settings.load(environ | {"SHAZAM_ENABLED": "true", "DATA_DIR": str(tmp_path / "new")}))
    assert isinstance(tick(instance, empty)[0], dg.SkipReason)
    assert not (tmp_path / "new").exists()


def test_it_runs_in_a_lane_of_its_own_and_never_in_that_of_the_plays(settings: Settings) -> None:
    definitions = build(settings)
    assert definitions.resolve_job_def("art_job").tags.items() >= ART.items()
    hot = definitions.resolve_job_def("window_job").graph.node_names()
    assert "art" not in hot
    assert ART["tagger/lane"] == "art"
