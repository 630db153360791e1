"""The api on a real port of this machine, in this process. What belongs here: serving it. What does not: tests."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import uvicorn

from tagger_platform.api.app import create_app
from tagger_platform.settings import Settings

PATIENCE_S = 30


@contextmanager
def served(settings: Settings) -> Iterator[httpx.Client]:
    """A client of the api, which runs on a free port until the block ends."""
    config = uvicorn.Config(create_app(settings), port=0, log_config=None, lifespan="off")
    server = uvicorn.Server(config)
    sockets = [config.bind_socket()]
    sockets[0].listen()  # who asks before the thread has begun waits and is not refused
    thread = threading.Thread(target=server.run, kwargs={"sockets": sockets}, daemon=True)
    thread.start()
    try:
        port = sockets[0].getsockname()[1]
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE_S) as client:
            yield client
    finally:
        server.should_exit = True
        thread.join()
