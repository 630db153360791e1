"""Streams over HTTP: adding, switching and removing them in `streams.yaml`, and trying a URL."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
import yaml

from tagger_platform.settings import Settings
from tagger_platform.spool.last_windows import LastWindows
from tagger_platform_tests import samples
from tagger_platform_tests.api.capture_standin import CaptureStandIn, capture_standin
from tagger_platform_tests.api.served import served

URL = "rtsp://bob:s3cret word@127.0.0.1:1/a"


@dataclass
class Door:
    api: httpx.Client
    capture: CaptureStandIn
    file: Path

    def held(self) -> dict[str, object]:
        return yaml.safe_load(self.file.read_text())


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Door]:
    with capture_standin() as capture:
        settings = Settings.load(samples.environ(tmp_path, (*samples.PORTS[:3], capture.port, samples.PORTS[4])))
        with served(settings) as api:
            yield Door(api, capture, settings.streams_file)


def test_a_stream_is_added_switched_off_and_removed_and_capture_hears_of_each(door):
    body = {"name": "patio", "url": URL, "title": "Patio – día"}
    assert door.api.post("/api/streams", json=body).status_code == 201
    entry = {"name": "patio", "url": "rtsp://bob:s3cret%20word@127.0.0.1:1/a", "title": "Patio – día"}
    assert door.held() == {"streams": [entry]}
    assert door.api.patch("/api/streams/patio", json={"enabled": False}).json() == {"reloaded": True, "detail": ""}
    assert door.held() == {"streams": [{**entry, "enabled": False}]}
    assert door.api.delete("/api/streams/patio").status_code == 200
    assert door.held() == {"streams": []}
    assert door.capture.asked == ["/reload"] * 3


def test_the_rest_of_the_file_and_who_may_read_it_stay_as_they_were(door):
    other = {"name": "other", "url": "http://h/x", "title": "Ünï"}
    door.file.write_text(yaml.safe_dump({"note": [1, {"a": "b"}], "streams": [other]}))
    door.file.chmod(0o640)
    door.api.post("/api/streams", json={"name": "patio", "url": "http://h/y", "enabled": False})
    assert door.held() == {
        "note": [1, {"a": "b"}],
        "streams": [other, {"name": "patio", "url": "http://h/y", "enabled": False}],
    }
    assert door.file.stat().st_mode & 0o777 == 0o640
    assert [path.name for path in door.file.parent.iterdir() if "streams" in path.name] == ["streams.yaml"]


def test_a_new_file_is_its_owners_alone(door):
    door.api.post("/api/streams", json={"name": "patio", "url": URL})
    assert door.file.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("body", "parameter"),
    [
        ({"name": "Patio!", "url": "http://h/x"}, "name"),
        ({"name": "patio", "url": "ftp://h/x"}, "url"),
        ({"name": "patio", "url": "file:///etc/passwd"}, "url"),
        ({"name": "patio", "url": "http://"}, "url"),
        ({"name": "patio"}, "url"),
        ({"name": 7, "url": "http://h/x"}, "name"),
        ({"name": "patio", "url": "http://h/x", "title": "x" * 201}, "title"),
        ({"name": "patio", "url": "http://h/x", "enabled": "yes"}, "enabled"),
        ([], "body"),
    ],
)
def test_what_cannot_be_used_is_named_and_nothing_is_written(door, body, parameter):
    answer = door.api.post("/api/streams", json=body)
    assert (answer.status_code, answer.json()["error"]["details"]) == (400, {"parameter": parameter})
    assert not door.file.exists()


@pytest.mark.parametrize("content", [b"{", b"\xff", b"[" * 10_000, b"[]"])
def test_a_body_that_is_no_small_object_is_a_sentence(door, content):
    answer = door.api.post("/api/streams", content=content)
    assert answer.status_code == 400
    assert answer.json()["error"]["message"]


def test_what_stands_in_the_way_is_told(door):
    door.api.post("/api/streams", json={"name": "patio", "url": URL})
    again = door.api.post("/api/streams", json={"name": "patio", "url": URL})
    fixed = [
        door.api.post("/api/streams", json={"name": "kexp", "url": URL}),
        door.api.patch("/api/streams/kexp", json={"enabled": False}),
        door.api.delete("/api/streams/kexp"),
    ]
    assert [answer.status_code for answer in (again, *fixed)] == [409] * 4
    assert all("STREAM_n_" in answer.json()["error"]["message"] for answer in fixed)
    assert door.api.delete("/api/streams/nobody").status_code == 400
    assert door.api.patch("/api/streams/patio", json={}).status_code == 400


def test_a_stream_that_was_there_at_the_start_is_removed_and_added_again(tmp_path):
    (tmp_path / "streams.yaml").write_text(yaml.safe_dump({"streams": [{"name": "patio", "url": "http://h/x"}]}))
    with capture_standin() as capture:
        capture.health = {"streams": [{"name": "patio"}, {"name": "kexp"}]}
        ports = (*samples.PORTS[:3], capture.port, samples.PORTS[4])
        with served(samples.settings(tmp_path, ports)) as api:
            told = api.get("/api/streams").json()["streams"]
    assert [(one["name"], one["fixed"]) for one in told] == [("patio", False), ("kexp", True)]
    with served(samples.settings(tmp_path)) as api:
        assert api.delete("/api/streams/patio").status_code == 200
        assert api.post("/api/streams", json={"name": "patio", "url": URL}).status_code == 201


def test_what_is_kept_of_the_last_window_is_told_seen_and_heard(door):
    door.capture.health = {"streams": [{"name": "kexp", "state": "live"}, {"name": "nova", "state": "live"}]}
    kept = LastWindows(door.file.parent / "last", keep_audio=True)
    kept.keep("kexp", b"\x89PNG", b"fLaC")
    told = {
        one["name"]: (one["has_picture"], one["has_audio"]) for one in door.api.get("/api/streams").json()["streams"]
    }
    assert told == {"kexp": (True, True), "nova": (False, False)}
    picture, audio = (door.api.get(f"/api/streams/kexp/last/{what}") for what in ("picture", "audio"))
    assert (picture.content, picture.headers["content-type"]) == (b"\x89PNG", "image/png")
    assert (audio.content, audio.headers["content-type"]) == (b"fLaC", "audio/flac")


@pytest.mark.parametrize("name", ["nova", "..%2f..%2fstreams", ".kexp.png", "KEXP"])
@pytest.mark.parametrize("what", ["picture", "audio"])
def test_a_last_window_that_is_not_kept_is_not_found(door, name, what):
    assert door.api.get(f"/api/streams/{name}/last/{what}").status_code == 404


def test_a_broken_file_is_left_alone(door):
    door.file.write_text("streams: [")
    answer = door.api.post("/api/streams", json={"name": "patio", "url": URL})
    assert (answer.status_code, door.file.read_text()) == (409, "streams: [")
    assert "must be mended first" in answer.json()["error"]["message"]


def test_without_capture_it_is_saved_all_the_same(tmp_path):
    with served(samples.settings(tmp_path)) as api:
        told = api.post("/api/streams", json={"name": "patio", "url": URL}).json()
    assert (told["reloaded"], "saved" in told["detail"]) == (False, True)


def test_a_url_is_tried_and_what_is_wrong_is_said_without_its_password(door):
    found = door.api.post("/api/streams/check", json={"url": "http://bob:s3cret@127.0.0.1:1/x"}).json()
    assert (found["ok"], "s3cret" in str(found)) == (False, False)
    assert found["sentence"]
    assert door.api.post("/api/streams/check", json={"url": "file:///etc/passwd"}).status_code == 400


def test_who_would_be_one_too_many_to_try_a_url_is_asked_to_come_again(door, monkeypatch):
    monkeypatch.setattr("tagger_platform.api.streams.CHECKS_AT_ONCE", 0)
    answer = door.api.post("/api/streams/check", json={"url": "http://127.0.0.1:1/x"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "unavailable")
