"""From a file to a verdict: its landmarks, and whether it is good, a copy or a relative of something else.

What belongs here: decoding and comparing, with a reason for everything that is not READY. What does not: writing
verdicts down (`work`, `rebuild`).
"""

import tempfile
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from tagger_platform.audio import decode
from tagger_platform.errors import AudioError
from tagger_platform.fingerprint.common import common
from tagger_platform.fingerprint.index import Index
from tagger_platform.fingerprint.landmarks import Landmarks, landmarks
from tagger_platform.fingerprint.peaks import RATE
from tagger_platform.fingerprint.related import SharedCells
from tagger_platform.fingerprint.same import in_step, same_recording
from tagger_platform.fingerprint.segment import Segment, TrackMeta, open_segment
from tagger_platform.fingerprint.segment_writer import write_segment
from tagger_platform.library.files import NOTHING, look
from tagger_platform.store.library import FileState, ItemStatus, LibraryItem

FEWEST_LANDMARKS = 40
"""Hashes (a third of a second of dense music) below which a file could only be found by chance."""
CUT_SHARE = 0.05
CUT_S = 1.0
"""A file that gives this much less than its header says is cut short. Encoders' padding is some hundredths."""


@dataclass(frozen=True)
class Verdict:
    """What became of a file, and if it is READY, its landmarks and those it shares seconds of audio with."""

    item: LibraryItem
    marks: Landmarks | None = None
    shared: Mapping[str, float] = field(default_factory=dict)

    @property
    def track(self) -> tuple[TrackMeta, Landmarks] | None:
        """What goes into the index."""
        return (_meta(self.item), self.marks) if self.marks else None


def heard(item: LibraryItem, noted: FileState | None, ffmpeg: str) -> Verdict:
    """The item as READY with its landmarks, or as FAILED with the reason; `noted` is how its file was then."""
    if problem := _another(item, noted):
        return _failed(item, problem)
    try:
        marks = landmarks(decode(item.path, RATE, ffmpeg))
    except AudioError as error:
        return _failed(item, str(error))
    if problem := _another(item, noted):
        return _failed(item, problem)
    if len(marks.hashes) < FEWEST_LANDMARKS:
        return _failed(item, "it is silent, or too even to be recognised by anything")
    ready = replace(item, status=ItemStatus.READY, reason=_cut(item, marks.duration_s), duplicate_of=None)
    return Verdict(replace(ready, duration_s=round(marks.duration_s, 3)), marks)


def _another(item: LibraryItem, noted: FileState | None) -> str:
    """Why the file is not, or no longer, the one that was noted. One that never was there says so when it is read."""
    now = look(item.path)
    if now == NOTHING:
        return f"{item.path.name} vanished before it was read to its end" if noted and noted.modified_ns else ""
    if noted is None or noted.item_id != item.item_id or not now.is_as(noted):
        return f"{item.path.name} holds something else than when it was added: add it again"
    return ""


def _failed(item: LibraryItem, reason: str) -> Verdict:
    return Verdict(replace(item, status=ItemStatus.FAILED, reason=reason))


def _cut(item: LibraryItem, seconds: float) -> str:
    told = item.duration_s or 0.0
    if seconds >= told * (1 - CUT_SHARE) - CUT_S:
        return ""
    return f"it is cut short: only {seconds:.0f} of {told:.0f} s could be read, and only they are recognised"


def compared(verdicts: Sequence[Verdict], index: Index, replaced: Collection[str]) -> list[Verdict]:
    """The verdicts after a look at `index` and at each other: copies are DUPLICATE, relatives are noted.

    What is found in itself, or in an item that it takes the place of (`replaced`), counts nothing.
    """
    tracks = [verdict.track for verdict in verdicts if verdict.track]
    if not tracks:
        return list(verdicts)
    with tempfile.TemporaryDirectory() as folder:
        write_segment(Path(folder) / "batch", tracks)
        segments = [*index.segments, open_segment(Path(folder) / "batch", frozenset())]
        ignored = {meta.item_id for meta, _ in tracks} | set(replaced)
        result = []
        for verdict in verdicts:
            judged = _compared(verdict, segments, ignored)
            if judged.item.status is ItemStatus.READY:
                ignored.discard(judged.item.item_id)  # those behind it are compared with it too
            result.append(judged)
        return result


def _compared(verdict: Verdict, segments: Sequence[Segment], ignored: Collection[str]) -> Verdict:
    if verdict.marks is None:
        return verdict
    cells, copies = SharedCells(verdict.marks), []
    for hits in common(verdict.marks, segments, ignored):
        cells.add(hits)
        copies.append(in_step(hits))
    twin = same_recording(verdict.marks, copies)
    if twin:
        reason = f"the same recording as {twin.title} ({twin.path})"
        item = replace(verdict.item, status=ItemStatus.DUPLICATE, duplicate_of=twin.item_id, reason=reason)
        return Verdict(item)
    return replace(verdict, shared=cells.relatives())


def _meta(item: LibraryItem) -> TrackMeta:
    return TrackMeta(
        item.item_id,
        item.title,
        item.artist,
        item.album,
        item.isrc,
        item.label,
        item.duration_s or 0.0,
        item.kind,
        str(item.path),
    )
