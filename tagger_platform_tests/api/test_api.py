"""The api's answers, asked over HTTP of the application itself, with a small real server as capture."""

import csv
import io
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from tagger_platform.api.app import create_app
from tagger_platform.health.marks import SENSOR, leave_mark
from tagger_platform.model import iso
from tagger_platform.store.database import Database
from tagger_platform.store.rows import play_json, plays_csv
from tagger_platform_tests import samples
from tagger_platform_tests.api.capture_standin import CaptureStandIn, capture_standin

NOBODY = 9
"""A port nobody listens on: "discard", which needs root."""
LIVE = {
    "name": "kexp",
    "title": "KEXP 90.3",
    "kind": "rtsp",
    "enabled": True,
    "state": "live",
    "since": "2026-11-20T08:00:00Z",
    "last_error": None,
    "icy_title": None,
    "level_dbfs": -20.0,
    "of_another_version": 1,
}


@pytest.fixture
def capture() -> Iterator[CaptureStandIn]:
    with capture_standin() as standin:
        now = iso(datetime.now(UTC))
        standin.health = {"status": "ok", "since": now, "streams": [LIVE | {"last_window": now}]}
        yield standin


def client_of(folder: Path, capture_port: int) -> TestClient:
    settings = samples.settings(folder, (*samples.PORTS[:3], capture_port, samples.PORTS[4]))
    return TestClient(create_app(settings), raise_server_exceptions=False, follow_redirects=False)


@pytest.fixture
def client(tmp_path: Path, capture: CaptureStandIn) -> TestClient:
    return client_of(tmp_path, capture.port)


@pytest.fixture
def lonely(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TestClient:
    """The api while capture is down."""
    for name, value in samples.environ(tmp_path).items():
        monkeypatch.setenv(name, value)
    return client_of(tmp_path, NOBODY)


@pytest.fixture
def plays(tmp_path: Path) -> list[samples.Play]:
    database = Database(tmp_path / "tagger.duckdb")
    written = [
        samples.play(stream, datetime(2026, 11, 20, hour, minute, tzinfo=samples.TZ))
        for hour in (0, 9, 23)
        for minute in (0, 30)
        for stream in ("kexp", "nova")
    ]
    other_days = [samples.play("kexp", datetime(2026, 11, day, 12, tzinfo=samples.TZ)) for day in (19, 21)]
    samples.write_plays(database, written + other_days)
    return sorted(written, key=lambda play: (play.started_at, play.stream))


def test_a_day_is_a_local_day_oldest_first(client, plays):
    body = client.get("/api/plays?date=2026-11-20").json()
    assert body["plays"] == [play_json(play) for play in plays]
    assert {key: body[key] for key in ("date", "stream", "total", "limit", "offset", "next")} == {
        "date": "2026-11-20",
        "stream": "all",
        "total": 12,
        "limit": 100,
        "offset": 0,
        "next": None,
    }


def test_following_next_gives_every_play_once(client, plays):
    path, seen = "/api/plays?date=2026-11-20&stream=kexp&limit=4", []
    while path:
        body = client.get(path).json()
        seen += body["plays"]
        path = body["next"]
    assert seen == [play_json(play) for play in plays if play.stream == "kexp"]


@pytest.mark.parametrize("asked", [{"params": {"format": "csv"}}, {"headers": {"Accept": "text/csv"}}])
def test_csv_is_the_whole_day(client, plays, asked):
    asked = {**asked, "params": {"date": "2026-11-20", **asked.get("params", {})}}
    answer = client.get("/api/plays", **asked)
    assert answer.text == plays_csv(plays, samples.TZ)
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="plays-2026-11-20-all.csv"'


def test_csv_takes_a_limit_too(client, plays):
    answer = client.get("/api/plays?date=2026-11-20&format=csv&limit=2&offset=1")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [row["play_id"] for row in rows] == [play.play_id for play in plays[1:3]]


def test_without_a_date_it_is_today(client, plays):
    assert client.get("/api/plays").json()["date"] == datetime.now(samples.TZ).date().isoformat()


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("date=yesterday", "date"),
        ("date=2026-13-01", "date"),
        ("date=0001-01-01", "date"),
        ("date=20261120", "date"),
        ("stream=nobody", "stream"),
        ("stream=%3Cscript%3E", "stream"),
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        ("limit=ten", "limit"),
        ("limit=٣", "limit"),
        ("offset=-1", "offset"),
        ("offset=99999999999999999999", "offset"),
        ("format=xml", "format"),
    ],
)
def test_a_wrong_parameter_is_named_in_a_sentence(client, query, parameter):
    answer = client.get(f"/api/plays?{query}")
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["details"]) == (400, "bad_parameter", {"parameter": parameter})
    assert parameter in error["message"]


