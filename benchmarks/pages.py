"""How long people wait for the pages on a large log: real servers, a real browser, and what the server needs for it.

    python benchmarks/pages.py [--rounds 8] [--quick] [--json FILE]

The log has a million plays of 100,000 tracks on 23 streams in 90 days, 50,000 items in the library, and a vector for
every track (`--quick`: a few days of five streams, which tells that all of this works). Every round begins with a
commit, so that nothing it reads was cached, and every page is opened by a browser that has nothing cached either.
A page is there when its parts are on the screen, its script is over and no pixel of it changes any more; an interaction
counts from the click or key. CPU is what the pages' server spent meanwhile, and what it, the api and the browser spent
together: the clock depends on who else is at work. A request off loopback ends the benchmark.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from playwright.sync_api import Browser, Page

sys.path.insert(0, str(Path(__file__).parent.parent))

from pages_parts.drawing import NAMES_ITS_LATEST, WATCH, Figures, Spent, Step, drawn, memory_mb
from pages_parts.steps import TODAY, Round, loads, visits

from tagger_platform.demo.model import packaged_model
from tagger_platform.insight.index import sync
from tagger_platform.insight.vectors import Vectors, write_vectors
from tagger_platform.settings import Settings
from tagger_platform.store.database import Database
from tagger_platform.store.embeddings import ModelName
from tagger_platform.store.identifications import note_identification
from tagger_platform.store.search_index import SearchIndex
from tagger_platform_tests import samples
from tagger_platform_tests.app.browsing import Platform, chromium, platform_over, visit
from tagger_platform_tests.big_log import Extent, write_big_log

QUICK = Extent(plays=10_000, tracks=3_000, streams=samples.STREAMS)
DIMENSION = 384
ANSWERS = 60
SESSIONS = 8
LOAD_S, MAP_S, STEP_S, FIRST_S, NEW_PLAY_S, MEMORY_MB = 2.5, 3.5, 0.8, 5.0, 5.0, 450.0
"""What must be reached; seconds as the median of all rounds."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--quick", action="store_true", help="one round on a small log, searched by words alone")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        extent, rounds = (QUICK, 1) if options.quick else (Extent(), options.rounds)
        environ = {} if options.quick else packaged_model(Path(folder) / "hub")
        data = Path(folder) / "data"
        write(data, extent, environ)
        print(f"load average {os.getloadavg()[0]:.1f}", flush=True)
        figures = Figures()
        try:
            measure(figures, browser, data, environ, rounds)
        finally:  # it takes a quarter of an hour: who interrupts it sees what it found
            print(figures.table())
    print(f"load average {os.getloadavg()[0]:.1f}")
    if options.json:
        options.json.write_text(json.dumps(figures.as_json(), indent=1))


def write(folder: Path, extent: Extent, environ: dict[str, str]) -> None:
    """The log, the search index, vectors at random, and some answers to people's questions."""
    settings = Settings.load(samples.environ(folder, **environ))
    database = Database(settings.database_path)
    write_big_log(database, extent)
    sync(SearchIndex(settings.search_index_path), database)
    with database.writing() as connection:
        ids = [track_id for (track_id,) in connection.execute("SELECT track_id FROM tracks ORDER BY 1").fetchall()]
        for number in range(ANSWERS):
            note_identification(connection, answer(ids[number]), datetime.now(UTC), {})
    if environ:
        rows = np.random.default_rng(1).normal(size=(len(ids), DIMENSION)).astype(np.float32)
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
        name = ModelName(settings.embed_model, settings.embed_model_revision)
        write_vectors(settings.search_dir, Vectors(name, tuple(ids), rows))


def answer(track_id: str) -> dict[str, object]:
    """What somebody was told of a clip."""
    track = {"track_id": track_id, "title": "Driving in the Rain", "artist": "Lonely Motel", "provider": "catalogue"}
    found = {"offset_s": 61.0, "speed": 1.0, "confidence": 0.97, "elapsed_ms": 60.0}
    return {"file": "clip.wav", "match": True, **track, **found, "runner_up": None}


def measure(figures: Figures, browser: Browser, folder: Path, environ: dict[str, str], rounds: int) -> None:
    for _ in range(rounds - 1):
        with platform_over(folder, **environ) as platform:
            load(figures, browser, platform, "first page of a fresh server", TODAY, FIRST_S)
    with platform_over(folder, **environ) as platform:
        load(figures, browser, platform, "first page of a fresh server", TODAY, FIRST_S)
        tracks = most_played(platform.database, rounds)
        for number in range(rounds):
            this = Round(number, samples.TZ, tracks[number])
            for step in loads(this):
                commit(platform.database)
                load(figures, browser, platform, step.name, step, MAP_S if step.name == "Sound map" else LOAD_S)
            for opened, steps in visits(this):
                interact(figures, browser, platform, opened, steps)
        new_plays(figures, browser, platform, rounds)
        sessions(figures, browser, platform)


def load(figures: Figures, browser: Browser, platform: Platform, name: str, step: Step, limit_s: float) -> None:
    """Open a page in a browser of its own."""
    spent = Spent(platform.pages.pid)
    with watched(browser) as page:
        figures.add(name, limit_s, open_page(page, platform, step), spent.since())


def interact(figures: Figures, browser: Browser, platform: Platform, opened: Step, steps: list[Step]) -> None:
    commit(platform.database)
    with watched(browser) as page:
        open_page(page, platform, opened)
        for step in steps:
            spent = Spent(platform.pages.pid)
            step.act(page)
            figures.add(step.name, STEP_S, drawn(page, step), spent.since())


@contextmanager
def watched(browser: Browser) -> Iterator[Page]:
    """A visitor whose browser notes when it was drawn."""
    with visit(browser) as page:
        page.add_init_script(WATCH)
        yield page


def open_page(page: Page, platform: Platform, step: Step) -> float:
    page.goto(platform.url + step.address, wait_until="commit")
    return drawn(page, step)


def most_played(database: Database, count: int) -> list[str]:
    with database.reading() as connection:
        rows = connection.execute(
            "SELECT track_id FROM plays GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT ?", [count]
        ).fetchall()
    return [track_id for (track_id,) in rows]


def commit(database: Database) -> None:
    """Whatever was read of the log is old."""
    with database.writing():
        pass


def new_plays(figures: Figures, browser: Browser, platform: Platform, rounds: int) -> None:
    """From the end of the commit that brings a play until its card shows it."""
    with watched(browser) as page:
        open_page(page, platform, TODAY)
        for number in range(rounds):
            song = samples.Track("shazam", f"new-{number}", f"New song {number}", "The Newcomers")
            spent = Spent(platform.pages.pid)
            play = samples.play("kexp", datetime.now(UTC), of=song, seconds=1)
            samples.write_plays(platform.database, [play])
            began = time.monotonic()
            page.evaluate(NAMES_ITS_LATEST, song.title)
            taken_s = time.monotonic() - began
            drawn(page, TODAY)
            figures.add("a new play on On air", NEW_PLAY_S, taken_s, spent.since())


def sessions(figures: Figures, browser: Browser, platform: Platform) -> None:
    """Eight visitors, each on another page."""
    steps = loads(Round(0, samples.TZ, most_played(platform.database, 1)[0]))
    with ExitStack() as stack:
        for step in steps[-SESSIONS:]:
            open_page(stack.enter_context(watched(browser)), platform, step)
        figures.add("MB of the server with 8 sessions", MEMORY_MB, memory_mb(platform.pages.pid))


if __name__ == "__main__":
    main()
