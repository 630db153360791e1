"""An index is made anew while the old one answers, and takes its place all at once or not at all."""

import json
import shutil
import signal
import subprocess
import sys
import time

import pytest

from tagger_platform.errors import NewerVersionError, RequestError, TransientError
from tagger_platform.fingerprint import index as index_module
from tagger_platform.fingerprint.index import Index
from tagger_platform.fingerprint.replace import replacing
from tagger_platform_tests.fingerprint.test_index import ROOT, entry, held


def filled(root, *names):
    index = Index(root)
    index.add([entry(name) for name in names])
    return index


def test_the_old_index_answers_until_the_new_one_takes_its_place(tmp_path):
    reader = filled(tmp_path, "a", "b")
    with replacing(tmp_path) as new:
        new.add([entry("a", 1)])
        new.add([entry("b", 1)])
        reader.refresh()
        assert held(reader) == {"a": "a v0", "b": "b v0"}
    assert held(reader) == {"a": "a v0", "b": "b v0"}  # its segments are still there
    reader.refresh()
    assert held(reader) == held(Index(tmp_path)) == {"a": "a v1", "b": "b v1"}
    assert not (tmp_path / "new").exists()
    reader.add([entry("c")])
    assert set(held(Index(tmp_path))) == {"a", "b", "c"}


def test_what_changes_meanwhile_is_not_lost(tmp_path):
    index = filled(tmp_path, "stays", "removed", "unread")
    with replacing(tmp_path) as new:
        new.add([entry("stays", 1), entry("removed", 1), entry("found again", 1)])
        index.remove(["removed"])
        index.add([entry("added")])
    expected = {"stays": "stays v1", "unread": "unread v0", "added": "added v0", "found again": "found again v1"}
    assert held(Index(tmp_path)) == expected


def test_a_new_index_without_anything_keeps_what_the_old_one_has(tmp_path):
    filled(tmp_path, "a", "b").remove(["a"])
    with replacing(tmp_path):
        pass
    assert held(Index(tmp_path)) == {"b": "b v0"}


def test_an_attempt_that_fails_changes_nothing_and_leaves_nothing(tmp_path):
    filled(tmp_path, "a")
    with pytest.raises(ValueError, match="without landmarks"), replacing(tmp_path) as new:
        new.add([entry("a", 1), entry("b", 1, count=0)])
    assert held(Index(tmp_path)) == {"a": "a v0"}
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    "damage",
    [
        lambda root: (root / "current.json").write_bytes(b"\x00\x8f"),
        lambda root: shutil.rmtree(root / "segments"),
        lambda root: next((root / "segments").glob("*/tracks.json")).write_text("{"),
        lambda root: shutil.rmtree(root),
    ],
    ids=["no json", "no segments", "a damaged segment", "nothing at all"],
)
def test_a_damaged_index_is_replaced_too(tmp_path, damage):
    root = tmp_path / "catalogue"
    filled(root, "a", "b")
    damage(root)
    with replacing(root) as new:
        new.add([entry("a", 1)])
    assert held(Index(root)) == {"a": "a v1"}


def test_an_index_of_an_older_format_is_replaced_and_gives_nothing(tmp_path, monkeypatch):
    filled(tmp_path, "a", "b")
    monkeypatch.setattr(index_module, "FORMAT_VERSION", index_module.FORMAT_VERSION + 1)
    with pytest.raises(RequestError, match="tagger library rebuild"):
        Index(tmp_path)
    with replacing(tmp_path) as new:
        new.add([entry("a", 1)])
    assert held(Index(tmp_path)) == {"a": "a v1"}


def test_an_index_of_a_newer_format_is_left_alone(tmp_path):
    filled(tmp_path, "a")
    text = json.dumps({"format": 99, "segments": {}})
    (tmp_path / "current.json").write_text(text)
    with pytest.raises(NewerVersionError), replacing(tmp_path):
        pytest.fail("begun")
    assert (tmp_path / "current.json").read_text() == text


def test_one_attempt_at_a_time(tmp_path):
    with replacing(tmp_path), pytest.raises(TransientError, match="being rebuilt already"), replacing(tmp_path):
        pytest.fail("begun")


REPLACER = """
import sys
from pathlib import Path
from tagger_platform.fingerprint.index import Index
from tagger_platform.fingerprint.replace import replacing
from tagger_platform_tests.fingerprint.test_index import entry
for version in range(1, 1000):
    with replacing(Path(sys.argv[1])) as new:
        for number in range(4):
            new.add([entry(f"t{number}", version)])
    print(version, flush=True)
"""


def test_kill_9_at_any_moment_leaves_the_old_or_the_new(tmp_path):
    filled(tmp_path, *(f"t{number}" for number in range(4)))
    for attempt in range(4):
        process = subprocess.Popen(
            [sys.executable, "-c", REPLACER, str(tmp_path)], stdout=subprocess.PIPE, text=True, cwd=ROOT
        )
        process.stdout.readline()
        time.sleep(0.01 + 0.02 * attempt)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        versions = {title.split(" v")[1] for title in held(Index(tmp_path)).values()}
        assert (len(versions), len(held(Index(tmp_path)))) == (1, 4)
