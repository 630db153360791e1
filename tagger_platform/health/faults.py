"""What can be wrong with a DATA_DIR and be put right, and putting it right.

What belongs here: one function per kind of fault. What does not: how the running parts are (`parts`), and what is
printed (`cli.doctor`). Nothing is changed before a fault's `mend` is called, and mending twice does no harm.
"""

import fcntl
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from stat import S_ISLNK

from tagger_platform.backup.restore import finish
from tagger_platform.insight import index as search
from tagger_platform.library.places import Library
from tagger_platform.library.step import bring_into_step, out_of_step
from tagger_platform.model import CaptureState, Slot, Window
from tagger_platform.settings import Settings, secrets
from tagger_platform.spool.manifest import write_manifest
from tagger_platform.spool.mending import stand_in, unreadable
from tagger_platform.store.database import RESTORING, Database
from tagger_platform.store.leftovers import unfinished
from tagger_platform.store.search_index import SearchIndex

UNFINISHED_FOR = timedelta(hours=1)
"""How long ago nothing was written to a file that was given up by its writer."""
FOR_OTHERS, WRITABLE = 0o077, 0o022
ENVIRONMENT = Path(".env")
"""Where commands read settings from, in the folder that they are called in."""


@dataclass(frozen=True)
class Fault:
    """What is wrong, and where; `mend` puts it right and says what was done."""

    detail: str
    mend: Callable[[], str]


def interrupted_restore(settings: Settings) -> Iterator[Fault]:
    """A restore that was killed while it moved things into place."""

    def mend() -> str:
        finish(settings.data_dir)
        return "brought to its end"

    if (settings.data_dir / RESTORING).exists():
        yield Fault(f"a restore into {settings.data_dir} was interrupted", mend)


def half_written(settings: Settings) -> Iterator[Fault]:
    """Files and folders of ours that were never finished."""
    # The staging folder of a large backup is older than an hour before that is done.
    busy = {settings.data_dir / "backup.part"} if is_locked(settings.data_dir / "backup.lock") else set()
    for path in unfinished(settings, datetime.now(UTC) - UNFINISHED_FOR):
        if path not in busy:
            yield Fault(f"{path} was never finished: who wrote it was killed", partial(_deleted, path))


def _deleted(path: Path) -> str:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
    return "deleted"


def slots_without_manifest(settings: Settings) -> Iterator[Fault]:
    """Slots that were handed over and whose account of what was heard cannot be read."""
    for folder, why in unreadable(settings.spool_dir):
        yield Fault(
            f"{folder} has no readable manifest: {why}",
            partial(_accounted_for, settings, folder, why),
        )


def _accounted_for(settings: Settings, folder: Path, why: str) -> str:
    key, _, recording = folder.name.partition("@")
    if recording:
        shutil.rmtree(folder, ignore_errors=True)
        return "deleted: the same `tagger tag-recording` again makes it anew"
    slot = Slot.parse(key)
    expected = [
        Window(stream.name, slot, offset, settings.window_s, CaptureState.CAPTURED)
        for stream in settings.enabled_streams
        for offset in settings.window_offsets
    ]
    manifest = stand_in(folder, slot, expected, why)
    write_manifest(folder, manifest)
    captured = sum(window.state is CaptureState.CAPTURED for window in manifest.windows)
    return f"accounted for by what lies there: {captured} of {len(manifest.windows)} windows have audio"


def catalogue_out_of_step(settings: Settings) -> Iterator[Fault]:
    """A catalogue that recognises something else than the library holds."""
    library = Library(settings)
    found = out_of_step(library)
    if not found or library.is_worked_on:
        return

    def mend() -> str:
        done = bring_into_step(library)
        return (
            f"{len(done.lacking)} items are queued again, {len(done.unknown)} were noted, {len(done.gone)} are not "
            f"recognised any more"
        )

    yield Fault(
        f"the catalogue {settings.catalogue_dir} is out of step with the store: it lacks {len(found.lacking)} items, "
        f"has {len(found.unknown)} that the store does not know, and {len(found.gone)} that were taken out",
        mend,
    )


def search_out_of_step(settings: Settings) -> Iterator[Fault]:
    """A search index that finds something else than the store holds."""
    index, database = SearchIndex(settings.search_index_path), Database(settings.database_path)

    def mend() -> str:
        done = search.sync(index, database)
        return f"{done.written} tracks written, {done.removed} taken out"

    try:
        lacking, gone = search.out_of_step(index, database)
    except sqlite3.Error as error:
        yield Fault(f"the search index {index.path} cannot be used ({error})", mend)
        return
    if lacking or gone:
        told = f"it lacks {lacking} tracks and has {gone} that are gone"
        yield Fault(f"the search index {index.path} is out of step with the store: {told}", mend)


def open_secrets(settings: Settings) -> Iterator[Fault]:
    """Files with a password that others on this machine may read."""
    for path in (settings.streams_file, ENVIRONMENT.absolute()):
        if path.exists() and path.stat().st_mode & FOR_OTHERS and _holds_a_secret(path, settings):
            yield Fault(
                f"{path} holds a password, and others on this machine may read it ({path.stat().st_mode & 0o777:o})",
                partial(_closed, path),
            )


def _holds_a_secret(path: Path, settings: Settings) -> bool:
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return any(secret in text for secret in secrets(settings) if secret)


def open_files(settings: Settings) -> Iterator[Fault]:
    """What is ours in DATA_DIR and others on this machine may read or write. The library's own rights are people's.

    A DATA_DIR that only its owner may enter keeps everything in it from others. One that others may look into, because
    it was made by hand, is no fault as long as nothing in it is open.
    """
    root = settings.data_dir
    if not root.is_dir() or not root.stat().st_mode & FOR_OTHERS:
        return
    wide = list(_open_in(settings))
    if wide or root.stat().st_mode & WRITABLE:
        yield Fault(
            f"others on this machine may look into {root}, and read or write {len(wide)} files and folders in it",
            partial(_closed_together, [root, *wide]),
        )


def _open_in(settings: Settings) -> Iterator[Path]:
    for folder, folders, files in os.walk(settings.data_dir):
        folders[:] = [name for name in folders if Path(folder, name) != settings.library_dir]
        for path in (Path(folder) / name for name in (*folders, *files)):
            with suppress(FileNotFoundError):  # a slot that is just being finished
                mode = path.lstat().st_mode
                if mode & FOR_OTHERS and not S_ISLNK(mode):
                    yield path


def _closed_together(paths: list[Path]) -> str:
    for path in paths:
        with suppress(FileNotFoundError):
            _closed(path)
    return "now just their owner may"


def _closed(path: Path) -> str:
    path.chmod(path.stat().st_mode & ~FOR_OTHERS)
    return f"now just its owner may ({path.stat().st_mode & 0o777:o})"


def is_locked(path: Path) -> bool:
    """Whether a process holds the lock file."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


FAULTS: dict[str, Callable[[Settings], Iterator[Fault]]] = {
    "restore": interrupted_restore,
    "files": half_written,
    "slots": slots_without_manifest,
    "library": catalogue_out_of_step,
    "search": search_out_of_step,
    "secrets": open_secrets,
    "rights": open_files,
}
"""By name. The restore comes first: until it is done the store cannot be opened."""
