"""Counts the api's requests, by method, route and status, and how long they took.

What belongs here: the middleware and its two metrics, in this process's memory. Labels come from the routes, never from
what was asked: a path that no route has is "none", an odd method "other".
"""

from http import HTTPMethod, HTTPStatus
from time import perf_counter

from prometheus_client import CollectorRegistry, Counter, Histogram
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
NO_ROUTE = "none"
OTHER = "other"


class RequestMetrics:
    """ASGI middleware around `app` that counts into `registry`."""

    def __init__(self, app: ASGIApp, registry: CollectorRegistry) -> None:
        self._app = app
        self._requests = Counter(
            "http_requests_total",
            "Requests to the api since it started.",
            ["method", "route", "status"],
            registry=registry,
        )
        self._durations = Histogram(
            "http_request_duration_seconds",
            "From a request's arrival until its answer was sent.",
            ["method", "route"],
            buckets=BUCKETS,
            registry=registry,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status = int(HTTPStatus.INTERNAL_SERVER_ERROR)  # what an exception becomes further out

        async def note_status(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        began = perf_counter()
        try:
            await self._app(scope, receive, note_status)
        finally:
            method, route = _method(scope), _route(scope)
            self._requests.labels(method, route, status).inc()
            self._durations.labels(method, route).observe(perf_counter() - began)


def _method(scope: Scope) -> str:
    method: str = scope["method"]
    return method if method in HTTPMethod.__members__ else OTHER


def _route(scope: Scope) -> str:
    route = scope.get("route")
    return route.path if isinstance(route, Route) else NO_ROUTE
