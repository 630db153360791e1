"""A live HTTP radio server with ICY titles: endless MP3 in real time, all listeners of a mount at the same instant.

What belongs here: the wire (HTTP, metaint, pacing, passwords, a mount that is off the air now and then).
What does not: what is on the programme or how it is encoded (`schedule`).
"""

import asyncio
import base64
import hmac
import time
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from http import HTTPStatus

METAINT = 16_000  # bytes of audio between two titles: 1 s at 128 kbit/s, so a title is never later than that
BURST_S = 2.0  # what a new listener gets at once, as Icecast's burst-on-connect does
TICK_S = 0.1  # how often audio is sent
SLOW_LISTENER_S = 10.0  # who cannot take what is sent for so long is dropped, as Icecast does
REQUEST_S = 10.0  # a client has this long to say what it wants
TITLE_LIMIT = 255 * 16  # bytes: the length of a title travels in one byte, in sixteens

MP3_KBPS = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
MP3_RATES = (44_100, 48_000, 32_000)
MP3_FRAME_SAMPLES = 1152

EVERYDAY = (ConnectionError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError)
"""What a listener does who leaves, says nothing, says too much or is too slow."""


@dataclass(frozen=True)
class Absence:
    """When a mount is off the air, in seconds since the server started: now and then, for a while."""

    first_s: float
    every_s: float
    lasts_s: float

    def covers(self, elapsed_s: float) -> bool:
        return elapsed_s >= self.first_s and (elapsed_s - self.first_s) % self.every_s < self.lasts_s


@dataclass(frozen=True)
class Mount:
    """What is played under ``path``, for ever. `titles` are (second of the programme, title), the first at 0.

    `login` is (user, password): who does not know it gets 401.
    """

    path: str
    frames: Sequence[bytes]
    frame_s: float
    titles: Sequence[tuple[float, str]]
    name: str = ""
    login: tuple[str, str] | None = field(default=None, repr=False)
    absence: Absence | None = None

    def title_at(self, frame: int) -> str:
        second = frame % len(self.frames) * self.frame_s
        return self.titles[max(0, bisect_right(self.titles, second, key=lambda entry: entry[0]) - 1)][1]


def mp3_frames(data: bytes) -> tuple[list[bytes], float]:
    """The frames of MPEG-1 layer III `data` without tags, and how long one of them lasts, in seconds."""
    frames, at, rate = [], 0, MP3_RATES[0]
    while at + 4 <= len(data):
        if data[at] != 0xFF or data[at + 1] & 0xFE != 0xFA:
            raise ValueError(f"no MP3 frame at byte {at}")
        kbps, rate = MP3_KBPS[data[at + 2] >> 4], MP3_RATES[data[at + 2] >> 2 & 3]
        size = 144_000 * kbps // rate + (data[at + 2] >> 1 & 1)
        frames.append(data[at : at + size])
        at += size
    return frames, MP3_FRAME_SAMPLES / rate


def metadata_block(title: str | None) -> bytes:
    """`title` as it travels between the audio; None is "as before". A length in sixteens, then zero-padded text."""
    if title is None:
        return b"\0"
    text = f"StreamTitle='{title}';".encode()[:TITLE_LIMIT]
    sixteens = -(-len(text) // 16)
    return bytes([sixteens]) + text.ljust(sixteens * 16, b"\0")


class TitledBody:
    """Puts titles into the audio of one listener, every METAINT bytes; without `titled` leaves it as it is."""

    def __init__(self, titled: bool) -> None:
        self.titled = titled
        self.until_title = METAINT
        self.told: str | None = None

    def wrap(self, audio: bytes, title: str) -> bytes:
        if not self.titled:
            return audio
        pieces = []
        while len(audio) >= self.until_title:
            pieces += [audio[: self.until_title], metadata_block(title if title != self.told else None)]
            audio = audio[self.until_title :]
            self.until_title, self.told = METAINT, title
        self.until_title -= len(audio)
        return b"".join([*pieces, audio])


class IcyServer:
    """Serves `mounts` from `start` to `stop`; `port` is the real one after the start, also when 0 was asked for."""

    def __init__(self, mounts: Sequence[Mount], host: str = "127.0.0.1", port: int = 0) -> None:
        self.host = host
        self.port = port
        self._mounts = {mount.path: mount for mount in mounts}
        self._server: asyncio.Server | None = None
        self._listeners: set[asyncio.Task[None]] = set()
        self._started = 0.0

    async def start(self) -> None:
        self._started = time.monotonic()
        self._server = await asyncio.start_server(self._serve, self.host, self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
        for listener in self._listeners:
            listener.cancel()
        await asyncio.gather(*self._listeners, return_exceptions=True)

    def elapsed_s(self) -> float:
        return time.monotonic() - self._started

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is None:
            return
        self._listeners.add(task)
        try:
            await self._answer(reader, writer)
        except EVERYDAY:
            writer.transport.abort()
        except asyncio.CancelledError:
            writer.transport.abort()  # the server stops; passed on, asyncio would log it as an error
        finally:
            self._listeners.discard(task)
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), REQUEST_S)
        request, *lines = head.decode("latin-1").rstrip().split("\r\n")
        headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        method, _, target = request.partition(" ")
        mount = self._mounts.get(target.partition(" ")[0].partition("?")[0])
        if method != "GET":
            return self._refuse(writer, HTTPStatus.METHOD_NOT_ALLOWED)
        if mount is None or self._is_away(mount):
            return self._refuse(writer, HTTPStatus.NOT_FOUND)
        if mount.login is not None and not _knows(mount.login, headers.get("authorization", "")):
            return self._refuse(writer, HTTPStatus.UNAUTHORIZED, f'WWW-Authenticate: Basic realm="{mount.name}"')
        titled = headers.get("icy-metadata") == "1"
        extra = [f"icy-metaint: {METAINT}"] if titled else []
        writer.write(_head(HTTPStatus.OK, "Content-Type: audio/mpeg", f"icy-name: {mount.name}", *extra))
        await self._play(mount, TitledBody(titled), writer)
        return None

    def _refuse(self, writer: asyncio.StreamWriter, status: HTTPStatus, *extra: str) -> None:
        writer.write(_head(status, "Content-Length: 0", *extra))

    def _is_away(self, mount: Mount) -> bool:
        return mount.absence is not None and mount.absence.covers(self.elapsed_s())

    async def _play(self, mount: Mount, body: TitledBody, writer: asyncio.StreamWriter) -> None:
        """Sends what is on the air from BURST_S ago onwards, until the listener or the station goes away."""
        frame = max(0, int((self.elapsed_s() - BURST_S) / mount.frame_s))
        while not self._is_away(mount):
            due = int(self.elapsed_s() / mount.frame_s)
            for number in range(frame, due):
                writer.write(body.wrap(mount.frames[number % len(mount.frames)], mount.title_at(number)))
            frame = max(frame, due)
            async with asyncio.timeout(SLOW_LISTENER_S):
                await writer.drain()
            await asyncio.sleep(TICK_S)


def _head(status: HTTPStatus, *headers: str) -> bytes:
    return "\r\n".join([f"HTTP/1.0 {status.value} {status.phrase}", *headers, "", ""]).encode()


def _knows(login: tuple[str, str], authorization: str) -> bool:
    expected = b"Basic " + base64.b64encode(":".join(login).encode())
    return hmac.compare_digest(authorization.encode(), expected)
