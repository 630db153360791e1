"""Requests that are too large, too slow or endless: each ends in a sentence, or in the end of its connection."""

import asyncio
import socket
import threading
from collections.abc import Iterator

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.testclient import TestClient
from starlette.types import Message

from tagger_platform.api.failures import HANDLERS, BodyRefusedError
from tagger_platform.api.limits import BODY_BYTES, UPLOAD_BYTES, Bodies, Body, ImpatientProtocol

MULTIPART = {"Content-Type": "multipart/form-data; boundary=x"}


async def _length(request: Request) -> JSONResponse:
    length = 0
    async for piece in request.stream():
        length += len(piece)
    return JSONResponse({"length": length})


def application() -> Starlette:
    return Starlette(
        routes=[Route("/length", _length, methods=["POST"])],
        middleware=[Middleware(Bodies)],
        exception_handlers=HANDLERS,
    )


@pytest.fixture
def client() -> TestClient:
    return TestClient(application())


def test_a_body_as_large_as_allowed_is_taken(client: TestClient):
    assert client.post("/length", content=b"x" * BODY_BYTES).json() == {"length": BODY_BYTES}


def test_one_byte_more_is_refused_before_it_is_read(client: TestClient):
    answer = client.post("/length", content=b"x" * (BODY_BYTES + 1))
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "too_large")
    assert "1 MB" in answer.json()["error"]["message"]


def test_a_body_of_unknown_length_is_counted_while_it_comes(client: TestClient):
    pieces = iter([b"x" * 600_000] * 3)
    answer = client.post("/length", content=pieces)
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "too_large")


def test_files_may_be_larger_but_not_endless(client: TestClient):
    assert client.post("/length", content=b"x" * (BODY_BYTES + 1), headers=MULTIPART).status_code == 200
    announced = {**MULTIPART, "Content-Length": str(UPLOAD_BYTES + 1)}
    assert client.post("/length", content=b"", headers=announced).status_code == 413


def test_a_length_that_no_integer_holds_is_refused(client: TestClient):
    assert client.post("/length", content=b"", headers={"Content-Length": "9" * 5000}).status_code == 413


def test_a_body_that_stops_coming_is_given_up():
    pieces = [{"type": "http.request", "body": b"x", "more_body": True}]

    async def receive() -> Message:
        return pieces.pop() if pieces else await asyncio.Event().wait()

    async def ask() -> None:
        body = Body(receive, most=10, seconds=0.05)
        assert await body.receive()
        with pytest.raises(BodyRefusedError, match="did not come within") as refused:
            await body.receive()
        assert refused.value.status == 408

    asyncio.run(ask())


class Serving:
    """A real server, whose patience is a tenth of a second instead of ten."""

    def __init__(self) -> None:
        class Impatient(ImpatientProtocol):
            head_s = 0.1

        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = self.listener.getsockname()
        config = uvicorn.Config(
            application(),
            http=Impatient,
            timeout_keep_alive=60,  # so that only our own impatience ends a connection here
            log_config=None,
            lifespan="off",
            log_level="critical",
        )
        self.server = uvicorn.Server(config)
        self.thread = threading.Thread(target=self.server.run, args=([self.listener],), daemon=True)
        self.thread.start()

    def said(self, *pieces: bytes) -> bytes:
        """All that the server says to a client that sends `pieces` and then waits, until it hangs up."""
        with socket.create_connection(self.address, timeout=10) as client:
            for piece in pieces:
                client.sendall(piece)
            said = bytearray()
            while piece := client.recv(65_536):
                said += piece
        return bytes(said)


@pytest.fixture(scope="module")
def serving() -> Iterator[Serving]:
    one = Serving()
    yield one
    one.server.should_exit = True
    one.thread.join(10)


@pytest.mark.parametrize(
    "pieces",
    [(), (b"POST /length HT",), (b"POST /length HTTP/1.1\r\nHost: x\r\nX-Slow: ", b"a")],
    ids=["nothing", "half a line", "half its headers"],
)
def test_a_head_that_does_not_come_ends_the_connection(pieces: tuple[bytes, ...], serving: Serving):
    assert serving.said(*pieces) == b""


def test_the_second_head_of_a_connection_is_not_waited_for_either(serving: Serving):
    with socket.create_connection(serving.address, timeout=10) as client:
        client.sendall(b"POST /length HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nab")
        said = b""
        while not said.endswith(b'{"length":2}'):
            said += client.recv(65_536)
        client.sendall(b"POST /len")
        assert client.recv(65_536) == b""


def test_a_slow_answer_is_not_cut_short(serving: Serving):
    body = b"POST /length HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nConnection: close\r\n\r\n"
    with socket.create_connection(serving.address, timeout=10) as client:
        client.sendall(body)
        client.settimeout(0.5)
        with pytest.raises(TimeoutError):
            client.recv(1)
        client.settimeout(10)
        client.sendall(b"ab")
        assert client.recv(65_536).startswith(b"HTTP/1.1 200")
