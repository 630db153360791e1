"""A mail server on loopback: real SMTP, as much of it as a client needs to hand over a message.

What belongs here: taking messages, and hanging. What does not: anything of ours.
"""

import socketserver
import threading
from typing import Self

ANSWERS = {b"DATA": b"354 go on\r\n", b"QUIT": b"221 bye\r\n"}


class MailStandIn:
    """Keeps what it was sent in `messages`. With `hangs` it takes connections and never says a word."""

    def __init__(self, *, hangs: bool = False) -> None:
        self.messages: list[str] = []
        self.connections = 0
        self._ended = threading.Event()
        standin = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                standin.connections += 1
                if hangs:
                    standin._ended.wait()
                    return
                self.wfile.write(b"220 mail.example\r\n")
                while line := self.rfile.readline():
                    verb = line.strip().partition(b" ")[0].upper()
                    self.wfile.write(ANSWERS.get(verb, b"250 ok\r\n"))
                    if verb == b"DATA":
                        standin.messages.append(self._message())
                        self.wfile.write(b"250 ok\r\n")
                    if verb == b"QUIT":
                        return

            def _message(self) -> str:
                lines = []
                while (line := self.rfile.readline()) not in (b".\r\n", b""):
                    lines.append(line)
                return b"".join(lines).decode()

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self.port: int = self._server.server_address[1]

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
