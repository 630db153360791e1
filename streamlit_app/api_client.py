"""The api, as the pages see it: what they ask and what they let it do, over HTTP.

What belongs here: one function a question, with the token where one is set, and errors as sentences. What does not:
drawing. Nothing is cached here: see `live_reads`.
"""

from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any, BinaryIO

import requests

from tagger_platform.settings import Settings

LOOK_S = 8.0
"""Seconds that a page waits to be told how things are: longer than the api waits for a busy store or looks at parts."""
WORK_S = 60.0
"""The same where something is done: a file is taken over or identified, a stream is tried for up to 12 s."""
BLOCK_BYTES = 64 << 10


class ApiError(Exception):
    """The api refused, in an English sentence; `code` is its word for why, `parameter` what it is about, if it says.

    Neither word ever changes: they choose the sentence that visitors read first (`ui.failures`).
    """

    def __init__(self, code: str, message: str, parameter: str = "") -> None:
        self.code = code
        self.parameter = parameter
        super().__init__(message)


class ApiDownError(Exception):
    """The api does not answer at `url`, or what answers there is none."""

    def __init__(self, url: str) -> None:
        self.url = url
        super().__init__(f"the api does not answer at {url}")


class Api:
    """Made anew for each page that is drawn. Every method raises ApiError and ApiDownError."""

    def __init__(self, settings: Settings) -> None:
        self._url = settings.api_url
        self._session = requests.Session()
        self._session.trust_env = False  # no proxy stands between two processes of ours
        if settings.api_token:
            self._session.headers["Authorization"] = f"Bearer {settings.api_token}"

    def get(self, path: str, parameters: Mapping[str, str | int] | None = None) -> dict[str, Any]:
        """What is at `path`; a part that is failing is an answer too."""
        return self._json(self._ask("GET", path, params=parameters, timeout=LOOK_S))

    def post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        return self._json(self._ask("POST", path, json=body, timeout=WORK_S))

    def patch(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        return self._json(self._ask("PATCH", path, json=body, timeout=WORK_S))

    def delete(self, path: str) -> dict[str, Any]:
        return self._json(self._ask("DELETE", path, timeout=WORK_S))

    def send(self, path: str, files: Mapping[str, BinaryIO], fields: Mapping[str, str] | None = None) -> dict[str, Any]:
        """Send `files`, by name, as a form."""
        parts = [("file", (name, content)) for name, content in files.items()]
        return self._json(self._ask("POST", path, files=parts, data=fields, timeout=WORK_S))

    def there_is(self, path: str) -> bool:
        """Whether something is to be had at `path`."""
        return self._ask("HEAD", path, timeout=LOOK_S).ok

    def stream(self, path: str, headers: Mapping[str, str]) -> tuple[int, Mapping[str, str], Iterator[bytes]]:
        """Status, headers and blocks of something to listen to; whatever the status is."""
        answer = self._ask("GET", path, stream=True, timeout=LOOK_S, headers=headers)
        return answer.status_code, answer.headers, answer.iter_content(BLOCK_BYTES)

    def _ask(self, method: str, path: str, **details: Any) -> requests.Response:  # noqa: ANN401 (requests' own)
        try:
            return self._session.request(method, self._url + path, **details)
        except requests.RequestException as error:
            raise ApiDownError(self._url) from error

    def _json(self, answer: requests.Response) -> dict[str, Any]:
        try:
            body = answer.json()
        except ValueError as error:
            raise ApiDownError(self._url) from error
        if not isinstance(body, dict):
            raise ApiDownError(self._url)
        if isinstance(why := body.get("error"), dict) and answer.status_code >= HTTPStatus.BAD_REQUEST:
            details = why.get("details")
            about = details.get("parameter", "") if isinstance(details, dict) else ""
            raise ApiError(str(why.get("code")), str(why.get("message")), str(about))
        return body
