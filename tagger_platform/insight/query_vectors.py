"""The vector of a query, from a process beside the api.

What belongs here: starting that process when somebody first asks, and asking it. What does not: what it does
(`query_worker`). It holds torch, 600 MB, that the api must not have; it takes ten seconds to start, and until then, and
whenever it does not answer in time, there is no vector and words alone decide.
"""

import logging
import multiprocessing
import threading
import time
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess

import numpy as np

from tagger_platform.insight.embedder import SentenceEmbedder
from tagger_platform.insight.query_worker import READY, Load, serve
from tagger_platform.store.embeddings import Floats, ModelName

IDLE_S = 600.0
PATIENCE_S = 1.0
"""Longest that a request waits for its vector; a query takes 20 ms on a machine that has time."""
PAUSE_S = 300.0
"""Before a worker that failed is started again: each start costs 7 CPU-s."""
MOST_UNANSWERED = 20
"""Queries after which a worker that answers none of them is ended: they would fill the pipe, and we would wait."""
LONGEST_QUERY = 1000
"""Characters; the model reads 256 words."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class LoadOn:
    """Loads models for a device."""

    device: str

    def __call__(self, name: ModelName) -> SentenceEmbedder:
        return SentenceEmbedder(name.model, name.revision, self.device)


@dataclass
class _Worker:
    name: ModelName
    process: SpawnProcess
    door: Connection
    ready: bool = False
    asked: int = 0
    answered: int = 0


class QueryVectors:
    """Embeds queries. `problem` says why it cannot, in words for people; empty while all is well."""

    def __init__(self, load: Load, *, idle_s: float = IDLE_S, patience_s: float = PATIENCE_S) -> None:
        self._load = load
        self._idle_s = idle_s
        self._patience_s = patience_s
        self._one_at_a_time = threading.Lock()
        self._worker: _Worker | None = None
        self._not_before = float("-inf")
        self.problem = ""

    def vector(self, text: str, name: ModelName) -> Floats | None:
        """The vector (dim,), of length one, that the model `name` gives `text`; None if it cannot be had at once."""
        deadline = time.monotonic() + self._patience_s
        if not self._one_at_a_time.acquire(timeout=self._patience_s):
            return None
        try:
            worker = self._at_work(name)
            return _unit(_ask(worker, text, deadline)) if worker else None
        except (EOFError, OSError) as error:
            self._ended(error)
            return None
        finally:
            self._one_at_a_time.release()

    def close(self) -> None:
        """End the worker, if there is one."""
        with self._one_at_a_time:
            if self._worker:
                self._worker.process.terminate()
                self._worker.process.join()
            self._worker = None

    @property
    def running(self) -> bool:
        return self._worker is not None and self._worker.process.is_alive()

    def _at_work(self, name: ModelName) -> _Worker | None:
        """The worker of this model, once it is ready; it is started if there is none."""
        worker = self._worker
        if worker and worker.name != name:
            worker.process.terminate()
            self._not_before = float("-inf")
            worker = None
        if worker is None:
            if time.monotonic() >= self._not_before:
                self._worker = self._started(name)
            return None
        if not worker.ready and worker.door.poll():
            said = worker.door.recv()
            if said != READY:
                raise EOFError(said)
            worker.ready, self.problem = True, ""
        return worker if worker.ready else None

    def _started(self, name: ModelName) -> _Worker:
        context = multiprocessing.get_context("spawn")
        ours, its = context.Pipe()
        process = context.Process(
            target=serve, args=(its, self._load, name, self._idle_s), name="query worker", daemon=True
        )
        process.start()
        its.close()
        return _Worker(name, process, ours)

    def _ended(self, error: Exception) -> None:
        """The worker is gone: because nobody asked for long, or because it failed before it was ready."""
        worker, self._worker = self._worker, None
        if worker is None:
            return
        worker.door.close()
        worker.process.terminate()
        if not worker.ready:
            self._not_before = time.monotonic() + PAUSE_S
            self.problem = str(error) or "the process that embeds queries ended by itself; the log tells more"
            log.warning("search goes by words alone: %s", self.problem)


def _ask(worker: _Worker, text: str, deadline: float) -> Floats | None:
    if worker.asked - worker.answered >= MOST_UNANSWERED:
        raise EOFError
    worker.asked += 1
    asked = text[:LONGEST_QUERY].encode("utf-8", "replace").decode()
    worker.door.send((worker.asked, asked))
    while worker.door.poll(max(0.0, deadline - time.monotonic())):
        worker.answered, vector = worker.door.recv()
        if worker.answered == worker.asked:  # else it is late: nobody waits for it any more
            found: Floats = vector
            return found
    return None


def _unit(vector: Floats | None) -> Floats | None:
    """`vector` at length one; None where it has no direction."""
    if vector is None:
        return None
    length = float(np.linalg.norm(vector))
    return vector / np.float32(length) if np.isfinite(length) and length > 0 else None
