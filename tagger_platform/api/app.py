"""The api's process: its routes, and serving them.

What belongs here: the list of routes and the server around it. What does not: any answer (see the other modules).
"""

import signal
import socket
import threading

import uvicorn
from anyio import CapacityLimiter
from prometheus_client import CollectorRegistry
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from tagger_platform.api import health, library, proof, streams
from tagger_platform.api.art import art
from tagger_platform.api.capture_client import CaptureClient
from tagger_platform.api.failures import HANDLERS
from tagger_platform.api.guard import Doors, Guard
from tagger_platform.api.identify import identifications, identify
from tagger_platform.api.limits import MOST_CONNECTIONS, Bodies, ImpatientProtocol
from tagger_platform.api.metrics import PlatformCollector, metrics
from tagger_platform.api.plays import plays
from tagger_platform.api.requests import RequestMetrics
from tagger_platform.api.search import search
from tagger_platform.api.tracing import trace_requests
from tagger_platform.api.tracks import similar
from tagger_platform.errors import RequestError
from tagger_platform.health.notify import Notifier
from tagger_platform.health.watch import Watch
from tagger_platform.insight.query_vectors import LoadOn, QueryVectors
from tagger_platform.insight.vectors import CurrentVectors
from tagger_platform.settings import Settings
from tagger_platform.spool.last_windows import LastWindows
from tagger_platform.store.database import Database

STORE_TIMEOUT_S = 5.0
"""A caller would rather hear "busy, try again" than wait longer for a turn at the store."""
GOODBYE_S = 2
"""Seconds that answers under way get when the process is told to stop."""


def create_app(settings: Settings) -> Starlette:
    """The whole api as an ASGI application."""
    registry = CollectorRegistry()
    doors = Doors(settings.api_token, settings.api_hosts, (settings.ui_port,))
    app = Starlette(
        routes=[
            Route("/", home),
            Route("/healthz", health.healthz),
            Route("/readyz", health.readyz),
            Route("/internal/reload", health.reload, methods=["POST"]),
            Route("/api/art/{name}", art),
            Route("/api/identifications", identifications),
            Route("/api/identify", identify, methods=["POST"]),
            Route("/api/library", library.items, methods=["GET"]),
            Route("/api/library", library.add, methods=["POST"]),
            Route("/api/library/status", library.status),
            Route("/api/library/{item_id}", library.remove_item, methods=["DELETE"]),
            Route("/api/library/{item_id}/audio", library.audio),
            Route("/api/plays", plays),
            Route("/api/plays/{play_id}/clip", proof.clip_of_play),
            Route("/api/plays/{play_id}/proof", proof.proof),
            Route("/api/search", search),
            Route("/api/streams", health.streams, methods=["GET"]),
            Route("/api/streams", streams.add, methods=["POST"]),
            Route("/api/streams/check", streams.check, methods=["POST"]),
            Route("/api/streams/{name}", streams.enable, methods=["PATCH"]),
            Route("/api/streams/{name}", streams.remove, methods=["DELETE"]),
            Route("/api/streams/{name}/last/picture", streams.last_picture),
            Route("/api/streams/{name}/last/audio", streams.last_audio),
            Route("/api/tracks/{track_id:path}/similar", similar),
            Route("/api/windows/{window_id:path}/clip", proof.clip),
            Route("/api/windows/{window_id:path}/raw/{provider}", proof.raw),
            *([Route(settings.metrics_path, metrics)] if settings.enable_prometheus else []),
        ],
        middleware=[Middleware(RequestMetrics, registry=registry), Middleware(Guard, doors=doors), Middleware(Bodies)],
        exception_handlers=HANDLERS,
    )
    app.state.settings = settings
    app.state.database = Database(settings.database_path, timeout_s=STORE_TIMEOUT_S)
    app.state.capture = CaptureClient(settings.capture_host, settings.capture_port)
    app.state.fixed_streams = streams.fixed_names(settings)
    app.state.last_windows = LastWindows(settings.last_windows_dir)
    app.state.watched = health.watched(settings)
    app.state.vectors = CurrentVectors(settings.search_dir)
    app.state.query_vectors = QueryVectors(LoadOn(settings.embed_device))
    app.state.checks = CapacityLimiter(streams.CHECKS_AT_ONCE)
    app.state.registry = registry
    registry.register(PlatformCollector(settings, app.state.database))
    trace_requests(app)
    return app


async def home(request: Request) -> Response:
    """People who open the api's address want the pages, which are on the same host."""
    settings: Settings = request.app.state.settings
    host = request.url.hostname or "127.0.0.1"
    shown = f"[{host}]" if ":" in host else host
    return RedirectResponse(f"http://{shown}:{settings.ui_port}/", status_code=307)


def run(settings: Settings) -> int:
    """Serve until SIGTERM or SIGINT; returns the exit code. Raises RequestError when PORT is in use."""
    with _listening(settings) as listener:
        app = create_app(settings)
        if settings.notify_urls:
            Watch(app.state.watched, Notifier(settings.notify_urls)).start()
        config = uvicorn.Config(
            app,
            http=ImpatientProtocol,
            limit_concurrency=MOST_CONNECTIONS,
            access_log=False,
            log_config=None,
            log_level="warning",
            lifespan="off",
            server_header=False,
            timeout_graceful_shutdown=GOODBYE_S,
        )
        _let_signals_end_quietly()
        uvicorn.Server(config).run(sockets=[listener])
    return 0


def _listening(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        return socket.create_server((settings.host, settings.port), family=family, backlog=128)
    except OSError as error:
        raise RequestError(
            f"PORT: cannot listen on {settings.host} port {settings.port} ({error.strerror}); "
            f"stop what uses it, or set PORT to another one"
        ) from error


def _let_signals_end_quietly() -> None:
    """uvicorn stops in order at a signal and then raises it once more, for whoever handled it before."""
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: None)
