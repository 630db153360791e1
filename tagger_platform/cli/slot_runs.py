"""Running `window_job` on slots in this process, for commands that work without a daemon too.

What belongs here: the job on a Dagster instance of its own, so that a run that kill -9 ended does not stay "started" in
the platform's history. What does not: which slots (`tag_recording`). The job is put together once: that and a new
process are most of what a slot costs otherwise.

Runs have a thread of their own, because in the main thread Dagster takes Ctrl-C for itself, and may forget it: here it
ends the command as soon as the slot under way is done.
"""

from concurrent.futures import ThreadPoolExecutor
from types import TracebackType

import dagster as dg

from tagger_platform.cli.library_add import QUIET
from tagger_platform.definitions import build
from tagger_platform.defs.platform import Platform
from tagger_platform.defs.slots import WINDOW_SLOTS, window_job
from tagger_platform.model import Slot

RUNS_KEPT = 50
"""Runs after which the instance is a new one: it remembers every event of every run, in memory."""


class SlotRuns:
    """Runs slots one after the other; use it as a context manager."""

    def __init__(self, platform: Platform) -> None:
        self._job = build(platform.settings, platform=platform).resolve_job_def(window_job.name)
        self._thread = ThreadPoolExecutor(1)
        self._instance: dg.DagsterInstance | None = None
        self._runs = 0

    def __enter__(self) -> "SlotRuns":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._thread.submit(self._forget)
        self._thread.shutdown()

    def run(self, slot: Slot) -> None:
        """Everything that happens to a slot after the spool; raises what its stages raise."""
        self._thread.submit(self._run, slot).result()

    def _run(self, slot: Slot) -> None:
        if self._runs == RUNS_KEPT:
            self._forget()
        instance = self._instance = self._instance or dg.DagsterInstance.ephemeral()
        self._runs += 1
        instance.add_dynamic_partitions(str(WINDOW_SLOTS.name), [slot.key])
        self._job.execute_in_process(instance=instance, partition_key=slot.key, run_config=QUIET)

    def _forget(self) -> None:
        if self._instance:
            self._instance.dispose()
        self._instance, self._runs = None, 0
