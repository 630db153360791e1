"""The index on disk: all of a change or nothing of it, whoever writes, reads or dies meanwhile."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tagger_platform.errors import NewerVersionError, RequestError, TransientError
from tagger_platform.fingerprint import index as index_module
from tagger_platform.fingerprint.index import Index
from tagger_platform.fingerprint.landmarks import Landmarks
from tagger_platform.fingerprint.segment import TrackMeta

ROOT = Path(__file__).parents[2]


def entry(name, version=0, count=200):
    """A track whose landmarks can be told from every other's, and from its other versions'."""
    random = np.random.default_rng([*name.encode(), version])
    hashes = random.integers(0, 1 << 26, count).astype(np.uint32)
    ticks = np.sort(random.integers(0, 1000, count)).astype(np.uint32)
    return TrackMeta(name, f"{name} v{version}", duration_s=16.0), _marks(hashes, ticks, 16.0)


def _marks(hashes, ticks, duration_s):
    return Landmarks(hashes, ticks, ticks, (hashes % 50_000).astype(np.uint16), duration_s)


def held(index):
    """What the index holds, and whether each track's landmarks are its own."""
    found = {meta.item_id: meta.title for segment in index.segments for meta, _ in segment.live_landmarks()}
    for segment in index.segments:
        for meta, marks in segment.live_landmarks():
            name, version = meta.title.split(" v")
            assert set(marks.hashes.tolist()) == set(entry(name, int(version))[1].hashes.tolist())
    assert sorted(found) == sorted(track.item_id for track in index.tracks())
    assert len(found) == index.count
    return found


def test_an_index_that_was_never_written_is_empty_and_stays_unwritten(tmp_path):
    index = Index(tmp_path / "catalogue")
    index.refresh()
    assert (index.tracks(), index.count, list(tmp_path.iterdir())) == ([], 0, [])


def test_what_is_added_is_there_for_this_reader_another_and_the_next_process(tmp_path):
    writer, other = Index(tmp_path), Index(tmp_path)
    writer.add([entry("a"), entry("b")])
    assert held(writer) == {"a": "a v0", "b": "b v0"}
    assert other.count == 0
    other.refresh()
    assert held(other) == held(Index(tmp_path)) == held(writer)


STEP = st.one_of(
    st.tuples(st.just("add"), st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=3, unique=True)),
    st.tuples(st.just("remove"), st.lists(st.sampled_from("abcdefghz"), max_size=3)),
)


@given(steps=st.lists(STEP, max_size=12))
@settings(max_examples=25)
def test_any_sequence_of_additions_and_removals_leaves_what_a_dictionary_would_hold(steps, tmp_path_factory):
    index, model = Index(tmp_path_factory.mktemp("c")), {}
    for version, (what, names) in enumerate(steps):
        if what == "add":
            index.add([entry(name, version) for name in names])
            model |= {name: f"{name} v{version}" for name in names}
        else:
            index.remove(names)
            model = {name: title for name, title in model.items() if name not in names}
    assert held(index) == model


def test_many_single_additions_leave_few_segments_and_lose_nothing(tmp_path):
    index = Index(tmp_path)
    for number in range(40):
        index.add([entry(f"t{number}")])
    assert len(held(index)) == 40
    assert len(index.segments) <= 4


def test_optimising_leaves_one_segment_with_the_same_tracks(tmp_path, monkeypatch):
    monkeypatch.setattr(index_module, "LARGEST", 500)
    index = Index(tmp_path)
    for number in range(7):
        index.add([entry(f"t{number}")])
    before = held(index)
    index.remove(["t3"])
    reader = Index(tmp_path)
    index.optimise()
    assert len(index.segments) == 1
    assert held(index) == {name: title for name, title in before.items() if name != "t3"}
    reader.refresh()
    assert [segment.name for segment in reader.segments] == [index.segments[0].name]
    index.optimise()  # nothing to do, nothing written
    assert [segment.name for segment in reader.segments] == [index.segments[0].name]


def test_a_small_segment_does_not_keep_larger_ones_apart(tmp_path, monkeypatch):
    monkeypatch.setattr(index_module, "LARGEST", 0)
    index = Index(tmp_path)
    for number in range(4):
        index.add([entry(f"{number} {part}") for part in range(5)])
    index.add([entry("small")])
    assert sorted(len(segment.tracks) for segment in index.segments) == [1, 5, 5, 5, 5]
    index.optimise()
    assert len(index.segments) == 1
    assert len(held(index)) == 21


def test_segments_whose_timeline_would_be_too_long_stay_apart(tmp_path, monkeypatch):
    monkeypatch.setattr(index_module, "LONGEST_TICKS", 8000)
    index = Index(tmp_path)
    for number in range(4):
        index.add([entry(f"t{number}")])
    index.optimise()
    assert len(index.segments) > 1
    assert len(held(index)) == 4


def test_a_segment_beyond_the_limit_is_not_merged_while_somebody_waits(tmp_path, monkeypatch):
    monkeypatch.setattr(index_module, "LARGEST", 500)
    index = Index(tmp_path)
    for number in range(6):
        index.add([entry(f"t{number}")])
    assert [len(segment.tracks) for segment in index.segments] == [2, 2, 2]


