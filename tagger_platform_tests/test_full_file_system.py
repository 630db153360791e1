"""Each kind of write, one by one, on a real file system without a free byte: what was there stays, and it goes on.

The store, capture's files, backups and the catalogue have tests of their own (`test_disk_full.py` names them).
"""

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

import dagster as dg
import numpy as np
import pytest
from sqlalchemy.exc import OperationalError

from benchmarks.faults.full_disk import fill
from tagger_platform.api.stream_file import StreamFile
from tagger_platform.cli.log_file import NAME, LogFile
from tagger_platform.defs.platform import Platform
from tagger_platform.defs.search_index import make_findable
from tagger_platform.errors import TransientError
from tagger_platform.health.marks import leave_mark
from tagger_platform.insight.vectors import Vectors, open_vectors, write_vectors
from tagger_platform.model import Recognition, Status, Stream, Track
from tagger_platform.recognize.budget import Budget
from tagger_platform.recognize.cover_art import Picture, keep
from tagger_platform.spool import Clips, Pending, Spool, settle
from tagger_platform.store.embeddings import ModelName
from tagger_platform.stream_config import from_file
from tagger_platform_tests import samples
from tagger_platform_tests.api.served import served
from tagger_platform_tests.test_spool import recorded, slots, window

MOUNTED = 'mount -t tmpfs -o size=32m,mode=0700 tmpfs "$0" && exec "$@"'
SLOTS = slots(2)
Write = Callable[[int], object]
"""Writes the first or the second thing."""
Count = Callable[[], int]
"""How many of them are there, whole."""


class Tried(NamedTuple):
    """How the second write failed, and how many there were before, without room (None: nobody can read) and then."""

    problem: str
    before: int
    during: int | None
    then: int


def budget(folder: Path) -> tuple[Write, Count]:
    shazam = Budget(folder / "budgets.sqlite", "shazam", 60, clock=lambda: 0.0)
    return lambda n: shazam.take("kexp"), lambda: round(8 - shazam.remaining())


def art(folder: Path) -> tuple[Write, Count]:
    picture = Picture(bytes(50_000), "jpg")
    return lambda n: keep(picture, f"https://host/{n}", folder / "art"), lambda: len([*folder.rglob("*.jpg")])


def clip(folder: Path) -> tuple[Write, Count]:
    """It moves, and takes no room."""
    audio = [(window(slot).window_id, folder / f"{n}.flac") for n, slot in enumerate(SLOTS)]
    for _, path in audio:
        path.write_bytes(bytes(1000))
    pending, clips = Pending(folder / "pending", max_bytes=10**9), Clips(folder / "clips")

    def write(n: int) -> None:
        settle([audio[n]], waiting=(), evidence={audio[n][0]}, pending=pending, clips=clips)

    return write, lambda: len([*(folder / "clips").rglob("*.flac")])


def recording(folder: Path) -> tuple[Write, Count]:
    spool, manifests = Spool(folder), [recorded(slot, "kexp") for slot in SLOTS]
    audio = [{one: bytes(50_000) for one in manifest.windows} for manifest in manifests]
    return lambda n: spool.publish_recorded(manifests[n], audio[n]), lambda: len(spool.recorded())


def stream(folder: Path) -> tuple[Write, Count]:
    file = folder / "streams.yaml"
    found = StreamFile(file, frozenset())
    return lambda n: found.add(Stream(f"s{n}", "http://127.0.0.1/")), lambda: len(from_file(file)[0])


def vectors(folder: Path) -> tuple[Write, Count]:
    def write(n: int) -> None:
        matrix = np.ones((n + 1, 384), np.float32)
        write_vectors(folder, Vectors(ModelName("m", "1"), tuple(map(str, range(n + 1))), matrix))

    def count() -> int:
        found = open_vectors(folder)
        return len(found.matrix) if found else 0

    return write, count


def searched(folder: Path) -> tuple[Write, Count]:
    platform = Platform(samples.settings(folder))
    platform.database.migrate()
    tracks = [Track("shazam", str(n), f"title {n} {'la ' * 2000}") for n in range(2)]

    def count() -> int:
        with platform.search_index.reading() as reader:
            return len(reader.ids_of([one.track_id for one in tracks])) if reader else 0

    return (
        lambda n: make_findable(platform, [Recognition("w", "shazam", Status.MATCH, track=tracks[n])]),
        count,
    )


def history(folder: Path) -> tuple[Write, Count]:
    instance, job = dg.DagsterInstance.local_temp(str(folder)), dg.GraphDefinition("empty").to_job()
    return lambda n: instance.create_run_for_job(job, tags={"text": "x" * 20_000}), instance.get_runs_count


