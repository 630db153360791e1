"""The page Sound map: its table, its filter, and what it says while there is no map."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from tagger_platform.store.clusters import NightMap, Place, write_map
from tagger_platform.store.database import Database
from tagger_platform.store.embeddings import ModelName
from tagger_platform_tests import samples
from tagger_platform_tests.app.opening import forget
from tagger_platform_tests.app.test_finding import markup
from tagger_platform_tests.app.test_on_air import APP

JAZZ, ROCK, LONER, ALSO_ROCK = (samples.track(number) for number in range(4))
PLACES = (
    Place(JAZZ.track_id, 1.0, 1.0, 0, "jazz, <b>rain</b>"),
    Place(ROCK.track_id, 5.0, 5.0, 3, "rock"),
    Place(ALSO_ROCK.track_id, 5.5, 5.5, 3, "rock"),
    Place(LONER.track_id, 9.0, 9.0),
)
Open = Callable[..., AppTest]


def sound_map() -> None:
    from streamlit_app.ui import failures
    from streamlit_app.views import sound_map

    with failures.told():
        sound_map.page()


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    for name, value in samples.environ(tmp_path).items():
        monkeypatch.setenv(name, value)
    forget()
    yield monkeypatch
    forget()


@pytest.fixture
def open_page(environment: pytest.MonkeyPatch) -> Open:
    def opened(**parameters: str) -> AppTest:
        page = AppTest.from_function(sound_map, default_timeout=60)
        for name, value in parameters.items():
            page.query_params[name] = value
        page.run()
        assert not page.exception
        return page

    return opened


@pytest.fixture
def database(tmp_path: Path) -> Database:
    """A log in which each track was played: those with higher numbers more often."""
    made = Database(tmp_path / "tagger.duckdb")
    tracks = (JAZZ, ROCK, LONER, ALSO_ROCK)
    samples.write_plays(
        made,
        [
            samples.play(stream, samples.noon(samples.DAY), of=tracks[number])
            for number in range(len(tracks))
            for stream in list(samples.STREAMS)[: number + 1]
        ],
    )
    return made


def draw(database: Database, places: tuple[Place, ...] = PLACES) -> None:
    with database.writing() as connection:
        write_map(connection, NightMap(samples.DAY, ModelName("fake", "1"), places))


def test_clusters_are_listed_the_largest_first_with_their_top_tracks(open_page, database):
    draw(database)
    page = open_page()
    assert "4 tracks · 2 clusters · drawn on Nov 20, 2025" in page.caption[0].value
    (table,) = [text for text in (element.proto.body for element in page.get("html")) if "clusters" in text]
    assert table.index("rock") < table.index("jazz, &lt;b&gt;rain")
    assert table.index(ALSO_ROCK.title) < table.index(ROCK.title)
    assert '<a href="?cluster=3">rock</a>' in table
    assert f'<a href="/track?id=catalogue%3A1">{ROCK.title}' in table


def test_a_deep_link_lists_a_cluster_and_choosing_another_changes_the_address(open_page, database):
    draw(database)
    page = open_page(cluster="3")
    assert page.subheader[0].value == "rock · 2 tracks"
    assert markup(page).count('<li class="track">') == 2
    page.selectbox[0].select_index(1).run()
    assert page.query_params["cluster"] == "0"
    assert page.subheader[0].value.endswith("1 track")
    page.selectbox[0].set_value(None).run()
    assert "cluster" not in page.query_params
    assert [one.value for one in page.subheader] == ["Clusters"]


@pytest.mark.parametrize(("cluster", "says"), [("99", "not on this map any more"), ("<b>", "left out")])
def test_a_cluster_that_does_not_exist_is_told_and_shows_all(open_page, database, cluster, says):
    draw(database)
    page = open_page(cluster=cluster)
    assert says in page.warning[0].value
    assert len(page.warning) == 1
    assert [one.value for one in page.subheader] == ["Clusters"]


def test_no_map_yet_says_what_to_do(open_page, database):
    assert "clusters-recompute" in open_page().info[0].value


def test_no_log_yet_says_so_too(open_page):
    assert "clusters-recompute" in open_page().info[0].value


@pytest.mark.parametrize(
    ("reason", "says"), [("too_few", "There are 4 tracks for the sound map, too few"), ("no_vector", "has a vector")]
)
def test_a_map_without_places_says_why(open_page, database, reason, says):
    draw(database, tuple(Place(place.track_id, None, None, reason=reason) for place in PLACES))
    assert says in open_page().info[0].value


def test_tracks_in_no_cluster_and_tracks_without_a_place_are_told(open_page, database):
    draw(database, (PLACES[3], Place(JAZZ.track_id, None, None, reason="no_vector")))
    page = open_page()
    assert "1 track has no place yet" in page.caption[0].value
    assert "alike enough" in page.info[0].value


def test_a_busy_log_is_a_sentence(open_page, database, monkeypatch):
    monkeypatch.setattr("streamlit_app.reads.STORE_TIMEOUT_S", 0.05)
    with database.writing():
        assert "was busy for too long" in open_page().error[0].value


@pytest.mark.parametrize(("enabled", "visible"), [("true", True), ("false", False)])
def test_the_navigation_has_the_map_unless_it_is_switched_off(environment, enabled, visible):
    from streamlit_app.pages import PAGES
    from streamlit_app.reads import settings

    environment.setenv("CLUSTERS_ENABLED", enabled)
    listed = {page.path: page.listed(settings()) for page in PAGES}
    assert (listed["map"], listed["track"], listed["search"]) == (visible, False, True)
    assert not AppTest.from_file(APP, default_timeout=60).run().exception


def test_a_bookmark_of_a_map_that_is_switched_off_says_so(open_page, environment):
    environment.setenv("CLUSTERS_ENABLED", "false")
    assert "CLUSTERS_ENABLED=true" in open_page().info[0].value
