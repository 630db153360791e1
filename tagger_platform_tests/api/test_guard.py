"""Who is let in by the api: hosts, origins and tokens, and what every answer carries. Over HTTP of the application."""

from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocket, WebSocketDisconnect

from tagger_platform.api.app import create_app
from tagger_platform.api.guard import HEADERS, OPEN, Doors, Guard
from tagger_platform_tests import samples

TOKEN = "0123456789abcdef0123"
BEARER = {"Authorization": f"Bearer {TOKEN}"}
PATHS = ["/api/plays", "/api/streams", "/api/search?q=x", "/api/art/x.jpg", "/metrics", "/nowhere"]
UI = f"http://127.0.0.1:{samples.PORTS[1]}"


def client(folder: Path, **settings: str) -> TestClient:
    app = create_app(samples.settings(folder, **settings))
    return TestClient(app, "http://127.0.0.1:44100", raise_server_exceptions=False, follow_redirects=False)


@pytest.fixture
def guarded(tmp_path: Path) -> TestClient:
    return client(tmp_path, API_TOKEN=TOKEN)


@pytest.fixture
def unguarded(tmp_path: Path) -> TestClient:
    return client(tmp_path)


@pytest.mark.parametrize("path", PATHS)
def test_without_the_token_nothing_is_told(path: str, guarded: TestClient):
    for headers in ({}, {"Authorization": f"Bearer {TOKEN}x"}, {"Authorization": f"Basic {TOKEN}"}):
        answer = guarded.get(path, headers=headers)
        assert (answer.status_code, answer.json()["error"]["code"]) == (401, "unauthorized")
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
        assert TOKEN not in answer.text


def test_a_reload_needs_the_token_too(guarded: TestClient):
    assert guarded.post("/internal/reload").status_code == 401
    assert guarded.post("/internal/reload", headers=BEARER).json()["error"]["code"] == "capture_down"


@pytest.mark.parametrize("path", PATHS[:5])
def test_with_the_token_all_is_as_without_one(path: str, guarded: TestClient, unguarded: TestClient):
    assert guarded.get(path, headers=BEARER).status_code == unguarded.get(path).status_code != 401


@pytest.mark.parametrize("path", sorted(OPEN))
def test_supervisors_need_no_token(path: str, guarded: TestClient):
    assert guarded.get(path).status_code in (200, 307, 503)


def test_a_domain_that_points_at_this_machine_is_refused_even_reading(unguarded: TestClient):
    answer = unguarded.get("/api/plays", headers={"Host": "evil.example:44100"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (421, "unknown_host")
    assert unguarded.get("/", headers={"Host": "evil.example"}).status_code == 421


def test_a_proxys_name_is_let_in_when_it_is_named(tmp_path: Path):
    proxied = client(tmp_path, API_HOSTS="music.example, www.music.example")
    assert proxied.get("/api/plays", headers={"Host": "music.example"}).status_code == 200
    posted = proxied.post("/internal/reload", headers={"Host": "music.example", "Origin": "https://music.example"})
    assert posted.json()["error"]["code"] == "capture_down"


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:3000", "file://"])
def test_pages_of_others_change_nothing(origin: str, unguarded: TestClient):
    answer = unguarded.post("/internal/reload", headers={"Origin": origin})
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "foreign_origin")


@pytest.mark.parametrize("headers", [{}, {"Origin": UI}, {"Origin": "http://127.0.0.1:44100"}])
def test_programs_and_our_own_pages_may_ask_for_a_change(headers: dict[str, str], unguarded: TestClient):
    assert unguarded.post("/internal/reload", headers=headers).json()["error"]["code"] == "capture_down"


@pytest.mark.parametrize("path", [*PATHS, "/healthz", "/"])
def test_every_answer_keeps_browsers_from_guessing_and_from_sharing(path: str, unguarded: TestClient):
    answer = unguarded.get(path, headers={"Origin": "https://evil.example"})
    assert {name: answer.headers[name] for name in HEADERS} == HEADERS
    assert not [name for name in answer.headers if name.lower().startswith("access-control-")]


def test_no_preflight_is_answered(unguarded: TestClient):
    asked = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    answer = unguarded.options("/internal/reload", headers=asked)
    assert answer.status_code == 405
    assert "access-control-allow-origin" not in answer.headers


async def _greet(socket: WebSocket) -> None:
    await socket.accept()
    await socket.send_text("hello")
    await socket.close()


@pytest.mark.parametrize(
    ("headers", "let_in"),
    [
        (BEARER, True),
        ({**BEARER, "Origin": UI, "Host": "127.0.0.1:44100"}, True),
        ({}, False),
        ({**BEARER, "Origin": "https://evil.example"}, False),
        ({**BEARER, "Host": "evil.example"}, False),
    ],
)
def test_a_websocket_is_judged_alike(headers: dict[str, str], let_in: bool):
    doors = Doors(TOKEN, (), (samples.PORTS[1],))
    app = Starlette(routes=[WebSocketRoute("/ws/plays", _greet)], middleware=[Middleware(Guard, doors=doors)])
    with TestClient(app, "http://127.0.0.1:44100") as asking:
        if let_in:
            with asking.websocket_connect("/ws/plays", headers=headers) as socket:
                assert socket.receive_text() == "hello"
        else:
            with pytest.raises(WebSocketDisconnect) as refused, asking.websocket_connect("/ws/plays", headers=headers):
                pass
            assert refused.value.code == 1008
