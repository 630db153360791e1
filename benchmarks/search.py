"""How fast search is, and how often it finds what is meant, beside what one would use instead.

    python benchmarks/search.py [--tracks 100000] [--plays 1000000] [--json FILE]

Speed: the golden tracks of the tests among made-up ones, put together from the same words and from words that nobody
else uses; the golden queries, each with a vector, against a memory-mapped matrix of random vectors. Beside it: every
word of the query by LIKE in SQLite, and by contains() in DuckDB. Histograms: those of 50 tracks out of all plays.

Quality: the golden queries over the golden tracks, MRR and recall among the first ten. Vectors alone and blended need
sentence-transformers and EMBED_MODEL, in its cache or as a folder.
"""

import argparse
import json
import random
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent))

from tagger_platform.insight.index import keep_up
from tagger_platform.insight.ranking import MOST_RESULTS, Vectors, search
from tagger_platform.model import Track
from tagger_platform.settings import Settings
from tagger_platform.store.database import Database
from tagger_platform.store.reports import plays_per_day
from tagger_platform.store.search_index import SearchIndex
from tagger_platform_tests.big_log import Extent, write_plays
from tagger_platform_tests.insight.golden import HARD, GoldenQuery, golden_queries, golden_tracks

DIMENSION = 384
ROUNDS = 20
YEAR_S = 365 * 24 * 3600
Names = list[tuple[str, str]]
"""(title, artist) of the tracks of an answer, the best first."""


@dataclass(frozen=True)
class Matrix:
    track_ids: Sequence[str]
    matrix: np.ndarray


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tracks", type=int, default=100_000)
    parser.add_argument("--plays", type=int, default=1_000_000)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        result = quality(Path(folder) / "quality") | speed(Path(folder) / "speed", options.tracks, options.plays)
    for name, value in result.items():
        print(f"{name:<52}{value}")
    if options.json:
        options.json.write_text(json.dumps(result, indent=1))


def quality(folder: Path) -> dict[str, object]:
    tracks, queries = golden_tracks(), golden_queries()
    place = Place(folder, tracks)
    systems: dict[str, Callable[[str], Names]] = {
        "words": lambda text: names(place.index, text),
        "SQLite LIKE": place.like,
        "DuckDB contains()": place.contains,
    }
    if embed := embedder():
        vectors = Matrix(
            [track.track_id for track in tracks], embed([f"{one.title} {one.artist} {one.album}" for one in tracks])
        )
        texts = [query.text for query in queries]
        by_text = dict(zip(texts, embed(texts), strict=True))
        systems["vectors"] = lambda text: nearest(tracks, vectors.matrix @ by_text[text])
        systems["blended"] = lambda text: names(place.index, text, by_text[text], vectors)
    places = {name: {query: query.rank(ask(query.text)) for query in queries} for name, ask in systems.items()}
    return {
        f"{kind} ({len(of_kind)}), {name}: recall@10, MRR": figures([found[query] for query in of_kind])
        for kind, of_kind in by_kind(queries)
        for name, found in places.items()
    }


def by_kind(queries: Sequence[GoldenQuery]) -> Iterator[tuple[str, list[GoldenQuery]]]:
    yield "promised", [query for query in queries if query.kind != HARD]
    for kind in sorted({query.kind for query in queries}):
        yield kind, [query for query in queries if query.kind == kind]


def figures(places: Sequence[int | None]) -> str:
    recall = sum(place is not None and place <= 10 for place in places) / len(places)
    return f"{recall:.3f} {sum(1 / place for place in places if place) / len(places):.3f}"


def speed(folder: Path, tracks: int, plays: int) -> dict[str, object]:
    place = Place(folder, [*golden_tracks(), *made_up(tracks - len(golden_tracks()))])
    chance = np.random.default_rng(1)
    matrix = np.lib.format.open_memmap(folder / "vectors.npy", "w+", np.float32, (tracks, DIMENSION))
    for start in range(0, tracks, 100_000):
        rows = chance.normal(size=(min(100_000, tracks - start), DIMENSION)).astype(np.float32)
        matrix[start : start + len(rows)] = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    vectors = Matrix(sorted(track.track_id for track in place.tracks), np.load(folder / "vectors.npy", mmap_mode="r"))
    vector = np.asarray(vectors.matrix[7])
    queries = [query.text for query in golden_queries() if query.kind != HARD]
    return {
        "tracks": tracks,
        "s to make the index": round(place.seconds, 1),
        "MB of the index": round(place.index.path.stat().st_size / 1e6, 1),
        "ms of a search, words and vectors, p50 p95": ms(
            lambda text: names(place.index, text, vector, vectors), queries
        ),
        "ms of a search, words alone, p50 p95": ms(lambda text: names(place.index, text), queries),
        "ms of SQLite LIKE, p50 p95": ms(place.like, queries[::10]),
        "ms of DuckDB contains(), p50 p95": ms(place.contains, queries[::10]),
        "plays": plays,
        "ms of 50 histograms, p50 p95": histograms(place, plays),
    }


