"""Dagster's code server outlives errors of its own history.

What belongs here: what Dagster's process lacks. What does not: which processes there are (`cli.platform`).
"""

import logging
import threading
from functools import cache

from dagster._grpc.server import DagsterApiServer

log = logging.getLogger("tagger.code_server")


@cache
def keep_looking_for_dead_runs() -> None:
    """Have the code server look for dead run workers again after a look that failed.

    Dagster 1.13 looks twice a second, in a thread that ends at the first error, such as SQLite's "disk is full". A run
    that is dead and still listed is then cancelled for running too long, and `multiprocessing.Event.set()`, which waits
    for the dead worker to wake up, keeps the lock that every launch needs: no run starts until the process is ended. So
    dead workers are also given events that nobody waits on.
    """
    look = DagsterApiServer._check_for_orphaned_runs
    failed = False

    def look_and_go_on(server: DagsterApiServer) -> None:
        nonlocal failed
        try:
            look(server)
        except Exception as error:  # whatever SQLite, the file system or a damaged history raises
            if not failed:
                log.warning("Dagster cannot note that a run has lost its process, and goes on trying: %s", error)
            failed = True
            with server._execution_lock:
                for run_id, (worker, _) in server._executions.items():
                    if not worker.is_alive():
                        # Typed as multiprocessing's event, of which it has what is used.
                        server._termination_events[run_id] = threading.Event()  # type: ignore[assignment]
        else:
            failed = False

    # Dagster offers no other way to take the place of a method.
    DagsterApiServer._check_for_orphaned_runs = look_and_go_on  # type: ignore[method-assign, assignment]
