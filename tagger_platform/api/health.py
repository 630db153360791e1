"""How the platform is doing: ``/healthz``, ``/api/streams`` and ``/internal/reload``.

What belongs here: asking the store and capture, and saying what each answered. What does not: capture's own account
of a stream (`capture`). A stream that reconnects is the stream's trouble, not the platform's: it is reported, and
`/healthz` stays 200.
"""

from collections import Counter
from http import HTTPStatus
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from tagger_platform.api.capture_client import CaptureClient
from tagger_platform.api.failures import CaptureDownError
from tagger_platform.errors import SettingsError, TaggerError
from tagger_platform.model import Stream
from tagger_platform.observe.logs import redact
from tagger_platform.settings import Settings
from tagger_platform.store.database import Database
from tagger_platform.store.reports import stream_titles

STREAM_KEYS = ("name", "title", "kind", "enabled", "state", "since", "last_window", "last_error")
"""What is passed on of a stream; capture's account may hold more."""
OK = "ok"
CAPTURE_DOWN = "capture_down"


async def healthz(request: Request) -> Response:
    state = request.app.state
    store = await run_in_threadpool(_store_part, state.database)
    capture = await run_in_threadpool(_capture_part, state.capture)
    good = store["state"] == capture["state"] == OK
    status = HTTPStatus.OK if good else HTTPStatus.SERVICE_UNAVAILABLE
    return JSONResponse({"status": OK if good else "failing", "parts": {"store": store, "capture": capture}}, status)


def _store_part(database: Database) -> dict[str, Any]:
    try:
        stream_titles(database)
    except TaggerError as error:
        return {"state": "failing", "detail": str(error)}
    except Exception as error:  # whatever keeps the store from being read is what this question is about
        return {"state": "failing", "detail": f"the store cannot be read ({type(error).__name__})"}
    return {"state": OK, "version": database.version()}


def _capture_part(capture: CaptureClient) -> dict[str, Any]:
    try:
        answer = capture.health()
    except CaptureDownError as error:
        return {"state": "down", "detail": str(error)}
    return {
        "state": OK if answer.good else "failing",
        "problems": answer.body.get("problems") or [],
        "streams": dict(Counter(str(stream.get("state")) for stream in answer.streams)),
        "spool": answer.body.get("spool"),
    }


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