def ms(ask: Callable[[str], object], queries: Sequence[str]) -> str:
    """Milliseconds of a query: median and the slowest of 20, after one round to warm up; and the same of CPU."""
    for query in queries[:ROUNDS]:
        ask(query)
    clocks, times = (time.perf_counter, time.process_time), []
    for query in queries:
        began = [clock() for clock in clocks]
        ask(query)
        times.append([(clock() - start) * 1000 for clock, start in zip(clocks, began, strict=True)])
    figures = [
        f"{statistics.median(taken):.1f} {statistics.quantiles(taken, n=20)[-1]:.1f}"
        for taken in zip(*times, strict=True)
    ]
    return f"{figures[0]} (CPU {figures[1]})"


def histograms(place: "Place", plays: int) -> str:
    """Plays of a year; 50 other tracks each time."""
    now = datetime.now(UTC)
    extent = Extent(plays, len(place.tracks), {"s": "s"}, max(YEAR_S // plays, 1), now)
    with place.database.writing() as connection:
        write_plays(connection, extent, [track.track_id for track in place.tracks])
    tz, groups = Settings.load({}).tz, [place.tracks[start : start + 50] for start in range(0, 50 * ROUNDS, 50)]
    asked = {str(number): [track.track_id for track in group] for number, group in enumerate(groups)}
    return ms(lambda key: plays_per_day(place.database, asked[key], now.date(), tz), list(asked))


class Place:
    """The same tracks in the search index, in a plain table of SQLite and in DuckDB."""

    def __init__(self, folder: Path, tracks: Sequence[Track]) -> None:
        folder.mkdir(parents=True)
        self.tracks = tracks
        self.index, self.database = SearchIndex(folder / "tracks.sqlite"), Database(folder / "tagger.duckdb")
        self.database.migrate()
        began = time.process_time()
        keep_up(self.index, self.database, tracks)
        self.seconds = time.process_time() - began
        self._plain = sqlite3.connect(folder / "plain.sqlite")
        self._plain.execute("CREATE TABLE tracks (title, artist, names)")
        rows = [(track.title, track.artist, f"{track.title} {track.artist} {track.album}".lower()) for track in tracks]
        self._plain.executemany("INSERT INTO tracks VALUES (?, ?, ?)", rows)
        self._plain.commit()
        with self.database.writing() as connection:
            connection.execute("CREATE TABLE plain (title VARCHAR, artist VARCHAR, names VARCHAR)")
            columns = dict(zip(("t", "a", "n"), map(list, zip(*rows, strict=True)), strict=True))
            connection.execute("INSERT INTO plain SELECT unnest($t), unnest($a), unnest($n)", columns)

    def like(self, text: str) -> Names:
        words = text.lower().split()
        where = " AND ".join("names LIKE ?" for _ in words)
        values = [f"%{word}%" for word in words]
        return self._plain.execute(f"SELECT title, artist FROM tracks WHERE {where} LIMIT 50", values).fetchall()

    def contains(self, text: str) -> Names:
        words = text.lower().split()
        where = " AND ".join("contains(names, ?)" for _ in words)
        with self.database.reading() as connection:
            return connection.execute(f"SELECT title, artist FROM plain WHERE {where} LIMIT 50", words).fetchall()


def names(index: SearchIndex, text: str, vector: np.ndarray | None = None, vectors: Vectors | None = None) -> Names:
    return [(found.track.title, found.track.artist) for found in search(index, text, vector=vector, vectors=vectors)]


def nearest(tracks: Sequence[Track], cosines: np.ndarray) -> Names:
    return [(tracks[row].title, tracks[row].artist) for row in np.argsort(-cosines)[:MOST_RESULTS]]


def made_up(count: int) -> Iterator[Track]:
    """Tracks of the golden tracks' words, and one word in five of letters at random: vocabularies are long."""
    chance = random.Random(1)
    words = [word for track in golden_tracks() for word in f"{track.title} {track.album}".split()]
    rare = ["".join(chance.choices("aeioubcdfghlmnprst", k=chance.randint(4, 9))) for _ in range(count // 5)]

    def some(most: int) -> str:
        return " ".join(chance.choice(rare if chance.random() < 0.2 else words) for _ in range(chance.randint(1, most)))

    artists = [some(3) for _ in range(count // 10)]
    return (Track("made", f"{number:07}", some(5), chance.choice(artists), some(4)) for number in range(count))


def embedder() -> Callable[[Sequence[str]], np.ndarray] | None:
    settings = Settings.load()
    try:
        from sentence_transformers import SentenceTransformer

        model = SentenceTransformer(settings.embed_model, revision=settings.embed_model_revision)
    except (ImportError, OSError) as error:
        print(f"no vectors: {error}", file=sys.stderr)
        return None
    return lambda texts: model.encode(list(texts), normalize_embeddings=True)


if __name__ == "__main__":
    main()
