"""A Shazam on loopback: a real HTTP server that answers in recorded shapes.

What belongs here: the modes of the real service, good and bad. What does not: anything of ours that reads them.

    with ShazamStandIn(lambda asked: song("1", "Title", offset_s=asked.timestamp_ms / 1000)) as shazam:
        ShazamRecognizer(host=shazam.url)
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from aiohttp import web

from tagger_platform_tests.standins.loopback import Loopback, cut, hang, reset


class Mode(StrEnum):
    MATCH = "match"
    NONE = "none"
    THROTTLED = "429 html"
    THROTTLED_JSON = "429 json"
    THROTTLED_BARE = "429 html without Retry-After"
    THROTTLED_JSON_BARE = "429 json without Retry-After"
    GARBAGE = "garbage"
    BAD_REQUEST = "400 json"
    SERVER_ERROR = "500 json"
    UNAVAILABLE = "503 html"
    EMPTY = "204"
    TRUNCATED = "truncated"
    CUT = "cut"
    RESET = "reset"
    HANG = "hang"
    REFUSED = "refused"


@dataclass(frozen=True)
class Asked:
    """One question as it came in."""

    path: str
    signature: str
    samples_ms: int
    timestamp_ms: int


Answers = Callable[[Asked], Mapping[str, Any] | None]


def song(
    key: str,
    title: str,
    artist: str = "",
    *,
    isrc: str = "",
    album: str = "",
    label: str = "",
    offset_s: float = 0.0,
    timeskew: float = 0.0,
    frequencyskew: float = 0.0,
) -> dict[str, Any]:
    """An answer that matches, in the shape recorded from Shazam's v5 tag service."""
    metadata = [{"title": name, "text": text} for name, text in (("Album", album), ("Label", label)) if text]
    match = {"id": key, "offset": offset_s, "timeskew": timeskew, "frequencyskew": frequencyskew, "channel": 0}
    track = {
        "layout": "5",
        "type": "MUSIC",
        "key": key,
        "title": title,
        "subtitle": artist,
        "images": {"coverart": f"https://cover.example/{key}.jpg", "coverarthq": f"https://cover.example/{key}-hq.jpg"},
        "share": {"subject": f"{title} - {artist}", "href": f"https://song.example/track/{key}"},
        "hub": {"type": "APPLEMUSIC", "options": [{"actions": [{"type": "uri", "uri": "https://hub.example/1"}]}]},
        "sections": [{"type": "SONG", "tabname": "Song", "metadata": metadata}, {"type": "LYRICS", "text": ["la"]}],
        "url": f"https://song.example/track/{key}/title",
    }
    return {"matches": [match], "track": {**track, "isrc": isrc} if isrc else track, "tagid": "a-b-c"}


NO_MATCH: Mapping[str, Any] = {"matches": [], "retryms": 0, "tagid": "a-b-c"}


RETRY_AFTER = {"Retry-After": "60"}
TOO_MANY = "<html>Too Many Requests</html>"


class ShazamStandIn(Loopback):
    """Answers with `answers` (None: no match) in mode MATCH, else as `mode` says; `mode` may change while it runs."""

    def __init__(self, answers: Answers = lambda asked: None, mode: Mode = Mode.MATCH) -> None:
        super().__init__(refuses=mode is Mode.REFUSED)
        self.answers = answers
        self.mode = mode
        self.asked: list[Asked] = []

    def add_routes(self, router: web.UrlDispatcher) -> None:
        router.add_post("/discovery/{rest:.*}", self._answer)

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        signature = body["signature"]
        asked = Asked(request.path, signature["uri"], signature["samplems"], body["timestamp"])
        self.asked.append(asked)
        match self.mode:
            case Mode.MATCH:
                return web.json_response(self.answers(asked) or NO_MATCH)
            case Mode.NONE:
                return web.json_response(NO_MATCH)
            case Mode.THROTTLED:
                return web.Response(status=429, headers=RETRY_AFTER, content_type="text/html", text=TOO_MANY)
            case Mode.THROTTLED_JSON:
                return web.json_response({"error": {"msg": "slow down"}}, status=429, headers=RETRY_AFTER)
            case Mode.THROTTLED_BARE:
                return web.Response(status=429, content_type="text/html", text=TOO_MANY)
            case Mode.THROTTLED_JSON_BARE:
                return web.json_response(NO_MATCH, status=429)
            case Mode.GARBAGE:
                return web.Response(content_type="text/html", text="<html>The app you are looking for</html>")
            case Mode.BAD_REQUEST:
                return web.json_response({"error": {"msg": "bad request"}}, status=400)
            case Mode.SERVER_ERROR:
                return web.json_response({"error": {"msg": "internal error"}}, status=500)
            case Mode.UNAVAILABLE:
                return web.Response(status=503, content_type="text/html", text="<html>Service Unavailable</html>")
            case Mode.EMPTY:
                return web.Response(status=204)
            case Mode.TRUNCATED:
                return web.Response(content_type="application/json", text='{"matches": [{"id": "1", "off')
            case Mode.CUT:
                return await cut(request, b'{"matches": [], "tagid"')
            case Mode.RESET:
                return await reset(request)
        return await hang()
