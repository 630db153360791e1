"""The demo's past in the store: search and the sound map have something to show from the first minute."""

import os
from pathlib import Path

import pytest

from tagger_platform.cli.demo_history import make_history, map_history
from tagger_platform.demo.history import STREAM, tracks
from tagger_platform.demo.model import packaged_model
from tagger_platform.insight.ranking import search
from tagger_platform.settings import Settings
from tagger_platform.store import reports
from tagger_platform.store.clusters import NO_CLUSTER, last_map
from tagger_platform.store.database import Database
from tagger_platform.store.search_index import SearchIndex


def test_it_is_written_once_and_can_be_found(settings: Settings) -> None:
    for _ in range(2):
        make_history(settings)
    database = Database(settings.database_path)
    assert reports.stream_titles(database) == {STREAM: "Made-up history"}
    assert reports.total_plays(database) > 1000
    found = search(SearchIndex(settings.search_index_path), "lighthouse")
    assert any(one.track.artist == "Lighthouse Choir" for one in found)


def test_it_has_a_map_with_a_cluster_for_most_of_its_themes(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    environ = {**os.environ, **packaged_model(tmp_path / "models"), "DATA_DIR": str(settings.data_dir)}
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    make_history(settings)
    map_history(settings)
    with Database(settings.database_path).reading() as connection:
        drawn = last_map(connection)
    assert drawn is not None
    assert {place.track_id for place in drawn.places if place.x is not None} == {one.track_id for one in tracks()}
    clusters = {place.label: 0 for place in drawn.places if place.cluster != NO_CLUSTER}
    assert len(clusters) >= 5, clusters
