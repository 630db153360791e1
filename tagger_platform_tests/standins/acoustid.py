"""An AcoustID on loopback: a real HTTP server that answers as its web service v2 does.

What belongs here: the modes of the real service, good and bad, with its error codes (`acoustid/api/errors.py` of
acoustid-server) and their HTTP statuses. What does not: anything of ours that reads them.

    with AcoustidStandIn(lambda asked: [result("9ff4", "Title", "Artist")]) as acoustid:
        AcoustidRecognizer("key", host=acoustid.url)
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from aiohttp import web

from tagger_platform_tests.standins.loopback import Loopback, cut, hang, reset, trickle


class Mode(StrEnum):
    MATCH = "match"
    NONE = "none"
    INVALID_KEY = "400 json, code 4"
    INVALID_FINGERPRINT = "400 json, code 3"
    THROTTLED = "429 json, code 14"
    THROTTLED_HTML = "429 html"
    INTERNAL_ERROR = "500 json, code 5"
    UNAVAILABLE = "503 json, code 13"
    UNAVAILABLE_HTML = "503 html"
    GARBAGE = "200 html"
    EMPTY = "204"
    TRUNCATED = "truncated"
    CUT = "cut"
    RESET = "reset"
    HANG = "hang"
    TRICKLE = "trickle"
    REFUSED = "refused"


@dataclass(frozen=True)
class Asked:
    """One question as it came in."""

    path: str
    client: str
    fingerprint: str
    duration: int
    meta: str


Answers = Callable[[Asked], Sequence[Any]]

ERRORS = {
    Mode.INVALID_KEY: (400, 4, "invalid API key"),
    Mode.INVALID_FINGERPRINT: (400, 3, "invalid fingerprint"),
    Mode.THROTTLED: (429, 14, "rate limit (3 requests per second) exceeded, try again later"),
    Mode.INTERNAL_ERROR: (500, 5, "internal error"),
    Mode.UNAVAILABLE: (503, 13, "service unavailable"),
}
PAGES = {
    Mode.THROTTLED_HTML: (429, "<html><title>429 Too Many Requests</title></html>"),
    Mode.UNAVAILABLE_HTML: (503, "<html><title>503 Service Temporarily Unavailable</title></html>"),
    Mode.GARBAGE: (200, "<html>Welcome to the hotel's network</html>"),
}


def result(
    track_id: str, title: str = "", artist: str = "", *, album: str = "", score: float = 0.98, duration: int = 200
) -> dict[str, Any]:
    """One result of an answer; without a title it is a sound that nobody has named."""
    recording: dict[str, Any] = {"id": f"recording-{track_id}", "title": title, "duration": duration}
    if artist:
        recording["artists"] = [{"id": "a", "name": artist}]
    if album:
        recording["releasegroups"] = [{"type": "Album", "id": "r", "title": album}]
    return {"id": track_id, "score": score, **({"recordings": [recording]} if title else {})}


class AcoustidStandIn(Loopback):
    """Answers with the results of `answers` in mode MATCH, else as `mode` says."""

    def __init__(self, answers: Answers = lambda asked: [], mode: Mode = Mode.MATCH) -> None:
        super().__init__(refuses=mode is Mode.REFUSED)
        self.answers = answers
        self.mode = mode
        self.asked: list[Asked] = []

    def add_routes(self, router: web.UrlDispatcher) -> None:
        router.add_post("/v2/{rest:.*}", self._answer)

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        form = {name: str(value) for name, value in (await request.post()).items()}
        asked = Asked(request.path, form["client"], form["fingerprint"], int(form["duration"]), form["meta"])
        self.asked.append(asked)
        if error := ERRORS.get(self.mode):
            status, code, message = error
            return web.json_response({"status": "error", "error": {"code": code, "message": message}}, status=status)
        if page := PAGES.get(self.mode):
            return web.Response(status=page[0], content_type="text/html", text=page[1])
        match self.mode:
            case Mode.MATCH:
                return web.json_response({"status": "ok", "results": self.answers(asked)})
            case Mode.NONE:
                return web.json_response({"status": "ok", "results": []})
            case Mode.EMPTY:
                return web.Response(status=204)
            case Mode.TRUNCATED:
                return web.Response(content_type="application/json", text='{"status": "ok", "resu')
            case Mode.CUT:
                return await cut(request, b'{"status": "ok", "resu')
            case Mode.RESET:
                return await reset(request)
            case Mode.TRICKLE:
                return await trickle(request)
        return await hang()
