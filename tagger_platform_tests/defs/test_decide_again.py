"""The job that decides a day again: what it is told, what it shows, and that it refuses with a sentence."""

from datetime import timedelta

import dagster as dg
import pytest

from tagger_platform.definitions import build
from tagger_platform.defs.platform import Platform
from tagger_platform.model import CaptureState, Play, Recognition, Slot, Status, Track, Window
from tagger_platform.settings import Settings
from tagger_platform_tests.store.radio import all_plays, derive, write_slot

SONG = Track("catalogue", "1", "Song | one", "Band", duration_s=200.0)
SLOT = Slot.parse("2026-11-21T03:30:00Z")
DAY = "2026-11-20"
"""The local day of that slot."""


@pytest.fixture
def platform(settings: Settings) -> Platform:
    """One confirmed play on kexp."""
    platform = Platform(settings, recognizers=[])
    with platform.database.writing() as connection:
        for offset in (0, 30):
            window = Window("kexp", SLOT, offset, 12, CaptureState.CAPTURED)
            said = Recognition(window.window_id, "catalogue", Status.MATCH, SONG, offset_s=10.0 + offset)
            write_slot(connection, SLOT, [(window, [said])])
        derive(connection, SLOT)
    return platform


def run(platform: Platform, instance: dg.DagsterInstance, **config: object) -> dg.ExecuteInProcessResult:
    job = build(platform.settings, platform=platform).resolve_job_def("decide_job")
    told = {"ops": {"decide_again": {"config": {"date": DAY, **config}}}}
    return job.execute_in_process(run_config=told, instance=instance, raise_on_error=False)


def plays(platform: Platform) -> list[Play]:
    with platform.database.reading() as connection:
        return all_plays(connection)


def shown(result: dg.ExecuteInProcessResult) -> dict[str, object]:
    (output,) = [event for event in result.all_events if event.is_successful_output]
    return {name: value.value for name, value in output.step_output_data.metadata.items()}


@pytest.mark.parametrize("apply", [False, True])
@pytest.mark.parametrize("stream", [None, "kexp"])
def test_the_difference_is_a_table_and_written_only_where_told_to(
    instance: dg.DagsterInstance, platform: Platform, apply: bool, stream: str | None
) -> None:
    before = plays(platform)
    told = {
        "policies": ["shazam_two_hit"],
        **({"apply": True} if apply else {}),
        **({"stream": stream} if stream else {}),
    }
    result = run(platform, instance, **told)
    assert result.success
    found = shown(result)
    assert found["applied"] is apply
    assert found["summary"] == (
        "- kexp on 2026-11-20 under shazam_two_hit: 0 added, 1 removed, 0 moved, 0 changed, 0 unchanged"
    )
    lines = str(found["changes"]).splitlines()
    assert lines[0].startswith("| change | stream | start | end | title |")
    assert lines[2].startswith("| removed | kexp | 19:30:00 | 19:30:42 | Song \\| one | Band | confirmed |")
    assert len(lines) == 3
    assert plays(platform) == ([] if apply else before)


@pytest.mark.parametrize(
    ("config", "sentence"),
    [
        ({"policies": ["coin_toss"]}, "unknown decision policy coin_toss"),
        ({"policies": ["timeline"]}, "makes no play"),
        ({"policies": ["any_two_agree"], "date": "yesterday"}, "date must be a day such as 2026-11-21"),
        ({"policies": ["any_two_agree"], "date": "2026-11-19"}, "no windows and no plays"),
        ({"policies": ["any_two_agree"], "stream": "nope"}, "no windows of that stream are kept"),
        ({"policies": ["any_two_agree"], "date": "2026-11-19", "stream": "kexp"}, "kept only since"),
    ],
)
def test_what_cannot_be_done_fails_once_with_a_sentence(
    instance: dg.DagsterInstance, platform: Platform, config: dict[str, object], sentence: str
) -> None:
    before = plays(platform)
    result = run(platform, instance, apply=True, **config)
    (failure,) = [event for event in result.all_events if event.is_step_failure]
    assert not result.success
    assert sentence in str(failure.event_specific_data)
    assert not [event for event in result.all_events if event.is_step_up_for_retry]
    assert plays(platform) == before


def test_the_job_takes_the_late_lane(settings: Settings) -> None:
    job = build(settings).resolve_job_def("decide_job")
    assert (job.tags["tagger/lane"], job.tags["dagster/priority"]) == ("late", "0")


def test_a_live_slot_in_the_middle_of_it_is_seen(instance: dg.DagsterInstance, platform: Platform) -> None:
    """Between the dry run and applying it the log went on: what is applied is decided from what is there then."""
    run(platform, instance, policies=["any_two_agree"])
    later = Slot(SLOT.start + timedelta(seconds=120))
    with platform.database.writing() as connection:
        window = Window("kexp", later, 0, 12, CaptureState.CAPTURED)
        said = Recognition(window.window_id, "catalogue", Status.MATCH, SONG, offset_s=130.0)
        write_slot(connection, later, [(window, [said])])
        derive(connection, later)
    assert run(platform, instance, policies=["any_two_agree"], apply=True).success
    (play,) = plays(platform)
    assert (len(play.windows), play.policy) == (3, "any_two_agree")
