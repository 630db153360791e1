"""What is in a backup, what is not, and that making one hardly disturbs anybody."""

import json
import subprocess
import sys
import threading
import zipfile
from pathlib import Path
from urllib.parse import quote, unquote

import pytest

from tagger_platform import stream_config
from tagger_platform.backup import file, settings_text
from tagger_platform.errors import DiskFullError, RequestError, TransientError
from tagger_platform.fingerprint.index import Index
from tagger_platform.store.database import Database
from tagger_platform_tests import samples
from tagger_platform_tests.backup.conftest import AT, PASSWORD, Place


def members(path: Path) -> set[str]:
    with file.reading(path) as found:
        return {member.name for member in found.manifest.members}


def kinds(path: Path) -> set[str]:
    return {name.split("/")[0] for name in members(path)}


def test_one_file_holds_the_log_the_catalogue_art_and_settings(full: Place, tmp_path: Path) -> None:
    made = full.backup(tmp_path / "elsewhere", schedules="[]")
    assert made.path == tmp_path / "elsewhere" / "tagger-backup-20261121T040000Z.zip"
    assert kinds(made.path) == {"tagger.duckdb", "catalogue", "art", "restored", "dagster-schedules.json"}
    assert made.path.stat().st_mode & 0o077 == 0  # what was heard is nobody else's business
    with file.reading(made.path) as found:
        found.check()
        assert (found.manifest.rows["plays"], found.manifest.tracks, found.manifest.clips) == (5, 3, False)


def test_clips_come_along_on_request(full: Place, tmp_path: Path) -> None:
    made = full.backup(tmp_path, clips=True)
    assert "clips/kexp/2026-11-21T03-30-00Z+0.flac" in members(made.path)


def test_nothing_is_left_beside_it_and_it_never_holds_itself(full: Place) -> None:
    before = {path.name for path in full.folder.iterdir()}
    for hour in (4, 5):
        made = full.backup(full.settings.backup_folder, at=AT.replace(hour=hour))
    assert {path.name for path in full.folder.iterdir()} == before | {"backups"}
    assert not [name for name in members(made.path) if "backup" in name]


def test_it_holds_no_secret_and_says_what_has_to_be_filled_in(full: Place, tmp_path: Path) -> None:
    (tmp_path / "streams.yaml").write_text(
        f"# mine\nstreams:\n  - {{name: cafe, url: 'http://you:{quote(PASSWORD, safe='')}@127.0.0.1:9/cafe'}}\n"
    )
    made = full.backup(tmp_path, clips=True)
    assert made.manifest.fill_in == (
        "ACOUSTID_API_KEY",
        "the password in the URL of stream kexp",
        "the password in the URL of stream cafe",
    )
    with zipfile.ZipFile(made.path) as bundle:
        content = {name: bundle.read(name) for name in bundle.namelist()}
    for secret in (PASSWORD, quote(PASSWORD, safe=""), quote(PASSWORD), "k3y-of-mine"):
        assert not [name for name, text in content.items() if secret.encode() in text]
    env, yaml = content["restored/settings.env"].decode(), content["restored/streams.yaml"].decode()
    assert "DEDUP_SECONDS='240'" in env
    assert "ACOUSTID_API_KEY='***'" in env
    assert "STREAM_1_URL='rtsp://***@127.0.0.1:9/kexp'" in env
    assert "http://***@127.0.0.1:9/cafe" in yaml
    assert "# mine" not in yaml  # comments may hold what was a secret yesterday


SECRET_SOMEWHERE = """streams:
  - {name: kexp, url: "https://radio.example/live?token=OVERRIDDEN-BY-THE-ENVIRONMENT"}
#  - {name: old, url: "https://radio.example/old?token=COMMENTED-OUT"}
#  - {name: older, url: "rtsp://user:COMMENTED OUT with spaces@10.0.0.3/cam"}
  - {name: spaces, url: "rtsp://user:pa ss WO RD@10.0.0.2/cam", title: "Café Ω", enabled: false}
  - {name: short, url: "https://radio.example/live.m3u8?pin=12345&KEYLESS;b=SECOND#FRAGMENT"}
  - {name: path, url: "rtsp://10.0.0.2:554/user=ADMIN&password=HUNTER&x=1.sdp"}
  - {name: name, url: "http://TOKEN@radio.example/a"}
"""


