"""A night's map in the store: who is on it, that a night run twice is the same, and what is done with poor vectors."""

import io
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tagger_platform.insight.clusters import FEWEST, RUN, Drawn, draw_map
from tagger_platform.insight.embedding import embed_tracks
from tagger_platform.insight.map_picture import WIDTH, picture
from tagger_platform.insight.vectors import Vectors, write_vectors
from tagger_platform.model import Track
from tagger_platform.store.clusters import Place, last_map
from tagger_platform.store.database import Database
from tagger_platform.store.embeddings import ModelName
from tagger_platform.store.runs import last_runs
from tagger_platform_tests import samples
from tagger_platform_tests.insight.fakes import FakeEmbedder

NIGHT = datetime(2026, 11, 21, 11, 30, tzinfo=UTC)
"""03:30 in the zone of the samples."""
ARTISTS = ("Mud Band Delta Swamp", "Sun Crew Beach Party", "Iron Forge Hammer Steel")


def song(artist: int, number: int) -> Track:
    return Track("shazam", f"{artist}-{number:03}", f"Title{artist * 100 + number}", ARTISTS[artist])


class Night:
    """A store whose tracks are embedded and whose map can be drawn, at any time."""

    def __init__(self, folder: Path) -> None:
        self.store = Database(folder / "tagger.duckdb")
        self.folder = folder / "search"

    def played(self, *tracks: Track, at: datetime = NIGHT, times: int = 2) -> None:
        plays = [
            replace(
                samples.play("kexp", at - timedelta(days=2 + time, seconds=number), of=track),
                play_id=f"{track.track_id} {time}",
            )
            for number, track in enumerate(tracks)
            for time in range(times)
        ]
        samples.write_plays(self.store, plays)

    def embed(self, embedder: FakeEmbedder | None = None) -> None:
        embed_tracks(self.store, self.folder, embedder or FakeEmbedder(), clock=lambda: NIGHT, tell=lambda line: None)

    def draw(self, at: datetime = NIGHT) -> Drawn:
        return draw_map(self.store, self.folder, clock=lambda: at, tz=samples.TZ, tell=lambda line: None)

    def stored(self) -> tuple[Place, ...]:
        with self.store.reading() as connection:
            found = last_map(connection)
        return found.places if found else ()


@pytest.fixture
def night(tmp_path: Path) -> Night:
    return Night(tmp_path)


@pytest.fixture
def three_kinds(night: Night) -> Night:
    """Twenty songs of each of three artists."""
    night.played(*(song(artist, number) for artist in range(3) for number in range(20)))
    night.embed()
    return night


def test_artists_are_clusters_and_give_them_their_names(three_kinds: Night) -> None:
    drawn = three_kinds.draw()
    assert drawn.map.night == date(2026, 11, 21)
    artists = {name.partition(",")[0]: number for number, name in drawn.names.items()}
    assert set(artists) == set(ARTISTS)
    right = sum(ARTISTS[int(place.track_id[7])] in place.label for place in drawn.map.places)
    assert right >= 57
    assert drawn.placed == 60
    assert drawn.moved is None


def test_it_is_in_the_store_as_it_was_drawn_and_the_end_of_the_run_with_it(three_kinds: Night) -> None:
    drawn = three_kinds.draw()
    assert three_kinds.stored() == drawn.map.places
    with three_kinds.store.reading() as connection:
        assert last_runs(connection)[RUN] == NIGHT


def test_a_night_that_is_run_twice_has_the_same_map(three_kinds: Night) -> None:
    three_kinds.draw(NIGHT - timedelta(days=1))
    first = three_kinds.draw()
    assert three_kinds.draw(NIGHT + timedelta(hours=3)).map == first.map


def test_the_next_night_keeps_places_numbers_and_names(three_kinds: Night) -> None:
    first = three_kinds.draw()
    three_kinds.played(*(song(artist, number) for artist in range(3) for number in range(20, 22)))
    three_kinds.embed()
    second = three_kinds.draw(NIGHT + timedelta(days=1))
    assert second.names == first.names
    assert second.placed == 66
    assert second.moved is not None
    assert second.moved < 0.05


