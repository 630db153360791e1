"""``/api/streams``: adding, switching and removing streams of `streams.yaml`, and trying a URL.

What belongs here: the routes that change something, `check`, and what is kept of the last window. What does not: how
streams are (`health`), the file (`stream_file`), the attempt itself (`capture.check`). After each change capture is
asked to read the file again.
"""

from collections.abc import Callable
from dataclasses import asdict
from http import HTTPStatus
from pathlib import Path
from typing import Any

import anyio
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import State
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response

from tagger_platform import stream_config
from tagger_platform.api.bodies import json_object
from tagger_platform.api.failures import BadParameterError, CaptureDownError
from tagger_platform.api.stream_file import StreamFile
from tagger_platform.capture.check import check as check_url
from tagger_platform.capture.destination import refusal
from tagger_platform.capture.ffmpeg import find_ffmpeg
from tagger_platform.errors import TransientError
from tagger_platform.model import STREAM_NAME, Stream
from tagger_platform.settings import Settings

CHECKS_AT_ONCE = 2
"""Each is an ffmpeg for up to 12 s."""
LONGEST_TITLE, LONGEST_URL = 200, 2000
HEADERS = {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-cache"}
"""What is at the path of a last window is soon another one."""
ON_ITS_WAY = "it is saved; capture does not answer, and reads it when it starts"


def fixed_names(settings: Settings) -> frozenset[str]:
    """The streams that only a restart can change, as the environment holds them; ask while `settings` are fresh."""
    from_file, _ = stream_config.from_file(settings.streams_file)
    return frozenset(stream.name for stream in settings.streams if stream not in from_file)


async def check(request: Request) -> Response:
    """Try `{"url"}` for some seconds; `sentence` says in plain words what is there, or what is wrong."""
    settings: Settings = request.app.state.settings
    url = await _url(await json_object(request), settings)
    if request.app.state.checks.borrowed_tokens >= CHECKS_AT_ONCE:
        raise TransientError("other streams are being tried just now: try again in some seconds")
    found = await anyio.to_thread.run_sync(
        check_url, url, find_ffmpeg(settings.ffmpeg_path), limiter=request.app.state.checks
    )
    return JSONResponse(asdict(found))


async def add(request: Request) -> Response:
    """Add `{"name", "url", "title"?, "enabled"?}`."""
    stream = await _stream(await json_object(request), request.app.state.settings)
    return await _changed(request, lambda file: file.add(stream), HTTPStatus.CREATED)


async def enable(request: Request) -> Response:
    """Switch a stream on or off: `{"enabled"}`."""
    enabled = (await json_object(request)).get("enabled")
    if not isinstance(enabled, bool):
        raise BadParameterError("enabled", "enabled must be true or false")
    name = request.path_params["name"]
    return await _changed(request, lambda file: file.enable(name, enabled), HTTPStatus.OK)


async def remove(request: Request) -> Response:
    """Take a stream out of the file. What was logged of it stays."""
    name = request.path_params["name"]
    return await _changed(request, lambda file: file.remove(name), HTTPStatus.OK)


async def last_picture(request: Request) -> Response:
    """The spectrogram of the stream's last window."""
    return _file(request.app.state.last_windows.picture(_name(request)), "image/png")


async def last_audio(request: Request) -> Response:
    """The audio of the stream's last window, where KEEP_LAST_WINDOW keeps it."""
    return _file(request.app.state.last_windows.audio(_name(request)), "audio/flac")


def _file(path: Path | None, media_type: str) -> Response:
    if path is None:
        raise HTTPException(404)
    return FileResponse(path, media_type=media_type, headers=HEADERS)


def _name(request: Request) -> str:
    name: str = request.path_params["name"]
    if not STREAM_NAME.fullmatch(name):
        raise HTTPException(404)
    return name


async def _changed(request: Request, change: Callable[[StreamFile], None], status: HTTPStatus) -> Response:
    return JSONResponse(await run_in_threadpool(_change, request.app.state, change), status)


def _change(state: State, change: Callable[[StreamFile], None]) -> dict[str, Any]:
    change(StreamFile(state.settings.streams_file, state.fixed_streams))
    try:
        answer = state.capture.reload()
    except CaptureDownError:
        return {"reloaded": False, "detail": ON_ITS_WAY}
    return {"reloaded": answer.good, "detail": "" if answer.good else str(answer.body)}


async def _stream(body: dict[str, Any], settings: Settings) -> Stream:
    """The stream that the body describes. Raises BadParameterError; no message repeats the URL."""
    name = _text(body, "name", 40)
    if not STREAM_NAME.fullmatch(name):
        raise BadParameterError("name", "the name must be 1 to 40 of a-z, 0-9, _ and -; use a title for more")
    url = await _url(body, settings)
    title = _text(body, "title", LONGEST_TITLE) if body.get("title") else ""
    enabled = body.get("enabled", True)
    if not isinstance(enabled, bool):
        raise BadParameterError("enabled", "enabled must be true or false")
    return Stream(name, url, title, enabled)


async def _url(body: dict[str, Any], settings: Settings) -> str:
    url = stream_config.quote_userinfo(_text(body, "url", LONGEST_URL))
    if why := await run_in_threadpool(refusal, url, private=settings.streams_added_private):
        raise BadParameterError("url", why)
    return url


def _text(body: dict[str, Any], name: str, longest: int) -> str:
    text = body.get(name)
    if not isinstance(text, str) or not text.strip() or len(text) > longest:
        raise BadParameterError(name, f"{name} must be a text of 1 to {longest} characters")
    return text.strip()
