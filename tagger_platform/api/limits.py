"""How large and how slow a request may be.

What belongs here: the limits, the middleware that holds bodies to them, and the protocol that holds heads to theirs.
What does not: who may ask (`guard`). Without them one client that sends a byte a minute, or never ends, keeps memory
and a connection for ever.
"""

import asyncio
from http import HTTPStatus
from typing import Any

import h11
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from tagger_platform.api.failures import BodyRefusedError, failure

HEAD_S = 10.0
"""Seconds for a request's line and headers, and for the first byte after connecting."""
BODY_BYTES = 1_000_000
UPLOAD_BYTES = 100_000_000
"""Of a form with a file (multipart): an hour of MP3 at 192 kbit/s, or ten minutes of uncompressed music."""
BODY_S, UPLOAD_S = 30.0, 300.0
"""Seconds until the whole body must be here."""
MOST_CONNECTIONS = 200
"""More at once are answered 503: Linux gives a process 1024 files, and the store and the library need some."""


class Bodies:
    """ASGI middleware: a body that is too large or too slow ends in a sentence, before it fills memory or the disk."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        upload = headers.get("content-type", "").lower().startswith("multipart/form-data")
        most, seconds = (UPLOAD_BYTES, UPLOAD_S) if upload else (BODY_BYTES, BODY_S)
        announced = headers.get("content-length", "")
        if announced.isascii() and announced.isdigit() and int(announced[:20]) > most:
            refused = _too_large(most)
            await failure(refused.status, refused.code, str(refused), headers={"Connection": "close"})(
                scope, receive, send
            )
            return
        await self._app(scope, Body(receive, most, seconds).receive, send)


class Body:
    """The rest of one request: `most` bytes, within `seconds`."""

    def __init__(self, receive: Receive, most: int, seconds: float) -> None:
        self._receive = receive
        self._most = most
        self._seconds = seconds
        self._came = 0
        self._whole = False
        self._until: float | None = None

    async def receive(self) -> Message:
        """The next piece. Raises BodyRefusedError. Once the body is whole, what comes is only the end of it all."""
        if self._whole:
            return await self._receive()
        now = asyncio.get_running_loop().time()
        self._until = now + self._seconds if self._until is None else self._until
        try:
            message = await asyncio.wait_for(self._receive(), max(0.0, self._until - now))
        except TimeoutError:
            told = f"the request did not come within {self._seconds:.0f} s"
            raise BodyRefusedError(HTTPStatus.REQUEST_TIMEOUT, "too_slow", told) from None
        self._came += len(message.get("body", b""))
        if self._came > self._most:
            raise _too_large(self._most)
        self._whole = message["type"] != "http.request" or not message.get("more_body", False)
        return message


def _too_large(most: int) -> BodyRefusedError:
    told = f"the request is larger than the {most / 1e6:g} MB that this path takes"
    return BodyRefusedError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too_large", told)


class ImpatientProtocol(H11Protocol):
    """uvicorn's, which times out between two requests but never within a request's head. h11 bounds a head's size."""

    head_s = HEAD_S
    _late: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:  # noqa: ANN401 - asyncio's own signature
        super().connection_made(transport)
        self._wait_for_head()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.conn.their_state is not h11.IDLE:
            self._stop_waiting()
        elif self._late is None:
            self._wait_for_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        super().connection_lost(exc)

    def _wait_for_head(self) -> None:
        self._late = self.loop.call_later(self.head_s, self.transport.close)

    def _stop_waiting(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None
