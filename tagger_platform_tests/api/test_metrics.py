"""The platform's scrape: what it is made of, that it is true, and that no restart makes it wrong."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from starlette.testclient import TestClient

from tagger_platform.api.app import create_app
from tagger_platform.model import CanaryOutcome, CanaryResult, CaptureState, Recognition, Slot, Status, Track, Window
from tagger_platform.recognize.budget import BURST, Budget
from tagger_platform.settings import Settings
from tagger_platform.store import writes
from tagger_platform.store.canary import note_canaries
from tagger_platform.store.database import Database
from tagger_platform.store.embeddings import ModelName, unembedded, write_embeddings
from tagger_platform.store.library import ItemStatus, LibraryItem, write_items
from tagger_platform.store.reports import coverage_of_day
from tagger_platform.store.retention import forget
from tagger_platform.store.runs import note_run
from tagger_platform_tests import samples
from tagger_platform_tests.scrapes import PLATFORM, linted, shape, values

SONG = Track("catalogue", "1", "Secret Song", link="https://music.example/1")
SLOT = Slot.containing(datetime.now(UTC), samples.HOP_S)
"""On air: coverage is the day's."""
ZONES = map(ZoneInfo, ("America/Los_Angeles", "Asia/Tokyo"))
TZ = next(zone for zone in ZONES if 1 <= datetime.now(zone).hour < 23)
"""Where no day begins or ends while the tests run."""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return samples.settings(tmp_path, TZ=TZ.key, SHAZAM_ENABLED="true")


@pytest.fixture
def database(settings: Settings) -> Database:
    return Database(settings.database_path)


def client_of(settings: Settings) -> TestClient:
    return TestClient(create_app(settings), raise_server_exceptions=False)


def scrape(settings: Settings) -> str:
    """What a process that has just started says."""
    answer = client_of(settings).get(settings.metrics_path)
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    return answer.text


def write(database: Database, *windows: Window, status: Status = Status.MATCH, latency_ms: float = 40.0) -> None:
    track = SONG if status is Status.MATCH else None
    with database.writing() as connection:
        writes.write_windows(connection, windows, titles={"kexp": "KEXP"}, source="capture", slot=SLOT)
        captured = [window for window in windows if window.state is CaptureState.CAPTURED]
        given = [
            Recognition(window.window_id, "catalogue", status, track, latency_ms=latency_ms) for window in captured
        ]
        asked_at = max((window.end for window in captured), default=SLOT.start) + timedelta(seconds=3)
        writes.write_recognitions(connection, captured, given, asked_at=asked_at)


def window(offset_s: int, state: CaptureState = CaptureState.CAPTURED) -> Window:
    return Window("kexp", SLOT, offset_s, 12, state, level_dbfs=-20.0)


@pytest.fixture
def busy(settings: Settings, database: Database) -> Settings:
    """A platform of which every metric has something to tell."""
    write(database, window(0), window(30))
    write(database, window(60, CaptureState.STALLED))
    samples.write_plays(database, [samples.play("kexp", SLOT.start, of=SONG)])
    with database.writing() as connection:
        note_run(connection, "hot_path", datetime(2026, 11, 21, tzinfo=UTC))
        model = ModelName("org/model", "1")
        write_embeddings(connection, model, unembedded(connection, model), np.ones((1, 3), np.float32), SLOT.start)
        sent = {"catalogue": CanaryOutcome.MATCH, "shazam": CanaryOutcome.NO_MATCH, "acoustid": CanaryOutcome.NOT_ASKED}
        note_canaries(connection, [CanaryResult(name, SLOT.start, outcome) for name, outcome in sent.items()])
        forget(connection, "expected_windows", SLOT.start)
        items = [("1", ItemStatus.READY), ("2", ItemStatus.READY), ("3", ItemStatus.QUEUED)]
        write_items(connection, [LibraryItem(n, Path(f"/m/{n}.mp3"), n, status=status) for n, status in items])
    return settings


