"""What the doctor mends: each kind of fault is found, put right once, and then not found any more."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tagger_platform.errors import RequestError
from tagger_platform.fingerprint.index import Index
from tagger_platform.health import faults
from tagger_platform.health.clock import is_synchronised
from tagger_platform.health.faults import FAULTS, Fault
from tagger_platform.insight.index import sync
from tagger_platform.model import CaptureState, Slot
from tagger_platform.settings import Settings
from tagger_platform.spool import MANIFEST, Spool
from tagger_platform.store import library as store
from tagger_platform.store.database import RESTORING, Database
from tagger_platform.store.leftovers import sweep
from tagger_platform.store.library import ItemStatus, LibraryItem
from tagger_platform.store.search_index import SearchIndex
from tagger_platform_tests import samples
from tagger_platform_tests.fingerprint.test_index import entry

SLOT = Slot(datetime(2026, 11, 21, 3, 30, tzinfo=UTC))
Find = Callable[[Settings], Iterator[Fault]]


def mended(find: Find, settings: Settings) -> list[tuple[str, str]]:
    """What was found and what was done about it; a second look must find nothing."""
    done = [(fault.detail, fault.mend()) for fault in find(settings)]
    assert list(find(settings)) == []
    return done


@pytest.mark.parametrize("name", FAULTS)
def test_a_platform_that_has_just_been_set_up_has_no_fault(settings: Settings, name: str) -> None:
    assert list(FAULTS[name](settings)) == []


# files


def age(path: Path, seconds: float) -> None:
    os.utime(path, (time.time() - seconds,) * 2)


HALF = [
    "spool/last-slot.json.tmp",
    "spool/open/2026-11-21T03:30:00Z.finished",
    "catalogue/current.json.new",
    "search/tracks.new",
    "library-asked/1-a.new",
    "notified.tmp",
    "backup.part",
    "restore.part",
    "drill-x.part",
    "backups/tagger-nightly-20261121T130000Z.zip.part",
    "backups/tagger-backup-20261121T130000Z.zip.part",
    "backups/before-schema-0009-20261121T130000Z-was-0008.duckdb.part",
    "backups/before-schema-0009-20261121T130000Z-was-0008.duckdb.part.wal",
]


@pytest.mark.parametrize("name", HALF)
def test_what_was_never_finished_goes_once_it_is_an_hour_old(settings: Settings, name: str) -> None:
    path = settings.data_dir / name
    if path.suffix in (".part", ".finished") and not name.startswith("backups"):
        path.mkdir(parents=True)
        (path / "inside").write_text("half")
        age(path, 10)
    else:
        path.parent.mkdir(parents=True)
        path.write_text("half")
    assert list(faults.half_written(settings)) == []
    age(path, 3700)
    ((detail, done),) = mended(faults.half_written, settings)
    assert str(path) in detail
    assert done == "deleted"
    assert not path.exists()


def test_what_people_keep_there_is_left_alone(settings: Settings) -> None:
    for name in ("library/mine.tmp", "library/mine.part", "clips/kexp/x.flac", "backups/tagger-backup-x.zip"):
        path = settings.data_dir / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("mine")
        age(path, 10**6)
    assert list(faults.half_written(settings)) == []


@pytest.mark.parametrize("name", ["ubuntu.iso.part", "film.tmp", "painting.draft", "song.zip.part"])
def test_what_others_keep_where_backups_go_or_beside_our_data_is_left_alone(settings: Settings, name: str) -> None:
    downloads = settings.data_dir.parent / "Downloads"
    settings = replace(settings, backup_dir=downloads)
    for path in (downloads / name, downloads / f"folder-{name}" / "inside", settings.data_dir / name):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("mine")
        age(path, 10**6)
        age(path.parent, 10**6)
    ours = downloads / "tagger-nightly-20261121T130000Z.zip.part"
    ours.write_text("half")
    age(ours, 10**6)
    assert [fault.detail.split()[0] for fault in faults.half_written(settings)] == [str(ours)]
    assert sweep(settings, datetime.now(UTC)) == 1
    assert len(list(downloads.iterdir())) == 2


def test_a_backup_that_is_still_being_made_is_not_half_written(settings: Settings) -> None:
    folder = settings.data_dir / "backup.part"
    folder.mkdir(parents=True)
    age(folder, 10**5)
    lock = "import fcntl, sys; file = open(sys.argv[1], 'w'); fcntl.flock(file, 2); print('held', flush=True); input()"
    holder = subprocess.Popen(
        [sys.executable, "-c", lock, settings.data_dir / "backup.lock"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout
    assert holder.stdout.readline() == "held\n"
    assert list(faults.half_written(settings)) == []
    holder.communicate("\n", timeout=10)
    assert len(mended(faults.half_written, settings)) == 1


# slots


@pytest.mark.parametrize("text", [None, "", "{", '{"version": 1}', "\x00" * 100])
@pytest.mark.parametrize("place", ["ready", "claimed"])
def test_a_slot_without_a_manifest_is_accounted_for_by_what_lies_there(
    settings: Settings, place: str, text: str | None
) -> None:
    spool = Spool(settings.spool_dir)
    folder = settings.spool_dir / place / SLOT.key
    folder.mkdir()
    (folder / "kexp+0.flac").write_bytes(b"audio")
    if text is not None:
        (folder / MANIFEST).write_text(text)
    ((detail, done),) = mended(faults.slots_without_manifest, settings)
    assert detail.startswith(f"{folder} has no readable manifest: ")
    assert done == "accounted for by what lies there: 1 of 4 windows have audio"
    manifest = spool.claim(SLOT, [])
    assert manifest
    states = {window.window_id: window.state for window in manifest.windows}
    assert states.pop(f"kexp/{SLOT.key}+0") is CaptureState.CAPTURED
    assert set(states.values()) == {CaptureState.CORRUPT}


def test_a_recordings_slot_without_a_manifest_is_made_anew_by_who_made_it(settings: Settings) -> None:
    Spool(settings.spool_dir)
    folder = settings.spool_dir / "recorded" / f"{SLOT.key}@recording-ab12"
    folder.mkdir()
    ((_, done),) = mended(faults.slots_without_manifest, settings)
    assert "`tagger tag-recording`" in done
    assert not folder.exists()


@pytest.mark.parametrize("name", ["foo", "@eaDir", ".snapshot", "2026-11-21", "2026-11-21T03:30:00Z.old"])
def test_a_folder_that_is_no_slots_is_no_slot_without_a_manifest(settings: Settings, name: str) -> None:
    for place in ("ready", "claimed", "recorded"):
        (settings.spool_dir / place / name).mkdir(parents=True)
    assert list(faults.slots_without_manifest(settings)) == []


# library and search


def library_of(settings: Settings, **statuses: ItemStatus) -> None:
    items = [LibraryItem(name, Path(f"/music/{name}.mp3"), name, status=status) for name, status in statuses.items()]
    with Database(settings.database_path).writing() as connection:
        store.write_items(connection, items)


def statuses(settings: Settings) -> dict[str, ItemStatus]:
    with Database(settings.database_path).reading() as connection:
        known = store.items(connection, ["both", "lost", "foreign", "gone", "queued"])
    return {key: item.status for key, item in known.items()}


def test_catalogue_and_store_are_brought_into_step(settings: Settings) -> None:
    ready, removed, queued = ItemStatus.READY, ItemStatus.REMOVED, ItemStatus.QUEUED
    library_of(settings, both=ready, lost=ready, gone=removed, queued=queued)
    Index(settings.catalogue_dir).add([entry(name) for name in ("both", "foreign", "gone", "queued")])
    ((detail, done),) = mended(faults.catalogue_out_of_step, settings)
    assert detail.endswith("it lacks 1 items, has 1 that the store does not know, and 1 that were taken out")
    assert done == "1 items are queued again, 1 were noted, 1 are not recognised any more"
    assert statuses(settings) == {"both": ready, "lost": queued, "foreign": ready, "gone": removed, "queued": queued}
    assert {track.item_id for track in Index(settings.catalogue_dir).tracks()} == {"both", "foreign", "queued"}


def test_a_damaged_catalogue_is_told_with_what_to_do(settings: Settings) -> None:
    Index(settings.catalogue_dir).add([entry("one")])
    (settings.catalogue_dir / "current.json").write_text("{")
    with pytest.raises(RequestError, match="`tagger library rebuild` makes it anew"):
        list(faults.catalogue_out_of_step(settings))


@pytest.mark.parametrize("damage", ["none yet", "broken", "behind", "ahead"])
def test_the_search_index_is_brought_into_step(settings: Settings, damage: str) -> None:
    database, index = Database(settings.database_path), SearchIndex(settings.search_index_path)
    plays = [samples.play("kexp", SLOT.start, of=samples.track(1))]
    samples.write_plays(database, plays)
    if damage != "none yet":
        sync(index, database)
    if damage == "broken":
        index.path.write_bytes(b"no index at all" * 1000)
    if damage == "behind":
        samples.write_plays(database, [samples.play("cafe", SLOT.start, of=samples.track(2))])
    if damage == "ahead":
        with database.writing() as connection:
            connection.execute("DELETE FROM tracks")
    assert len(mended(faults.search_out_of_step, settings)) == 1


# secrets, and a restore


@pytest.mark.parametrize(("mode", "found"), [(0o644, 1), (0o640, 1), (0o600, 0)])
def test_a_password_is_nobody_elses_business(environ: dict[str, str], tmp_path: Path, mode: int, found: int) -> None:
    path = tmp_path / "streams.yaml"
    path.write_text("streams:\n  - {name: mine, url: 'rtsp://me:hidden-word@127.0.0.1:9/x'}\n")
    path.chmod(mode)
    done = mended(faults.open_secrets, Settings.load(environ))
    assert [text for _, text in done] == ["now just its owner may (600)"] * found
    assert path.stat().st_mode & 0o777 == 0o600
    assert "hidden-word" not in str(done)


def test_streams_without_a_password_may_be_read_by_all(environ: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "streams.yaml").write_text("streams:\n  - {name: mine, url: 'http://127.0.0.1:9/x'}\n")
    assert list(faults.open_secrets(Settings.load(environ))) == []


def written(settings: Settings) -> list[Path]:
    """A DATA_DIR as the platform makes it, for its owner alone, and music in its library that all may read."""
    for name in ("clips/kexp/x.flac", "tagger.duckdb", "library/mine.flac"):
        (settings.data_dir / name).parent.mkdir(parents=True, exist_ok=True)
        (settings.data_dir / name).write_text("x")
    ours = [path for path in (settings.data_dir, *settings.data_dir.rglob("*")) if "library" not in str(path)]
    for path in ours:
        path.chmod(0o700 if path.is_dir() else 0o600)
    settings.library_dir.chmod(0o755)
    (settings.library_dir / "mine.flac").chmod(0o644)
    return ours


@pytest.mark.parametrize("wide", [{"": 0o777}, {"": 0o755, "clips/kexp/x.flac": 0o644}, {"": 0o711, "clips": 0o770}])
def test_what_is_open_to_others_is_closed(settings: Settings, wide: dict[str, int]) -> None:
    ours = written(settings)
    for name, mode in wide.items():
        (settings.data_dir / name).chmod(mode)
    assert [done for _, done in mended(faults.open_files, settings)] == ["now just their owner may"]
    assert {path.stat().st_mode & 0o077 for path in ours} == {0}
    assert (settings.library_dir / "mine.flac").stat().st_mode & 0o777 == 0o644


def test_all_that_was_opened_at_once_is_closed_but_the_librarys_files(settings: Settings) -> None:
    ours = written(settings)
    (settings.data_dir / "elsewhere").symlink_to(settings.data_dir.parent)
    subprocess.run(["chmod", "-R", "a+rwX", settings.data_dir], check=True)
    ((detail, _),) = mended(faults.open_files, settings)
    assert "read or write 4 files and folders" in detail
    assert {path.stat().st_mode & 0o777 for path in ours} == {0o600, 0o700}


@pytest.mark.parametrize("wide", [{}, {"": 0o755}, {"clips": 0o755}])
def test_what_others_cannot_reach_or_read_is_no_fault(settings: Settings, wide: dict[str, int]) -> None:
    written(settings)
    for name, mode in wide.items():
        (settings.data_dir / name).chmod(mode)
    assert list(faults.open_files(settings)) == []


def test_a_restore_that_was_interrupted_is_brought_to_its_end(settings: Settings) -> None:
    ready = settings.data_dir / RESTORING
    ready.mkdir(parents=True)
    Database(ready / "tagger.duckdb").migrate()
    plan = '{"backup": "x", "made_at": "2026-11-21T04:00:00Z", "fill_in": [], "names": ["tagger.duckdb"], "aside": "r"}'
    (ready / "plan.json").write_text(plan)
    with pytest.raises(RequestError, match="was interrupted"):
        Database(settings.database_path).migrate()
    assert [done for _, done in mended(faults.interrupted_restore, settings)] == ["brought to its end"]
    assert Database(settings.database_path).migrate() == []


def test_the_kernel_can_be_asked_for_the_clock() -> None:
    assert is_synchronised() in (True, False, None)