def test_another_model_draws_the_map_anew_and_clusters_keep_their_names(three_kinds: Night) -> None:
    first = three_kinds.draw()
    three_kinds.embed(FakeEmbedder(ModelName("fake/other", "1"), dim=16))
    second = three_kinds.draw(NIGHT + timedelta(days=1))
    assert second.map.name.model == "fake/other"
    assert second.names == first.names


def test_only_tracks_with_two_plays_in_ninety_local_days_are_on_it(three_kinds: Night) -> None:
    three_kinds.played(song(0, 50), times=1)
    three_kinds.played(song(0, 51), at=NIGHT - timedelta(days=88))
    three_kinds.embed()
    on_it = {place.track_id for place in three_kinds.draw().map.places}
    assert song(0, 50).track_id not in on_it
    assert song(0, 51).track_id not in on_it
    assert len(on_it) == 60


@pytest.mark.parametrize("count", [0, 1, 3, FEWEST - 1])
def test_too_few_tracks_have_no_place_and_say_why(night: Night, count: int) -> None:
    night.played(*(song(0, number) for number in range(count)))
    night.embed()
    drawn = night.draw()
    assert [(place.x, place.cluster, place.reason) for place in drawn.map.places] == [(None, -1, "too_few")] * count


def test_the_same_words_again_and_again_are_too_few_however_many_tracks(night: Night) -> None:
    night.played(*(replace(song(0, 0), provider_track_id=str(number)) for number in range(50)))
    night.embed()
    assert night.draw().reasons == {"too_few": 50}


def test_tracks_of_the_same_words_lie_on_the_same_place(three_kinds: Night) -> None:
    twins = [replace(song(1, 5), provider_track_id=f"twin{number}") for number in range(3)]
    three_kinds.played(*twins)
    three_kinds.embed()
    places = {place.track_id: (place.x, place.y, place.cluster) for place in three_kinds.draw().map.places}
    assert {places[twin.track_id] for twin in twins} == {places[song(1, 5).track_id]}


def test_a_track_without_a_vector_is_told_and_disturbs_nobody(three_kinds: Night) -> None:
    before = three_kinds.draw()
    three_kinds.played(replace(song(0, 0), provider_track_id="x", title="Bad"))
    three_kinds.embed()
    drawn = three_kinds.draw()
    assert drawn.reasons == {"no_vector": 1}
    assert [place for place in drawn.map.places if not place.reason] == [*before.map.places]


def test_without_any_matrix_every_track_says_so(night: Night) -> None:
    night.played(song(0, 0))
    assert night.draw().reasons == {"no_vector": 1}


@pytest.mark.parametrize(
    "spoil",
    [lambda matrix: matrix * 0 + np.eye(60)[0], lambda matrix: np.tile(np.eye(60)[:20], (3, 1))],
    ids=["all the same", "twenty three times"],
)
def test_vectors_with_no_map_in_them_do_no_harm(three_kinds: Night, spoil: Callable[[np.ndarray], np.ndarray]) -> None:
    ids = tuple(place.track_id for place in three_kinds.draw().map.places)
    matrix = spoil(np.zeros((60, 60))).astype(np.float32)
    write_vectors(three_kinds.folder, Vectors(ModelName("fake/model", "2"), ids, matrix))
    drawn = three_kinds.draw(NIGHT + timedelta(days=1))
    assert len(drawn.map.places) == 60


def test_the_picture_is_a_small_png(three_kinds: Night) -> None:
    made = picture(three_kinds.draw().map.places)
    image = Image.open(io.BytesIO(made))
    assert (image.format, image.size) == ("PNG", (WIDTH, WIDTH))
    assert len(image.getcolors()) > 3
    assert len(made) < 60_000


@pytest.mark.parametrize("places", [[], [Place("a", None, None)], [Place("a", 1.0, 1.0, 0, "a")]])
def test_there_is_a_picture_of_nearly_nothing_too(places: list[Place]) -> None:
    assert Image.open(io.BytesIO(picture(places))).size == (WIDTH, WIDTH)
