"""Makes the README's pictures: starts the demo and Prometheus, lets them run, and photographs both in Chromium.

The demo's stations begin with a day of made-up plays: after some minutes alone there would be next to nothing to see.
"""

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from playwright.sync_api import Browser, sync_playwright

from tagger_platform.demo import history
from tagger_platform.demo.radio import STATIONS
from tagger_platform.model import Play, PlayStatus
from tagger_platform.store.database import Database
from tagger_platform_tests.app.browsing import DESKTOP, FLAGS, settled
from tagger_platform_tests.journeys.real_prometheus import Prometheus
from tagger_platform_tests.samples import write_plays

ROOT = Path(__file__).resolve().parent.parent
PORT = 45100
PROMETHEUS_PORT = PORT + 9
TZ = ZoneInfo("America/Vancouver")
GRAPHS = ("sum by (stream) (plays_inserted_total)", "sum by (state) (windows_total)")
PAGES = {"on-air": "", "sound-map": "map", "streams": "streams"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=8, help="how long the demo plays before the pictures")
    parser.add_argument("--to", type=Path, default=ROOT / "docs" / "images")
    options = parser.parse_args()
    options.to.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as data:
        make_day_up(Path(data) / "demo")
        environ = {**os.environ, "PORT": str(PORT), "DATA_DIR": data, "TZ": TZ.key}
        demo = subprocess.Popen([sys.executable, "-m", "tagger_platform", "demo"], env=environ, stdout=subprocess.PIPE)
        try:
            wait_for_ready(demo)
            scraped = {"tagger": PORT, "capture": PORT + 3}
            with Prometheus(Path(data) / "prometheus", PROMETHEUS_PORT, scraped) as prometheus:
                time.sleep(options.minutes * 60)
                photograph(options.to, prometheus.url, options.minutes)
        finally:
            demo.send_signal(signal.SIGTERM)
            demo.wait(timeout=60)


def make_day_up(folder: Path) -> None:
    """Plays of the demo's made-up tracks on its stations, today and yesterday, in the DATA_DIR that it will use."""
    chance, tracks = random.Random(1), history.tracks()
    now = datetime.now(TZ)
    plays = []
    for station in STATIONS:
        at = now.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=1)
        while at < now:
            length, song = timedelta(seconds=chance.randint(110, 290)), chance.choice(tracks)
            plays.append(
                Play(
                    play_id=f"{station.name}-{at:%s}",
                    stream=station.name,
                    started_at=at.astimezone(UTC),
                    ended_at=(at + length).astimezone(UTC),
                    uncertainty_s=6.0,
                    status=chance.choices(list(PlayStatus), (85, 15))[0],
                    track=song,
                    confidence=chance.uniform(0.75, 0.99),
                    policy=history.PROVIDER,
                    windows=(),
                    explanation=history.EXPLANATION,
                )
            )
            at += length + timedelta(seconds=chance.choice((5, 20, 200, 400)))
    folder.mkdir()
    write_plays(Database(folder / "tagger.duckdb"), plays)


def wait_for_ready(demo: subprocess.Popen[bytes]) -> None:
    assert demo.stdout
    for line in demo.stdout:
        if line.strip() == b"ready":
            return
    sys.exit("the demo ended before it was ready")


def photograph(folder: Path, prometheus: str, minutes: float) -> None:
    chromium = shutil.which("chromium") or shutil.which("google-chrome") or sys.exit("no Chromium in PATH")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        for name, path in PAGES.items():
            page = browser.new_page(viewport={"width": DESKTOP[0], "height": DESKTOP[1]})
            page.goto(f"http://127.0.0.1:{PORT + 1}/{path}")
            settled(page)
            page.wait_for_timeout(3_000)  # pictures and charts come after the script
            page.screenshot(path=folder / f"{name}.png")
        photograph_metrics(browser, folder, prometheus, minutes)
        browser.close()


def photograph_metrics(browser: Browser, folder: Path, prometheus: str, minutes: float) -> None:
    """The graphs of Prometheus' own pages, as Debian packages them."""
    words = {}
    for number, query in enumerate(GRAPHS):
        graph = {"expr": query, "tab": 0, "range_input": f"{minutes:.0f}m", "step_input": 2}
        words |= {f"g{number}.{name}": value for name, value in graph.items()}
    page = browser.new_page(viewport={"width": 1440, "height": 1560})
    page.goto(f"{prometheus}/classic/graph?{urlencode(words)}")
    page.get_by_text("Total time series").nth(len(GRAPHS) - 1).wait_for(timeout=30_000)
    page.wait_for_timeout(2_000)
    page.screenshot(path=folder / "metrics.png")


if __name__ == "__main__":
    main()
