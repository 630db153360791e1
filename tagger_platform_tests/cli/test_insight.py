"""`tagger embed-backfill` and `clusters-recompute` with the real model, and what is said when there is none."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from tagger_platform.demo.model import COMMIT, MODEL, packaged_model
from tagger_platform.insight.query_vectors import LoadOn, QueryVectors
from tagger_platform.insight.vectors import Vectors, open_vectors
from tagger_platform.model import Track
from tagger_platform.store.database import Database
from tagger_platform_tests import samples
from tagger_platform_tests.insight import hub
from tagger_platform_tests.insight.test_query_vectors import answered

KINDS = {
    "Rainy Day Orchestra": ("Rain on the Window", "Storm over the Sea", "Thunder and Clouds", "A Wet November"),
    "Highway Four": ("Driving All Night", "My Old Truck", "Gasoline and Chrome", "The Road to Memphis"),
    "Los Gatos": ("Corazón Mío", "Baila Conmigo", "Noche de Verano", "Mi Amor Perdido"),
}


def run(data: Path, *command: str, **environ: str) -> subprocess.CompletedProcess[str]:
    told = {**os.environ, **samples.environ(data), **environ}
    line = [sys.executable, "-m", "tagger_platform", *command]
    return subprocess.run(line, env=told, capture_output=True, text=True, timeout=300, cwd=data)


def add_songs(data: Path) -> None:
    now = datetime.now(UTC) - timedelta(days=1)
    songs = [
        Track("shazam", f"{artist}-{number}", title, artist)
        for artist, titles in KINDS.items()
        for number, title in enumerate([*titles, *(f"{title} (live)" for title in titles)])
    ]
    plays = [
        samples.play("kexp", now + timedelta(minutes=10 * number), of=song)
        for number, song in enumerate([*songs, *songs])
    ]
    samples.write_plays(Database(samples.settings(data).database_path), plays)


@pytest.fixture(scope="module")
def environ(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return packaged_model(tmp_path_factory.mktemp("hub"))


@pytest.fixture(scope="module")
def embedded(tmp_path_factory: pytest.TempPathFactory, environ: dict[str, str]) -> Path:
    """DATA_DIR with 24 songs of three kinds, embedded by the real model."""
    data = tmp_path_factory.mktemp("data")
    add_songs(data)
    done = run(data, "embed-backfill", "--json", **environ)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert {name: told[name] for name in ("model", "revision", "dim", "tracks", "embedded", "bad", "lost")} == {
        "model": MODEL,
        "revision": COMMIT,
        "dim": 384,
        "tracks": 24,
        "embedded": 24,
        "bad": 0,
        "lost": 0,
    }
    return data


def vectors(data: Path) -> Vectors:
    found = open_vectors(samples.settings(data).search_dir)
    assert found is not None
    return found


def test_a_second_backfill_finds_nothing_to_do_and_needs_no_torch(embedded: Path, environ: dict[str, str]) -> None:
    done = run(embedded, "embed-backfill", **environ, PYTHONPROFILEIMPORTTIME="1")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("0 tracks embedded in ")
    imported = {line.rpartition("|")[2].strip().partition(".")[0] for line in done.stderr.splitlines()}
    assert "huggingface_hub" in imported
    assert "torch" not in imported


def test_clusters_recompute_draws_the_map(embedded: Path, environ: dict[str, str]) -> None:
    done = run(embedded, "clusters-recompute", "--json", **environ)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["tracks"], told["placed"], told["without_a_place"], told["moved"]) == (24, 24, {}, None)
    assert sum(told["clusters"].values()) + told["in_no_cluster"] == 24


@pytest.fixture
def queries(embedded: Path, environ: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Iterator[QueryVectors]:
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    made = QueryVectors(LoadOn("cpu"))
    yield made
    made.close()


def test_a_query_finds_what_means_the_like_and_the_api_has_no_torch(embedded: Path, queries: QueryVectors) -> None:
    found = vectors(embedded)
    query = answered(queries, "bad weather", found.name)
    assert np.linalg.norm(query) == pytest.approx(1, abs=1e-5)
    nearest = np.argsort(-(found.matrix @ query))[:6]
    assert {found.track_ids[row].rpartition("-")[0] for row in nearest} == {"shazam:Rainy Day Orchestra"}
    assert "torch" not in sys.modules


def no_network(folder: Path) -> dict[str, str]:
    with hub.EmptyHub(refuses=True) as unreachable:
        return unreachable.environ(folder)


@pytest.mark.parametrize("no_model", [hub.offline, no_network])
def test_without_model_and_network_it_says_what_is_missing_and_how_to_get_it(
    tmp_path: Path, no_model: Callable[[Path], dict[str, str]]
) -> None:
    add_songs(tmp_path)
    done = run(tmp_path, "embed-backfill", **no_model(tmp_path / "empty"))
    assert done.returncode == 1
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert f"the model {MODEL} is not in {tmp_path / 'empty' / 'hub'}" in line
    assert "Run 'tagger embed-backfill' once with a network" in line
    assert "Search by words works without it" in line


def test_a_model_that_the_hub_does_not_have_is_a_wrong_setting(tmp_path: Path) -> None:
    with hub.EmptyHub() as empty:
        done = run(tmp_path, "embed-backfill", **empty.environ(tmp_path / "empty"), EMBED_MODEL="org/tpyo")
    assert (done.returncode, done.stdout) == (2, "")
    assert "EMBED_MODEL org/tpyo (EMBED_MODEL_REVISION main) is not on http://127.0.0.1" in done.stderr


def test_a_model_that_is_a_folder_needs_no_hub(tmp_path: Path) -> None:
    add_songs(tmp_path)
    folder = next((Path(packaged_model(tmp_path / "hub")["HF_HOME"]) / "hub").glob("*/snapshots/*"))
    done = run(tmp_path, "embed-backfill", "--json", **no_network(tmp_path / "empty"), EMBED_MODEL=str(folder))
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["revision"] == "folder"


def test_a_map_that_is_turned_off_is_not_drawn(tmp_path: Path) -> None:
    done = run(tmp_path, "clusters-recompute", CLUSTERS_ENABLED="false")
    assert (done.returncode, done.stdout) == (2, "")
    assert "CLUSTERS_ENABLED is false" in done.stderr
