"""The demo's stations on the air: four programmes, served live on this machine until told to stop.

What belongs here: putting programmes and servers together, and the process around them. What does not: the
programmes (`schedule`), the wire (`rtsp`, `icy`), starting and watching this process (`tagger demo`).

    python -m tagger_platform.demo.radio --folder F --ffmpeg PATH --rtsp-port N --http-port N
"""

import argparse
import asyncio
import contextlib
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

from tagger_platform.demo.compose import render
from tagger_platform.demo.icy import IcyServer, Mount, mp3_frames
from tagger_platform.demo.rtsp import StationServer
from tagger_platform.demo.schedule import STATIONS, Item, Station, encode, programme
from tagger_platform.model import Stream

__all__ = ["STATIONS", "Item", "Station", "on_air", "programme", "serve", "stations"]

HOST = "127.0.0.1"  # the demo is nobody else's business


def stations(rtsp_port: int, http_port: int) -> list[Stream]:
    """The stations as streams that capture can listen to."""
    ports = {"rtsp": rtsp_port, "http": http_port}
    return [Stream(it.name, f"{it.scheme}://{HOST}:{ports[it.scheme]}/{it.name}", it.title) for it in STATIONS]


@contextlib.asynccontextmanager
async def on_air(folder: Path, ffmpeg: str, rtsp_port: int, http_port: int) -> AsyncIterator[None]:
    """The stations accept listeners while the body runs. What they need is made in `folder` the first time."""
    pieces = await asyncio.to_thread(render, folder)
    programmes = [programme(pieces, station) for station in STATIONS]
    air = folder / "air"
    files = await asyncio.gather(*(encode(ffmpeg, *pair, air) for pair in zip(STATIONS, programmes, strict=True)))
    rtsp, mounts = {}, []
    for station, items, path in zip(STATIONS, programmes, files, strict=True):
        if station.scheme == "rtsp":
            rtsp[station.name] = (path, items[-1].start_s + items[-1].seconds)
        else:
            mounts.append(_mount(station, items, path))
    async with contextlib.AsyncExitStack() as stack:
        rtsp_server = StationServer(rtsp, air, rtsp_port)
        await rtsp_server.start()
        stack.push_async_callback(rtsp_server.close)
        http_server = IcyServer(mounts, HOST, http_port)
        await http_server.start()
        stack.push_async_callback(http_server.stop)
        yield


def _mount(station: Station, items: Sequence[Item], path: Path) -> Mount:
    frames, frame_s = mp3_frames(path.read_bytes())
    titles = [(item.start_s, item.title) for item in items]
    return Mount(f"/{station.name}", frames, frame_s, titles, station.title, absence=station.absence)


async def serve(folder: Path, ffmpeg: str, rtsp_port: int, http_port: int) -> None:
    """Runs the stations until it is cancelled. Says ``on the air`` on stdout when they accept listeners."""
    async with on_air(folder, ffmpeg, rtsp_port, http_port):
        sys.stdout.write("on the air\n")
        sys.stdout.flush()
        await asyncio.Event().wait()


async def _serve_until_told(folder: Path, ffmpeg: str, rtsp_port: int, http_port: int) -> None:
    serving = asyncio.ensure_future(serve(folder, ffmpeg, rtsp_port, http_port))
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, serving.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await serving


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m tagger_platform.demo.radio", description="The demo's stations.")
    parser.add_argument("--folder", type=Path, required=True, help="where music and programmes are kept")
    parser.add_argument("--ffmpeg", required=True, help="path of ffmpeg")
    parser.add_argument("--rtsp-port", type=int, required=True)
    parser.add_argument("--http-port", type=int, required=True)
    options = parser.parse_args(arguments)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(0))
    # Before there is a loop: a thread could not be interrupted, and rendering takes longer than people wait.
    render(options.folder)
    asyncio.run(_serve_until_told(options.folder, options.ffmpeg, options.rtsp_port, options.http_port))


if __name__ == "__main__":
    main()
