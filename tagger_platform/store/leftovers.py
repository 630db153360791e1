"""Files that a process left in DATA_DIR when it was killed while it wrote them.

What belongs here: the names under which our code writes what is not finished. What does not: half-written slots of the
spool, which their writers find again (`spool`), and whatever people put into DATA_DIR/library.
"""

import shutil
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from tagger_platform.settings import Settings

_FOLDERS = ("backup.part", "restore.part", "drill-*.part")
"""In which backups are put together, unpacked and tried (`backup`)."""


def unfinished(settings: Settings, before: datetime) -> list[Path]:
    """Files and folders that have lain unfinished since before `before`."""
    found = []
    for path in _unfinished(settings):
        with suppress(FileNotFoundError):  # its writer, or the next one, was faster
            if path.stat().st_mtime < before.timestamp():
                found.append(path)
    return found


def sweep(settings: Settings, before: datetime) -> int:
    """Delete what has lain unfinished since before `before`; returns how many files and folders."""
    gone = 0
    for path in unfinished(settings, before):
        with suppress(FileNotFoundError):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
            gone += 1
    for folder in (settings.spool_dir / "pending").glob("*/"):
        with suppress(OSError):  # it is not empty
            if folder.stat().st_mtime < before.timestamp():
                folder.rmdir()
    return gone


def _unfinished(settings: Settings) -> Iterator[Path]:
    # People choose DATA_DIR and BACKUP_DIR and may keep their own files there: nothing but our names. What is below
    # DATA_DIR is ours alone.
    places = (
        (settings.data_dir, ("notified.tmp", "tagger.version.tmp", "tagger.draft", "tagger.draft.wal", *_FOLDERS)),
        (settings.backup_folder, ("tagger-backup-*.zip.part", "tagger-nightly-*.zip.part")),
        (settings.data_dir / "backups", ("before-schema-*.duckdb.part", "before-schema-*.duckdb.part.wal")),
        (settings.spool_dir, ("*.tmp",)),
        (settings.spool_dir / "open", ("*.finished",)),
        (settings.spool_dir / "cutting", ("*",)),
        (settings.uploads_dir, ("*",)),
        (settings.art_dir, (".*.part",)),
        (settings.search_dir, ("*.tmp", "*.new*")),
        (settings.catalogue_dir, ("*.new",)),
        (settings.data_dir / "library-asked", ("*.new",)),
    )
    for folder, patterns in places:
        for pattern in patterns:
            yield from folder.glob(pattern)
