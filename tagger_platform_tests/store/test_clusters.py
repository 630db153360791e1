"""Which tracks are on the sound map, and which nights' maps are kept."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from tagger_platform.store.clusters import NIGHTS_KEPT, NightMap, Place, Played, last_map, played, write_map
from tagger_platform.store.database import Database
from tagger_platform.store.embeddings import ModelName
from tagger_platform_tests import samples

NOW = datetime(2026, 11, 21, 3, 30, tzinfo=UTC)
NIGHT = date(2026, 11, 20)
PLACES = (Place("a:1", 0.5, -1.5, 3, "rain, night"), Place("a:2", 1.0, 2.0), Place("b:1", None, None, reason="old"))


def night_map(day: int, places: tuple[Place, ...] = PLACES) -> NightMap:
    return NightMap(NIGHT + timedelta(days=day), ModelName("org/model", "abc"), places)


@pytest.fixture
def store(tmp_path: Path) -> Database:
    return Database(tmp_path / "tagger.duckdb")


def test_tracks_with_enough_plays_since_then_are_on_the_map(store: Database) -> None:
    often, once, long_ago = samples.track(1), samples.track(2), samples.track(3)
    days = {("kexp", often): (1, 2, 89), ("nova", once): (1,), ("playa", long_ago): (89, 91)}
    samples.write_plays(
        store, [samples.play(on, NOW - timedelta(days=day), of=one) for (on, one), all_ in days.items() for day in all_]
    )
    with store.reading() as connection:
        found = played(connection, since=NOW - timedelta(days=90), at_least=2)
    assert found == [Played(often.track_id, often.title, often.artist, 3)]


def test_a_nights_map_comes_back_as_it_was_and_takes_the_place_of_the_one_before(store: Database) -> None:
    with store.writing() as connection:
        write_map(connection, night_map(0, (Place("z:9", 9.0, 9.0), *PLACES)))
        write_map(connection, night_map(0))
        assert last_map(connection) == night_map(0)


def test_the_last_map_is_one_of_before_tonight_that_has_places(store: Database) -> None:
    with store.writing() as connection:
        assert last_map(connection) is None
        for days, places in enumerate([PLACES, PLACES[2:], PLACES, ()]):
            write_map(connection, night_map(-days, places))
        assert last_map(connection) == night_map(0)
        assert last_map(connection, before=NIGHT) == night_map(-2)
        assert last_map(connection, before=NIGHT - timedelta(days=2)) is None


def test_nights_from_long_ago_are_forgotten(store: Database) -> None:
    with store.writing() as connection:
        for day in range(NIGHTS_KEPT + 2):
            write_map(connection, night_map(day))
        assert last_map(connection, before=NIGHT + timedelta(days=2)) is None
        assert last_map(connection, before=NIGHT + timedelta(days=3)) == night_map(2)
