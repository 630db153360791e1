"""The way back: what a restore brings, what it refuses, and what is left when it is killed."""

import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tagger_platform.backup import file
from tagger_platform.backup.drill import drill
from tagger_platform.backup.restore import Restored, finish, restore
from tagger_platform.errors import NewerVersionError, RequestError, TaggerError
from tagger_platform.fingerprint.index import Index
from tagger_platform.store.database import RESTORING, Database
from tagger_platform_tests import samples
from tagger_platform_tests.backup.conftest import Place

Change = Callable[[dict[str, bytes]], None]


@pytest.fixture
def backup(saved: tuple[Place, Path]) -> Path:
    return saved[1]


def rewritten(backup: Path, folder: Path, change: Change) -> Path:
    """A copy of the backup with other members."""
    with zipfile.ZipFile(backup) as bundle:
        content = {name: bundle.read(name) for name in bundle.namelist()}
    change(content)
    path = folder / "changed.zip"
    with zipfile.ZipFile(path, "w") as bundle:
        for name, text in content.items():
            bundle.writestr(name, text)
    return path


def with_manifest(change: Callable[[dict], None]) -> Change:
    def changed(content: dict[str, bytes]) -> None:
        manifest = json.loads(content["manifest.json"])
        change(manifest)
        content["manifest.json"] = json.dumps(manifest).encode()

    return changed


def named(member: str) -> Change:
    """Art under another name, in the manifest too."""

    def changed(content: dict[str, bytes]) -> None:
        content[member] = content.pop("art/ab12.jpg")
        with_manifest(lambda manifest: rename(manifest, member))(content)

    def rename(manifest: dict, to: str) -> None:
        for one in manifest["members"]:
            one["name"] = to if one["name"] == "art/ab12.jpg" else one["name"]

    return changed


def everything(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_an_empty_folder_becomes_what_was_saved(backup: Path, full: Place, empty: Place) -> None:
    done = restore(backup, empty.folder, replace_existing=False)
    assert (done.made_at, done.replaced, done.resumed) == ("2026-11-21T04:00:00Z", None, False)
    assert "ACOUSTID_API_KEY" in done.fill_in
    assert empty.plays() == full.plays() == 5
    assert Index(empty.settings.catalogue_dir).count == 3
    for kept in ("art", "clips"):
        assert everything(empty.folder / kept) == everything(full.folder / kept)
    assert (empty.folder / "restored" / "settings.env").exists()
    assert not list(empty.folder.glob("restore.*part")) + list(empty.folder.glob("replaced-*"))
    assert not (empty.folder / RESTORING).exists()


def test_a_folder_with_a_log_is_replaced_only_when_asked_and_kept_aside(backup: Path, full: Place) -> None:
    (full.folder / "library").mkdir()
    (full.folder / "library" / "mine.mp3").write_text("an original of the user's")
    full.log(3)
    with pytest.raises(RequestError, match=r"holds a log already \(tagger.duckdb, catalogue, art, clips\).*--replace"):
        restore(backup, full.folder, replace_existing=False)
    assert full.plays() == 8
    done = restore(backup, full.folder, replace_existing=True)
    assert full.plays() == 5
    assert done.replaced
    with Database(done.replaced / "tagger.duckdb").reading() as connection:
        assert connection.execute("SELECT count(*) FROM plays").fetchone() == (8,)
    assert (full.folder / "library" / "mine.mp3").exists()


def test_an_empty_store_is_no_log_that_anybody_misses(backup: Path, empty: Place) -> None:
    """`tagger doctor`, the first thing to run on a new machine, leaves one."""
    Database(empty.settings.database_path).migrate()
    restore(backup, empty.folder, replace_existing=False)
    assert empty.plays() == 5


@pytest.mark.parametrize("content", [b"", b"not of DuckDB" * 1000], ids=["nothing", "rubbish"])
def test_a_store_that_cannot_be_read_may_still_be_saved_by_somebody(backup: Path, empty: Place, content: bytes) -> None:
    empty.settings.database_path.parent.mkdir(exist_ok=True)
    empty.settings.database_path.write_bytes(content)
    with pytest.raises(RequestError, match="holds a log already"):
        restore(backup, empty.folder, replace_existing=False)
    assert empty.settings.database_path.read_bytes() == content


def test_the_old_stores_write_ahead_log_goes_with_it(backup: Path, full: Place) -> None:
    log = full.folder / "tagger.duckdb.wal"
    log.write_bytes(b"of another store")
    done = restore(backup, full.folder, replace_existing=True)
    assert full.plays() == 5
    assert done.replaced
    assert (done.replaced / log.name).read_bytes() == b"of another store"


def test_pages_see_that_everything_is_new(backup: Path, full: Place) -> None:
    store = Database(full.settings.database_path)
    before = store.version()
    restore(backup, full.folder, replace_existing=True)
    assert store.version() != before


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        (lambda content: content.pop("art/ab12.jpg"), RequestError, "was altered"),
        (lambda content: content.update({"extra": b"x"}), RequestError, "was altered"),
        (lambda content: content.update({"tagger.duckdb": b"x"}), RequestError, "altered at tagger.duckdb"),
        (lambda content: content.update({"art/ab12.jpg": b"longer" * 1000}), RequestError, "altered at art/ab12.jpg"),
        (lambda content: content.pop("manifest.json"), RequestError, "is no backup of tagger"),
        (lambda content: content.update({"manifest.json": b"{"}), RequestError, "garbled"),
        (lambda content: content.update({"manifest.json": b"[]"}), RequestError, "garbled"),
        (with_manifest(lambda manifest: manifest.pop("rows")), RequestError, "garbled"),
        (with_manifest(lambda manifest: manifest.update(format=3)), NewerVersionError, "format 3, .* up to 2: upgrade"),
        (named("../outside"), RequestError, "outside of its folder"),
        (named("art/../../outside"), RequestError, "outside of its folder"),
        (named("/etc/outside"), RequestError, "outside of its folder"),
        (named("art\\..\\outside"), RequestError, "outside of its folder"),
        (named("C:outside"), RequestError, "outside of its folder"),
    ],
)
def test_what_is_not_sound_is_refused_and_nothing_changes(
    backup: Path, full: Place, change: Change, error: type[TaggerError], words: str, tmp_path: Path
) -> None:
    changed, before = rewritten(backup, tmp_path, change), everything(full.folder)
    with pytest.raises(error, match=words):
        restore(changed, full.folder, replace_existing=True)
    after = everything(full.folder)
    after.pop("restore.lock")
    assert after == before


