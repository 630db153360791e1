"""Capture's own small port: `GET /healthz`, `GET METRICS_PATH` and `POST /reload`, each in a thread of its own.

What belongs here: what the outside may ask of a running capture. What does not: doing it: a reload is handed to
the thread that owns the streams.
"""

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from typing import Any

from tagger_platform import callers
from tagger_platform.capture.supervisor import Supervisor
from tagger_platform.capture.writer import Writer
from tagger_platform.errors import RequestError, SettingsError, TransientError
from tagger_platform.model import CaptureState, Stream, iso
from tagger_platform.observe.logs import redact
from tagger_platform.observe.metrics import CONTENT_TYPE
from tagger_platform.spool import Spool

LATE_S = 10.0
"""seconds without a tick after which capture counts as stuck; it ticks several times a second"""
FUTURE_S = 3600.0
"""seconds: when the next slot is farther away than this, the clock was ahead once and the log waits for it"""

REQUEST_S = 10.0
"""seconds that a caller may be silent for in the middle of a request"""

Reload = Callable[[], dict[str, list[str]]]


@dataclass(frozen=True)
class Health:
    """Reads the state of a running capture; safe from any thread, since it only looks."""

    supervisor: Supervisor
    writer: Writer
    spool: Spool
    monotonic: Callable[[], float]

    def report(self) -> dict[str, Any]:
        problems = self.problems()
        return {
            "status": "failing" if problems else "ok",
            "problems": problems,
            "since": self._instant(self.supervisor.started),
            "last_slot": self.writer.last_slot.key if self.writer.last_slot else None,
            "next_slot": self.supervisor.schedule.next_slot.key,
            "spool": self.spool.counts(),
            "streams": [self._stream(stream) for stream in self.supervisor.settings.streams],
        }

    @property
    def metrics_path(self) -> str | None:
        """Where the metrics are; None where they are switched off."""
        settings = self.supervisor.settings
        return settings.metrics_path if settings.enable_prometheus else None

    def metrics(self) -> bytes:
        live = {name: listener.condition.live for name, listener in list(self.supervisor.listeners.items())}
        depths = {"writer": self.writer.backlog, "ready_windows": self.spool.counts()["ready_windows"]}
        return self.supervisor.metrics.text(live=live, depths=depths)

    def problems(self) -> list[str]:
        """What keeps capture itself from doing its job; a stream that is down is not among it."""
        problems = []
        now = self.monotonic()
        if (late := now - self.supervisor.ticked) > LATE_S:
            problems.append(f"capture has not moved for {late:.0f} s")
        if self.writer.problem:
            problems.append(self.writer.problem)
        schedule = self.supervisor.schedule
        wait_s = schedule.next_slot.start.timestamp() - schedule.utc(now)
        if wait_s > self.supervisor.settings.hop_s + FUTURE_S:
            problems.append(
                f"slots up to {schedule.next_slot.key} exist already, {wait_s / 3600:.0f} h from now: the clock was "
                "ahead once, and the log goes on when that time comes"
            )
        return problems

    def _stream(self, stream: Stream) -> dict[str, Any]:
        known = {"name": stream.name, "title": stream.display, "kind": stream.kind.value, "enabled": stream.enabled}
        listener = self.supervisor.listeners.get(stream.name)
        if listener is None:
            nothing = dict.fromkeys(("since", "last_window", "last_error", "icy_title", "level_dbfs"))
            return {**known, "state": "disabled", **nothing}
        condition = listener.condition
        return {
            **known,
            "state": str(condition.state),
            "since": self._instant(condition.since),
            "last_window": listener.last_window,
            "last_error": None if condition.state == CaptureState.STARTING else condition.detail or None,
            "icy_title": listener.icy_title,
            "level_dbfs": listener.level_dbfs,
        }

    def _instant(self, mono: float) -> str:
        return iso(datetime.fromtimestamp(self.supervisor.schedule.utc(mono), UTC))


POLL_S = 0.1
"""Seconds until the server notices that it is to end."""


class Server:
    """Listens from `start` to `stop`. Raises RequestError at once where the port is taken."""

    def __init__(self, address: tuple[str, int], health: Health, reload: Reload) -> None:
        handler = type("Handler", (_Handler,), {"health": health, "reload": staticmethod(reload)})
        try:
            self._http = _Http(address, handler)
        except OSError as error:
            raise RequestError(
                f"CAPTURE_PORT: port {address[1]} at {address[0]} cannot be used ({error.strerror}): is another "
                "capture running? Stop it, or choose another port (or CAPTURE_HOST)"
            ) from None
        self._thread = threading.Thread(target=self._http.serve_forever, args=(POLL_S,), name="server", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        if self._thread.is_alive():  # closed under it, it would go on asking for whatever gets the socket's number next
            self._http.shutdown()
        self._http.server_close()


class _Http(ThreadingHTTPServer):
    daemon_threads = True

    def server_bind(self) -> None:
        """As the base class of the base class does: HTTPServer would ask DNS for our name, which can take long."""
        TCPServer.server_bind(self)


class _Handler(BaseHTTPRequestHandler):
    health: Health
    reload: Reload
    timeout = REQUEST_S

    def parse_request(self) -> bool:
        """As always; but no page gets anything here, nor who calls this machine by a name of the internet."""
        if not super().parse_request():
            return False
        host, named = self.headers.get("Host", ""), self.health.supervisor.settings.api_hosts
        if (host and not callers.host_is_ours(host, named)) or self.headers.get("Origin") is not None:
            self._error(403, "foreign_caller", "this port is for the api and for Prometheus, not for pages")
            return False
        return True

    def do_GET(self) -> None:
        if self.path == self.health.metrics_path:
            self._send(200, CONTENT_TYPE, self.health.metrics())
            return
        if self.path != "/healthz":
            self._error(404, "not_found", "there is GET /healthz and POST /reload")
            return
        report = self.health.report()
        self._answer(503 if report["problems"] else 200, report)

    def do_POST(self) -> None:
        if self.path != "/reload":
            self._error(404, "not_found", "there is GET /healthz and POST /reload")
            return
        try:
            self._answer(200, self.reload())
        except SettingsError as error:
            self._error(400, "settings", "the new configuration is refused; the old one stays", error.problems)
        except TransientError as error:
            self._error(503, "busy", str(error))

    def _error(self, status: int, code: str, message: str, details: tuple[str, ...] = ()) -> None:
        self._answer(status, {"error": {"code": code, "message": message, "details": list(details)}})

    def _answer(self, status: int, content: dict[str, Any]) -> None:
        self._send(status, "application/json", redact(json.dumps(content, ensure_ascii=False)).encode())

    def _send(self, status: int, media_type: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", media_type)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-Content-Type-Options", "nosniff")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Requests are not worth a line each."""
