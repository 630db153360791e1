"""How the platform is doing: ``/healthz``, ``/readyz``, ``/api/streams`` and ``/internal/reload``.

What belongs here: answering. What does not: finding out (`tagger_platform.health`), capture's own account of a stream
(`capture`). `/healthz` says that this process answers, with a word about the disk, and asks nobody: whoever restarts
what is not alive must not restart the api because the disk is full. `/readyz` says how every part is.
"""

from http import HTTPStatus
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from tagger_platform.api.capture_client import CaptureClient
from tagger_platform.api.failures import CaptureDownError
from tagger_platform.errors import SettingsError
from tagger_platform.health.parts import look, look_at
from tagger_platform.health.report import State, Watched
from tagger_platform.model import Stream
from tagger_platform.observe.logs import redact
from tagger_platform.settings import Settings
from tagger_platform.store.database import Database

STREAM_KEYS = (
    *("name", "title", "kind", "enabled", "state", "since", "last_window", "last_error"),
    *("level_dbfs", "icy_title"),
)
"""What is passed on of a stream; capture's account may hold more."""
CAPTURE_DOWN = "capture_down"
STORE_TIMEOUT_S = 2.0
"""Who asks for health waits some seconds at most; a store that is busy for longer is not well."""


def watched(settings: Settings) -> Watched:
    """What health reports look at, as seen from this machine."""
    capture = CaptureClient(settings.capture_host, settings.capture_port)
    return Watched(settings, Database(settings.database_path, timeout_s=STORE_TIMEOUT_S), lambda: capture.health().body)


async def healthz(request: Request) -> Response:
    """Always 200, also while the disk is full: that is told, and no reason to restart anything."""
    part = await run_in_threadpool(look_at, "disk", request.app.state.watched)
    return JSONResponse({"status": "ok", "disk": part.as_json()})


async def readyz(request: Request) -> Response:
    """Every part and its state; 503 while one is failing."""
    report = await run_in_threadpool(look, request.app.state.watched)
    failing = report.state is State.FAILING
    return JSONResponse(report.as_json(), HTTPStatus.SERVICE_UNAVAILABLE if failing else HTTPStatus.OK)


async def streams(request: Request) -> Response:
    state = request.app.state
    return JSONResponse({"streams": await run_in_threadpool(_streams, state.capture, state.settings)})


def _streams(capture: CaptureClient, settings: Settings) -> list[dict[str, Any]]:
    try:
        return [_passed_on(stream) for stream in capture.health().streams]
    except CaptureDownError:
        return [_unheard(stream) for stream in _configured(settings)]


def _passed_on(stream: dict[str, Any]) -> dict[str, Any]:
    """Capture leaves user and password out itself; an error text that quotes a URL is the one place to look again."""
    known = {key: stream.get(key) for key in STREAM_KEYS}
    return {**known, "last_error": redact(str(known["last_error"])) if known["last_error"] else None}


def _unheard(stream: Stream) -> dict[str, Any]:
    nothing = dict.fromkeys(STREAM_KEYS)
    title, state = stream.display, CAPTURE_DOWN if stream.enabled else "disabled"
    told = {"name": stream.name, "title": title, "kind": stream.kind, "enabled": stream.enabled, "state": state}
    return nothing | told


def _configured(settings: Settings) -> tuple[Stream, ...]:
    """The streams as `streams.yaml` has them now; those of the start while that file is broken."""
    try:
        return settings.with_streams_read_again().streams
    except SettingsError:
        return settings.streams


async def reload(request: Request) -> Response:
    """Ask capture to read `streams.yaml` again; its answer is passed on, with its status."""
    answer = await run_in_threadpool(request.app.state.capture.reload)
    return JSONResponse(answer.body, answer.status)