@pytest.mark.parametrize("part", [0.0, 0.01, 0.5, 0.99])
def test_a_file_that_was_cut_short_is_refused(backup: Path, empty: Place, part: float, tmp_path: Path) -> None:
    content, short = backup.read_bytes(), tmp_path / "short.zip"
    short.write_bytes(content[: int(len(content) * part)])
    with pytest.raises(RequestError, match="is no backup, or not all of it"):
        restore(short, empty.folder, replace_existing=False)
    assert everything(empty.folder) == {"restore.lock": b""}


# One folder does for all examples: each writes its own changed backup, and the sound one is only read.
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(at=st.floats(0, 1, exclude_max=True), byte=st.integers(1, 255))
def test_one_changed_byte_is_told_or_changes_nothing(backup: Path, tmp_path: Path, at: float, byte: int) -> None:
    content = bytearray(backup.read_bytes())
    content[int(at * len(content))] ^= byte
    changed = tmp_path / "changed.zip"
    changed.write_bytes(content)
    with file.reading(backup) as sound:
        manifest = sound.manifest
    try:
        with file.reading(changed) as found:
            found.check()
            assert found.manifest == manifest  # the byte is one that says nothing, such as a time in the zip
    except (RequestError, NewerVersionError):
        pass


def test_a_file_that_is_not_there_is_a_wrong_request(empty: Place, tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="there is no backup"):
        restore(tmp_path / "nothing.zip", empty.folder, replace_existing=False)


def test_a_newer_taggers_store_is_refused_before_anything_is_moved(full: Place, empty: Place, tmp_path: Path) -> None:
    with Database(full.settings.database_path).writing() as connection:
        connection.execute("INSERT INTO schema_migrations VALUES (9999, 'from the future', now()::TIMESTAMP)")
    newer = tmp_path / "newer.zip"
    with file.writing(newer) as writer:
        writer.add("tagger.duckdb", full.settings.database_path)
        writer.finish(file.Manifest("2026-11-21T04:00:00Z", "9.9", 9999, {}, 0, clips=False, fill_in=()))
    with pytest.raises(NewerVersionError, match="upgrade tagger"):
        restore(newer, empty.folder, replace_existing=False)
    assert set(everything(empty.folder)) == {"restore.lock"}


def without_sums(manifest: dict) -> None:
    """As a tagger wrote it that knew no sums."""
    del manifest["sums"], manifest["duckdb"]
    manifest["format"] = 1