def test_a_stream_of_the_past_is_known_from_the_log(client, tmp_path):
    database = Database(tmp_path / "tagger.duckdb")
    samples.write_outage(database, "gone-fm", datetime(2026, 11, 20, tzinfo=UTC), samples.timedelta(minutes=2))
    with database.writing() as connection:
        connection.execute("INSERT INTO streams VALUES ('gone-fm', 'Gone FM', '2020-01-01', '2021-01-01')")
    assert client.get("/api/plays?stream=gone-fm").status_code == 200


def test_healthz_is_alive_whatever_else_is_not(lonely, tmp_path):
    (tmp_path / "tagger.duckdb").write_bytes(b"not a database at all" * 500)
    answer = lonely.get("/healthz")
    told = answer.json()
    assert (answer.status_code, told["status"], told["disk"]["state"]) == (200, "ok", "ok")


def test_healthz_says_that_the_disk_is_full_and_is_alive_all_the_same(tmp_path):
    with TestClient(create_app(samples.settings(tmp_path, DISK_RESERVE_MB="10000000"))) as full:
        answer = full.get("/healthz")
        assert (answer.status_code, answer.json()["status"], answer.json()["disk"]["state"]) == (200, "ok", "failing")
        assert "windows are not kept" in answer.json()["disk"]["detail"]
        assert full.get("/readyz").status_code == 503


def test_readyz_is_ok_when_every_part_is(client, tmp_path):
    leave_mark(tmp_path / "marks", SENSOR, datetime.now(UTC))
    answer = client.get("/readyz")
    body = answer.json()
    assert answer.status_code == 200, body
    assert list(body["parts"]) == ["capture", "spool", "providers", "store", "disk", "dagster", "nightly"]
    assert {part["state"] for part in body["parts"].values()} == {body["status"]} == {"ok"}
    assert body["parts"]["capture"]["numbers"]["streams"] == {"live": 1}


def test_readyz_says_that_capture_is_down(lonely):
    answer = lonely.get("/readyz")
    assert (answer.status_code, answer.json()["status"]) == (503, "failing")
    assert answer.json()["parts"]["capture"]["state"] == "failing"
    assert "CAPTURE_PORT" in answer.json()["parts"]["capture"]["detail"]


def test_readyz_says_that_capture_is_not_well(client, capture):
    capture.health_status = 503
    capture.health["problems"] = ["the disk is full"]
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["parts"]["capture"]["detail"]) == (503, "the disk is full")


@pytest.mark.parametrize("content", [b"not a database at all" * 500, b""])
def test_readyz_says_that_the_store_cannot_be_read(client, tmp_path, content):
    (tmp_path / "tagger.duckdb").write_bytes(content)
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["parts"]["store"]["state"]) == (503, "failing")
    assert "Traceback" not in answer.text


def test_streams_pass_on_what_capture_says_and_no_more(client, capture):
    told = {key: value for key, value in capture.health["streams"][0].items() if key != "of_another_version"}
    kept = {"fixed": True, "has_picture": False, "has_audio": False}
    assert client.get("/api/streams").json() == {"streams": [told | kept]}


def test_no_password_leaves_in_an_error(client, capture):
    capture.health["streams"][0] |= {"last_error": "rtsp://me:secret-word@cam/1: 404", "url": "rtsp://me:secret-word@c"}
    answer = client.get("/api/streams")
    assert "secret-word" not in answer.text
    assert answer.json()["streams"][0]["last_error"] == "rtsp://***@cam/1: 404"


def test_streams_are_listed_while_capture_is_down(lonely):
    answer = lonely.get("/api/streams")
    listed = answer.json()["streams"]
    assert [stream["name"] for stream in listed] == list(samples.STREAMS)
    assert {stream["state"] for stream in listed} == {"capture_down"}
    assert "secret-word" not in answer.text


def test_streams_added_to_the_file_are_listed_while_capture_is_down(lonely, tmp_path):
    (tmp_path / "streams.yaml").write_text("streams: [{name: late, url: 'http://127.0.0.1:9/late'}]\n")
    names = [stream["name"] for stream in lonely.get("/api/streams").json()["streams"]]
    assert "late" in names
    (tmp_path / "streams.yaml").write_text("{broken")
    assert len(lonely.get("/api/streams").json()["streams"]) == len(samples.STREAMS)


