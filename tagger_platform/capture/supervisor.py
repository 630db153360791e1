"""All listeners and all slots: what begins, what is cut, and the account of each slot when it is over.

What belongs here: which windows are expected of whom, and their fate. What does not: hearing (`listener`), time
(`slots`) and disks (`writer`). `tick` is called a few times a second with both clocks, and never blocks.
"""

import logging
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from tagger_platform.capture.ffmpeg import Spawn
from tagger_platform.capture.listener import KILL_AFTER_S, Listener
from tagger_platform.capture.metrics import Metrics
from tagger_platform.capture.slots import Begun, Event, Missed, Schedule, Stepped
from tagger_platform.capture.timeline import Samples, level_dbfs
from tagger_platform.capture.writer import Writer
from tagger_platform.model import CaptureState, Slot, Stream, Window, iso
from tagger_platform.settings import Settings
from tagger_platform.spool import Manifest

logger = logging.getLogger(__name__)


@dataclass
class _OpenSlot:
    """A slot that is being listened for: its windows with their start, and those whose fate is known."""

    slot: Slot
    streams: tuple[Stream, ...]
    waiting: dict[Window, float]
    decided: list[Window] = field(default_factory=list)

    def settle(self, window: Window, fate: Window | None) -> None:
        """`fate` is what the manifest will say of it; None when it is no longer expected."""
        del self.waiting[window]
        if fate:
            self.decided.append(fate)

    def settle_rest(self, state: CaptureState, detail: str) -> None:
        for window in list(self.waiting):
            self.settle(window, replace(window, state=state, detail=detail))


@dataclass
class _Leaving:
    listener: Listener
    kill_at: float


