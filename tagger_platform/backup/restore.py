"""The way back: a backup takes the place of what is in DATA_DIR, or DATA_DIR stays as it was.

What belongs here: unpacking beside what is there, the swap, and bringing to its end a swap that was killed. What does
not: whether the platform runs (`cli.running`), the file's format (`file`).

::

    restore.part/     being unpacked and checked; thrown away by whoever comes next
    restore.ready/    all is there and sound: from this rename on the backup is what DATA_DIR holds, and the store
                      cannot be opened until everything has moved to its place
    replaced-<time>/  what was there before; nobody but its owner deletes it

A volume of a container is a mount point, which cannot be renamed itself: so its entries move one by one.
"""

import fcntl
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain, count
from pathlib import Path

from tagger_platform.backup import file
from tagger_platform.backup.make import STORE
from tagger_platform.errors import DiskFullError, RequestError, TransientError
from tagger_platform.files import sync
from tagger_platform.store.copies import FULL, contents, log_of
from tagger_platform.store.database import RESTORING, Database

PLAN = "plan.json"
OUTDATED = (log_of(Path(STORE)).name, "search")
"""What belongs to the store that goes: its write-ahead log would be taken for the new one's, and the search index is
made anew from the new store."""
HOLDS_A_LOG = (STORE, "catalogue", "art", "clips")
"""What makes a DATA_DIR one that is not replaced without a word; a store, if it has a row."""


@dataclass(frozen=True)
class Restored:
    """What is in DATA_DIR now: from which backup, what it holds, and what a person has to fill in.

    `replaced` is the folder with what was there before, None where nothing was. `resumed`: an earlier restore that was
    killed has been brought to its end, and nothing else was done.
    """

    backup: Path
    made_at: str
    fill_in: tuple[str, ...]
    replaced: Path | None
    resumed: bool = False


def restore(backup: Path, data_dir: Path, *, replace_existing: bool) -> Restored:
    """Put the backup into `data_dir`. The platform must not run.

    Raises RequestError, with `data_dir` as it was, for a file that is no sound backup and for a folder that holds a
    log already; NewerVersionError; DiskFullError.
    """
    with _plain_errors(data_dir), _alone(data_dir):
        if (data_dir / RESTORING).exists():
            return _swapped(data_dir, resumed=True)
        with file.reading(backup) as found:
            if not replace_existing and (held := [name for name in HOLDS_A_LOG if _holds_something(data_dir / name)]):
                raise RequestError(
                    f"{data_dir} holds a log already ({', '.join(held)}): restore into an empty DATA_DIR, or with "
                    f"--replace, which keeps what is there in a folder replaced-<time>"
                )
            _refuse_without_room(data_dir, found.manifest)
            _unpacked(found, data_dir)
        return _swapped(data_dir)


def finish(data_dir: Path) -> Restored | None:
    """Bring to its end a restore that was killed while it moved things; None where there is none."""
    if not (data_dir / RESTORING).exists():
        return None
    with _plain_errors(data_dir), _alone(data_dir):
        return _swapped(data_dir, resumed=True) if (data_dir / RESTORING).exists() else None


def _holds_something(path: Path) -> bool:
    """Not a store without a row: `tagger doctor` or `tagger prepare` on a new machine leave one."""
    if path.name != STORE or not path.exists():
        return path.exists()
    try:
        with Database(path).as_it_is() as connection:
            rows = contents(connection).rows
    except Exception:  # damaged, a newer tagger's, no store at all: somebody may still save what is in it
        return True
    return any(count for table, count in rows.items() if table != "schema_migrations")


def _unpacked(found: file.Reader, data_dir: Path) -> None:
    """Everything in restore.part, checked; then under the name that makes it count."""
    draft = data_dir / "restore.part"
    shutil.rmtree(draft, ignore_errors=True)
    try:
        draft.mkdir(mode=0o700)
        found.unpack(draft)
        with Database(draft / STORE).as_it_is() as connection:  # refuses a newer tagger's, and what is no store
            contents(connection)  # or is damaged: older taggers saved that too
        plan = {
            "backup": str(found.path.absolute()),
            "made_at": found.manifest.made_at,
            "fill_in": found.manifest.fill_in,
            "names": sorted({member.name.split("/")[0] for member in found.manifest.members}, key=_store_last),
            "aside": _free_name(data_dir, f"replaced-{datetime.now(UTC):%Y%m%dT%H%M%SZ}"),
        }
        (draft / PLAN).write_text(json.dumps(plan), encoding="utf-8")
        sync(draft / PLAN)
        sync(draft)
        draft.rename(data_dir / RESTORING)
        sync(data_dir)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise


def _free_name(folder: Path, name: str) -> str:
    return next(one for one in chain([name], (f"{name}-{n}" for n in count(2))) if not (folder / one).exists())


def _store_last(name: str) -> tuple[bool, str]:
    return name == STORE, name


def _swapped(data_dir: Path, *, resumed: bool = False) -> Restored:
    """Move things to their places; whoever is killed here is followed by another who goes on."""
    ready = data_dir / RESTORING
    plan = json.loads((ready / PLAN).read_text(encoding="utf-8"))
    aside = data_dir / plan["aside"]
    for name in OUTDATED:
        _move_aside(data_dir / name, aside)
    for name in plan["names"]:
        if (ready / name).exists():
            _move_aside(data_dir / name, aside)
            (ready / name).rename(data_dir / name)
    (data_dir / STORE).with_suffix(".version").unlink(missing_ok=True)  # whoever remembers what they read reads anew
    sync(data_dir)
    done = data_dir / "restore.part"
    shutil.rmtree(done, ignore_errors=True)
    ready.rename(done)
    shutil.rmtree(done, ignore_errors=True)
    return Restored(
        backup=Path(plan["backup"]),
        made_at=plan["made_at"],
        fill_in=tuple(plan["fill_in"]),
        replaced=aside if aside.exists() else None,
        resumed=resumed,
    )


def _move_aside(path: Path, aside: Path) -> None:
    if path.exists():
        aside.mkdir(mode=0o700, exist_ok=True)
        path.rename(aside / path.name)


def _refuse_without_room(data_dir: Path, manifest: file.Manifest) -> None:
    free = shutil.disk_usage(data_dir).free
    if free < manifest.bytes:
        raise DiskFullError(
            f"there is no room for the backup in {data_dir}: {free / 1e6:.0f} MB are free, it takes "
            f"{manifest.bytes / 1e6:.0f} MB"
        )


@contextmanager
def _alone(data_dir: Path) -> Iterator[None]:
    data_dir.mkdir(parents=True, exist_ok=True)
    with (data_dir / "restore.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise TransientError(f"another restore into {data_dir} is under way: wait until it is done") from None
        yield


@contextmanager
def _plain_errors(data_dir: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in FULL:
            raise DiskFullError(f"the disk became full, {data_dir} is as it was: make room") from error
        raise RequestError(f"nothing can be restored into {data_dir}: {error.strerror} ({error.filename})") from error
