"""A Shazam on loopback: a real HTTP server that answers in recorded shapes.

What belongs here: the modes of the real service, good and bad. What does not: anything of ours that reads them. It runs
in a thread with a loop of its own, so that async tests, plain tests and whole processes can use it alike:

    with ShazamStandIn(lambda asked: song("1", "Title", offset_s=asked.timestamp_ms / 1000)) as shazam:
        ShazamRecognizer(host=shazam.url)
"""

import asyncio
import socket
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from aiohttp import web

HANG_S = 3600
"""Longer than anybody waits."""


class Mode(StrEnum):
    MATCH = "match"
    NONE = "none"
    THROTTLED = "throttled"
    GARBAGE = "garbage"
    BAD_REQUEST = "400 json"
    SERVER_ERROR = "500 json"
    EMPTY = "204"
    TRUNCATED = "truncated"
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


class ShazamStandIn:
    """Answers with `answers` (None: no match) in mode MATCH, else as `mode` says; `mode` may change while it runs."""

    def __init__(self, answers: Answers = lambda asked: None, mode: Mode = Mode.MATCH) -> None:
        self.answers = answers
        self.mode = mode
        self.asked: list[Asked] = []
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._ready = threading.Event()
        self._stop = asyncio.Event()
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"

    def __enter__(self) -> "ShazamStandIn":
        if self.mode is Mode.REFUSED:
            self._socket.close()  # the port is free again, and nobody listens
            return self
        self._thread.start()
        assert self._ready.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join(10)
        self._loop.close()

    def _serve(self) -> None:
        self._loop.run_until_complete(self._run())

    async def _run(self) -> None:
        app = web.Application()
        app.router.add_post("/discovery/{rest:.*}", self._answer)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        await web.SockSite(runner, self._socket).start()
        self._ready.set()
        await self._stop.wait()
        await runner.cleanup()

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
                return web.Response(status=429, headers={"Retry-After": "60"}, text="<html>Too Many Requests</html>")
            case Mode.GARBAGE:
                return web.Response(content_type="text/html", text="<html>The app you are looking for</html>")
            case Mode.BAD_REQUEST:
                return web.json_response({"error": {"msg": "bad request"}}, status=400)
            case Mode.SERVER_ERROR:
                return web.json_response({"error": {"msg": "internal error"}}, status=500)
            case Mode.EMPTY:
                return web.Response(status=204)
            case Mode.TRUNCATED:
                return web.Response(content_type="application/json", text='{"matches": [{"id": "1", "off')
            case Mode.RESET:
                assert request.transport
                request.transport.abort()
        await asyncio.sleep(HANG_S)
        raise web.HTTPGone
