"""Capture's port, and its loop, in this process: what the outside can ask, and what signals do."""

import json
import os
import signal
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tagger_platform.capture import service
from tagger_platform.capture.server import Health, Server
from tagger_platform.capture.service import Loop, run
from tagger_platform.errors import RequestError, SettingsError, TransientError
from tagger_platform.settings import Settings
from tagger_platform_tests.capture.conftest import wait_until
from tagger_platform_tests.capture.test_supervisor import Rig


class Door:
    """A server in front of a rig; `reload` is what it does when asked."""

    def __init__(self, rig: Rig, port: int) -> None:
        self.rig = rig
        self.reload: Callable[[], dict[str, list[str]]] = lambda: {"added": ["x"], "removed": []}
        health = Health(rig.supervisor, rig.writer, rig.writer._spool, lambda: rig.mono)
        self.server = Server(("127.0.0.1", port), health, lambda: self.reload())
        self.server.start()
        self.port = port

    def ask(self, path: str, *, post: bool = False) -> tuple[int, dict[str, Any]]:
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", method="POST" if post else "GET")
        try:
            with urllib.request.urlopen(request, timeout=5) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)


@pytest.fixture
def door(tmp_path: Path, free_port: Callable[[], int]) -> Iterator[Door]:
    one = Door(Rig(tmp_path, "ab", STREAM_1_NAME="off", STREAM_1_URL="http://h/", STREAM_1_ENABLED="no"), free_port())
    yield one
    one.server.close()


def test_nothing_goes_on_serving_once_it_is_closed(door: Door):
    def serving() -> int:
        return sum(thread.name == "server" for thread in threading.enumerate())

    before = serving()
    assert door.ask("/healthz")[0] == 200
    door.server.close()
    wait_until(lambda: serving() == before - 1, 5, "the end of its thread")


def test_health_tells_the_state_of_every_stream(door: Door):
    door.rig.silent.add("b")
    assert door.ask("/healthz")[1]["streams"][1]["last_error"] is None
    door.rig.run(40)
    status, report = door.ask("/healthz")
    assert (status, report["status"], report["last_slot"]) == (200, "ok", "2026-11-21T12:00:20Z")
    assert report["spool"] == {"ready_slots": 0, "claimed_slots": 0, "ready_windows": 0}
    off, a, b = report["streams"]
    assert (off["name"], off["state"], off["enabled"], off["last_error"]) == ("off", "disabled", False, None)
    assert a == {
        "name": "a",
        "title": "Radio a",
        "kind": "rtsp",
        "enabled": True,
        "state": "live",
        "since": "2026-11-21T12:00:01.400Z",
        "last_window": "2026-11-21T12:00:30Z",
        "last_error": None,
        "icy_title": None,
        "level_dbfs": pytest.approx(-17.0, abs=0.2),
    }
    assert (b["state"], b["last_window"]) == ("stalled", None)
    assert "restart it" in b["last_error"]
    assert "s3cret" not in json.dumps(report)


def test_health_is_bad_when_capture_itself_is_in_trouble(door: Door):
    door.rig.run(1)
    door.rig.mono += 11
    door.rig.writer.problem = "the spool cannot be written: No space left on device"
    status, report = door.ask("/healthz")
    assert (status, report["status"]) == (503, "failing")
    assert report["problems"] == ["capture has not moved for 11 s", door.rig.writer.problem]


def test_health_says_when_the_log_waits_for_a_clock_that_was_ahead(door: Door):
    door.rig.run(1)
    door.rig.wall -= 7200
    door.rig.run(0.2)
    assert "the clock was ahead once" in door.ask("/healthz")[1]["problems"][0]


def test_reload_answers_with_what_changed_or_with_every_problem(door: Door):
    assert door.ask("/reload", post=True) == (200, {"added": ["x"], "removed": []})

    def refuse() -> dict[str, list[str]]:
        raise SettingsError(["streams.yaml, stream 1: url is missing"])

    door.reload = refuse
    status, body = door.ask("/reload", post=True)
    assert status == 400
    assert body["error"]["code"] == "settings"
    assert body["error"]["details"] == ["streams.yaml, stream 1: url is missing"]

    def busy() -> dict[str, list[str]]:
        raise TransientError("capture is busy")

    door.reload = busy
    assert door.ask("/reload", post=True)[0] == 503


@pytest.mark.parametrize("post", [False, True])
def test_anything_else_is_not_found(door: Door, post: bool):
    status, body = door.ask("/elsewhere", post=post)
    assert (status, body["error"]["code"]) == (404, "not_found")


def test_a_port_in_use_is_named(door: Door):
    with pytest.raises(RequestError, match=f"CAPTURE_PORT: port {door.port} at 127.0.0.1 cannot be used"):
        Door(door.rig, door.port)


def test_a_loop_that_does_not_turn_says_that_it_is_busy(door: Door, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(service, "RELOAD_S", 0.05)
    with pytest.raises(TransientError, match="busy"):
        Loop(door.rig.supervisor, door.rig.writer).ask_for_reload()


def test_a_whole_run_from_start_to_sigterm(tmp_path: Path, free_port: Callable[[], int]):
    rig = Rig(tmp_path, "", CAPTURE_PORT=str(free_port()))
    door = Door.__new__(Door)
    door.port = rig.settings.capture_port
    seen: list[tuple[int, dict[str, Any]]] = []

    def visit() -> None:
        wait_until(lambda: _answers(door), 5, "capture answers")
        rig.configure("c")
        seen.append(door.ask("/reload", post=True))
        (tmp_path / "streams.yaml").write_text("streams: nonsense")
        seen.append(door.ask("/reload", post=True))
        os.kill(os.getpid(), signal.SIGHUP)
        time.sleep(0.3)
        seen.append(door.ask("/healthz"))
        os.kill(os.getpid(), signal.SIGTERM)

    before = signal.getsignal(signal.SIGTERM)
    visitor = threading.Thread(target=visit)
    visitor.start()
    assert run(rig.settings) == 0
    visitor.join(5)
    assert [status for status, _ in seen] == [200, 400, 200]
    assert seen[0][1] == {"added": ["c"], "removed": []}
    assert [stream["name"] for stream in seen[2][1]["streams"]] == ["c"]
    assert signal.getsignal(signal.SIGTERM) is before


def test_two_captures_never_share_a_spool(tmp_path: Path, settings: Settings):
    with service._spool(settings), pytest.raises(RequestError, match="another capture"), service._spool(settings):
        pass
    settings.spool_dir.joinpath("open/half").mkdir()
    with service._spool(settings) as spool:
        assert not spool.root.joinpath("open/half").exists()


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path, environ: dict[str, str]):
    environ["DATA_DIR"] = str(tmp_path / "file")
    (tmp_path / "file").write_text("")
    with pytest.raises(RequestError, match="cannot be written"), service._spool(Settings.load(environ)):
        pass


def _answers(door: Door) -> bool:
    try:
        return door.ask("/healthz")[0] == 200
    except OSError:
        return False


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
    ],
)
@pytest.mark.parametrize(("method", "path"), [("POST", "/reload"), ("GET", "/healthz"), ("GET", "/metrics")])
def test_no_page_and_no_name_of_the_internet_gets_an_answer(
    method: str, path: str, headers: dict[str, str], door: Door
) -> None:
    asked: list[str] = []
    door.reload = lambda: asked.append("reload") or {}
    request = urllib.request.Request(f"http://127.0.0.1:{door.port}{path}", method=method, headers=headers)
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, timeout=5)
    assert refused.value.code == 403
    assert json.load(refused.value)["error"]["code"] == "foreign_caller"
    assert asked == []
