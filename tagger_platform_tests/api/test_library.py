"""The library over HTTP: sending files, watching them, listening to them, taking them out."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import soundfile

from tagger_platform.library.asking import requests_wait
from tagger_platform.library.intake import take_note
from tagger_platform.library.places import Library
from tagger_platform.library.work import fingerprint_queued
from tagger_platform_tests import samples
from tagger_platform_tests.api.served import served
from tagger_platform_tests.fingerprint.tunes import RATE, tune


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return Library(samples.settings(tmp_path / "data"))


@pytest.fixture
def api(library: Library) -> Iterator[httpx.Client]:
    with served(library.settings) as client:
        yield client


@pytest.fixture
def song(tmp_path: Path) -> Path:
    path = tmp_path / "song.flac"
    soundfile.write(path, tune(1, 8.0), RATE)
    return path


def send(api: httpx.Client, *files: tuple[str, bytes], **fields: str) -> httpx.Response:
    return api.post("/api/library", files=[("file", file) for file in files], data=fields)


def work(library: Library) -> None:
    """One run of the assets, as `library_sensor` requests it."""
    take_note(library)
    fingerprint_queued(library)


def test_a_file_goes_from_queued_to_ready_is_listened_to_and_removed(api, library, song):
    sent = send(api, ("song.flac", song.read_bytes()), kind="jingle")
    (item,) = sent.json()["items"]
    assert (sent.status_code, item["status"], item["kind"], item["title"]) == (202, "QUEUED", "jingle", "song")
    assert requests_wait(library)
    work(library)
    (listed,) = api.get("/api/library").json()["items"]
    assert (listed["item_id"], listed["status"], listed["kind"]) == (item["item_id"], "READY", "jingle")
    told = api.get("/api/library/status").json()
    assert (told["items"], told["tracks"], told["errors"]) == ({"READY": 1}, 1, [])

    part = api.get(f"/api/library/{item['item_id']}/audio", headers={"Range": "bytes=4-11"})
    assert (part.status_code, part.headers["content-type"]) == (206, "audio/flac")
    assert part.content == song.read_bytes()[4:12]

    removed = api.delete(f"/api/library/{item['item_id']}")
    assert [one["item_id"] for one in removed.json()["removed"]] == [item["item_id"]]
    assert api.get("/api/library").json()["items"] == []
    assert api.get(f"/api/library/{item['item_id']}/audio").status_code == 404
    assert api.delete(f"/api/library/{item['item_id']}").status_code == 404


def test_several_files_are_sent_at_once_and_one_that_is_no_audio_fails_with_its_reason(api, library, song):
    sent = send(api, ("song.flac", song.read_bytes()), ("text.mp3", b"Once upon a time"))
    assert len(sent.json()["items"]) == 2
    work(library)
    by_title = {item["title"]: item for item in api.get("/api/library").json()["items"]}
    assert (by_title["song"]["status"], by_title["text"]["status"]) == ("READY", "FAILED")
    assert "not audio" in by_title["text"]["reason"]


def test_the_same_name_keeps_both_contents_and_the_same_content_is_kept_once(api, library, song):
    for content in (song.read_bytes(), b"other", song.read_bytes()):
        assert send(api, ("../../a/../song.flac", content)).status_code == 202
    assert sorted(path.name for path in library.watched.iterdir()) == ["song (2).flac", "song.flac"]


@pytest.mark.parametrize("name", ["notes.txt", "song", ".mp3", "", "..", "a/.flac"])
def test_what_has_no_audio_files_name_is_refused_in_a_sentence(api, library, name):
    sent = send(api, (name or '""', b"x"))
    assert (sent.status_code, sent.json()["error"]["code"]) == (400, "bad_parameter")
    assert not library.watched.exists()


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({"json": {"file": "x"}}, "multipart/form-data"),
        ({"data": {"file": "x"}}, "multipart/form-data"),
        ({"content": b"--x\r\nrubbish", "headers": {"Content-Type": "multipart/form-data; boundary=x"}}, "file"),
        ({"content": b"", "headers": {"Content-Type": "multipart/form-data"}}, "cannot be read"),
        ({"files": [("other", ("a.mp3", b"x"))]}, "no file was sent"),
        ({"files": [("file", ("a.mp3", b"x"))], "data": {"kind": "opera"}}, "kind must be one of"),
    ],
)
def test_a_form_that_cannot_be_used_is_a_sentence(api, library, body, says):
    answer = api.post("/api/library", **body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "bad_parameter")
    assert says in answer.json()["error"]["message"]


@pytest.mark.parametrize(("beside", "status"), [(3 * 1_000_000, 202), (2 * 1_000_000, 503)])
def test_a_file_that_would_take_the_room_that_is_kept_for_the_log_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, beside: int, status: int
) -> None:
    """On the way into the library there are three of it at a time."""
    settings = samples.settings(tmp_path / "data", DISK_RESERVE_MB="2000")
    monkeypatch.setattr("tagger_platform.api.bodies.free_bytes", lambda _: 2_000_000_000 + beside + 10_000)
    with served(settings) as api:
        answer = send(api, ("song.flac", bytes(1_000_000)))
    assert answer.status_code == status
    if status == 503:
        assert answer.json()["error"]["code"] == "unavailable"
        assert "DISK_RESERVE_MB keeps 2000 for the log: make room" in answer.json()["error"]["message"]
    assert not [*settings.uploads_dir.rglob("*")]