def test_what_may_be_a_secret_in_a_streams_url_is_hidden_and_the_rest_is_there(empty: Place) -> None:
    path = empty.folder.parent / "streams.yaml"
    path.write_text(SECRET_SOMEWHERE, encoding="utf-8")
    place = Place(
        empty.environ
        | {"STREAM_2_NAME": "by-env", "STREAM_2_URL": "http://radio.example/b?pin=543", "STREAM_2_TITLE": "B? a=b"}
    )
    yaml = settings_text.streams_text(place.settings)
    hidden = ("OVERRIDDEN", "COMMENTED", "WO RD", "WO%20RD", "12345", "KEYLESS", "SECOND", "FRAGMENT")
    assert not [secret for secret in (*hidden, "ADMIN", "HUNTER", "TOKEN") if secret in yaml]
    path.write_text(yaml, encoding="utf-8")
    found, problems = stream_config.from_file(path)
    assert problems == []
    assert [(one.name, unquote(one.url)) for one in found] == [
        ("kexp", "https://radio.example/live?token=***"),
        ("spaces", "rtsp://***@10.0.0.2/cam"),
        ("short", "https://radio.example/live.m3u8?pin=***&***;b=***#***"),
        ("path", "rtsp://10.0.0.2:554/user=***&password=***&x=***"),
        ("name", "http://***@radio.example/a"),
    ]
    assert [(one.title, one.enabled) for one in found[1:3]] == [("Café Ω", False), ("", True)]
    env = settings_text.environment_text(place.settings, place.environ)
    assert "STREAM_2_URL='http://radio.example/b?pin=***'" in env
    assert "STREAM_2_TITLE='B? a=b'" in env
    assert "what is *** in the URL of stream by-env" in list(settings_text.fill_in(place.settings))


def test_a_list_of_streams_that_cannot_be_read_is_left_out(empty: Place) -> None:
    settings = empty.settings
    settings.streams_file.write_text("streams: [{ token: SECRET")
    assert settings_text.streams_text(settings) == ""


def test_a_platform_that_has_just_been_set_up_can_be_saved_too(empty: Place, tmp_path: Path) -> None:
    made = empty.backup(tmp_path)
    assert (made.manifest.rows["plays"], made.manifest.tracks) == (0, 0)


def test_a_damaged_catalogue_keeps_nobody_from_saving_the_log(full: Place, tmp_path: Path) -> None:
    (full.settings.catalogue_dir / "current.json").write_text("{")
    made = full.backup(tmp_path)
    assert (made.manifest.rows["plays"], made.manifest.tracks) == (5, 0)
    assert "`tagger library rebuild`" in made.manifest.fill_in[-1]
    assert not [name for name in members(made.path) if name.startswith("catalogue")]


def test_of_a_damaged_store_no_backup_is_made(full: Place, tmp_path: Path) -> None:
    samples.write_day(Database(full.settings.database_path))
    samples.damage(full.settings.database_path)
    with pytest.raises(RequestError, match=r"is damaged.*Corrupt"):
        full.backup(tmp_path / "there")
    assert list((tmp_path / "there").iterdir()) == []
    assert not (full.folder / "backup.part").exists()


def test_what_a_crash_left_in_the_write_ahead_log_is_saved(full: Place, tmp_path: Path) -> None:
    crash = (
        "import os, sys, duckdb\n"
        "connection = duckdb.connect(sys.argv[1])\n"
        "connection.execute('PRAGMA disable_checkpoint_on_shutdown')\n"
        "connection.execute('DELETE FROM plays')\n"
        "os._exit(9)"
    )
    assert subprocess.run([sys.executable, "-c", crash, full.settings.database_path]).returncode == 9
    assert full.settings.database_path.with_name("tagger.duckdb.wal").stat().st_size > 0
    assert full.backup(tmp_path).manifest.rows["plays"] == 0


