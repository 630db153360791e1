"""What people send: files of a form, and JSON objects.

What belongs here: taking bodies in. What does not: how large they may be (`limits`), what is done with them. Names of
files come from outside: they are used for their last part and their ending, nothing else.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from shutil import copyfileobj
from tempfile import TemporaryDirectory
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request

from tagger_platform.api.failures import BadParameterError
from tagger_platform.api.limits import UPLOAD_BYTES
from tagger_platform.audio import SUFFIXES
from tagger_platform.errors import DiskFullError
from tagger_platform.settings import Settings
from tagger_platform.spool.shedding import free_bytes

MOST_FILES = 50
COPIES = 3
"""Of a file on the way into the library: as it comes, whole, and at its place."""
LONGEST_NAME = 120
"""Characters of a file's name that are kept; file systems take 255 bytes."""


@dataclass(frozen=True)
class Sent:
    """A file that was sent, in a folder that goes with the request, and the form's other fields."""

    files: tuple[Path, ...]
    fields: dict[str, str]


@asynccontextmanager
async def sent_files(request: Request) -> AsyncIterator[Sent]:
    """The files under `file` in a form, for as long as the block lasts, under their own names.

    Raises BadParameterError for what is no such form, or no audio by its name, and DiskFullError where it would take
    room that is kept for the log.
    """
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        raise BadParameterError("file", "send the audio as a form: multipart/form-data with the field 'file'")
    settings: Settings = request.app.state.settings
    settings.uploads_dir.mkdir(parents=True, exist_ok=True)
    _check_room(settings, int(request.headers.get("content-length", UPLOAD_BYTES)))
    try:
        form = await request.form(max_files=MOST_FILES)
    except HTTPException as error:  # what Starlette makes of a form that cannot be read
        raise BadParameterError("file", f"the form cannot be read: {error.detail}") from error
    try:
        with TemporaryDirectory(dir=settings.uploads_dir) as folder:
            files = await run_in_threadpool(_stored, form, Path(folder))
            yield Sent(files, {name: value for name, value in form.items() if isinstance(value, str)})
    finally:
        await form.close()


def _check_room(settings: Settings, size: int) -> None:
    free = free_bytes(settings.uploads_dir)
    if free - COPIES * size < settings.disk_reserve_bytes:
        kept = f"DISK_RESERVE_MB keeps {settings.disk_reserve_mb} for the log"
        raise DiskFullError(f"there is no room for it: {free / 1e6:.0f} MB are free, of which {kept}: make room")


def _stored(form: FormData, folder: Path) -> tuple[Path, ...]:
    files = []
    for number, part in enumerate(form.getlist("file")):
        if not isinstance(part, UploadFile):
            raise BadParameterError("file", "the field 'file' must hold a file")
        target = folder / str(number) / safe_name(part.filename or "")
        target.parent.mkdir()
        with target.open("wb") as out:
            copyfileobj(part.file, out)
        files.append(target)
    if not files:
        raise BadParameterError("file", "no file was sent: put one into the field 'file'")
    return tuple(files)


def safe_name(name: str) -> str:
    """The last part of a file's name, visible and not too long. Raises BadParameterError where it names no audio."""
    last = PurePosixPath(name.replace("\\", "/")).name
    kept = "".join(sign for sign in last if sign.isprintable()).strip().lstrip(".")
    suffix = PurePosixPath(kept).suffix
    if suffix.lower() not in SUFFIXES or not kept.removesuffix(suffix):
        raise BadParameterError("file", f"{kept or 'a file without a name'} is no audio file: send {_listed()}")
    return kept.removesuffix(suffix)[:LONGEST_NAME] + suffix


def _listed() -> str:
    return ", ".join(sorted(suffix.removeprefix(".") for suffix in SUFFIXES))


async def json_object(request: Request) -> dict[str, Any]:
    """The body as a JSON object. Raises BadParameterError for anything else."""
    try:
        found = await request.json()
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise BadParameterError("body", "the body must be a JSON object")
    return found
