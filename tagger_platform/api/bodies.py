"""What people send: files of a form and small JSON objects, never more than is allowed.

What belongs here: taking bodies in, bounded. What does not: what is done with them. Names of files come from outside:
they are used for their last part and their ending, nothing else.
"""

import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from shutil import copyfileobj
from tempfile import TemporaryDirectory
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from tagger_platform.api.failures import BadParameterError, TooLargeError
from tagger_platform.audio import SUFFIXES
from tagger_platform.settings import Settings

MOST_FILES = 50
FORM_BYTES = 1 << 20
"""What a form may hold beside its files."""
JSON_BYTES = 64 << 10
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

    Raises TooLargeError above UPLOAD_MAX_MB together, BadParameterError for what is no such form or no audio file.
    """
    settings: Settings = request.app.state.settings
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        raise BadParameterError("file", "send the audio as a form: multipart/form-data with the field 'file'")
    bounded = _bounded(request, settings.upload_max_mb * 1_000_000)
    try:
        form = await MultiPartParser(request.headers, bounded, max_files=MOST_FILES, max_part_size=FORM_BYTES).parse()
    except MultiPartException as error:
        raise BadParameterError("file", f"the form cannot be read: {error.message}") from error
    try:
        with TemporaryDirectory(prefix="tagger-upload-") as folder:
            files = await run_in_threadpool(_stored, form, Path(folder))
            yield Sent(files, {name: value for name, value in form.items() if isinstance(value, str)})
    finally:
        await form.close()


async def _bounded(request: Request, most: int) -> AsyncGenerator[bytes]:
    """The body, cut off with an error as soon as it is known to be larger than `most` bytes."""
    told = request.headers.get("content-length", "")
    came = int(told) if told.isdecimal() and len(told) < 20 else 0
    if came > most:
        raise _too_large(most)
    came = 0
    async for block in request.stream():
        came += len(block)
        if came > most:
            raise _too_large(most)
        yield block


def _too_large(most: int) -> TooLargeError:
    return TooLargeError(f"that is more than {most // 1_000_000} MB, the most that may be sent (UPLOAD_MAX_MB)")


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
    body = b""
    async for block in request.stream():
        body += block
        if len(body) > JSON_BYTES:
            raise TooLargeError(f"that is more than {JSON_BYTES // 1024} KB of JSON")
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise BadParameterError("body", "the body must be a JSON object")
    return found
