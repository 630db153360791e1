"""The store's lock between real processes: readers together, a writer alone, nobody starves, the dead let go."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tagger_platform.errors import RequestError, StoreBusyError
from tagger_platform.store.lock import turn

HOLD = """
import sys, time
from pathlib import Path
from tagger_platform.store.lock import turn
path, exclusive, notes = Path(sys.argv[1]), sys.argv[2] == "writer", Path(sys.argv[3])
def note(word):
    with notes.open("a") as out:
        out.write(f"{word}\\n")
"""
ONCE = (
    HOLD
    + """
with turn(path, exclusive=exclusive, timeout_s=20):
    note("in")
    sys.stdin.read()
    note("out")
"""
)
EAGER = (
    HOLD
    + """
while True:
    with turn(path, exclusive=exclusive, timeout_s=20):
        note("in")
        time.sleep(0.02)
"""
)
TURNS = (
    HOLD
    + """
name = "RW"[exclusive]
for _ in range(25):
    with turn(path, exclusive=exclusive, timeout_s=30):
        note(f"+{name}")
        time.sleep(0.002)
        note(f"-{name}")
"""
)
Start = Callable[..., "subprocess.Popen[bytes]"]


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "tagger.duckdb"


@pytest.fixture
def start(store: Path) -> Iterator[Start]:
    """Starts a process that runs `script` as a reader or a writer and writes what it does into `notes`."""
    running: list[subprocess.Popen[bytes]] = []

    def begin(script: str, role: str, notes: Path) -> "subprocess.Popen[bytes]":
        running.append(subprocess.Popen([sys.executable, "-c", script, store, role, notes], stdin=subprocess.PIPE))
        return running[-1]

    yield begin
    for process in running:
        process.kill()
        process.communicate()


def notes_of(path: Path) -> list[str]:
    return path.read_text().split() if path.exists() else []


def wait_for(condition: Callable[[], bool], timeout_s: float = 15) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)


def test_readers_share(start: Start, tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    for _ in range(3):
        start(ONCE, "reader", notes)
    wait_for(lambda: notes_of(notes) == ["in"] * 3)


def test_a_writer_is_alone(start: Start, tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    processes = [start(TURNS, role, notes) for role in ("writer", "reader", "writer", "reader")]
    assert [process.wait(60) for process in processes] == [0] * 4
    inside: list[str] = []
    for note in notes_of(notes):
        if note.startswith("-"):
            inside.remove(note[1:])
        else:
            inside.append(note[1:])
        assert inside.count("W") == 0 or inside == ["W"]
    assert len(notes_of(notes)) == 4 * 25 * 2


def test_a_writer_does_not_starve_among_eager_readers(start: Start, store: Path, tmp_path: Path) -> None:
    notes = [tmp_path / f"notes{number}" for number in range(3)]
    for path in notes:
        start(EAGER, "reader", path)
    wait_for(lambda: all(notes_of(path) for path in notes))
    for _ in range(5):
        began = time.monotonic()
        with turn(store, exclusive=True, timeout_s=10):
            assert time.monotonic() - began < 5
    before = [len(notes_of(path)) for path in notes]
    wait_for(lambda: all(len(notes_of(path)) > count for path, count in zip(notes, before, strict=True)))


@pytest.mark.parametrize("exclusive", [True, False], ids=["to a writer", "to a reader"])
def test_a_killed_holder_lets_go(start: Start, store: Path, tmp_path: Path, exclusive: bool) -> None:
    holder = start(ONCE, "writer", tmp_path / "notes")
    wait_for(lambda: notes_of(tmp_path / "notes") == ["in"])
    holder.kill()
    holder.wait()
    with turn(store, exclusive=exclusive, timeout_s=1):
        pass


@pytest.mark.parametrize(
    ("holder", "exclusive"),
    [
        pytest.param("writer", True, id="writer after writer"),
        pytest.param("writer", False, id="reader after writer"),
        pytest.param("reader", True, id="writer after reader"),
    ],
)
def test_who_waits_too_long_is_told_so(start: Start, store: Path, tmp_path: Path, holder: str, exclusive: bool) -> None:
    start(ONCE, holder, tmp_path / "notes")
    wait_for(lambda: notes_of(tmp_path / "notes") == ["in"])
    began = time.monotonic()
    with (
        pytest.raises(StoreBusyError, match=r"busy for too long.*lsof"),
        turn(store, exclusive=exclusive, timeout_s=0.2),
    ):
        pytest.fail("two were inside")
    assert 0.2 <= time.monotonic() - began < 5


def test_who_gave_up_waiting_holds_nothing(start: Start, store: Path, tmp_path: Path) -> None:
    holder = start(ONCE, "writer", tmp_path / "notes")
    wait_for(lambda: notes_of(tmp_path / "notes") == ["in"])
    with pytest.raises(StoreBusyError), turn(store, exclusive=False, timeout_s=0.05):
        pass
    holder.communicate()
    with turn(store, exclusive=True, timeout_s=1):
        pass


def test_an_error_inside_lets_go(store: Path) -> None:
    with pytest.raises(ZeroDivisionError), turn(store, exclusive=True, timeout_s=1):
        raise ZeroDivisionError
    with turn(store, exclusive=True, timeout_s=1):
        pass


def test_a_folder_that_cannot_be_written_is_a_wrong_request(tmp_path: Path) -> None:
    with (
        pytest.raises(RequestError, match=r"check DATA_DIR"),
        turn(tmp_path / "nowhere" / "tagger.duckdb", exclusive=True, timeout_s=1),
    ):
        pass
