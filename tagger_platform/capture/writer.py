"""Windows and manifests to disk, in a thread of its own: a slow disk must not keep anyone from listening.

What belongs here: encoding, writing, handing over, and the note of the last slot. What does not: deciding what a
window's state is. Jobs are done in the order they came, so a slot's windows are on disk before its manifest.
"""

import contextlib
import io
import json
import logging
import queue
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import soundfile

from tagger_platform.capture.timeline import RATE, Samples
from tagger_platform.model import CaptureState, Slot, Window
from tagger_platform.observe import tracing
from tagger_platform.spool import Manifest, Spool

logger = logging.getLogger(__name__)

BACKLOG_MOST = 64
"""windows that may wait for the disk, 25 MB: with more it is as good as full"""
RETRY_S = 5.0
"""seconds until a manifest that could not be written is tried again"""
NOTE = "last-slot.json"
"""file in the spool's folder that names the newest slot ever published: no slot up to it is ever made again"""

_Job = tuple[Window, Samples] | Manifest | None


class Writer:
    """Takes windows and manifests and returns at once."""

    def __init__(self, spool: Spool, make_room: Callable[[], str] = lambda: "") -> None:
        """`make_room` frees space where there is too little, and says why no window may be written if that fails."""
        self._spool = spool
        self._make_room = make_room
        self._no_room = ""
        self._jobs: queue.SimpleQueue[_Job] = queue.SimpleQueue()
        self._failed: dict[str, Window] = {}
        self._complained: set[str] = set()
        self._unpublished: deque[Manifest] = deque()
        self._thread = threading.Thread(target=self._work, name="writer", daemon=True)
        self._expected_any = True
        self.problem: str | None = None
        self.last_slot = read_note(spool)

    def start(self) -> None:
        self._thread.start()

    def write(self, window: Window, samples: Samples) -> Window:
        """Write a captured window soon; where it fails, the slot's manifest will say so."""
        if self._jobs.qsize() >= BACKLOG_MOST:
            return _unwritten(window, "the disk is too slow")
        self._jobs.put((window, samples))
        return window

    @property
    def backlog(self) -> int:
        """Windows and manifests that wait for the disk."""
        return self._jobs.qsize() + len(self._unpublished)

    def publish(self, manifest: Manifest) -> None:
        """Hand a slot over, after its windows. A manifest that cannot be written is kept and tried again."""
        self._jobs.put(manifest)

    def stop(self, timeout_s: float) -> None:
        """Finish what is waiting, within `timeout_s`: what is left over is made up for by the next start."""
        self._jobs.put(None)
        self._thread.join(timeout_s)

    def _work(self) -> None:
        self._look_for_room()
        while True:
            try:
                job = self._jobs.get(timeout=RETRY_S if self._unpublished else None)
            except queue.Empty:
                self._publish_waiting()
                continue
            if job is None:
                return
            if isinstance(job, Manifest):
                self._unpublished.append(job)
                self._publish_waiting()
            else:
                self._write(*job)

    def _look_for_room(self) -> None:
        try:
            self._no_room = self._make_room()
        except OSError as error:
            self._no_room = f"the disk cannot be looked at: {error.strerror or error}"

    def _write(self, window: Window, samples: Samples) -> None:
        if self._no_room:
            self._failed[window.window_id] = _unwritten(window, self._no_room)
            self._complain(window.slot, self._no_room)
            return
        path = None
        try:
            path = self._spool.path_for(window)
            path.write_bytes(flac(samples))
        except OSError as error:
            reason = error.strerror or "it failed"
            self._failed[window.window_id] = _unwritten(window, f"the window could not be written: {reason}")
            self._complain(window.slot, f"the spool cannot be written: {reason}")
            if path:
                with contextlib.suppress(OSError):
                    path.unlink(missing_ok=True)
            self._look_for_room()

    def _publish_waiting(self) -> None:
        """In order, so that the note never passes a slot that is not published."""
        while self._unpublished:
            manifest = self._unpublished[0]
            try:
                self._publish(manifest)
            except OSError as error:
                self._complain(manifest.slot, f"the spool cannot be written: {error.strerror or 'it failed'}")
                self._look_for_room()
                return
            self._unpublished.popleft()
            self._look_for_room()
            self.problem = self._no_room or None

    def _publish(self, manifest: Manifest) -> None:
        windows = tuple(self._failed.get(window.window_id, window) for window in manifest.windows)
        if windows or self._expected_any:  # the first slot of which nothing is expected says so, for all that follow
            self._hand_over(replace(manifest, windows=windows))
        self._expected_any = bool(windows)
        self._failed = {key: window for key, window in self._failed.items() if window.slot > manifest.slot}
        self._complained.discard(manifest.slot.key)
        write_note(self._spool, manifest.slot)
        self.last_slot = manifest.slot

    def _hand_over(self, manifest: Manifest) -> None:
        """With the slot's trace, which begins here: what capture did for the slot is over, and is told at once."""
        captured = sum(window.state is CaptureState.CAPTURED for window in manifest.windows)
        told: dict[str, str | int] = {"slot": manifest.slot.key, "windows": len(manifest.windows), "captured": captured}
        with tracing.span("capture", told, start=manifest.slot.start):
            for window in manifest.windows:
                fate = {"stream": window.stream, "window": window.window_id, "state": window.state.value}
                tracing.record("capture window", window.start, window.end, fate)
            with tracing.span("hand over"):
                self._spool.publish(replace(manifest, traceparent=tracing.traceparent()))

    def _complain(self, slot: Slot, problem: str) -> None:
        self.problem = problem
        if slot.key not in self._complained:
            self._complained.add(slot.key)
            logger.error("slot %s: %s; capture goes on", slot.key, self.problem, extra={"slot": slot.key})


def flac(samples: Samples) -> bytes:
    """A whole FLAC file. Encoded in memory first: libsndfile tells too little when a disk is full."""
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, RATE, format="FLAC", subtype="PCM_16")
    return buffer.getvalue()


def _unwritten(window: Window, detail: str) -> Window:
    return replace(window, state=CaptureState.DISK_FULL, detail=detail, level_dbfs=None)


def read_note(spool: Spool) -> Slot | None:
    """The newest slot ever published; where the note is lost, the newest that is in the spool."""
    try:
        return Slot.parse(json.loads((spool.root / NOTE).read_text(encoding="utf-8"))["slot"])
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError):
        logger.warning("%s is unreadable: going by the slots in the spool", spool.root / NOTE)
        return spool.last_slot()


def write_note(spool: Spool, slot: Slot) -> None:
    temporary = Path(spool.root / f"{NOTE}.tmp")
    temporary.write_text(json.dumps({"slot": slot.key}), encoding="utf-8")
    temporary.replace(spool.root / NOTE)
