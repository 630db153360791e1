"""A disk that is full during each kind of write, in a process of its own: what is lost says so, and it goes on.

The kernel refuses the writes: a limit on the size of files works everywhere and for everybody, a small file system
needs rights that not every machine gives. Where a write is refused at its beginning, an audit hook does it.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

HEAD = """
import errno, json, resource, sys
from datetime import UTC, datetime
from pathlib import Path

HARD = resource.getrlimit(resource.RLIMIT_FSIZE)[1]

def limit(size):
    resource.setrlimit(resource.RLIMIT_FSIZE, (HARD if size is None else size, HARD))

refused = ""

def refuse(event, arguments):
    if refused and event == "open" and str(arguments[0]).endswith(refused) and arguments[1] and "w" in arguments[1]:
        raise OSError(errno.ENOSPC, "No space left on device", str(arguments[0]))

sys.addaudithook(refuse)
folder = Path(sys.argv[1])
"""

CAPTURE = (
    HEAD
    + """
import logging, threading, time
import numpy as np
from tagger_platform.capture.writer import Writer
from tagger_platform.model import CaptureState, Slot, Window
from tagger_platform.spool import Manifest, Spool
from tagger_platform.spool.last_windows import LastWindows

logging.disable()
samples = np.random.default_rng(1).integers(-8000, 8000, 3 * 16000).astype(np.int16)
spool = Spool(folder)
seen = []
tried = threading.Event()

class Last(LastWindows):
    def forget(self, stream):
        tried.set()

writer = Writer(spool, Last(folder / "last"), lambda: seen.append(writer.problem) or "")
writer.start()
slot = Slot(datetime(2026, 11, 21, 3, 30, tzinfo=UTC))

def one_slot():
    global slot
    windows = [Window("kexp", slot, offset, 3, CaptureState.CAPTURED) for offset in (0, 30)]
    writer.publish(Manifest(slot, "capture", 120, tuple(writer.write(window, samples) for window in windows)))
    last, slot = slot, slot.next(120)
    return last

def wait_for(last):
    deadline = time.monotonic() + 30
    while writer.last_slot != last:
        assert time.monotonic() < deadline, (writer.last_slot, writer.backlog)
        time.sleep(0.01)

wait_for(one_slot())
if sys.argv[2].isdigit():
    limit(int(sys.argv[2]))
else:
    refused = sys.argv[2]
one_slot()
one_slot()
writer.forget("nobody")  # jobs are done in order: once this is, all that was to be written has been tried
assert tried.wait(30)
limit(None)
refused = ""
wait_for(one_slot())
told = {"problem": next(filter(None, seen)), "after": writer.problem}
told["windows"] = [
    [window.state, window.detail, (folder / "ready" / key / f"kexp+{window.offset_s}.flac").exists()]
    for key in spool.ready()
    for window in Manifest.from_json((folder / "ready" / key / "manifest.json").read_text()).windows
]
told["half"] = [str(path) for path in folder.rglob("*.tmp")]
print(json.dumps(told))
"""
)
WHOLE = ["captured", "", True]
LARGE, SMALL = "the window could not be written: File too large", "File too large"
"""How the kernel calls it under a limit; on a full disk it says: No space left on device."""


def run(script: str, *arguments: object) -> Any:
    done = subprocess.run(
        [sys.executable, "-c", script, *map(str, arguments)], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize(
    ("full", "lost", "problem"),
    [
        (20_000, ["disk_full", LARGE, False], f"the spool cannot be written: {SMALL}"),
        (
            ".flac",
            ["disk_full", LARGE.replace("File too large", "No space left on device"), False],
            "the spool cannot be written: No space left on device",
        ),
        (100, ["disk_full", LARGE, False], f"the spool cannot be written: {SMALL}"),
        ("manifest.json.tmp", WHOLE, "the spool cannot be written: No space left on device"),
        ("last-slot.json.tmp", WHOLE, "the spool cannot be written: No space left on device"),
    ],
    ids=["in a window", "at a window", "in a window and its manifest", "at a manifest", "at the note"],
)
def test_capture_goes_on_and_accounts_for_every_window(
    tmp_path: Path, full: object, lost: list[object], problem: str
) -> None:
    told = run(CAPTURE, tmp_path, full)
    assert told["windows"] == [WHOLE, WHOLE, lost, lost, lost, lost, WHOLE, WHOLE]
    assert told["problem"] == problem
    assert told["after"] is None
    assert told["half"] == []


STORE = (
    HEAD
    + """
from tagger_platform.errors import DiskFullError, TransientError
from tagger_platform.store.database import Database

store = Database(folder / "tagger.duckdb")
with store.writing() as connection:
    connection.execute("CREATE TABLE noise (text VARCHAR)")

def write():
    with store.writing() as connection:
        connection.execute("INSERT INTO noise SELECT md5(n::VARCHAR) FROM range(200000) numbers(n)")

def count():
    with store.reading() as connection:
        return connection.execute("SELECT count(*) FROM noise").fetchone()[0]

write()
said = []
for size in ((folder / "tagger.duckdb").stat().st_size + 4096, 4096):
    limit(size)
    try:
        write()
    except DiskFullError as error:
        said.append(isinstance(error, TransientError) and str(error))
limit(None)
seen = count()
write()
print(json.dumps({"said": said, "seen": seen, "then": count()}))
"""
)


def test_the_store_takes_no_change_says_so_and_takes_it_when_it_is_tried_again(tmp_path: Path) -> None:
    told = run(STORE, tmp_path)
    assert [said and said.endswith("took no change: make room") for said in told["said"]] == [True, True]
    assert (told["seen"], told["then"]) == (200_000, 400_000)


DROP = (
    HEAD
    + """
from tagger_platform.model import CaptureState, Slot, Window
from tagger_platform.spool import Manifest, Spool

slot = Slot(datetime(2026, 11, 21, 3, 30, tzinfo=UTC))
windows = tuple(Window("kexp", slot, offset, 3, CaptureState.CAPTURED) for offset in (0, 30))
spool = Spool(folder)
for window in windows:
    spool.path_for(window).write_bytes(b"x" * 1000)
spool.publish(Manifest(slot, "capture", 120, windows))
left = lambda: sorted(path.name for path in (folder / "ready").rglob("*.flac"))

def refuse_until_one_is_gone(event, arguments):
    if event == "open" and str(arguments[0]).endswith(".tmp") and len(left()) == 2:
        raise OSError(errno.ENOSPC, "No space left on device", str(arguments[0]))

sys.addaudithook(refuse_until_one_is_gone)
freed = spool.drop_oldest(1)
(manifest,) = spool.waiting_manifests(slot, slot)
print(json.dumps({"freed": freed, "left": left(), "states": [window.state for window in manifest.windows]}))
"""
)


def test_audio_is_dropped_also_where_there_is_no_room_to_say_so_first(tmp_path: Path) -> None:
    assert run(DROP, tmp_path) == {"freed": 2000, "left": [], "states": ["dropped", "dropped"]}
