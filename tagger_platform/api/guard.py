"""Who is let in: middleware that looks at a request's Host, Origin and token before any route does.

What belongs here: refusing, and the headers that every answer carries. What does not: the judgements (`callers`), how
large and how slow a request may be (`limits`). There is no CORS: no page of another host may read an answer.
"""

from collections.abc import Collection
from dataclasses import dataclass
from http import HTTPStatus

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tagger_platform import callers
from tagger_platform.api.failures import failure

OPEN = frozenset({"/healthz", "/readyz", "/"})
"""Paths that need no token: who supervises the process asks the first two, and the third only leads to the pages."""
POLICY_VIOLATION = 1008
"""WebSocket's code for a refusal; before a socket is accepted it becomes HTTP 403."""

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}
"""Whatever an answer holds, a browser must take it for what its Content-Type says, and run none of it."""


@dataclass(frozen=True)
class Doors:
    """Whom to let in: `token` empty: everybody; `named`: hosts beside the local ones; `ports`: of our own pages."""

    token: str
    named: Collection[str]
    ports: Collection[int]

    def refusal(self, scope: Scope) -> Response | None:
        """The answer to a request that may not come in; None for one that may."""
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        if host and not callers.host_is_ours(host, self.named):
            message = "the api does not answer to this host name: ask it by its address, or list the name in API_HOSTS"
            return failure(HTTPStatus.MISDIRECTED_REQUEST, "unknown_host", message)
        if _may_change(scope) and not self._from_us(headers, host):
            message = "this request comes from a page of another host: those in API_HOSTS may change something here"
            return failure(HTTPStatus.FORBIDDEN, "foreign_origin", message)
        if self.token and scope["path"] not in OPEN and not self._knows_token(headers):
            message = "this needs the header 'Authorization: Bearer' and the token in API_TOKEN"
            challenge = {"WWW-Authenticate": 'Bearer realm="tagger"'}
            return failure(HTTPStatus.UNAUTHORIZED, "unauthorized", message, headers=challenge)
        return None

    def _knows_token(self, headers: Headers) -> bool:
        return callers.token_is_right(headers.get("authorization"), self.token)

    def _from_us(self, headers: Headers, host: str) -> bool:
        return callers.origin_is_ours(headers.get("origin"), host, ports=self.ports, named=self.named)


def _may_change(scope: Scope) -> bool:
    """A WebSocket counts: browsers let every page open one, and read it."""
    return scope["type"] == "websocket" or scope["method"] not in callers.READING


class Guard:
    """ASGI middleware: refuses whom `doors` does not let in, and adds HEADERS to every answer that lacks them."""

    def __init__(self, app: ASGIApp, doors: Doors) -> None:
        self._app = app
        self._doors = doors

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        refused = self._doors.refusal(scope)
        if refused is None:
            await self._app(scope, receive, send_with_headers)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": POLICY_VIOLATION, "reason": "refused"})
        else:
            await refused(scope, receive, send_with_headers)