@pytest.mark.parametrize("status", [200, 400])
def test_reload_passes_captures_answer_on(client, capture, status):
    capture.reload, capture.reload_status = {"added": ["x"]}, status
    answer = client.post("/internal/reload")
    assert (answer.status_code, answer.json(), capture.asked) == (status, {"added": ["x"]}, ["/reload"])


def test_reload_while_capture_is_down(lonely):
    answer = lonely.post("/internal/reload")
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "capture_down")
    assert "CAPTURE_PORT" in answer.json()["error"]["message"]


@pytest.mark.parametrize("text", ["hello", "[1, 2]"])
def test_something_else_on_captures_port_is_not_capture(client, capture, text):
    capture.plain_text = text
    answer = client.post("/internal/reload")
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "capture_down")
    assert "not capture" in answer.json()["error"]["message"]


PICTURES = [("jpg", "image/jpeg"), ("png", "image/png"), ("webp", "image/webp")]


@pytest.mark.parametrize(("suffix", "media_type"), PICTURES)
def test_cover_art_is_served_as_the_picture_it_is_and_may_be_kept(client, tmp_path, suffix, media_type):
    name = f"{'0' * 32}.{suffix}"
    (tmp_path / "art").mkdir()
    (tmp_path / "art" / name).write_bytes(b"a picture")
    answer = client.get(f"/api/art/{name}")
    assert (answer.status_code, answer.content, answer.headers["content-type"]) == (200, b"a picture", media_type)
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "immutable" in answer.headers["cache-control"]


@pytest.mark.parametrize("name", ["tagger.duckdb", "..%2Ftagger.duckdb", "notes.txt", "0" * 32 + ".jpg", "%00", ""])
def test_nothing_but_cover_art_is_served_there(client, tmp_path, name):
    (tmp_path / "art").mkdir()
    for path in (tmp_path / "tagger.duckdb", tmp_path / "art" / "notes.txt"):
        path.write_text("not yours")
    answer = client.get(f"/api/art/{name}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [("GET", "/nowhere", 404, "not_found"), ("DELETE", "/api/plays", 405, "method_not_allowed")],
)
def test_every_error_has_one_shape(client, method, path, status, code):
    answer = client.request(method, path)
    assert answer.status_code == status
    assert answer.json()["error"]["code"] == code
    assert answer.json()["error"]["details"] == {"method": method, "path": path}


def test_a_file_that_is_no_store_is_refused_with_a_sentence(client, tmp_path):
    (tmp_path / "tagger.duckdb").write_bytes(b"not a database at all" * 500)
    answer = client.get("/api/plays")
    assert answer.status_code == 500
    assert set(answer.json()["error"]) == {"code", "message", "details"}
    assert "Traceback" not in answer.text


def test_what_nobody_foresaw_shows_no_trace(client):
    client.app.state.database = None
    answer = client.get("/api/plays")
    assert (answer.status_code, answer.json()["error"]["code"]) == (500, "internal")
    assert "NoneType" not in answer.text


def test_a_busy_store_says_try_again(client, tmp_path):
    database = Database(tmp_path / "tagger.duckdb")
    database.migrate()
    client.app.state.database = Database(tmp_path / "tagger.duckdb", timeout_s=0.05)
    with database.writing():
        answer = client.get("/api/plays")
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "store_busy")
    assert answer.headers["retry-after"] == "1"


def test_a_newer_store_is_refused_with_a_sentence(client, tmp_path):
    database = Database(tmp_path / "tagger.duckdb")
    with database.writing() as connection:
        connection.execute("INSERT INTO schema_migrations VALUES (9999, 'future', now()::TIMESTAMP)")
    answer = client.get("/api/plays")
    assert (answer.status_code, answer.json()["error"]["code"]) == (500, "refused")
    assert "upgrade tagger" in answer.json()["error"]["message"]


@pytest.mark.parametrize("name", ["radio.local", "[::1]"])
def test_home_leads_to_the_pages_on_the_same_host(client, name):
    port, ui_port, *_ = samples.PORTS
    answer = client.get("/", headers={"Host": f"{name}:{port}"})
    assert (answer.status_code, answer.headers["location"]) == (307, f"http://{name}:{ui_port}/")
