"""A DATA_DIR with a log, a catalogue, art and clips, and the backup that is made of it."""

import shutil
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tagger_platform.backup.make import Made, make
from tagger_platform.fingerprint.index import Index
from tagger_platform.settings import Settings
from tagger_platform.store.database import Database
from tagger_platform_tests import samples
from tagger_platform_tests.fingerprint.test_index import entry

AT = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)
PASSWORD = "s3cr3t/w&rd"  # odd on purpose: its encoded forms must not appear either


@dataclass(frozen=True)
class Place:
    """A DATA_DIR, and the environment of the platform that keeps it."""

    environ: dict[str, str]

    @property
    def settings(self) -> Settings:
        return Settings.load(self.environ)

    @property
    def folder(self) -> Path:
        return self.settings.data_dir

    def log(self, plays: int) -> None:
        """So many plays, in addition to those that are there."""
        first = AT - timedelta(days=1) + self.plays() * timedelta(minutes=5)
        listed = [samples.play("kexp", first + timedelta(minutes=5 * number)) for number in range(plays)]
        samples.write_plays(Database(self.settings.database_path), listed)

    def fill(self) -> None:
        """Five plays, three tracks in the catalogue, a picture and a clip."""
        self.log(5)
        Index(self.settings.catalogue_dir).add([entry(name) for name in ("one", "two", "three")])
        for file in (
            self.settings.art_dir / "ab12.jpg",
            self.settings.clips_dir / "kexp" / "2026-11-21T03-30-00Z+0.flac",
        ):
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(b"not looked into" * 100)

    def plays(self) -> int:
        with Database(self.settings.database_path).reading() as connection:
            (count,) = connection.execute("SELECT count(*) FROM plays").fetchone() or (0,)
        return int(count)

    def backup(self, folder: Path, at: datetime = AT, **more: object) -> Made:
        return make(self.settings, folder, at=at, environ=self.environ, **more)  # type: ignore[arg-type]  # any of make's own


def place_at(folder: Path) -> Place:
    """A DATA_DIR `folder`, with secrets in its settings."""
    return Place(
        {
            "DATA_DIR": str(folder),
            "STREAMS_FILE": str(folder.parent / "streams.yaml"),
            "STREAM_1_NAME": "kexp",
            "STREAM_1_URL": f"rtsp://me:{PASSWORD}@127.0.0.1:9/kexp",
            "ACOUSTID_API_KEY": "k3y-of-mine",
            "DEDUP_SECONDS": "240",
            "SHAZAM_ENABLED": "false",
            "DISK_RESERVE_MB": "0",
        }
    )


@pytest.fixture(scope="session")
def saved(tmp_path_factory: pytest.TempPathFactory) -> tuple[Place, Path]:
    """A full DATA_DIR and its backup, clips and all; nobody changes either."""
    found = place_at(tmp_path_factory.mktemp("saved") / "data")
    found.fill()
    return found, found.backup(found.folder.parent / "backups", clips=True, schedules="[]").path


@pytest.fixture
def full(saved: tuple[Place, Path], tmp_path: Path) -> Place:
    """The same DATA_DIR, to do with as one likes."""
    shutil.copytree(saved[0].folder, tmp_path / "full")
    return place_at(tmp_path / "full")


@pytest.fixture
def empty(tmp_path: Path) -> Place:
    return place_at(tmp_path / "empty")
