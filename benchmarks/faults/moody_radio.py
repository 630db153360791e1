"""A radio on loopback with every bad habit: real sockets, and one fault at a time for each of its stations.

What belongs here: what a server can do to its listeners. What does not: what they make of it (`streams`). After a fault
the next connection finds the station as it should be, so that recovery can be timed.
"""

import asyncio
import base64
import contextlib
import socket
import subprocess
import threading
import time
from collections import defaultdict
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Self

BURST_S = 4.0
TICK_S = 0.1
LOOP_S = 10
BITRATE = 64_000
SHORT_S = 0.5
"""Seconds of audio on each connection of an EOF loop."""
SHORT_TIMES = 2
USER = "bob"
TCP_REPAIR = 19
"""Socket option of Linux: a socket closed in this state vanishes without a word to its peer."""


class Fault(StrEnum):
    HUNG = "hung peer"
    HALF_OPEN = "half-open connection"
    EOF = "end of file"
    EOF_LOOP = "end of file, again and again"
    BLANK = "blank audio"
    LORIS = "slow loris"
    CREDENTIALS = "changed credentials"
    CODEC = "changed codec"
    SPLICE = "another codec in mid-stream"


AT_THE_DOOR = {Fault.LORIS: 1, Fault.EOF_LOOP: SHORT_TIMES}
"""Faults of the connections that follow the one which ends, and of how many."""


@dataclass
class Station:
    """One path of the server. Instants are monotonic seconds."""

    codec: str = "mp3"
    password: str = ""
    at_the_door: list[Fault] = field(default_factory=list)
    on_air: dict[asyncio.StreamWriter, Fault | None] = field(default_factory=dict)
    connections: int = 0
    good_at: float = 0.0
    """when the newest connection without a fault began to play"""


class MoodyRadio:
    """Serves any path until its block ends."""

    def __init__(self, ffmpeg: str) -> None:
        self._sound = {codec: _encoded(ffmpeg, codec, "anoisesrc=color=pink:seed=1") for codec in ("mp3", "adts")}
        self._silence = _encoded(ffmpeg, "mp3", "anullsrc=r=44100:cl=mono")
        self.stations: dict[str, Station] = defaultdict(Station)
        self._loop = asyncio.new_event_loop()
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=100)
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._stop = asyncio.Event()
        self.port: int = self._socket.getsockname()[1]

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)

    def url(self, name: str) -> str:
        password = self.stations[name].password
        login = f"{USER}:{password}@" if password else ""
        return f"http://{login}127.0.0.1:{self.port}/{name}"

    def strike(self, name: str, fault: Fault) -> None:
        """Let the fault happen to the station's listeners now."""
        self._loop.call_soon_threadsafe(self._strike, self.stations[name], fault)

    def _strike(self, station: Station, fault: Fault) -> None:
        if fault is Fault.CREDENTIALS:
            station.password = f"secret{station.connections}"
        if fault in (Fault.CODEC, Fault.SPLICE):
            station.codec = "adts" if station.codec == "mp3" else "mp3"
        station.at_the_door = [fault] * AT_THE_DOOR.get(fault, 0)
        for writer in station.on_air:
            station.on_air[writer] = fault

    def _serve(self) -> None:
        self._loop.run_until_complete(self._run())

    async def _run(self) -> None:
        server = await asyncio.start_server(self._connected, sock=self._socket)
        await self._stop.wait()
        server.close()
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            request = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            station = self.stations[request.split()[1].strip("/")]
            station.connections += 1
            await self._answer(station, request, reader, writer)
        writer.close()

    async def _answer(
        self, station: Station, request: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        login = base64.b64encode(f"{USER}:{station.password}".encode()).decode()
        if station.password and f"Authorization: Basic {login}" not in request:
            writer.write(b'HTTP/1.0 401 Unauthorized\r\nWWW-Authenticate: Basic realm="radio"\r\n\r\n')
            return
        fault = station.at_the_door.pop(0) if station.at_the_door else None
        kind = "audio/mpeg" if station.codec == "mp3" else "audio/aac"
        head = f"HTTP/1.0 200 OK\r\nContent-Type: {kind}\r\nicy-name: Moody FM\r\n\r\n".encode()
        if fault is Fault.LORIS:
            await _trickle(head, writer)
            return
        writer.write(head)
        if fault is Fault.EOF_LOOP:
            writer.write(self._piece(station.codec, 0, SHORT_S))
            return
        station.on_air[writer], station.good_at = None, time.monotonic()
        try:
            await self._play(station, reader, writer)
        finally:
            del station.on_air[writer]

    async def _play(self, station: Station, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        began = time.monotonic() - BURST_S
        sent_s = 0.0
        while True:
            match station.on_air[writer]:
                case Fault.EOF | Fault.EOF_LOOP | Fault.LORIS | Fault.CREDENTIALS | Fault.CODEC:
                    return
                case Fault.HUNG:
                    await reader.read()  # until the listener has had enough
                    return
                case Fault.HALF_OPEN:
                    _vanish(writer)
                    return
                case fault:
                    now_s = time.monotonic() - began
                    codec = "silence" if fault is Fault.BLANK else station.codec
                    writer.write(self._piece(codec, sent_s, now_s))
                    sent_s = now_s
                    await writer.drain()
                    await asyncio.sleep(TICK_S)

    def _piece(self, codec: str, from_s: float, to_s: float) -> bytes:
        """What an endless programme sends between two instants."""
        sound = self._silence if codec == "silence" else self._sound[codec]
        rate = len(sound) / LOOP_S
        first, end = int(from_s * rate), int(to_s * rate)
        at = first % len(sound)
        return (sound * (2 + (end - first) // len(sound)))[at : at + end - first]


async def _trickle(head: bytes, writer: asyncio.StreamWriter) -> None:
    """An answer that never comes to its end, and never stops coming."""
    for byte in head[:-4] + b"\r\nX-Slow: " + b"x" * 600:
        writer.write(bytes([byte]))
        await writer.drain()
        await asyncio.sleep(1)


def _vanish(writer: asyncio.StreamWriter) -> None:
    """As if somebody had pulled the plug: the listener's side stays open. Without the right to do so: say no more."""
    raw = writer.get_extra_info("socket")
    duplicate = socket.socket(fileno=socket.dup(raw.fileno()))
    with contextlib.suppress(PermissionError):
        duplicate.setsockopt(socket.IPPROTO_TCP, TCP_REPAIR, 1)
    duplicate.close()


def _encoded(ffmpeg: str, form: str, source: str) -> bytes:
    codec = {"mp3": "libmp3lame", "adts": "aac"}[form]
    words = [
        "-f",
        "lavfi",
        "-i",
        source,
        "-t",
        str(LOOP_S),
        "-ac",
        "1",
        "-c:a",
        codec,
        "-b:a",
        str(BITRATE),
        "-f",
        form,
    ]
    return subprocess.run([ffmpeg, "-loglevel", "error", *words, "pipe:1"], capture_output=True, check=True).stdout
