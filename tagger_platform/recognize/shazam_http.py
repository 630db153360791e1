"""The way to Shazam: shazamio for signature and request, and an HTTP client of our own.

What belongs here: sending one question, and which errors it can raise. What does not: what an answer means (shazam).
Importing shazamio costs a quarter of a second of CPU, so nothing imports this file before the first question.

shazamio's own client repeats a refused request twenty times; ours makes one attempt, because budget and catch-up decide
when to ask again, and it tells an outage by the HTTP status: some come as ordinary JSON.
"""

import json
import time
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from shazamio import Shazam
from shazamio.interfaces.client import HTTPClientInterface

from tagger_platform.model import Status
from tagger_platform.observe import tracing
from tagger_platform.recognize.answers import DETAIL_CHARS, NoAnswerError
from tagger_platform.recognize.breaker import retry_after_s


async def question(audio: Path, host: str | None) -> dict[str, Any]:
    """Shazam's own answer about the audio file; `host` (scheme and address) stands in for Shazam's where given.

    Raises NoAnswerError.
    """
    try:
        # A session of its own costs one handshake, four times a minute, and leaves nothing bound to an event loop.
        async with aiohttp.ClientSession() as session:
            answer = await Shazam(http_client=_OneAttempt(session, host)).recognize(audio)
    except NoAnswerError:
        raise
    except (aiohttp.ClientConnectionError, aiohttp.ClientPayloadError) as error:
        raise NoAnswerError(Status.PROVIDER_DOWN, f"{type(error).__name__}: {error}") from error
    except Exception as error:  # shazamio and its core raise bare exceptions of many kinds for what they cannot read
        raise NoAnswerError(Status.BAD_ANSWER, f"{type(error).__name__}: {error}") from error
    if not isinstance(answer, dict):
        raise NoAnswerError(Status.BAD_ANSWER, f"a JSON {type(answer).__name__} instead of an object")
    return answer


class _OneAttempt(HTTPClientInterface):
    """One attempt, and an HTTP error is an error."""

    def __init__(self, session: aiohttp.ClientSession, host: str | None) -> None:
        self._session = session
        self._host = host

    async def request(self, method: str, url: str, **kwargs: Any) -> Any:  # noqa: ANN401 - shazamio's signature
        sent_to = self._to(url)
        told = {"http.request.method": method, "server.address": urlsplit(sent_to).hostname or ""}
        with tracing.span("HTTP", told) as span:
            async with self._session.request(method, sent_to, **kwargs) as response:
                body = await response.text(errors="replace")
            span.set({"http.response.status_code": response.status})
        return _read(response, body)

    async def request_text(self, url: str, *, content_type: str, **kwargs: Any) -> str:  # noqa: ANN401 - as above
        raise NotImplementedError("shazamio reads only charts as text")

    def _to(self, url: str) -> str:
        if self._host is None:
            return url
        stand_in = urlsplit(self._host)
        return urlsplit(url)._replace(scheme=stand_in.scheme, netloc=stand_in.netloc).geturl()


def _read(response: aiohttp.ClientResponse, body: str) -> Any:  # noqa: ANN401 - whatever JSON holds
    """The answer's JSON. Raises NoAnswerError."""
    wait = response.headers.get("Retry-After")
    told = f"HTTP {response.status}{f', Retry-After {wait}' if wait else ''}: {body[:DETAIL_CHARS]}"
    wait_s = retry_after_s(wait, time.time())
    if response.status == HTTPStatus.TOO_MANY_REQUESTS:
        raise NoAnswerError(Status.THROTTLED, told, wait_s)
    if response.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise NoAnswerError(Status.PROVIDER_DOWN, told, wait_s)
    if response.status >= HTTPStatus.BAD_REQUEST:
        raise NoAnswerError(Status.BAD_ANSWER, told)
    try:
        return json.loads(body)
    except json.JSONDecodeError as error:
        raise NoAnswerError(Status.BAD_ANSWER, told) from error
