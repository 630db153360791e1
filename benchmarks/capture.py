"""What capture costs over the ffmpegs it runs: CPU-seconds a stream-hour and memory, AAC 48 kHz stereo over RTSP.

    python benchmarks/capture.py [--streams 1,5,20] [--seconds 120] [--json FILE]

One server, and for each number of streams two listeners at the same time, so that both meet the same machine: as many
bare ffmpegs with capture's own arguments (PCM to /dev/null), and a real capture process. The clock starts when all
play and runs for one hop of the default settings, or several. CPU is read from /proc (Linux).
The server is GStreamer's where Debian's Python has it, else aio-rtsp-toolkit; its own cost is not counted. FFMPEG_PATH
may name another ffmpeg than the system's.
"""

import argparse
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from tagger_platform.capture.ffmpeg import command, find_ffmpeg
from tagger_platform.model import Stream

PORT = 46200
RTSP_PORT = 46290
WARM_UP_S = 8
START_S = 60
"""seconds in which all streams must be live"""
LENGTH_S = 600
"""seconds of audio that the server has: GStreamer plays them once"""
TICKS = os.sysconf("SC_CLK_TCK")
PAGE_MB = os.sysconf("SC_PAGE_SIZE") / 1e6
DEBIAN_PYTHON = "/usr/bin/python3"
"""the one that has Debian's python3-gi"""

GSTREAMER_SERVER = """
import sys, gi
gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer
Gst.init(None)
server = GstRtspServer.RTSPServer()
server.set_address("127.0.0.1")
server.set_service(sys.argv[1])
factory = GstRtspServer.RTSPMediaFactory()
factory.set_launch(f"( filesrc location={sys.argv[2]}/radio.mp4 ! qtdemux ! aacparse ! rtpmp4gpay name=pay0 pt=96 )")
server.get_mount_points().add_factory("/radio.mp4", factory)
server.attach(None)
GLib.MainLoop().run()
"""

TOOLKIT_SERVER = """
import asyncio, sys
from aio_rtsp_toolkit.server import RtspServer
async def main():
    server = RtspServer(directory=sys.argv[2], host="127.0.0.1", port=int(sys.argv[1]), session_name="benchmark")
    await server.start()
    await asyncio.Event().wait()
asyncio.run(main())
"""

