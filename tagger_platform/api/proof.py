"""The proof of a play: the windows behind it, their audio, and the providers' own words.

What belongs here: the routes. What does not: looking it up (`store.proof`), the files (`spool.clips`).
"""

import re
from dataclasses import asdict
from pathlib import Path
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import State
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response

from tagger_platform.model import STREAM_NAME, iso, parts_of
from tagger_platform.recognize.answers import unpacked
from tagger_platform.spool.clips import Clips
from tagger_platform.store import reports
from tagger_platform.store.proof import Answer, ProofWindow

WINDOW_ID = re.compile(STREAM_NAME.pattern + r"/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\+\d{1,5}")
HEADERS = {"X-Content-Type-Options": "nosniff", "Cache-Control": "private, max-age=86400, immutable"}
"""A window's audio and the words about it never change."""


async def proof(request: Request) -> Response:
    """The windows that made a play, in order, with every provider's answer about each."""
    return JSONResponse(await run_in_threadpool(_proof, request.app.state, request.path_params["play_id"]))


def _proof(state: State, play_id: str) -> dict[str, Any]:
    windows = reports.proof_of_play(state.database, play_id)
    if windows is None:
        raise HTTPException(404)
    clips = Clips(state.settings.clips_dir)
    return {"play_id": play_id, "windows": [_window(window, clips) for window in windows]}


def _window(window: ProofWindow, clips: Clips) -> dict[str, Any]:
    return {
        "window_id": window.window_id,
        "started_at": iso(window.started_at),
        "has_clip": clips.audio(window.window_id) is not None,
        "answers": [_answer(answer) for answer in window.answers],
    }


def _answer(answer: Answer) -> dict[str, Any]:
    return {**asdict(answer), "asked_at": iso(answer.asked_at)}


async def clip_of_play(request: Request) -> Response:
    """The audio of the first window of a play that is still kept."""
    return await run_in_threadpool(_clip_of_play, request.app.state, request.path_params["play_id"])


def _clip_of_play(state: State, play_id: str) -> Response:
    clips = Clips(state.settings.clips_dir)
    windows = reports.proof_of_play(state.database, play_id) or []
    return _played(next((path for one in windows if (path := clips.audio(one.window_id))), None))


async def clip(request: Request) -> Response:
    """The audio of a window."""
    clips = Clips(request.app.state.settings.clips_dir)
    return await run_in_threadpool(lambda: _played(clips.audio(_window_id(request))))


def _played(path: Path | None) -> Response:
    if path is None:
        raise HTTPException(404)
    return FileResponse(path, media_type="audio/flac", headers=HEADERS)


async def raw(request: Request) -> Response:
    """What a provider answered about a window, as it said it."""
    found = await run_in_threadpool(
        reports.raw_words, request.app.state.database, _window_id(request), request.path_params["provider"]
    )
    if found is None:
        raise HTTPException(404)
    return Response(unpacked(found), media_type="application/json", headers=HEADERS)


def _window_id(request: Request) -> str:
    """The window that the path names. A path that can be none is answered like one that is not there."""
    text: str = request.path_params["window_id"]
    if not WINDOW_ID.fullmatch(text) or parts_of(text)[2] > 86_400:
        raise HTTPException(404)
    return text
