"""`tagger library add` waits until what was asked for is done: by the daemon where one is alive, else by this process.

What belongs here: asking, waiting, the progress bar. What does not: the work, which is the same two Dagster assets
either way (`defs.library`). In this process they run on an instance of their own: a run that Ctrl-C or kill -9 ended
would stay "started" in the platform's history for ever, and take a place in its queue.
"""

import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import click
import dagster as dg

from tagger_platform.defs.library import fingerprints
from tagger_platform.defs.library import library as library_asset
from tagger_platform.defs.platform import Platform
from tagger_platform.errors import TaggerError, TransientError
from tagger_platform.library.asking import Request, ask, outcomes, unsettled
from tagger_platform.library.files import find_audio
from tagger_platform.library.places import Library
from tagger_platform.settings import Settings
from tagger_platform.store.library import LibraryItem

HEARTBEAT_S = 60.0
"""Seconds after its last heartbeat that a daemon counts as alive; it gives one every 30."""
DAEMONS = ("SENSOR", "QUEUED_RUN_COORDINATOR")
PATIENCE_S = 20.0
"""Seconds that a living daemon may take to begin: a sensor's interval, the queue, and the start of a run on a busy
machine. Its heartbeat outlives it by a minute, and people stop the platform and add files."""
LOOK_S = 0.3
QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
"""What goes wrong is said by an exception; Dagster's own lines are for its log."""


def add_paths(settings: Settings, paths: Sequence[Path], *, kind: str | None = None) -> list[LibraryItem]:
    """Add everything below `paths`, and wait until it is done."""
    return add_files(settings, find_audio(paths), kind=kind)


def add_files(
    settings: Settings, files: Sequence[Path], *, kind: str | None, progress: bool = True
) -> list[LibraryItem]:
    """Add `files` and wait; returns what became of each. What is in the catalogue already is not touched."""
    library = Library(settings)
    if wanted := unsettled(library, files, kind):
        with library.room():
            request = ask(library, wanted, kind)
        try:
            with _progress(library, wanted, shown=progress):
                _wait(library, request)
        except (KeyboardInterrupt, dg.DagsterExecutionInterruptedError):
            open_ones = sum(item is None or item.is_open for item in outcomes(library, wanted))
            click.echo(f"\n{open_ones} of {len(wanted)} files are still to be done; they stay queued, {_WHO}", err=True)
            raise click.Abort from None
    items = outcomes(library, files)
    if None in items:
        raise TransientError(f"the store in {settings.data_dir} has lost what was asked for: add it again")
    return [item for item in items if item]


_WHO = "and `tagger up` or the next `tagger library add` goes on with them"


def _wait(library: Library, request: Request) -> None:
    """Until every file of the request has its end. Nobody who could do it is waited for in vain."""
    patience_s = PATIENCE_S if daemon_is_alive(library.settings) else 0.0
    began = time.monotonic()
    seen = ""
    while True:
        version = library.database.version()
        if version != seen and not request.note.exists():
            if not any(item and item.is_open for item in outcomes(library, request.files)):
                return
            seen = version
        if library.is_worked_on:
            began = time.monotonic()
        elif time.monotonic() - began >= patience_s:
            run_here(library.settings)
            continue
        time.sleep(LOOK_S)


def daemon_is_alive(settings: Settings) -> bool:
    """Whether a Dagster daemon on this DATA_DIR has given a heartbeat lately."""
    if not (settings.dagster_home / "dagster.yaml").exists():
        return False
    with dg.DagsterInstance.from_config(str(settings.dagster_home)) as instance:
        beats = instance.get_daemon_heartbeats()
    return all(name in beats and time.time() - beats[name].timestamp < HEARTBEAT_S for name in DAEMONS)


def run_here(settings: Settings) -> None:
    """One run of the library's assets in this process; raises what they raise."""
    with dg.DagsterInstance.ephemeral() as instance:
        dg.materialize(
            [library_asset, fingerprints],
            instance=instance,
            resources={"platform": Platform(settings)},
            run_config=QUIET,
        )


@contextmanager
def _progress(library: Library, files: Sequence[Path], *, shown: bool) -> Iterator[None]:
    """A bar on stderr, fed from the store by a thread: this one may be busy fingerprinting."""
    over = threading.Event()
    with click.progressbar(length=len(files), label="fingerprinting", file=sys.stderr, hidden=not shown) as bar:

        def look() -> None:
            ended = sum(item is not None and not item.is_open for item in outcomes(library, files))
            bar.update(ended - bar.pos)

        def follow() -> None:
            with suppress(TaggerError):  # the bar is not worth a complaint
                while not over.wait(LOOK_S):
                    look()

        follower = threading.Thread(target=follow)
        if shown:
            follower.start()
        try:
            yield
        finally:
            over.set()
            if shown:
                follower.join()  # a thread inside DuckDB does not survive the end of the interpreter
        if shown:
            look()
