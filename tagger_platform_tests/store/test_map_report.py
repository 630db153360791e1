"""The newest sound map, as the page shows it."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from tagger_platform.store.clusters import NightMap, Place, write_map
from tagger_platform.store.database import Database
from tagger_platform.store.embeddings import ModelName
from tagger_platform.store.map_report import DAYS, Dot, map_version, sound_map
from tagger_platform_tests import samples
from tagger_platform_tests.samples import DAY, TZ, play, write_plays

ONE, OTHER, NOWHERE = samples.track(1), samples.track(2), samples.track(3)
MODEL = ModelName("fake", "1")
PLACES = (
    Place(ONE.track_id, 1.0, 2.0, 7, "jazz, rain"),
    Place(OTHER.track_id, 3.0, 4.0),
    Place(NOWHERE.track_id, None, None, reason="no_vector"),
)


@pytest.fixture
def log(tmp_path: Path) -> Database:
    database = Database(tmp_path / "tagger.duckdb")
    noon = samples.noon(DAY)
    often = [play("kexp", noon - timedelta(days=shift), of=OTHER) for shift in (0, 1, DAYS + 1)]
    write_plays(database, [*often, play("nova", noon, of=ONE), play("playa", noon, of=NOWHERE)])
    return database


def draw(database: Database, night: date, places: tuple[Place, ...]) -> None:
    with database.writing() as connection:
        write_map(connection, NightMap(night, MODEL, places))


def test_there_is_none_before_the_first_night(log: Database) -> None:
    assert (sound_map(log, TZ), map_version(log)) == (None, "")


def test_dots_have_names_and_the_plays_of_ninety_days_the_most_first(log: Database) -> None:
    draw(log, DAY, PLACES)
    drawn = sound_map(log, TZ)
    assert drawn is not None
    assert list(drawn.dots) == [
        Dot(OTHER.track_id, OTHER.title, OTHER.artist, 3.0, 4.0, -1, 2),
        Dot(ONE.track_id, ONE.title, ONE.artist, 1.0, 2.0, 7, 1),
    ]
    assert (drawn.night, drawn.names, drawn.nowhere) == (DAY, {7: "jazz, rain"}, {"no_vector": 1})


def test_a_night_without_places_does_not_hide_the_one_before(log: Database) -> None:
    draw(log, DAY - timedelta(days=1), PLACES)
    draw(log, DAY, tuple(Place(place.track_id, None, None, reason="too_few") for place in PLACES))
    drawn = sound_map(log, TZ)
    assert drawn is not None
    assert (drawn.night, len(drawn.dots)) == (DAY - timedelta(days=1), 2)


def test_a_map_without_any_places_says_why(log: Database) -> None:
    draw(log, DAY, tuple(Place(place.track_id, None, None, reason="too_few") for place in PLACES))
    drawn = sound_map(log, TZ)
    assert drawn is not None
    assert (list(drawn.dots), drawn.nowhere) == ([], {"too_few": 3})


def test_a_track_that_is_gone_from_the_log_is_gone_from_the_map(log: Database) -> None:
    draw(log, DAY, (*PLACES, Place("shazam:gone", 5.0, 5.0, 7, "jazz, rain")))
    drawn = sound_map(log, TZ)
    assert drawn is not None
    assert len(drawn.dots) == 2


def test_the_version_changes_with_the_map_and_not_with_the_log(log: Database) -> None:
    draw(log, DAY, PLACES)
    first = map_version(log)
    write_plays(log, [play("kexp", samples.noon(DAY) + timedelta(hours=1), of=ONE)])
    assert map_version(log) == first
    draw(log, DAY, (replace(PLACES[0], x=1.5), *PLACES[1:]))
    assert map_version(log) != first