def test_the_scrape_is_the_golden_one(busy: Settings):
    client = client_of(busy)
    client.get("/api/plays")
    assert "\n".join(shape(client.get("/metrics").text)) + "\n" == PLATFORM.read_text()


def test_its_values_are_those_of_the_platform(busy: Settings):
    found = values(scrape(busy))
    assert {name: found[name] for name in found if not name.startswith(("http_", "recognizer_", "window_to"))} == {
        'windows_total{state="heard",stream="kexp"}': 2,
        'windows_total{state="stalled",stream="kexp"}': 1,
        'recognitions_total{provider="catalogue",status="match"}': 2,
        'plays_inserted_total{provider="catalogue",stream="kexp"}': 1,
        'retention_deletes_total{table="expected_windows"}': 0,
        'coverage_ratio{stream="kexp"}': pytest.approx(2 / 3),
        "catalogue_tracks": 2,
        "embeddings_index_size": 1,
        "hot_path_last_run_timestamp_seconds": datetime(2026, 11, 21, tzinfo=UTC).timestamp(),
        'canary_up{provider="catalogue"}': 1,
        'canary_up{provider="shazam"}': 0,
        'canary_last_run_timestamp_seconds{provider="catalogue"}': SLOT.start.timestamp(),
        'canary_last_run_timestamp_seconds{provider="shazam"}': SLOT.start.timestamp(),
        **{f'queue_depth{{name="{name}"}}': 0 for name in ("ready", "claimed", "late", "recorded", "pending")},
        'queue_depth{name="library"}': 1,
        'provider_budget_remaining{provider="shazam"}': BURST,
        'breaker_state{provider="shazam"}': 0,
    }


def test_histograms_add_up(busy: Settings, database: Database):
    write(database, window(90), latency_ms=7000.0)
    found = values(scrape(busy))
    prefix = 'recognizer_latency_seconds_bucket{le="'
    buckets = {name.removeprefix(prefix).partition('"')[0]: found[name] for name in found if name.startswith(prefix)}
    assert (buckets["0.025"], buckets["0.05"], buckets["5.0"], buckets["10.0"], buckets["+Inf"]) == (0, 2, 2, 3, 3)
    assert found['recognizer_latency_seconds_count{provider="catalogue"}'] == 3
    assert found['recognizer_latency_seconds_sum{provider="catalogue"}'] == pytest.approx(7.08)
    assert found['window_to_recognized_seconds_count{stream="kexp"}'] == 3
    assert found['window_to_recognized_seconds_bucket{le="5.0",stream="kexp"}'] == 1
    assert found['window_to_recognized_seconds_bucket{le="60.0",stream="kexp"}'] == 3


def test_coverage_is_that_of_the_days_report(settings: Settings, database: Database):
    samples.write_outage(database, "nova", SLOT.start - timedelta(minutes=30), timedelta(minutes=20))
    (told,) = coverage_of_day(database, datetime.now(TZ).date(), TZ, streams=["nova"])
    found = values(scrape(settings))
    assert found['coverage_ratio{stream="nova"}'] == told.ratio == 0
    assert found['coverage_ratio{stream="kexp"}'] == 1


def test_no_restart_and_no_deletion_makes_a_counter_wrong(busy: Settings, database: Database):
    before = values(scrape(busy))
    with database.writing() as connection:
        for table in ("windows", "recognitions", "plays"):
            forget(connection, table, datetime.now(UTC) + timedelta(days=1))
    after = values(scrape(busy))
    counted = [name for name in before if "_total{" in name or "_bucket{" in name]
    counted = [name for name in counted if not name.startswith("http_")]
    assert {name: after[name] for name in counted} == {name: before[name] for name in counted}
    assert after['retention_deletes_total{table="windows"}'] == 3


