"""Making a backup: everything that is gathered, in an order that leaves it consistent.

What belongs here: what goes in, and from where. What does not: the file's format (`file`).

The store comes first, copied on its own disk, and writers wait only while the copy is compared with it. The parts of
the catalogue never change, so a link to each is a copy; art and clips are files that are written once.
"""

import fcntl
import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from tagger_platform import __version__
from tagger_platform.backup import file, settings_text
from tagger_platform.errors import DiskFullError, RequestError, TransientError
from tagger_platform.fingerprint.index import Index
from tagger_platform.model import iso
from tagger_platform.settings import Settings
from tagger_platform.store.copies import FULL, contents
from tagger_platform.store.database import Database

BY_HAND, NIGHTLY = "tagger-backup", "tagger-nightly"
"""How files are called that a person made, and those that come every night and go again (`rotation`)."""
STORE = "tagger.duckdb"
SCHEDULES = "dagster-schedules.json"
ATTEMPTS = 5
"""Times that the catalogue is looked at again because it changed meanwhile."""


@dataclass(frozen=True)
class Made:
    """A backup that has been made, and for how many seconds nobody could write to the store meanwhile."""

    path: Path
    manifest: file.Manifest
    writers_waited_s: float


def make(
    settings: Settings,
    folder: Path,
    *,
    at: datetime,
    environ: Mapping[str, str],
    schedules: str = "",
    clips: bool = False,
    named: str = BY_HAND,
) -> Made:
    """Write one file into `folder`. `schedules` is Dagster's state, which a restore hands back to Dagster.

    Raises TransientError while another backup is being made, DiskFullError, RequestError.
    """
    path = folder.absolute() / f"{named}-{at.astimezone(UTC):%Y%m%dT%H%M%SZ}.zip"
    with _plain_errors(path), _staging(settings.data_dir) as staging:
        path.parent.mkdir(parents=True, exist_ok=True)
        _refuse_without_room(settings, path.parent, clips=clips)
        waited_s = _copied_store(settings, staging / STORE)
        with Database(staging / STORE).as_it_is() as connection:
            held = contents(connection)  # a store that cannot be read to its end is no backup
        tracks, to_do = _linked_catalogue(settings.catalogue_dir, staging / "catalogue")
        manifest = file.Manifest(
            made_at=iso(at),
            tagger=__version__,
            schema=held.schema,
            rows=held.rows,
            tracks=tracks,
            clips=clips,
            fill_in=(*settings_text.fill_in(settings), *to_do),
            sums=held.sums,
            duckdb=held.duckdb,
        )
        folders = {"catalogue": staging / "catalogue", "art": settings.art_dir}
        folders |= {"clips": settings.clips_dir} if clips else {}
        texts = {
            "restored/settings.env": settings_text.environment_text(settings, environ),
            "restored/streams.yaml": settings_text.streams_text(settings),
            SCHEDULES: schedules,
        }
        with file.writing(path) as backup:
            backup.add(STORE, staging / STORE)
            for name, source in folders.items():
                _add_folder(backup, name, source)
            for name, text in texts.items():
                if text:
                    backup.add_text(name, text)
            backup.finish(manifest)
    return Made(path, manifest, waited_s)


@contextmanager
def _staging(data_dir: Path) -> Iterator[Path]:
    """An empty folder on DATA_DIR's own disk, for one backup at a time; what a killed one left is thrown away."""
    data_dir.mkdir(parents=True, exist_ok=True)
    folder = data_dir / "backup.part"
    with (data_dir / "backup.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise TransientError(f"another backup of {data_dir} is being made: wait until it is done") from None
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(mode=0o700)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _copied_store(settings: Settings, copy: Path) -> float:
    database = Database(settings.database_path)
    database.migrate()
    waited_s = database.copy_to(copy)
    with Database(copy).writing():  # takes in what a crash left in the write-ahead log: one file remains
        pass
    return waited_s


def _linked_catalogue(source: Path, copy: Path) -> tuple[int, list[str]]:
    """How many tracks the copy recognises, and what there is to do where it cannot be copied."""
    for _ in range(ATTEMPTS):
        shutil.rmtree(copy, ignore_errors=True)
        with suppress(FileNotFoundError):  # merged away meanwhile
            try:
                return _link_parts(source, copy), []
            except (RequestError, ValueError) as error:  # damaged, or another version's: the log is saved all the same
                shutil.rmtree(copy, ignore_errors=True)
                return 0, [f"the catalogue, which could not be read ({error}): `tagger library rebuild`"]
    raise TransientError(f"the catalogue in {source} keeps changing: try again")


def _link_parts(source: Path, copy: Path) -> int:
    current = source / "current.json"
    if not current.exists():
        return 0
    (copy / "segments").mkdir(parents=True)
    shutil.copyfile(current, copy / "current.json")
    for name in json.loads((copy / "current.json").read_bytes())["segments"]:
        (copy / "segments" / name).mkdir()
        for part in (source / "segments" / name).iterdir():
            _link(part, copy / "segments" / name / part.name)
    return Index(copy).count


def _link(source: Path, target: Path) -> None:
    try:
        target.hardlink_to(source)
    except FileNotFoundError:
        raise
    except OSError:  # a file system without links
        shutil.copyfile(source, target)


def _add_folder(backup: file.Writer, name: str, folder: Path) -> None:
    """All files below `folder`, but those that have just gone, and those that are still being written."""
    for path in sorted(folder.rglob("*")) if folder.exists() else ():
        member = f"{name}/{path.relative_to(folder).as_posix()}"
        if path.is_file() and file.is_inside(member) and path.suffix not in (".part", ".tmp", ".new"):
            with suppress(FileNotFoundError):
                backup.add(member, path)


def _refuse_without_room(settings: Settings, folder: Path, *, clips: bool) -> None:
    """The copy of the store, and a file that may be as large as what it holds, beside what is kept free."""
    store = _bytes(settings.database_path)
    held = [settings.catalogue_dir, settings.art_dir, *([settings.clips_dir] if clips else [])]
    needed = {settings.data_dir: store, folder: store + sum(map(_bytes, held))}
    if folder.stat().st_dev == settings.data_dir.stat().st_dev:
        needed = {folder: sum(needed.values())}
    for place, size in needed.items():
        free = shutil.disk_usage(place).free
        if free < size + settings.disk_reserve_bytes:
            raise DiskFullError(
                f"there is no room for a backup where {place} lies: {free / 1e6:.0f} MB are free, it may take "
                f"{size / 1e6:.0f} MB, and DISK_RESERVE_MB keeps {settings.disk_reserve_mb} MB free"
            )


def _bytes(path: Path) -> int:
    if path.is_dir():
        return sum(_bytes(one) for one in path.iterdir())
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


@contextmanager
def _plain_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in FULL:
            raise DiskFullError(f"the disk became full, there is no backup {path}: make room") from error
        raise RequestError(f"the backup {path} cannot be written: {error.strerror} ({error.filename})") from error