CAPTURE = """
import sys
from tagger_platform.capture.service import run
from tagger_platform.settings import Settings
sys.exit(run(Settings.load()))
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--streams", default="1,5,20", help="numbers of streams to try")
    parser.add_argument("--seconds", type=int, default=120, help="how long to measure each")
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    asked = parser.parse_args()
    ffmpeg = find_ffmpeg(os.environ.get("FFMPEG_PATH") or None)
    with tempfile.TemporaryDirectory() as folder, rtsp_server(ffmpeg, Path(folder)) as (server, url):
        counts = [int(count) for count in asked.streams.split(",")]
        rows = [measure(ffmpeg, url, count, asked.seconds, Path(folder) / str(count)) for count in counts]
    result = {"server": server, "ffmpeg": version(ffmpeg), "seconds": asked.seconds, "rows": rows}
    show(result)
    if asked.json:
        asked.json.write_text(json.dumps(result, indent=1) + "\n")


@contextlib.contextmanager
def rtsp_server(ffmpeg: str, folder: Path) -> Iterator[tuple[str, str]]:
    """Its name, and the URL of an endless AAC stream."""
    noise = ["-f", "lavfi", "-i", f"anoisesrc=color=pink:r=48000:d={LENGTH_S}"]
    aac = ["-ac", "2", "-c:a", "aac", "-b:a", "128k", str(folder / "radio.mp4")]
    subprocess.run([ffmpeg, "-loglevel", "error", *noise, *aac], check=True)
    probe = "import gi; gi.require_version('GstRtspServer', '1.0'); from gi.repository import GstRtspServer"
    python, script, name, query = sys.executable, TOOLKIT_SERVER, "aio-rtsp-toolkit", "?play_count=0"
    if (
        Path(DEBIAN_PYTHON).exists()
        and subprocess.run([DEBIAN_PYTHON, "-c", probe], capture_output=True, check=False).returncode == 0
    ):
        python, script, name, query = DEBIAN_PYTHON, GSTREAMER_SERVER, "GStreamer", ""
    words = [python, "-c", script, str(RTSP_PORT), str(folder)]
    server = subprocess.Popen(words, stdout=subprocess.DEVNULL)
    try:
        wait_for(RTSP_PORT)
        yield name, f"rtsp://127.0.0.1:{RTSP_PORT}/radio.mp4{query}"
    finally:
        server.kill()
        server.wait()


def measure(ffmpeg: str, url: str, count: int, seconds: int, folder: Path) -> dict[str, float]:
    bare = [
        subprocess.Popen(
            command(ffmpeg, Stream("bare", url)).argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        for _ in range(count)
    ]
    capture = start_capture(url, count, folder)
    try:
        wait_until_live(count)
        time.sleep(WARM_UP_S)
        pids = [process.pid for process in bare]
        before = [cpu_s(pids), cpu_s([capture.pid]), cpu_s(children(capture.pid))]
        time.sleep(seconds)
        after = [cpu_s(pids), cpu_s([capture.pid]), cpu_s(children(capture.pid))]
        memory_mb = rss_mb(capture.pid)
    finally:
        for process in bare:
            process.kill()
            process.wait()
        capture.send_signal(signal.SIGTERM)
        capture.wait()
    bare_s, own_s, ffmpeg_s = ((b - a) * 3600 / seconds / count for a, b in zip(before, after, strict=True))
    return {
        "streams": count,
        "bare_cpu_s_per_stream_hour": round(bare_s, 1),
        "capture_ffmpegs_cpu_s_per_stream_hour": round(ffmpeg_s, 1),
        "capture_itself_cpu_s_per_stream_hour": round(own_s, 1),
        "capture_all_cpu_s_per_stream_hour": round(own_s + ffmpeg_s, 1),
        "over_bare_percent": round(100 * ((own_s + ffmpeg_s) / bare_s - 1), 1),
        "capture_rss_mb": round(memory_mb, 1),
    }


def start_capture(url: str, count: int, folder: Path) -> subprocess.Popen[bytes]:
    environ = {"DATA_DIR": str(folder), "STREAMS_FILE": str(folder / "none.yaml"), "PORT": str(PORT)}
    for number in range(1, count + 1):
        environ |= {f"STREAM_{number}_NAME": f"s{number}", f"STREAM_{number}_URL": url}
    return subprocess.Popen([sys.executable, "-c", CAPTURE], env={**os.environ, **environ})


def wait_until_live(count: int) -> None:
    live, deadline = 0, time.monotonic() + START_S
    while live < count:
        if time.monotonic() > deadline:
            sys.exit(f"only {live} of {count} streams are live after {START_S} s")
        time.sleep(0.5)
        with contextlib.suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{PORT + 3}/healthz") as answer:
            live = sum(stream["state"] == "live" for stream in json.load(answer)["streams"])


def wait_for(port: int) -> None:
    while True:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.2)


def children(pid: int) -> list[int]:
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for task in tasks for child in task.read_text().split()]


def cpu_s(pids: list[int]) -> float:
    """User and system time of the processes, in seconds."""
    fields = [Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split() for pid in pids]
    return sum(int(each[11]) + int(each[12]) for each in fields) / TICKS


def rss_mb(pid: int) -> float:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE_MB


def version(ffmpeg: str) -> str:
    return subprocess.run([ffmpeg, "-version"], capture_output=True, text=True, check=True).stdout.split()[2]


def show(result: dict) -> None:
    print(f"{result['server']} RTSP, AAC 48 kHz stereo, ffmpeg {result['ffmpeg']}, {result['seconds']} s each")
    print("CPU-seconds per stream-hour")
    print(f"{'streams':>8}{'bare':>8}{'ffmpegs':>9}{'capture':>9}{'all':>8}{'over bare':>11}{'RSS MB':>8}")
    for row in result["rows"]:
        streams, bare, ffmpegs, own, everything, over, rss = row.values()
        print(f"{streams:>8}{bare:>8}{ffmpegs:>9}{own:>9}{everything:>8}{over:>10}%{rss:>8}")


if __name__ == "__main__":
    main()