def test_what_the_store_says_is_read_again_only_when_it_has_changed(busy: Settings, database: Database):
    client = client_of(busy)
    first = values(client.get("/metrics").text)
    with database.writing():  # an open writer shuts readers out: what needs no reading does not wait for it
        assert values(client.get("/metrics").text)["catalogue_tracks"] == first["catalogue_tracks"]
    write(database, window(90))
    heard = 'windows_total{state="heard",stream="kexp"}'
    assert values(client.get("/metrics").text)[heard] == first[heard] + 1


def test_a_spool_that_backs_up_and_a_budget_that_is_spent_show_at_once(busy: Settings):
    fresh = Slot.containing(datetime.now(UTC), samples.HOP_S)
    old = Slot(fresh.start - timedelta(hours=1))
    for name in (f"ready/{fresh.key}", f"ready/{old.key}", f"claimed/{old.key}", "pending/a", "recorded/b@file"):
        (busy.spool_dir / name).mkdir(parents=True)
    budget = Budget(busy.budget_path, "shazam", busy.shazam_per_minute)
    budget.take("kexp")
    budget.told(Recognition("kexp/x+0", "shazam", Status.THROTTLED, retry_after_s=60))
    found = values(scrape(busy))
    depths = {name: found[f'queue_depth{{name="{name}"}}'] for name in ("ready", "claimed", "late", "pending")}
    assert depths == {"ready": 2, "claimed": 1, "late": 1, "pending": 1}
    assert found['provider_budget_remaining{provider="shazam"}'] == pytest.approx(BURST - 1, abs=0.5)
    assert found['breaker_state{provider="shazam"}'] == 2


def test_requests_count_by_route_and_never_by_what_was_asked(settings: Settings):
    client = client_of(settings)
    for method, path in [
        ("GET", "/api/plays?stream=nobody"),
        ("GET", "/api/art/0123456789abcdef0123456789abcdef.png"),
        ("GET", "/api/art/another"),
        ("POST", "/api/plays"),
        ("GET", "/secret-word"),
        ("BREW", "/"),
    ]:
        client.request(method, path)
    text = client.get("/metrics").text
    found = values(text)
    assert {name: value for name, value in found.items() if name.startswith("http_requests_total")} == {
        'http_requests_total{method="GET",route="/api/plays",status="400"}': 1,
        'http_requests_total{method="GET",route="/api/art/{name}",status="404"}': 2,
        'http_requests_total{method="POST",route="/api/plays",status="405"}': 1,
        'http_requests_total{method="GET",route="none",status="404"}': 1,
        'http_requests_total{method="other",route="/",status="405"}': 1,
    }
    assert found['http_request_duration_seconds_count{method="GET",route="/api/art/{name}"}'] == 2
    assert "secret-word" not in text


def test_a_failure_counts_as_500(settings: Settings):
    settings.data_dir.mkdir(exist_ok=True)
    settings.database_path.write_text("no store")
    client = client_of(settings)
    assert client.get("/api/plays").status_code == 500
    assert client.get("/metrics").status_code == 500
    settings.database_path.unlink()
    found = values(client.get("/metrics").text)
    assert found['http_requests_total{method="GET",route="/api/plays",status="500"}'] == 1


def test_nothing_foreign_is_in_a_label(busy: Settings):
    text = scrape(busy)
    assert "Secret Song" not in text
    assert "://" not in text


@pytest.mark.parametrize(
    ("more", "path", "status"),
    [
        ({"METRICS_PATH": "/internal/numbers"}, "/internal/numbers", 200),
        ({"METRICS_PATH": "/internal/numbers"}, "/metrics", 404),
        ({"ENABLE_PROMETHEUS": "false"}, "/metrics", 404),
    ],
)
def test_where_the_metrics_are_is_a_setting(tmp_path: Path, more: dict[str, str], path: str, status: int):
    assert client_of(samples.settings(tmp_path, **more)).get(path).status_code == status


@pytest.mark.real
def test_promtool_finds_nothing_to_say(busy: Settings):
    client = client_of(busy)
    client.get("/api/plays")
    assert linted(client.get("/metrics").text) == ""
