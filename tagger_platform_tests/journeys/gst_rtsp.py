"""A real RTSP server: GStreamer's, with a station that plays by the clock. Run by the SYSTEM's python3, which has gi.

What belongs here: serving one mount. What does not: what is played (`on_the_clock`), starting and stopping this
(`real_servers`). Its settings come as one JSON object on stdin, so that no password stands in a command line; it
tells on stdout, one JSON object a line, when somebody asked it to play.
"""

import json
import sys
import threading
import time
from pathlib import Path
from typing import Any

import gi
from on_the_clock import CHANNELS, RATE, Programme

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer  # noqa: E402 # gi wants the versions first

ENCODERS = {
    "aac": "avenc_aac bitrate=128000 ! aacparse ! rtpmp4gpay name=pay0 pt=96",
    "opus": "opusenc bitrate=96000 ! rtpopuspay name=pay0 pt=96",
}
LISTENER = "listener"
"""role of whoever knows the password"""


class Station(GstRtspServer.RTSPMediaFactory):
    """One media for all listeners; whenever it is made, it goes on where the clock is."""

    def __init__(self, codec: str, programme: Programme) -> None:
        super().__init__()
        self._programme = programme
        self._codec = codec
        self.set_shared(True)

    def do_create_element(self, url: Any) -> Any:
        shape = f"audio/x-raw,format=S16LE,layout=interleaved,rate={RATE},channels={CHANNELS}"
        source = f"appsrc name=source is-live=true format=time caps={shape}"
        media = Gst.parse_launch(f"( {source} ! audioconvert ! audioresample ! {ENCODERS[self._codec]} )")
        threading.Thread(target=self._feed, args=(media.get_by_name("source"),), daemon=True).start()
        return media

    def _feed(self, source: Any) -> None:
        origin: int | None = None
        expected: int | None = None
        for first, frames in self._programme.live():
            clock = source.get_clock()
            if clock is None:  # it does not run yet
                continue
            if origin is None:
                origin = clock.get_time() - source.get_base_time() - first * Gst.SECOND // RATE
            buffer = Gst.Buffer.new_wrapped(frames)
            buffer.pts = max(0, origin + first * Gst.SECOND // RATE)
            buffer.duration = len(frames) // (2 * CHANNELS) * Gst.SECOND // RATE
            if first != expected:
                buffer.set_flags(Gst.BufferFlags.DISCONT)
            expected = first + len(frames) // (2 * CHANNELS)
            if source.emit("push-buffer", buffer) != Gst.FlowReturn.OK:
                return  # the last listener has gone, and the media with it


def guarded(server: Any, station: Any, user: str, password: str) -> None:
    """Let in only who knows user and password (Basic)."""
    token = GstRtspServer.RTSPToken()
    token.set_string(GstRtspServer.RTSP_TOKEN_MEDIA_FACTORY_ROLE, LISTENER)
    auth = GstRtspServer.RTSPAuth()
    auth.add_basic(GstRtspServer.RTSPAuth.make_basic(user, password), token)
    server.set_auth(auth)
    permissions = GstRtspServer.RTSPPermissions()
    for permission in (GstRtspServer.RTSP_PERM_MEDIA_FACTORY_ACCESS, GstRtspServer.RTSP_PERM_MEDIA_FACTORY_CONSTRUCT):
        permissions.add_permission_for_role(LISTENER, permission, True)
    station.set_permissions(permissions)


def tell(**event: object) -> None:
    sys.stdout.write(json.dumps(event) + "\n")
    sys.stdout.flush()


def watch(server: Any, client: Any) -> None:
    client.connect("play-request", lambda client, context: tell(event="play", at=time.time()))


def main() -> None:
    settings = json.load(sys.stdin)
    Gst.init(None)
    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service(str(settings["port"]))
    programme = Programme(Path(settings["pcm"]), settings["began_at"], endless=settings["endless"])
    station = Station(settings["codec"], programme)
    if settings["user"]:
        guarded(server, station, settings["user"], settings["password"])
    server.get_mount_points().add_factory(settings["path"], station)
    server.connect("client-connected", watch)
    if not server.attach(None):
        sys.exit(f"port {settings['port']} cannot be used")
    GLib.MainLoop().run()


if __name__ == "__main__":
    main()