class Supervisor:
    """Runs the streams of `settings` and publishes every slot."""

    def __init__(
        self, settings: Settings, ffmpeg: str, writer: Writer, spawn: Spawn, *, wall: float, mono: float
    ) -> None:
        self.settings = settings
        self.schedule = Schedule(settings.hop_s, writer.last_slot, wall, mono)
        self.listeners: dict[str, Listener] = {}
        self.metrics = Metrics()
        self._ffmpeg = ffmpeg
        self._writer = writer
        self._spawn = spawn
        self.started = mono
        self._open: list[_OpenSlot] = []
        self._leaving: list[_Leaving] = []
        self.ticked = mono
        self._listen_to(settings.enabled_streams, mono)

    def tick(self, wall: float, mono: float) -> None:
        for listener in self.listeners.values():
            listener.tick(mono)
        for event in self.schedule.advance(wall, mono):
            self._handle(event)
        for open_slot in self._open:
            self._decide(open_slot, mono)
        self._publish_finished()
        self._bury(mono)
        self.ticked = mono

    # slots

    def _handle(self, event: Event) -> None:
        match event:
            case Begun(slot, at):
                self._open.append(self._opened(slot, at))
            case Missed(slots, state, detail):
                logger.warning("%d slots from %s on were missed: %s", len(slots), slots[0].key, detail)
                streams = self.settings.enabled_streams
                self._open += [_OpenSlot(slot, streams, {}, self._all(slot, state, detail)) for slot in slots]
            case Stepped(detail):
                logger.warning("%s: what was being heard has no certain time", detail)
                for open_slot in self._open:
                    open_slot.settle_rest(CaptureState.CLOCK_STEPPED, detail)

    def _opened(self, slot: Slot, at: float) -> _OpenSlot:
        windows = self._all(slot, CaptureState.STARTING, "")
        starts = {window: at + window.offset_s for window in windows}
        return _OpenSlot(slot, self.settings.enabled_streams, starts)

    def _all(self, slot: Slot, state: CaptureState, detail: str) -> list[Window]:
        return [
            Window(stream.name, slot, offset, self.settings.window_s, state, detail)
            for stream in self.settings.enabled_streams
            for offset in self.settings.window_offsets
        ]

    def _decide(self, open_slot: _OpenSlot, mono: float) -> None:
        """Settle the fate of every window that is complete or overdue."""
        for window, start in list(open_slot.waiting.items()):
            if start + window.length_s > mono:
                continue
            listener = self.listeners.get(window.stream)
            if listener is None:  # taken out of the configuration
                open_slot.settle(window, None)
            elif (samples := listener.cut(start, window.length_s)) is not None:
                open_slot.settle(window, self._captured(window, listener, samples))
            elif mono >= start + window.length_s + listener.pace.late_s:
                open_slot.settle(window, self._missing(window, listener, start))

    def _captured(self, window: Window, listener: Listener, samples: Samples) -> Window:
        listener.level_dbfs = level_dbfs(samples)
        if listener.level_dbfs is None and listener.condition.state == CaptureState.BLANK:
            return replace(window, state=CaptureState.BLANK, detail=listener.condition.detail)
        listener.last_window = iso(window.start)
        heard = replace(
            window,
            state=CaptureState.CAPTURED,
            detail="",
            level_dbfs=listener.level_dbfs,
            icy_title=listener.icy_title,
        )
        return self._writer.write(heard, samples)

    def _missing(self, window: Window, listener: Listener, start: float) -> Window:
        state, detail = listener.reason(start, window.length_s)
        if start < self.started:
            state, detail = CaptureState.CAPTURE_DOWN, "capture was not running when the window began"
        return replace(window, state=state, detail=detail)

    def _publish_finished(self) -> None:
        """In order: a slot waits for those before it, so that the note of the last slot never passes one."""
        while self._open and not self._open[0].waiting:
            done = self._open.pop(0)
            self._publish(done.slot, done.streams, done.decided)

    def _publish(self, slot: Slot, streams: tuple[Stream, ...], windows: list[Window]) -> None:
        self.metrics.told(windows)
        titles = tuple((stream.name, stream.display) for stream in streams)
        ordered = sorted(windows, key=lambda window: (window.stream, window.offset_s))
        self._writer.publish(Manifest(slot, "capture", self.settings.hop_s, tuple(ordered), titles))

    # streams

    def reload(self, settings: Settings, mono: float) -> dict[str, list[str]]:
        """Take over changed streams; the unchanged ones do not notice. Says which were added and removed."""
        wanted = {stream.name: stream for stream in settings.enabled_streams}
        removed = []
        for name, listener in list(self.listeners.items()):
            stream = wanted.get(name)
            if stream and stream.url == listener.stream.url:
                listener.stream = stream
            else:
                self._leave(self.listeners.pop(name), mono)
                self._writer.forget(name)
                removed.append(name)
        added = [stream for name, stream in wanted.items() if name not in self.listeners]
        self._listen_to(added, mono)
        self.settings = settings
        changes = {"added": [stream.name for stream in added], "removed": removed}
        logger.info("streams read again: added %s, removed %s", *(", ".join(c) or "none" for c in changes.values()))
        return changes

    def _listen_to(self, streams: Iterable[Stream], mono: float) -> None:
        for stream in streams:
            self.listeners[stream.name] = Listener(
                stream, self._ffmpeg, self.settings.window_s, self._spawn, self.metrics, mono
            )

    def _leave(self, listener: Listener, mono: float) -> None:
        listener.stop()
        self._leaving.append(_Leaving(listener, mono + KILL_AFTER_S))

    def _bury(self, mono: float) -> None:
        for leaving in self._leaving:
            if mono >= leaving.kill_at:
                leaving.listener.stop(hard=True)
        self._leaving = [leaving for leaving in self._leaving if not leaving.listener.stopped()]

    # the end

    def stop(self, mono: float) -> None:
        """End everything: hand over what was heard, ask every ffmpeg to go. Then call `stopped` until it says so."""
        for listener in self.listeners.values():
            self._leave(listener, mono)
        self.listeners = {}
        for open_slot in self._open:
            # Where nothing was heard yet, a quick restart may still hear the slot: it stays open for that.
            if any(window.state is CaptureState.CAPTURED for window in open_slot.decided):
                open_slot.settle_rest(CaptureState.CAPTURE_DOWN, "capture was stopped")
                self._publish(open_slot.slot, open_slot.streams, open_slot.decided)
        self._open = []

    def stopped(self, mono: float) -> bool:
        """Whether no ffmpeg is left; kills those that took too long."""
        self._bury(mono)
        return not self._leaving
