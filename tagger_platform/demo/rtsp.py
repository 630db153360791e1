"""Live RTSP stations from `aio_rtsp_toolkit`, which serves files: here each listener joins where the station is now.

What belongs here: making a server of files a server of stations. What does not: programmes (`schedule`).

The library plays a file to each client from its beginning. So a client gets a "file" of its own second: a list for
libav's concat demuxer that names the programme's rest, then its beginning. Endless play turns that list round for
ever, which is the programme from that second on, without a seam of its own.
"""

import asyncio
import contextlib
import logging
import math
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

from aio_rtsp_toolkit.server import RtspServer

from tagger_platform.demo.instruments import RATE
from tagger_platform.demo.schedule import AAC_PACKET_SAMPLES

MOST_LISTENERS = 32  # the library keeps a thread of the loop's executor for each, which by default has six on two cores
PACKET_S = AAC_PACKET_SAMPLES / RATE  # how long an AAC packet plays
MARGIN_S = 0.0005  # well within a packet, and well above the microseconds that libav counts in
CLOSE_S = 0.5  # newer Pythons wait for clients that stay on: not for longer than this


class StationServer(RtspServer):  # type: ignore[misc]  # the library has no types
    """Serves ``rtsp://HOST:PORT/NAME`` for each NAME of `programmes`: (audio-only MP4, its length in seconds)."""

    def __init__(self, programmes: Mapping[str, tuple[Path, float]], folder: Path, port: int) -> None:
        super().__init__(directory=str(folder), host="127.0.0.1", port=port, session_name="tagger demo")
        self.logger = logging.getLogger(__name__)  # the library's own would print to stdout
        self._programmes = dict(programmes)
        self._started = time.monotonic()

    async def start(self) -> "StationServer":
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(MOST_LISTENERS))
        self._started = time.monotonic()
        await super().start()
        return self

    async def close(self) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(super().close(), CLOSE_S)

    def resolve_request_path(self, uri: str) -> Path:
        """The library asks which file a URL means: the station's programme from the present second on."""
        name = urlsplit(uri).path.strip("/")
        if name not in self._programmes:
            raise FileNotFoundError(uri)
        programme, seconds = self._programmes[name]
        round_s = (math.ceil(seconds / PACKET_S) + 1) * PACKET_S  # whole packets, and the encoder's lead-in
        return _cut(programme, int((time.monotonic() - self._started) % round_s))

    def parse_play_count(self, uri: str) -> int:
        return 0  # for ever


def _cut(programme: Path, second: int) -> Path:
    """The list beside the programme that begins with its `second`; libav refuses names from other folders.

    Its name ends in .mp4 because the library serves nothing else; libav goes by the first line. The same second
    always gives the same text, so that there is at most one list for each second of a programme.
    """
    path = programme.with_name(f"{programme.stem}-from-{second}.mp4")
    packet_starts_s = round(second / PACKET_S) * PACKET_S
    # Just after a packet's start its seek finds it, just before that start the last packet was the one before:
    # a cut anywhere else plays a packet twice, once at each end.
    rest = f"file '{programme.name}'\ninpoint {packet_starts_s + MARGIN_S:.6f}\n"
    beginning = f"file '{programme.name}'\noutpoint {packet_starts_s - MARGIN_S:.6f}\n" if second else ""
    path.write_text(f"ffconcat version 1.0\n{rest}{beginning}", encoding="utf-8")
    return path
