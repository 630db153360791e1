"""What the stand-ins share: a real HTTP or HTTPS server on loopback, in a thread with an event loop of its own.

What belongs here: starting and ending it, and the ways in which any server fails. What does not: what one of them
answers. Async tests, plain tests and whole processes can use it alike.
"""

import asyncio
import socket
import ssl
import threading
from typing import Self

from aiohttp import web

HANG_S = 3600
"""Longer than anybody waits."""


class Loopback:
    """Serves until its block ends. With `refuses` nobody listens at its address."""

    def __init__(self, *, refuses: bool = False, tls: ssl.SSLContext | None = None) -> None:
        self._refuses = refuses
        self._tls = tls
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._ready = threading.Event()
        self._stop = asyncio.Event()
        self.port: int = self._socket.getsockname()[1]
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}"

    def add_routes(self, router: web.UrlDispatcher) -> None:
        raise NotImplementedError

    def __enter__(self) -> Self:
        if self._refuses:
            self._socket.close()  # the port is free again, and nobody listens
            return self
        self._thread.start()
        assert self._ready.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join(10)
        self._loop.close()

    def _serve(self) -> None:
        self._loop.run_until_complete(self._run())

    async def _run(self) -> None:
        app = web.Application()
        self.add_routes(app.router)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        await web.SockSite(runner, self._socket, ssl_context=self._tls).start()
        self._ready.set()
        await self._stop.wait()
        await runner.cleanup()


async def hang() -> web.StreamResponse:
    """An answer that does not come."""
    await asyncio.sleep(HANG_S)
    raise web.HTTPGone


async def reset(request: web.Request) -> web.StreamResponse:
    """The connection ends instead of an answer."""
    assert request.transport
    request.transport.abort()
    return await hang()


async def cut(request: web.Request, beginning: bytes, content_type: str = "application/json") -> web.StreamResponse:
    """An answer whose connection ends in its middle."""
    headers = {"Content-Length": str(2 * len(beginning)), "Content-Type": content_type}
    response = web.StreamResponse(headers=headers)
    await response.prepare(request)
    await response.write(beginning)
    return await reset(request)


async def trickle(request: web.Request, content_type: str = "application/json") -> web.StreamResponse:
    """An answer that never ends, a few bytes at a time: no single read of it takes long."""
    response = web.StreamResponse(headers={"Content-Type": content_type})
    await response.prepare(request)
    while True:
        await response.write(b" ")
        await asyncio.sleep(0.02)