def test_removed_tracks_do_not_stay_on_the_disk_for_ever(tmp_path):
    index = Index(tmp_path)
    index.add([entry(f"t{number}") for number in range(6)])
    index.add([entry("small")])
    index.remove([f"t{number}" for number in range(5)])
    assert sum(len(segment.postings) for segment in index.segments) == 400
    assert set(held(index)) == {"t5", "small"}


def test_a_reader_keeps_working_while_its_segments_are_merged_and_deleted(tmp_path, monkeypatch):
    monkeypatch.setattr(index_module, "KEPT_S", -1.0)
    writer = Index(tmp_path)
    writer.add([entry("a")])
    reader = Index(tmp_path)
    writer.add([entry("b")])
    writer.add([entry("c")])
    assert not (tmp_path / "segments" / reader.segments[0].name).exists()
    assert held(reader) == {"a": "a v0"}
    reader.refresh()
    assert set(held(reader)) == {"a", "b", "c"}


def test_replaced_segments_are_kept_for_a_while(tmp_path):
    writer = Index(tmp_path)
    writer.add([entry("a")])
    [old] = (tmp_path / "segments").iterdir()
    os.utime(old, (0, 0))  # written long ago, but replaced just now
    writer.add([entry("b")])
    assert old.name not in {segment.name for segment in writer.segments}
    assert old.exists()


def test_what_a_killed_writer_left_behind_is_ignored_and_in_time_deleted(tmp_path):
    index = Index(tmp_path)
    index.add([entry("a")])
    orphan = tmp_path / "segments" / "half-written"
    orphan.mkdir()
    (orphan / "postings.npy").write_bytes(b"\x93NUM")
    (tmp_path / "current.json.new").write_text("{")
    os.utime(orphan, (0, 0))
    assert held(Index(tmp_path)) == {"a": "a v0"}
    index.add([entry("b")])
    assert not orphan.exists()
    assert set(held(Index(tmp_path))) == {"a", "b"}


WRITER = """
import sys
from pathlib import Path
from tagger_platform.fingerprint.index import Index
from tagger_platform_tests.fingerprint.test_index import entry
index, prefix = Index(Path(sys.argv[1])), sys.argv[2]
for number in range(int(sys.argv[3])):
    index.add([entry(f"{prefix}{number}")])
    print(number, flush=True)
"""


def writer(root, prefix, count):
    arguments = [sys.executable, "-c", WRITER, str(root), prefix, str(count)]
    return subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True, cwd=ROOT)


def test_kill_9_at_any_moment_leaves_everything_that_was_published(tmp_path):
    for round_number in range(4):
        process = writer(tmp_path, f"r{round_number}-", 1000)
        process.stdout.readline()
        time.sleep(0.03 + 0.017 * round_number)
        process.send_signal(signal.SIGKILL)
        done = 1 + len([line for line in process.communicate()[0].splitlines() if line])
        present = {name for name in held(Index(tmp_path)) if name.startswith(f"r{round_number}-")}
        assert {f"r{round_number}-{number}" for number in range(done)} <= present
        assert len(present) <= done + 1


def test_two_writers_in_two_processes_take_turns_and_lose_nothing(tmp_path):
    writers = [writer(tmp_path, prefix, 15) for prefix in ("x", "y")]
    reader, seen = Index(tmp_path), 0
    while any(process.poll() is None for process in writers):
        reader.refresh()
        assert len(held(reader)) >= seen
        seen = reader.count
    assert [process.communicate() and process.returncode for process in writers] == [0, 0]
    assert len(held(Index(tmp_path))) == 30


def test_a_newer_format_is_refused_with_a_sentence(tmp_path):
    (tmp_path / "current.json").write_text(json.dumps({"format": 99, "segments": {}}))
    with pytest.raises(NewerVersionError, match="newer tagger"):
        Index(tmp_path)


ODD = [
    {"version": 1, "segments": ["x"]},
    [1],
    None,
    {"format": "2", "segments": {}},
    {"format": 2},
    {"format": 2, "segments": ["x"]},
    {"format": 2, "segments": {"x": 1}},
    {"format": 2, "segments": {"x": [1]}},
]


def _write_current(root, content):
    (root / "current.json").write_text(json.dumps(content))


@pytest.mark.parametrize(
    ("damage", "error", "sentence"),
    [
        (lambda root: (root / "current.json").write_bytes(b"\x00\x8f"), RequestError, "damaged"),
        *((lambda root, odd=odd: _write_current(root, odd), RequestError, "damaged") for odd in ODD),
        (lambda root: next(root.glob("segments/*/tracks.json")).write_text("{"), RequestError, "damaged"),
        (lambda root: shutil.rmtree(root / "segments"), TransientError, "missing"),
    ],
)
def test_a_damaged_catalogue_says_so(tmp_path, damage, error, sentence):
    Index(tmp_path).add([entry("a")])
    damage(tmp_path)
    with pytest.raises(error, match=sentence):
        Index(tmp_path)


def test_a_track_without_landmarks_is_refused_and_nothing_is_published(tmp_path):
    index = Index(tmp_path)
    with pytest.raises(ValueError, match="without landmarks"):
        index.add([entry("a"), (TrackMeta("silence", ""), _marks(np.zeros(0, np.uint32), np.zeros(0, np.uint32), 9.0))])
    assert Index(tmp_path).count == 0
