"""The one shape of every error: ``{"error": {"code", "message", "details"}}``.

What belongs here: which failure becomes which status and code. What does not: finding out that something is wrong.
A message is a sentence for people; what only a developer could read goes to the log.
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse

from tagger_platform.errors import OF_THE_DISK, AudioError, RequestError, StoreBusyError, TransientError

SENTENCES = {
    HTTPStatus.NOT_FOUND: "there is nothing at this path",
    HTTPStatus.METHOD_NOT_ALLOWED: "this path does not take that method",
}


class BadParameterError(RequestError):
    """A query parameter that cannot be used, with its name."""

    def __init__(self, name: str, message: str) -> None:
        self.name = name
        super().__init__(message)


class ConflictError(RequestError):
    """The request is well formed, and what it is about stands in its way."""


class BodyRefusedError(RequestError):
    """A request's body that is too large or too slow, with the status and code of the answer."""

    def __init__(self, status: HTTPStatus, code: str, message: str) -> None:
        self.status = status
        self.code = code
        super().__init__(message)


class CaptureDownError(TransientError):
    """Capture does not answer on its port."""


def failure(
    status: int,
    code: str,
    message: str,
    details: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    """An error as every route answers it."""
    error = {"code": code, "message": message, "details": dict(details or {})}
    return JSONResponse({"error": error}, status, headers)


def _http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)  # noqa: S101 - what this handler is registered for
    status = HTTPStatus(error.status_code)
    message = SENTENCES.get(status, error.detail)
    details = {"method": request.method, "path": request.url.path}
    return failure(status, status.name.lower(), message, details, error.headers)


def _bad_parameter(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, BadParameterError)  # noqa: S101 - as above
    return failure(HTTPStatus.BAD_REQUEST, "bad_parameter", str(error), {"parameter": error.name})


def _conflict(request: Request, error: Exception) -> JSONResponse:
    return failure(HTTPStatus.CONFLICT, "conflict", str(error))


def _no_audio(request: Request, error: Exception) -> JSONResponse:
    return failure(HTTPStatus.UNPROCESSABLE_ENTITY, "no_audio", str(error))


def _body_refused(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, BodyRefusedError)  # noqa: S101 - as above
    return failure(error.status, error.code, str(error), headers={"Connection": "close"})


def _capture_down(request: Request, error: Exception) -> JSONResponse:
    return failure(HTTPStatus.SERVICE_UNAVAILABLE, "capture_down", str(error))


def _store_busy(request: Request, error: Exception) -> JSONResponse:
    return failure(HTTPStatus.SERVICE_UNAVAILABLE, "store_busy", str(error), headers={"Retry-After": "1"})


def _unavailable(request: Request, error: Exception) -> JSONResponse:
    """Something that mends itself, or that the message says how to mend."""
    return failure(HTTPStatus.SERVICE_UNAVAILABLE, "unavailable", str(error))


def _disk(request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, OSError) or error.errno not in OF_THE_DISK:
        raise error
    told = f"{error.filename or 'the disk'}: {error.strerror}; check DATA_DIR and its disk"
    return failure(HTTPStatus.SERVICE_UNAVAILABLE, "unavailable", told)


def _refused(request: Request, error: Exception) -> JSONResponse:
    """A store of a newer version or one that cannot be opened: asking again cannot help."""
    return failure(HTTPStatus.INTERNAL_SERVER_ERROR, "refused", str(error))


def _unexpected(request: Request, error: Exception) -> JSONResponse:
    """The server logs the error itself, with its trace; the caller learns just that it happened."""
    return failure(HTTPStatus.INTERNAL_SERVER_ERROR, "internal", "something went wrong here; the api's log says what")


HANDLERS = {
    HTTPException: _http,
    BadParameterError: _bad_parameter,
    ConflictError: _conflict,
    AudioError: _no_audio,
    BodyRefusedError: _body_refused,
    CaptureDownError: _capture_down,
    StoreBusyError: _store_busy,
    TransientError: _unavailable,
    RequestError: _refused,
    OSError: _disk,
    Exception: _unexpected,
}