def said(folder: Path) -> tuple[Write, Count]:
    """The log's file and the signs of life."""

    def write(n: int) -> None:
        LogFile(folder).write("x" * 5000 + "\n")
        leave_mark(folder / "marks", "sensor", samples.noon(samples.DAY))

    return write, lambda: (folder / NAME).read_text().count("\n")


KINDS = {one.__name__: one for one in (budget, art, clip, recording, stream, vectors, searched, history, said)}


def tried(kind: str, folder: Path) -> Tried:
    """Write, write without room, and write the same with room again."""
    write, count = KINDS[kind](folder)
    write(0)
    before, problem, during = count(), "", None
    with no_room(folder):
        try:
            write(1)
        except Exception as error:
            problem = f"{type(error).__name__}: {error}"
        with suppress(TransientError, OperationalError):
            during = count()
    write(1)
    return Tried(problem, before, during, count())


def sent(folder: Path) -> list[str]:
    """What the api says to a file without room, announced with its size and not, where nothing can be written, and with
    room."""
    folder.mkdir()
    settings = samples.settings(folder, DISK_RESERVE_MB="0")
    with served(settings) as api:
        form = api.build_request("POST", "/api/library", files={"file": ("song.flac", bytes(100_000))})
        body, kind = form.read(), {"Content-Type": form.headers["Content-Type"]}
        with no_room(folder):
            answers = [api.send(form), api.post(form.url, content=iter([body]), headers=kind)]
        with read_only(folder):
            answers.append(api.post(form.url, content=body, headers=kind))
        left = [*settings.uploads_dir.rglob("*")]
        answers.append(api.post(form.url, content=body, headers=kind))
    told = [f"{one.status_code} {one.json().get('error', {}).get('message', '')}" for one in answers]
    return [*told, f"{len(left)} left"]


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    subprocess.run(["mount", "--bind", folder, folder], check=True)
    subprocess.run(["mount", "-o", "remount,bind,ro", folder], check=True)
    yield
    subprocess.run(["umount", folder], check=True)


@contextmanager
def no_room(folder: Path) -> Iterator[None]:
    filler = folder / "somebody-elses.bin"
    fill(filler)
    yield
    filler.unlink()


def in_the_namespace(folder: Path) -> None:
    """Try all kinds below `folder`, where a small file system of our own is, and say what came of them."""
    done = {}
    for kind in KINDS:
        (folder / kind).mkdir()
        done[kind] = tried(kind, folder / kind)
    sys.stdout.write(json.dumps({"tried": done, "sent": sent(folder / "sent")}) + "\n")


class Told(NamedTuple):
    tried: dict[str, Tried]
    sent: list[str]


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Told:
    folder = tmp_path_factory.mktemp("small")
    script = f"from pathlib import Path; from {__name__} import *; in_the_namespace(Path({str(folder)!r}))"
    argv = ["unshare", "--map-root-user", "--mount", "sh", "-c", MOUNTED, str(folder), sys.executable, "-c", script]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    return Told({kind: Tried(*each) for kind, each in found["tried"].items()}, found["sent"])


@pytest.mark.parametrize(
    ("kind", "problem", "during"),
    [
        ("budget", "OperationalError: (database or disk is full|disk I/O error)", 1),
        ("art", "NoPictureError: cannot be written to .*: No space left on device", 1),
        ("clip", "", 2),
        ("recording", "OSError: .* No space left on device", 1),
        ("stream", "TransientError: .*streams.yaml cannot be written: No space left on device; check", 1),
        ("vectors", "OSError: .*", 1),
        ("searched", "", None),
        ("history", ".*(database or disk is full|disk I/O error).*", None),
        ("said", "", 1),
    ],
)
def test_what_was_written_before_stays_and_the_next_write_is_whole(
    told: Told, kind: str, problem: str, during: int | None
) -> None:
    """What SQLite keeps with a log beside it cannot even be read while there is no room for that log's index."""
    found = told.tried[kind]
    assert re.fullmatch(problem + (".*" if problem else ""), found.problem, re.DOTALL), found.problem
    assert found[1:] == (1, during, 2)


def test_the_api_says_that_there_is_no_room_for_a_file_and_takes_it_when_there_is(told: Told) -> None:
    no_room = "503 there is no room for it: 0 MB are free, of which DISK_RESERVE_MB keeps 0 for the log: make room"
    *full, read_only, then, left = told.sent
    assert full == [no_room, no_room]
    assert re.fullmatch("503 .*/uploads/.*: Read-only file system; check DATA_DIR and its disk", read_only)
    assert (then, left) == ("202 ", "0 left")
