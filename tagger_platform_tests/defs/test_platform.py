"""The providers that the settings ask for, each met over real sockets by a run of the job."""

import zlib
from itertools import count

import dagster as dg
import pytest

from tagger_platform.defs.platform import Platform
from tagger_platform.settings import Settings
from tagger_platform_tests.defs.test_hot_path import Hot
from tagger_platform_tests.standins.acoustid import AcoustidStandIn, result
from tagger_platform_tests.standins.acoustid import Mode as AcoustidMode
from tagger_platform_tests.standins.shazam import Answers, ShazamStandIn, song
from tagger_platform_tests.test_spool import slots

HOP_S = 120
ACOUSTID = {"ACOUSTID_ENABLED": "true", "ACOUSTID_API_KEY": "a-key"}


@pytest.mark.parametrize(
    ("told", "names"),
    [
        ({}, ["catalogue"]),
        ({"SHAZAM_ENABLED": "true"}, ["catalogue", "shazam"]),
        ({"SHAZAM_ENABLED": "true", **ACOUSTID}, ["catalogue", "shazam", "acoustid"]),
    ],
)
def test_the_panel_is_what_the_settings_enable(environ: dict[str, str], told: dict[str, str], names: list[str]) -> None:
    assert [recognizer.name for recognizer in Platform(Settings.load(environ | told)).panel()] == names


@pytest.mark.real
def test_acoustid_is_observed_beside_shazam_and_makes_no_play(
    environ: dict[str, str], instance: dg.DagsterInstance
) -> None:
    with (
        ShazamStandIn(one_song(timeskew=0.005)) as shazam,
        AcoustidStandIn(lambda asked: [result("9f", "Other")]) as second,
    ):
        told = {"SHAZAM_ENABLED": "true", "SHAZAM_URL": shazam.url, "SHAZAM_TIME_SKEW": "0.01", **ACOUSTID}
        hot = run_two_slots(Settings.load(environ | told | {"ACOUSTID_URL": second.url}), instance)
    assert answers(hot) == {("acoustid", "match", 0.98), ("catalogue", "disabled", None), ("shazam", "match", 0.9)}
    assert [(play.track.provider, play.track.title, play.status) for play in hot.plays] == [
        ("shazam", "Song", "confirmed")
    ]
    with hot.platform.database.reading() as connection:
        kept = connection.execute("SELECT provider, raw FROM raw_answers ORDER BY ALL").fetchall()
    assert {provider: zlib.decompress(raw)[:11] for provider, raw in kept} == {
        "acoustid": b'{"status":"',
        "shazam": b'{"matches":',
    }


@pytest.mark.real
def test_an_acoustid_that_is_down_costs_nothing_but_its_own_answer(
    environ: dict[str, str], instance: dg.DagsterInstance
) -> None:
    with ShazamStandIn(one_song()) as shazam, AcoustidStandIn(mode=AcoustidMode.REFUSED) as down:
        told = {"SHAZAM_ENABLED": "true", "SHAZAM_URL": shazam.url, **ACOUSTID, "ACOUSTID_URL": down.url}
        hot = run_two_slots(Settings.load(environ | told), instance)
    assert ("acoustid", "provider_down", None) in answers(hot)
    assert [play.status for play in hot.plays] == ["confirmed"]
    assert hot.states() == {"kexp": "heard"}


def one_song(*, timeskew: float = 0.0) -> Answers:
    """A song that goes on from slot to slot."""
    offsets = count(10.0, HOP_S)
    return lambda asked: song("1", "Song", "Band", offset_s=next(offsets), timeskew=timeskew)


def run_two_slots(settings: Settings, instance: dg.DagsterInstance) -> Hot:
    """The job on two slots of one stream, with the providers that the settings ask for."""
    hot = Hot(settings, instance)
    for slot in slots(2):
        hot.publish(slot, streams=("kexp",))
        hot.run(slot)
    return hot


def answers(hot: Hot) -> set[tuple[str, str, float | None]]:
    with hot.platform.database.reading() as connection:
        return set(connection.execute("SELECT provider, status, confidence FROM recognitions").fetchall())
