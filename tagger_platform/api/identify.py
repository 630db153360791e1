"""``POST /api/identify``: what is this audio? ``GET /api/identifications``: what was asked so far.

What belongs here: the two routes. What does not: the answer (`library.identify`), keeping it (`store`). The audio goes
when it has been answered.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import State
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from tagger_platform.api.bodies import sent_files
from tagger_platform.api.failures import BadParameterError
from tagger_platform.api.plays import LONGEST_OFFSET, LONGEST_PAGE_PLAYS, PAGE_PLAYS, whole_number
from tagger_platform.capture.ffmpeg import find_ffmpeg
from tagger_platform.fingerprint.index import Index
from tagger_platform.library.elsewhere import Elsewhere
from tagger_platform.library.identify import identify_whole
from tagger_platform.recognize.providers import others
from tagger_platform.settings import Settings
from tagger_platform.store import reports
from tagger_platform.store.identifications import note_identification
from tagger_platform.store.rows import play_json


async def identify(request: Request) -> Response:
    """The identification, noted, what `others` said that were asked, and `last_play`: when the track was last heard."""
    async with sent_files(request) as sent:
        if len(sent.files) != 1:
            raise BadParameterError("file", f"send one file, not {len(sent.files)}")
        return JSONResponse(await run_in_threadpool(_answer, request.app.state, sent.files[0]))


def _answer(state: State, file: Path) -> dict[str, Any]:
    settings: Settings = state.settings
    ffmpeg = find_ffmpeg(settings.ffmpeg_path)
    found = identify_whole(file, Index(settings.catalogue_dir), ffmpeg, Elsewhere(others(settings), ffmpeg))
    said = {one.provider: one.status.value for one in found.others}
    with state.database.writing() as connection:
        noted = note_identification(connection, {**found.told, "file": file.name}, datetime.now(UTC), said)
    return {**noted.as_json(), "last_play": _last_play(state, noted.answer)}


def _last_play(state: State, answer: Mapping[str, Any]) -> dict[str, Any] | None:
    play = reports.last_play(state.database, answer["track_id"]) if answer["match"] else None
    return play_json(play) if play else None


async def identifications(request: Request) -> Response:
    """The newest first; `limit` and `offset` page."""
    limit = whole_number(request.query_params, "limit", 1, LONGEST_PAGE_PLAYS) or PAGE_PLAYS
    offset = whole_number(request.query_params, "offset", 0, LONGEST_OFFSET) or 0

    def found() -> list[dict[str, Any]]:
        return [
            one.as_json() for one in reports.identifications(request.app.state.database, limit=limit, offset=offset)
        ]

    return JSONResponse({"identifications": await run_in_threadpool(found)})