def test_a_backup_without_sums_is_restored_too(backup: Path, empty: Place, tmp_path: Path) -> None:
    older = rewritten(backup, tmp_path, with_manifest(without_sums))
    restore(older, empty.folder, replace_existing=False)
    assert empty.plays() == 5
    (tmp_path / "scratch").mkdir()
    assert drill(older, tmp_path / "scratch").rows["plays"] == 5


def test_a_store_that_was_saved_damaged_is_refused_before_anything_is_moved(full: Place, tmp_path: Path) -> None:
    store, saved = full.settings.database_path, tmp_path / "damaged.zip"
    samples.write_day(Database(store))
    sound, plays = store.read_bytes(), full.plays()
    samples.damage(store)
    with file.writing(saved) as writer:
        writer.add("tagger.duckdb", store)
        writer.finish(file.Manifest("2026-11-21T04:00:00Z", "0.1", 1, {}, 0, clips=False, fill_in=(), format=1))
    store.write_bytes(sound)
    with pytest.raises(RequestError, match="is damaged"):
        restore(saved, full.folder, replace_existing=True)
    assert full.plays() == plays
    assert not [path for name in ("replaced-*", "restore.part", RESTORING) for path in full.folder.glob(name)]


# killed

KILLED = """
import os, signal, sys
from pathlib import Path
from tagger_platform.backup.restore import restore

left = int(sys.argv[3])

def die_at(event, arguments):
    global left
    if event == "os.rename":
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        left -= 1

sys.addaudithook(die_at)
restore(Path(sys.argv[1]), Path(sys.argv[2]), replace_existing=True)
"""


def killed_at(rename: int, backup: Path, folder: Path) -> bool:
    """Restore in a process that is killed just before its n-th rename; whether it came so far."""
    done = subprocess.run([sys.executable, "-c", KILLED, backup, folder, str(rename)], capture_output=True, text=True)
    assert done.returncode in (0, -9), done.stderr
    return done.returncode == -9


def test_killed_anywhere_it_leaves_the_old_log_or_a_restore_that_goes_on(backup: Path, full: Place) -> None:
    full.log(3)
    points, old, resumed = 0, 0, 0
    while killed_at(points, backup, full.folder):
        points += 3  # so that both kinds of rename are met: out of the way, and into its place
        if (full.folder / RESTORING).exists():
            with pytest.raises(RequestError, match=r"a restore into .* was interrupted"):
                full.plays()
            done = finish(full.folder)
            assert done
            assert done.resumed
            resumed += 1
        else:
            assert full.plays() in (5, 8)
            old += full.plays() == 8
        if full.plays() == 5:
            assert Index(full.settings.catalogue_dir).count == 3
            full.log(3)
    assert full.plays() == 5
    assert old >= 1
    assert resumed >= 3


def test_the_same_restore_again_goes_on_with_the_one_that_was_killed(backup: Path, full: Place) -> None:
    full.log(3)
    assert killed_at(3, backup, full.folder)
    done = restore(backup, full.folder, replace_existing=False)
    assert isinstance(done, Restored)
    assert done.resumed
    assert full.plays() == 5
    assert finish(full.folder) is None


# the drill


def test_the_drill_proves_a_sound_backup_and_leaves_nothing(backup: Path, tmp_path: Path) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    assert drill(backup, scratch).rows["plays"] == 5
    assert list(scratch.iterdir()) == []


def test_the_drill_tells_of_a_backup_that_brings_something_else(backup: Path, tmp_path: Path) -> None:
    def one_more(manifest: dict) -> None:
        manifest["rows"]["plays"] += 1

    with pytest.raises(TaggerError, match="does not bring back what it was made of"):
        drill(rewritten(backup, tmp_path, with_manifest(one_more)), tmp_path)


def test_the_drill_tells_of_a_table_with_other_values(backup: Path, tmp_path: Path) -> None:
    def another(manifest: dict) -> None:
        manifest["sums"]["plays"] = "1"

    with pytest.raises(TaggerError, match="does not bring back what it was made of: other values in plays"):
        drill(rewritten(backup, tmp_path, with_manifest(another)), tmp_path)


def test_the_sums_of_another_duckdb_are_not_compared(backup: Path, tmp_path: Path) -> None:
    def another(manifest: dict) -> None:
        manifest["sums"]["plays"], manifest["duckdb"] = "1", "v0.0.1"

    (tmp_path / "scratch").mkdir()
    assert drill(rewritten(backup, tmp_path, with_manifest(another)), tmp_path / "scratch").rows["plays"] == 5
