"""Manifests, and whatever else may lie in the spool's folders."""

import json
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from hypothesis import strategies as st

from tagger_platform.errors import NewerVersionError
from tagger_platform.model import CaptureState, Slot, Window, parts_of
from tagger_platform.spool import MANIFEST, Manifest, Pending, Spool
from tagger_platform_tests.fuzz.inputs import WORDS, damaged_bytes, damaged_json
from tagger_platform_tests.fuzz.target import Target

SLOT = Slot(datetime(2026, 11, 21, 3, 30, tzinfo=UTC))
EXPECTED = (Window("kexp", SLOT, 0, 12, CaptureState.CAPTURED), Window("cam", SLOT, 30, 12, CaptureState.CAPTURED))
GOOD = Manifest(
    SLOT,
    "capture",
    120,
    (
        Window("kexp", SLOT, 0, 12, CaptureState.CAPTURED, "", -18.5, "A - B"),
        Window("cam", SLOT, 30, 12, CaptureState.STALLED, "it sends nothing"),
    ),
    (("kexp", "KEXP 90.3"),),
    "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
).to_json()
MANIFESTS = st.one_of(
    damaged_json([json.loads(GOOD)]).map(json.dumps),
    damaged_bytes([GOOD.encode()], head=len(GOOD)).map(lambda content: content.decode(errors="replace")),
    st.sampled_from(["", "[" * 100_000, '{"version": 1}', '{"version": 99}', "nul", "\ufeff" + GOOD]),
)


def judge_manifest(text: str) -> None:
    try:
        manifest = Manifest.from_json(text)
    except (ValueError, NewerVersionError) as error:
        assert str(error)
        return
    assert Manifest.from_json(manifest.to_json()) == manifest
    for window in manifest.windows:
        assert parts_of(window.window_id) == (window.stream, manifest.slot.key, window.offset_s)
        assert window.start < window.end
        assert "/" not in window.stream
        window.detail.encode()


FOLDERS = st.sampled_from(["ready", "claimed", "recorded", "pending", "open", "cutting"])
KEYS = st.one_of(
    WORDS.filter(
        lambda word: "/" not in word and "\0" not in word and "\ud800" not in word and word not in ("", ".", "..")
    ),
    st.sampled_from([SLOT.key, f"{SLOT.key}@recording-kexp", "2026-11-21T03:32:00Z", "2026-11-21T03:30:00+00:00"]),
    st.sampled_from(
        [".DS_Store", "lost+found", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z", "2026-02-30T00:00:00Z"]
    ),
)
FILES = st.sampled_from(
    [MANIFEST, "kexp+0.flac", "cam+30.flac", "x.flac", "a+b.flac", "+1.flac", "..+1.flac", "notes.txt"]
)
TREES = st.lists(st.tuples(FOLDERS, KEYS, FILES, st.just(GOOD) | MANIFESTS, st.booleans()), max_size=8)


def judge_tree(tree: list[tuple[str, str, str, str, bool]]) -> None:
    """Whoever looks into the spool finds slots, claims them, and finishes them, whatever lies beside them."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        spool, pending = Spool(root), Pending(root / "pending", max_bytes=100)
        for where, key, name, content, as_file in tree:
            _put(root / where / key, name, content, as_file=as_file)
        for key in (*spool.ready(), *spool.claimed(), *spool.recorded(), *pending.slots()):
            assert Slot.parse(key).key == key
        for window_id in (*pending.overdue(datetime.now(UTC)), *pending.windows(SLOT.key)):
            assert parts_of(window_id)[1] in pending.slots()
        assert spool.counts()["ready_windows"] >= 0
        assert all(manifest.slot for manifest in spool.waiting_manifests(SLOT, SLOT))
        _work(spool)


def _work(spool: Spool) -> None:
    """As a run does it. A slot of a newer version is refused until somebody upgrades: its folder stays."""
    waits = SLOT.key in spool.ready() or SLOT.key in spool.claimed()
    try:
        manifest = spool.claim(SLOT, EXPECTED)
        recorded = spool.claim_recorded(SLOT)
    except NewerVersionError:
        assert SLOT.key in spool.claimed()
        return
    assert all(one.slot == SLOT for one in recorded)
    if manifest is not None:
        assert waits
        assert manifest.slot == SLOT
        assert all(window.detail.isascii() or window.detail.encode() for window in manifest.windows)
    spool.finish(SLOT)
    assert SLOT.key not in spool.claimed()


def _put(folder: Path, name: str, content: str, *, as_file: bool) -> None:
    if as_file and not folder.exists():
        folder.parent.mkdir(exist_ok=True)
        folder.write_text("a stray file")
    elif folder.is_dir() or not folder.exists():
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content.encode(errors="replace"))


TARGETS: list[Target] = [
    Target("manifests", 0.2, MANIFESTS, judge_manifest),
    Target("spool files", 0.06, TREES, judge_tree),
]
