"""``/api/library``: the user's own audio: what is there, adding, listening, removing.

What belongs here: the routes. What does not: the work. A file that was sent goes into the watched folder, below the
name of its kind, and is asked for by name: `library_sensor` takes both up, as it does for the command.
"""

import shutil
import uuid
from collections.abc import Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response

from tagger_platform.api.bodies import sent_files
from tagger_platform.api.failures import BadParameterError
from tagger_platform.library.asking import ask, outcomes
from tagger_platform.library.files import KINDS, item_id
from tagger_platform.library.places import Library
from tagger_platform.library.removal import remove
from tagger_platform.library.standing import standing
from tagger_platform.store import reports
from tagger_platform.store.library import ItemStatus, library_json

MEDIA_TYPES = {
    ".mp3": "audio/mpeg",
    ".wav": "audio/wav",
    ".flac": "audio/flac",
    ".ogg": "audio/ogg",
    ".oga": "audio/ogg",
    ".opus": "audio/ogg",
    ".m4a": "audio/mp4",
    ".mp4": "audio/mp4",
    ".aac": "audio/aac",
    ".aif": "audio/aiff",
    ".aiff": "audio/aiff",
}
"""Not the system's own table: it differs from machine to machine."""
HEADERS = {"X-Content-Type-Options": "nosniff", "Cache-Control": "private, max-age=3600"}
"""What is listened to is not looked into by the browser; an item's content never changes under its id."""


async def items(request: Request) -> Response:
    """Every item of the library, by title."""
    found = await run_in_threadpool(reports.library_items, request.app.state.database)
    return JSONResponse({"items": [library_json(item) for item in found]})


async def status(request: Request) -> Response:
    return JSONResponse(await run_in_threadpool(standing, _library(request)))


async def add(request: Request) -> Response:
    """202 with each file's item; its status is QUEUED until the next run has taken note of it."""
    async with sent_files(request) as sent:
        kind = sent.fields.get("kind") or None
        if kind is not None and kind not in KINDS:
            raise BadParameterError("kind", f"kind must be one of {', '.join(KINDS)}, not {kind!r}")
        added = await run_in_threadpool(_add, _library(request), sent.files, kind)
    return JSONResponse({"items": added}, HTTPStatus.ACCEPTED)


def _add(library: Library, files: Sequence[Path], kind: str | None) -> list[dict[str, Any]]:
    with library.room():
        kept = [_keep(library, file, kind) for file in files]
        ask(library, kept, kind)
    known = outcomes(library, kept)
    return [library_json(item) if item else _queued(path, kind) for path, item in zip(kept, known, strict=True)]


def _keep(library: Library, file: Path, kind: str | None) -> Path:
    """Put the file into the watched folder, whole at once; the same content under the same name is there already."""
    folder = library.watched / kind if kind else library.watched
    folder.mkdir(parents=True, exist_ok=True)
    target, number = folder / file.name, 2
    while target.exists():
        if item_id(target) == item_id(file):
            return target
        target, number = folder / f"{file.stem} ({number}){file.suffix}", number + 1
    draft = folder / f".{uuid.uuid4().hex}{file.suffix}"  # hidden: nobody looks into it before it is whole
    try:
        shutil.copyfile(file, draft)
        draft.rename(target)
    finally:
        draft.unlink(missing_ok=True)
    return target


def _queued(path: Path, kind: str | None) -> dict[str, Any]:
    """A file of which nobody has taken note yet, in the shape of an item."""
    nothing = dict.fromkeys(("title", "artist", "album", "isrc", "duration_s", "duplicate_of", "group"))
    told = {"item_id": item_id(path), "path": str(path), "kind": kind, "status": ItemStatus.QUEUED, "reason": ""}
    return nothing | {"title": path.stem} | told


async def remove_item(request: Request) -> Response:
    """Takes an item and its copies out of the catalogue, at once; the files stay."""
    wanted = request.path_params["item_id"]
    if await run_in_threadpool(reports.library_item, request.app.state.database, wanted) is None:
        raise HTTPException(404)
    removed = await run_in_threadpool(remove, _library(request), [wanted])
    return JSONResponse({"removed": [library_json(item) for item in removed]})


async def audio(request: Request) -> Response:
    """The item's own file, to listen to; ranges of it too."""
    item = await run_in_threadpool(reports.library_item, request.app.state.database, request.path_params["item_id"])
    if item is None or not item.path.is_file():
        raise HTTPException(404)
    media_type = MEDIA_TYPES.get(item.path.suffix.lower(), "application/octet-stream")
    return FileResponse(item.path, media_type=media_type, headers=HEADERS)


def _library(request: Request) -> Library:
    return Library(request.app.state.settings)
