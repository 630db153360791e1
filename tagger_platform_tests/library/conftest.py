"""A library in a temporary DATA_DIR, filled by the plain functions that the Dagster assets call."""

import hashlib
from pathlib import Path

import pytest
import soundfile

from tagger_platform.fingerprint.index import Index
from tagger_platform.library.asking import ask, outcomes, unsettled
from tagger_platform.library.files import find_audio
from tagger_platform.library.intake import take_note
from tagger_platform.library.places import Library
from tagger_platform.library.work import fingerprint_queued
from tagger_platform.store import library as store
from tagger_platform_tests.fingerprint.tunes import RATE, tune

TUNES = {seed: tune(seed, 15.0) for seed in range(5)}


class Shelf(Library):
    """The doors of a library, and what its users see."""

    def ask(self, *paths, kind=None):
        files = find_audio(paths)
        if wanted := unsettled(self, files, kind):
            ask(self, wanted, kind)
        return files

    def add(self, *paths, kind=None):
        """What became of the files, as `tagger library add` tells it."""
        files = self.ask(*paths, kind=kind)
        self.work()
        return outcomes(self, files)

    def work(self):
        """One run of the assets."""
        return take_note(self), fingerprint_queued(self)

    def items(self):
        with self.database.reading() as connection:
            return store.listed_items(connection)

    def statuses(self):
        return {item.path.name: str(item.status) for item in self.items()}

    def found(self):
        """The names of the files that the index recognises."""
        return sorted(Path(track.path).name for track in Index(self.catalogue).tracks())


@pytest.fixture
def shelf(settings):
    return Shelf(settings)


@pytest.fixture
def music(tmp_path):
    """A folder of one song, one jingle and one advertisement."""
    for folder, seed in (("songs", 0), ("Jingles", 1), ("ads", 2)):
        (tmp_path / "audio" / folder).mkdir(parents=True)
        soundfile.write(tmp_path / "audio" / folder / f"item {seed}.flac", TUNES[seed], RATE)
    return tmp_path / "audio"


def digests(folder):
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path: (hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_mtime_ns) for path in files}


def drop(shelf, name, samples):
    """A file in the watched folder."""
    path = shelf.watched / name
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, samples, RATE)
    return path


@pytest.fixture
def at_once(monkeypatch):
    """Files that have just been written count as whole."""
    monkeypatch.setattr("tagger_platform.library.files.STILL_S", 0.0)
