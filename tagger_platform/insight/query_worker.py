"""The process that embeds queries for the api.

What belongs here: what runs in it. What does not: starting it and asking it (`query_vectors`). It ends by itself when
nobody has asked for a while, or when the api is gone.
"""

import signal
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection

from tagger_platform.errors import TaggerError
from tagger_platform.insight.embedder import Embedder
from tagger_platform.store.embeddings import ModelName

Load = Callable[[ModelName], Embedder]
READY = ""
"""What the worker says once it can be asked; any other text says why it cannot."""


def serve(door: Connection, load: Load, name: ModelName, idle_s: float) -> None:
    """Answer (number, text) with (number, vector) until nothing came for `idle_s` seconds."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the api, and we end with it
    with suppress(EOFError, OSError):  # the api is gone
        try:
            embedder = load(name)
            embedder.embed(["the first one takes longer"])
        except TaggerError as error:
            door.send(str(error))
            return
        door.send(READY)
        while door.poll(idle_s):
            number, text = door.recv()
            door.send((number, embedder.embed([text])[0]))
