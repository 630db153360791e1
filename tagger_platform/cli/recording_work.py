"""Having a recording's slots run: by the daemon where one is alive, else by this process.

What belongs here: handing slots over, a few at a time, waiting, the progress bar, and what came of it. What does not:
what a recording holds (`archive`), the command (`tag_recording`). Whatever ends it, the same call again goes on:
finished slots are in the store, and what was handed over waits in the spool.
"""

import fcntl
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from tagger_platform.archive.cut import cut_slots
from tagger_platform.archive.recording import Plan, Recording, opened, plan
from tagger_platform.cli.library_add import daemon_is_alive
from tagger_platform.cli.slot_runs import SlotRuns
from tagger_platform.defs.platform import Platform
from tagger_platform.errors import AudioError, TransientError
from tagger_platform.model import Slot, iso
from tagger_platform.settings import Settings
from tagger_platform.store import reports

AHEAD = 20
"""Slots handed over and not yet run: enough to keep a daemon busy, 50 MB at most."""
LOOK_S = 0.5
"""Seconds between two looks at what the daemon has done."""
DAEMON_LOOK_S = 5.0
"""Seconds for which it is believed that a daemon is alive, or not."""


def tag(settings: Settings, path: Path, *, stream: str, start: str, progress: bool = False) -> dict[str, Any]:
    """Run a recording through, and wait; returns what --json prints."""
    recording = opened(settings, path, stream, start, now=datetime.now(UTC))
    platform = Platform(settings)
    with platform.library.room(), _alone(platform):
        known = reports.windows_between(platform.database, stream, recording.start, recording.end)
        planned = plan(settings, recording, known, platform.spool)
        with _bar(planned, shown=progress) as done, SlotRuns(platform) as runs:
            try:
                _Work(platform, runs, done).do(recording, planned)
            except KeyboardInterrupt:
                click.echo("\nnot finished: the same command again goes on where it was", err=True)
                raise click.Abort from None
        return _outcome(platform, recording, planned)


class _Work:
    """Hands slots over and has them run, a few at a time."""

    def __init__(self, platform: Platform, runs: SlotRuns, done: Callable[[int], None]) -> None:
        self._platform = platform
        self._runs = runs
        self._done = done
        self._waiting: list[Slot] = []
        self._daemon, self._looked = False, float("-inf")

    def do(self, recording: Recording, planned: Plan) -> None:
        try:
            for cut in cut_slots(
                self._platform.settings, recording, {slot: planned.slots[slot] for slot in planned.open}
            ):
                self._platform.spool.publish_recorded(cut.manifest, cut.audio)
                self._waiting.append(cut.manifest.slot)
                self._until_at_most(AHEAD if self._daemon_is_alive() else 0)
        except AudioError as error:  # it was audio when we began
            raise TransientError(f"{error}: what was read until then is done") from error
        self._until_at_most(0)

    def _until_at_most(self, count: int) -> None:
        while len(self._waiting) > count:
            if self._daemon_is_alive():
                time.sleep(LOOK_S)
            else:
                self._runs.run(self._waiting[0])
            spool = self._platform.spool
            left = {*spool.recorded(), *spool.claimed()}
            before = len(self._waiting)
            self._waiting = [slot for slot in self._waiting if slot.key in left]
            self._done(before - len(self._waiting))

    def _daemon_is_alive(self) -> bool:
        if time.monotonic() - self._looked > DAEMON_LOOK_S:
            self._daemon, self._looked = daemon_is_alive(self._platform.settings), time.monotonic()
        return self._daemon


@contextmanager
def _alone(platform: Platform) -> Iterator[None]:
    """One recording at a time: two would finish each other's slots. The kernel frees the lock at our death."""
    with (platform.spool.root / "recording.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            click.echo("waiting for another tag-recording to end", err=True)
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextmanager
def _bar(planned: Plan, *, shown: bool) -> Iterator[Callable[[int], None]]:
    with click.progressbar(length=len(planned.slots), label="slots", file=sys.stderr, hidden=not shown) as bar:
        bar.update(len(planned.slots) - len(planned.open))
        yield bar.update


def _outcome(platform: Platform, recording: Recording, planned: Plan) -> dict[str, Any]:
    """What came of it: the states of the windows that were planned, and those that the audio turned out not to have."""
    wanted = {window.window_id for window in planned.windows}
    known = reports.windows_between(platform.database, recording.stream, recording.start, recording.end)
    states = Counter(one.state for one in known if one.window_id in wanted)
    in_its_slots = len(planned.slots) * len(platform.settings.window_offsets)
    return {
        "file": str(recording.path),
        "stream": recording.stream,
        "start": iso(recording.start),
        "end": iso(recording.end),
        "slots": len(planned.slots),
        "done_before": len(planned.slots) - len(planned.open),
        "windows": sum(states.values()),
        "states": dict(sorted(states.items())),
        "at_the_edges": in_its_slots - len(wanted),
        "missing": len(wanted) - sum(states.values()),
        "plays": reports.count_plays(platform.database, recording.stream, recording.start, recording.end),
    }
