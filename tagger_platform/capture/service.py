"""The capture process: everything wired together, from the first check to the last ffmpeg's end.

What belongs here: the process's signals, its lock, its loop. What does not: what happens in a tick (`supervisor`).

One thread listens to all streams: it looks at every pipe twice a second, which costs less than a thread, or
an event, per packet. ffmpegs are started from this thread because they end when the thread that started them does.
"""

import contextlib
import fcntl
import logging
import queue
import select
import signal
import socket
import time
from collections.abc import Iterator
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from types import FrameType

from tagger_platform.capture.ffmpeg import Process, find_ffmpeg
from tagger_platform.capture.server import Health, Server
from tagger_platform.capture.supervisor import Supervisor
from tagger_platform.capture.writer import Writer
from tagger_platform.errors import RequestError, SettingsError, TransientError
from tagger_platform.memory import (
    pass_over_what_is_there,
    return_circles,
    return_holes,
    return_large_pieces,
    share_one_heap,
)
from tagger_platform.settings import Settings
from tagger_platform.spool import Pending, Room, Shedding, Spool
from tagger_platform.spool.last_windows import LastWindows

logger = logging.getLogger(__name__)

TICK_S = 0.5
"""seconds between two looks at the pipes, which hold 2 s even where they cannot be enlarged: a look costs about
0.3 ms, mostly to wake up, so that five a second cost a lone stream a quarter of what its ffmpeg does"""
STOPPING_TICK_S = 0.02
"""seconds between two looks at ffmpegs that were asked to end"""
TIDY_S = 60.0
"""seconds between two looks for memory to give back, which take a millisecond or two"""
FLUSH_S = 0.5
"""seconds the writer has at the end: with the ffmpegs' 1 s, SIGTERM is obeyed within 2"""
SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
RELOAD_S = 5.0
"""seconds until a caller hears that a reload takes too long"""


def run(settings: Settings) -> int:
    """Capture until SIGTERM or SIGINT; returns the exit code. Raises RequestError where it cannot even begin."""
    share_one_heap()
    return_large_pieces()
    ffmpeg = find_ffmpeg(settings.ffmpeg_path)
    with _spool(settings) as spool:
        room = Room(settings.data_dir, settings.disk_reserve_bytes)
        pending = Pending(settings.spool_dir / "pending", max_bytes=settings.pending_max_mb * 1_000_000)
        writer = Writer(spool, _last_windows(settings), Shedding(room, settings.clips_dir, pending, spool))
        supervisor = Supervisor(settings, ffmpeg, writer, Process, wall=time.time(), mono=time.monotonic())
        loop = Loop(supervisor, writer)
        health = Health(supervisor, writer, spool, time.monotonic)
        server = Server((settings.capture_host, settings.capture_port), health, loop.ask_for_reload)
        writer.start()
        server.start()
        logger.info("capture of %d streams begins", len(settings.enabled_streams))
        pass_over_what_is_there()
        try:
            loop.run()
        finally:
            server.close()
            logger.info("capture ends")
    return 0


def _last_windows(settings: Settings) -> LastWindows:
    kept = LastWindows(settings.last_windows_dir, keep_audio=settings.keep_last_window)
    kept.begin([stream.name for stream in settings.enabled_streams])
    return kept


@contextlib.contextmanager
def _spool(settings: Settings) -> Iterator[Spool]:
    """The spool, for us alone: two captures would hand over the same slots."""
    try:
        spool = Spool(
            settings.spool_dir, max_windows=settings.queue_max_size, max_bytes=settings.queue_max_mb * 1_000_000
        )
        lock = (settings.spool_dir / "capture.lock").open("w")
    except OSError as error:
        raise RequestError(
            f"DATA_DIR: {settings.data_dir} cannot be written ({error.strerror}): make it writable or choose another"
        ) from None
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise RequestError(
                f"DATA_DIR: another capture already writes to {settings.data_dir}: stop it or choose another folder"
            ) from None
        spool.discard_open()
        yield spool


class Loop:
    """Ticks the supervisor until a signal ends it; signals and reloads wake it."""

    def __init__(self, supervisor: Supervisor, writer: Writer) -> None:
        self._supervisor = supervisor
        self._writer = writer
        self._reloads: queue.SimpleQueue[Future[dict[str, list[str]]]] = queue.SimpleQueue()
        self._bell, self._button = socket.socketpair()
        self._stopping = False
        self._tidy_at = 0.0

    def run(self) -> None:
        with self._signals():
            try:
                while not self._stopping:
                    self._supervisor.tick(time.time(), time.monotonic())
                    self._tidy(time.monotonic())
                    self._wait(TICK_S)
                    self._reload_if_asked()
            finally:
                self._end()

    def _tidy(self, mono: float) -> None:
        if mono >= self._tidy_at:
            self._tidy_at = mono + TIDY_S
            return_circles()
            return_holes()

    def _wait(self, seconds: float) -> None:
        if select.select([self._bell], [], [], seconds)[0]:
            self._bell.recv(4096)

    @contextlib.contextmanager
    def _signals(self) -> Iterator[None]:
        for end in (self._bell, self._button):
            end.setblocking(False)
        before = {number: signal.signal(number, self._on_signal) for number in SIGNALS}
        wakeup = signal.set_wakeup_fd(self._button.fileno(), warn_on_full_buffer=False)
        try:
            yield
        finally:
            signal.set_wakeup_fd(wakeup)
            for number, handler in before.items():
                signal.signal(number, handler)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if number == signal.SIGHUP:
            self._reloads.put(Future())
        else:
            self._stopping = True

    def ask_for_reload(self) -> dict[str, list[str]]:
        """From any thread: have the streams read again and wait for the outcome. Raises SettingsError if refused."""
        asked: Future[dict[str, list[str]]] = Future()
        self._reloads.put(asked)
        self._button.send(b"\0")
        try:
            return asked.result(RELOAD_S)
        except FutureTimeoutError:
            raise TransientError("capture is busy; the streams will be read again as soon as it can") from None

    def _reload_if_asked(self) -> None:
        while not self._reloads.empty():
            asked = self._reloads.get()
            try:
                settings = self._supervisor.settings.with_streams_read_again()
            except SettingsError as error:
                for problem in error.problems:
                    logger.error("the new configuration is refused, the old one stays: %s", problem)
                asked.set_exception(error)
            else:
                asked.set_result(self._supervisor.reload(settings, time.monotonic()))

    def _end(self) -> None:
        self._supervisor.stop(time.monotonic())
        while not self._supervisor.stopped(time.monotonic()):
            time.sleep(STOPPING_TICK_S)
        self._writer.stop(FLUSH_S)
