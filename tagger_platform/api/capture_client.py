"""Asks capture on its own port.

What belongs here: the questions capture answers over HTTP. What does not: what the answers mean to a caller.
Blocking and short: call it from a thread.
"""

import http.client
import json
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from tagger_platform.api.failures import CaptureDownError

HEALTH_TIMEOUT_S = 2.0
"""Capture answers from memory; longer than this and it is not well."""
RELOAD_TIMEOUT_S = 15.0
"""Stopping a stream takes capture up to two seconds, and a reload may stop several."""


@dataclass(frozen=True)
class Answer:
    status: int
    body: dict[str, Any]

    @property
    def good(self) -> bool:
        return self.status == HTTPStatus.OK

    @property
    def streams(self) -> list[dict[str, Any]]:
        listed = self.body.get("streams")
        return [item for item in listed if isinstance(item, dict)] if isinstance(listed, list) else []


class CaptureClient:
    """Capture, as the api sees it. Raises CaptureDownError when it does not answer or answers nonsense."""

    def __init__(self, host: str, port: int) -> None:
        self._host = host
        self._port = port

    def health(self) -> Answer:
        return self._ask("GET", "/healthz", HEALTH_TIMEOUT_S)

    def reload(self) -> Answer:
        return self._ask("POST", "/reload", RELOAD_TIMEOUT_S)

    def _ask(self, method: str, path: str, timeout_s: float) -> Answer:
        connection = http.client.HTTPConnection(self._host, self._port, timeout=timeout_s)
        try:
            connection.request(method, path, headers={"Content-Length": "0"} if method == "POST" else {})
            response = connection.getresponse()
            body = json.loads(response.read())
        except (OSError, http.client.HTTPException) as error:
            raise CaptureDownError(
                f"capture does not answer on CAPTURE_PORT {self._port} ({error}); is 'tagger capture' running?"
            ) from error
        except ValueError as error:
            raise CaptureDownError(f"what answers on CAPTURE_PORT {self._port} is not capture") from error
        finally:
            connection.close()
        if not isinstance(body, dict):
            raise CaptureDownError(f"what answers on CAPTURE_PORT {self._port} is not capture")
        return Answer(response.status, body)