def test_one_backup_is_made_at_a_time(full: Place, tmp_path: Path) -> None:
    lock = "import fcntl, sys; file = open(sys.argv[1], 'w'); fcntl.flock(file, 2); print('held', flush=True); input()"
    holder = subprocess.Popen(
        [sys.executable, "-c", lock, full.folder / "backup.lock"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout
    assert holder.stdout.readline() == "held\n"
    with pytest.raises(TransientError, match="another backup"):
        full.backup(tmp_path)
    holder.communicate("\n", timeout=10)
    full.backup(tmp_path)


def test_without_room_there_is_a_sentence_before_anything_is_written(full: Place, tmp_path: Path) -> None:
    environ = full.environ | {"DISK_RESERVE_MB": "10000000"}
    with pytest.raises(DiskFullError, match=r"MB are free, it may take \d+ MB, and DISK_RESERVE_MB keeps 10000000 MB"):
        Place(environ).backup(tmp_path / "there")
    assert list((tmp_path / "there").iterdir()) == []


def limited(size: int, full: Place, folder: Path) -> str:
    """Make a backup in a process that may write no file larger than `size`; returns what it was told."""
    code = (
        "import json, os, resource, sys\n"
        "from tagger_platform.errors import TaggerError\n"
        "from tagger_platform_tests.backup.conftest import Place\n"
        "place = Place(json.loads(sys.argv[1]))\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[3]),) * 2)\n"
        "from pathlib import Path\n"
        "try:\n"
        "    place.backup(Path(sys.argv[2]))\n"
        "except TaggerError as error:\n"
        "    print(type(error).__name__, error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, json.dumps(full.environ), folder, str(size)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("share", [0.3, 0.999], ids=["in the copy of the store", "in the file"])
def test_a_disk_that_becomes_full_leaves_nothing_half_written(full: Place, tmp_path: Path, share: float) -> None:
    size = full.settings.database_path.stat().st_size
    if share > 0.5:  # the clip alone is larger than the store: its copy fits, the file with it does not
        picture = full.settings.art_dir / "large.jpg"
        picture.write_bytes(b"x" * size)
    said = limited(int(size * share) if share < 0.5 else size + 1000, full, tmp_path / "there")
    assert said.startswith("DiskFullError")
    assert "make room" in said
    assert list((tmp_path / "there").iterdir()) == []
    assert not (full.folder / "backup.part").exists()
    assert full.plays() == 5


def test_writers_go_on_while_the_file_is_made(full: Place, tmp_path: Path) -> None:
    store, done = Database(full.settings.database_path), threading.Event()
    with store.writing() as connection:
        connection.execute("CREATE TABLE noise (n INTEGER)")
    written = []

    def write() -> None:
        while not done.is_set():
            with store.writing() as connection:
                connection.execute("INSERT INTO noise SELECT count(*) FROM noise")
            written.append(1)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        made = [full.backup(tmp_path, at=AT.replace(minute=minute)) for minute in range(5)]
    finally:
        done.set()
        writer.join()
    seen = [one.manifest.rows["noise"] for one in made]
    assert seen == sorted(seen)
    assert seen[-1] <= len(written)
    for one in made:
        with file.reading(one.path) as found:
            found.check()


def test_a_folder_that_cannot_be_written_is_a_wrong_request(full: Place, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RequestError, match="cannot be written"):
        full.backup(tmp_path / "file" / "below")


def test_the_catalogue_is_linked_and_stays_as_it_is(full: Place, tmp_path: Path) -> None:
    full.backup(tmp_path)
    assert Index(full.settings.catalogue_dir).count == 3
