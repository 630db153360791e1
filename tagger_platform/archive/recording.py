"""A recording as a source of slots: what it covers, under which name, and what it may not be.

What belongs here: judging a request before anything is done. What does not: reading the audio (`cut`).
"""

import hashlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby
from pathlib import Path

from tagger_platform.audio import length_s
from tagger_platform.capture.ffmpeg import find_ffmpeg
from tagger_platform.errors import RequestError
from tagger_platform.model import STREAM_NAME, UNANSWERED, CaptureState, Slot, Window, iso, parse_iso
from tagger_platform.settings import Settings
from tagger_platform.spool import Spool
from tagger_platform.store.reports import KnownWindow

EARLIEST = datetime(1970, 1, 2, tzinfo=UTC)
"""Slots are counted from 1970, wherever the clock was."""
HEAD_BYTES = 1 << 20
"""Of a file that tell it from others of its size: it may be gigabytes."""


@dataclass(frozen=True)
class Recording:
    """`length_s` seconds of `stream` in the file `path`, the first of them at `start`."""

    path: Path
    stream: str
    title: str
    start: datetime
    length_s: float
    source: str

    @property
    def end(self) -> datetime:
        return self.start + timedelta(seconds=self.length_s)

    def windows(self, settings: Settings) -> list[Window]:
        """The windows that capture would have cut, as far as the recording covers them whole, by start."""
        slot = Slot.containing(self.start, settings.hop_s)
        found = []
        while slot.start < self.end:
            for offset_s in settings.window_offsets:
                window = Window(self.stream, slot, offset_s, settings.window_s, CaptureState.CAPTURED)
                if self.start <= window.start and window.end <= self.end:
                    found.append(window)
            slot = slot.next(settings.hop_s)
        return found


@dataclass(frozen=True)
class Plan:
    """What a recording holds, by slot, and the slots that are still to be done."""

    slots: dict[Slot, tuple[Window, ...]]
    open: tuple[Slot, ...]

    @property
    def windows(self) -> list[Window]:
        return [window for windows in self.slots.values() for window in windows]


def opened(settings: Settings, path: Path, stream: str, start: str, *, now: datetime) -> Recording:
    """The recording that somebody asks for. Raises RequestError for what cannot be one."""
    if not STREAM_NAME.fullmatch(stream):
        raise RequestError(f"--stream must be 1 to 40 of a-z, 0-9, _ and -, not {stream!r}")
    begins = _instant(start)
    if begins > now:
        raise RequestError(f"--start {iso(begins)} lies in the future: it is {iso(now)}")
    seconds = length_s(path, find_ffmpeg(settings.ffmpeg_path))
    titles = {configured.name: configured.display for configured in settings.streams}
    recording = Recording(path, stream, titles.get(stream, stream), begins, seconds, _source(path, stream, begins))
    if recording.end > now:
        raise RequestError(
            f"{path.name} lasts {_hms(seconds)}, so that it would end at {iso(recording.end)}, in the future: "
            f"is --start right? It is {iso(now)}"
        )
    return recording


def plan(settings: Settings, recording: Recording, known: Collection[KnownWindow], spool: Spool) -> Plan:
    """What there is to do. Raises RequestError where somebody else has told of one of the windows, or there is none."""
    windows = recording.windows(settings)
    if not windows:
        raise RequestError(
            f"{recording.path.name} holds no whole window: windows of {settings.window_s} s begin "
            f"{', '.join(map(str, settings.window_offsets))} s after every {settings.hop_s} s"
        )
    _refuse_overlap(recording, windows, known, spool)
    states = {one.window_id: one.state for one in known}
    slots = {slot: tuple(own) for slot, own in groupby(windows, key=lambda window: window.slot)}
    wanted = tuple(slot for slot, own in slots.items() if any(_is_open(states.get(one.window_id)) for one in own))
    return Plan(slots, wanted)


def _is_open(state: str | None) -> bool:
    return state is None or state in UNANSWERED


def _refuse_overlap(recording: Recording, windows: list[Window], known: Collection[KnownWindow], spool: Spool) -> None:
    wanted = {window.window_id: window for window in windows}
    taken = {one.window_id: one.source for one in known} | dict(_waiting(spool, windows))
    others = sorted(
        (wanted[window_id].slot, source)
        for window_id, source in taken.items()
        if window_id in wanted and source != recording.source
    )
    if others:
        slot, source = others[0]
        what = "another recording" if source.startswith("recording") else "what was heard live"
        raise RequestError(
            f"{recording.path.name} overlaps {what} of {recording.stream}: {len({s for s, _ in others})} slots, "
            f"the first is {slot.key}. Nothing was changed: cut the recording, or use another --stream or --start"
        )


def _waiting(spool: Spool, windows: list[Window]) -> Iterator[tuple[str, str]]:
    for manifest in spool.waiting_manifests(windows[0].slot, windows[-1].slot):
        for window in manifest.windows:
            yield window.window_id, manifest.source


def _instant(text: str) -> datetime:
    try:
        instant = parse_iso(text)
    except (ValueError, OverflowError) as error:
        why = str(error) if "no time zone" in str(error) else f"{text!r} is no instant: write 2026-11-21T03:30:00Z"
        raise RequestError(f"--start {why}") from None
    if instant < EARLIEST:
        raise RequestError(f"--start {text} is too long ago: it must be after {iso(EARLIEST)}")
    return instant


def _source(path: Path, stream: str, start: datetime) -> str:
    """The name of this recording as a source: the same for the same file, stream and start, however it is called."""
    with path.open("rb") as file:
        digest = hashlib.sha256(file.read(HEAD_BYTES))
    digest.update(f"{path.stat().st_size}\n{stream}\n{iso(start)}".encode())
    return f"recording-{digest.hexdigest()[:12]}"


def _hms(seconds: float) -> str:
    return str(timedelta(seconds=round(seconds)))
