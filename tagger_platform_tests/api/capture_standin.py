"""Capture's port, played by a small real server. What belongs here: canned answers. What does not: tests."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class CaptureStandIn:
    """What it answers, changeable while it runs, and what it was asked."""

    health: dict[str, Any] = field(default_factory=dict)
    health_status: int = 200
    reload: dict[str, Any] = field(default_factory=lambda: {"added": [], "removed": []})
    reload_status: int = 200
    plain_text: str | None = None
    asked: list[str] = field(default_factory=list)
    port: int = 0

    def answer(self, path: str) -> tuple[int, str]:
        self.asked.append(path)
        if self.plain_text is not None:
            return 200, self.plain_text
        status, body = (self.reload_status, self.reload) if path == "/reload" else (self.health_status, self.health)
        return status, json.dumps(body)


@contextmanager
def capture_standin(port: int = 0) -> Iterator[CaptureStandIn]:
    """Runs on a free loopback port, or the given one, until the block ends."""
    standin = CaptureStandIn()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, text = standin.answer(self.path)
            self.send_response(status)
            self.end_headers()
            self.wfile.write(text.encode())

        do_POST = do_GET  # noqa: N815 (http.server calls it so)

        def log_message(self, *_: object) -> None:
            """Stay quiet."""

    with ThreadingHTTPServer(("127.0.0.1", port), Handler) as server:
        standin.port = server.server_port
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield standin
        finally:
            server.shutdown()
            thread.join()
