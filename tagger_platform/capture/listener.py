"""One stream: an ffmpeg, the timeline of what it plays, and the stream's health. `tick` is called a few times a second.

What belongs here: when to start, stop and judge one ffmpeg. What does not: slots and files. Nothing here blocks, and
the clock is an argument.
"""

from collections import deque
from dataclasses import dataclass, field

import numpy as np

from tagger_platform.capture import diagnosis
from tagger_platform.capture.diagnosis import Diagnosis
from tagger_platform.capture.ffmpeg import Decoder, Spawn, command, recent_words
from tagger_platform.capture.health import BLANK_MOST_S, BLANK_S, GOOD_S, Backoff, Condition, Watchdog
from tagger_platform.capture.metrics import Metrics
from tagger_platform.capture.timeline import Samples, Timeline, is_blank
from tagger_platform.model import CaptureState, Stream, StreamKind

KILL_AFTER_S = 1.0
"""seconds between TERM and KILL: an ffmpeg whose server stalls ignores TERM"""
FIRST_BYTE_S = 20.0
"""seconds to the first byte: name, connection, TLS, redirects and a second of analysis"""
SPARE_S = 2.0
"""seconds of audio kept beyond a window and its lateness"""
PARTING_S = 1.0
"""seconds before the end in which audio may be ffmpeg's rest: it empties its decoder when a server's time is up"""
FILE_PAUSE_S = 2.0
"""seconds before a file that ended is played again"""
HASTE = 5
"""failures in a row up to which a stream that did play is retried fast, whatever the reason: while a server starts
again it may well say 404"""


@dataclass(frozen=True)
class Pace:
    """How a kind of stream delivers, in seconds."""

    gap_s: float
    """a longer pause may hide a loss"""
    settle_s: float
    """how long the clock must hold before it counts"""
    late_s: float
    """how long after a window's end its last sample may still come"""
    silent_s: float
    """without a byte for so long, it is stalled"""


STEADY = Pace(gap_s=1.0, settle_s=3.0, late_s=1.5, silent_s=10.0)
IN_PIECES = Pace(gap_s=15.0, settle_s=12.0, late_s=12.0, silent_s=30.0)
"""HLS comes in pieces of up to 10 s"""


@dataclass
class _Connection:
    """One ffmpeg's life."""

    decoder: Decoder
    watchdog: Watchdog
    looked: float
    words: deque[str] = field(default_factory=recent_words)
    half_sample: bytes = b""
    heard_since: float | None = None
    last_byte: float | None = None
    gap: tuple[float, float] | None = None
    verdict: Diagnosis | None = None
    kill_at: float | None = None


class Listener:
    """Keeps one stream playing, and answers for any window of it: the audio, or the reason why not."""

    def __init__(self, stream: Stream, ffmpeg: str, window_s: int, spawn: Spawn, metrics: Metrics, mono: float) -> None:
        self.stream = stream
        self.pace = IN_PIECES if stream.kind is StreamKind.HLS else STEADY
        self.condition = Condition(stream.name, mono)
        self.icy_title: str | None = None
        self.level_dbfs: float | None = None
        self.last_window: str | None = None
        self._ffmpeg = ffmpeg
        self._spawn = spawn
        self._metrics = metrics
        self._timeline = Timeline(window_s + self.pace.late_s + SPARE_S, self.pace.settle_s)
        self._backoff = Backoff()
        self._connection: _Connection | None = None
        self._next_attempt = mono
        self._audio_only = True
        self._ever_started = False
        self._ever_heard = False
        self._blank_s = BLANK_S
        metrics.listening(stream.name)

    def tick(self, mono: float) -> None:
        """Read what came, judge it, and start or end ffmpeg as need be."""
        if self._connection is None:
            if mono >= self._next_attempt:
                self._connect(mono)
            return
        self._listen(self._connection, mono)
        if self._connection.kill_at is not None:
            self._finish(self._connection, mono)
        elif problem := self._connection.watchdog.verdict(mono):
            self._give_up(self._connection, problem, mono)

    def _connect(self, mono: float) -> None:
        words = command(self._ffmpeg, self.stream, audio_only=self._audio_only)
        try:
            decoder = self._spawn(words)
        except OSError as error:
            reason = f"ffmpeg cannot be started: {error.strerror}"
            self._fail(Diagnosis(CaptureState.RECONNECTING, reason), mono, mono)
            return
        if self._ever_started:
            self._metrics.restarted(self.stream.name)
        self._ever_started = True
        watchdog = Watchdog(mono, max(FIRST_BYTE_S, self.pace.silent_s), self.pace.silent_s, self._blank_s)
        self._connection = _Connection(decoder, watchdog, looked=mono)
        self._timeline.clear()

    def _listen(self, connection: _Connection, mono: float) -> None:
        for line in connection.decoder.read_words():
            connection.words.append(line)
            title = diagnosis.icy_title(line)
            self.icy_title = self.icy_title if title is None else title or None
        data = connection.decoder.read_audio()
        if data is None and connection.kill_at is None:
            self._end(connection, mono)
        elif data:
            self._hear(connection, data, mono)
        connection.looked = mono

    def _hear(self, connection: _Connection, data: bytes, mono: float) -> None:
        data = connection.half_sample + data
        whole = len(data) // 2 * 2
        connection.half_sample = data[whole:]
        samples: Samples = np.frombuffer(data[:whole], dtype="<i2")
        if not len(samples):
            return
        if connection.last_byte is not None:
            self._metrics.audio_came(self.stream.name, mono - connection.last_byte)
        # A gap is what was seen to be empty: where it was we who looked late, the pipe has kept everything.
        if connection.last_byte is not None and connection.looked - connection.last_byte > self.pace.gap_s:
            connection.gap = (connection.last_byte, mono)
            self.condition.gap(*connection.gap)
            self._timeline.clear()
        self._timeline.feed(samples, mono)
        if self._timeline.slipped:
            self.condition.gap(mono - self.pace.settle_s, mono, "audio was left out without a pause")
            self._timeline.clear()
        connection.last_byte = mono
        self._judge(connection, blank=is_blank(samples), mono=mono)

    def _judge(self, connection: _Connection, *, blank: bool, mono: float) -> None:
        connection.watchdog.fed(mono, blank=blank)
        if blank and self.condition.state == CaptureState.BLANK:
            return
        if connection.heard_since is None:
            connection.heard_since, self._ever_heard = mono, True
            self.condition.recover(mono)
        if not blank:
            self._blank_s = BLANK_S
        if mono - connection.heard_since >= GOOD_S:
            self._backoff.good()

    def _give_up(self, connection: _Connection, problem: CaptureState, mono: float) -> None:
        """The watchdog has had enough of this connection."""
        if problem is CaptureState.BLANK:
            connection.verdict = diagnosis.blank(self.stream)
            self._blank_s = min(self._blank_s * 2, BLANK_MOST_S)
        else:
            connection.verdict = diagnosis.stalled(
                self.stream, connection.words, heard=connection.last_byte is not None
            )
        lost_since = connection.last_byte if connection.last_byte is not None else mono
        self.condition.fail(connection.verdict.state, connection.verdict.detail, mono, lost_since)
        self._end(connection, mono)

    def _end(self, connection: _Connection, mono: float) -> None:
        connection.decoder.stop()
        connection.kill_at = mono + KILL_AFTER_S

    def _finish(self, connection: _Connection, mono: float) -> None:
        """Wait for the process to go; then say why it went and when to try again."""
        if not connection.decoder.gone():
            if connection.kill_at is not None and mono >= connection.kill_at:
                connection.decoder.stop(hard=True)
            return
        connection.words.extend(connection.decoder.read_words())
        connection.decoder.close()
        self._connection = None
        last = _last_heard(connection, mono)
        verdict = connection.verdict or diagnosis.diagnose(
            self.stream, connection.words, heard=connection.last_byte is not None, quiet_s=connection.looked - last
        )
        if connection.last_byte is None and verdict.refused_media and self.stream.kind is StreamKind.RTSP:
            self._audio_only = not self._audio_only
            if not self._audio_only:  # before this counts as a failure, the same without the wish
                self._next_attempt = mono
                return
        self._fail(verdict, mono, last)

    def _fail(self, verdict: Diagnosis, mono: float, lost_since: float) -> None:
        self.condition.fail(verdict.state, verdict.detail, mono, lost_since)
        hopeless = verdict.slow and not (self._ever_heard and self._backoff.failures < HASTE)
        delay = self._backoff.failed(slow=hopeless)
        if self.stream.kind is StreamKind.FILE and not verdict.slow:
            delay = FILE_PAUSE_S
        self._next_attempt = mono + delay

    def cut(self, start: float, length_s: int) -> Samples | None:
        """The audio from `start` on, once all of it is there."""
        return self._timeline.cut(start, length_s)

    def reason(self, start: float, length_s: int) -> tuple[CaptureState, str]:
        """Why `cut` has nothing for a window that should be there by now."""
        return self.condition.reason(start, start + length_s)

    def stop(self, *, hard: bool = False) -> None:
        """End for good; call `stopped` until it says so."""
        self._next_attempt = float("inf")
        if self._connection:
            self._connection.decoder.stop(hard=hard)

    def stopped(self) -> bool:
        if self._connection and self._connection.decoder.gone():
            self._connection.decoder.close()
            self._connection = None
        return self._connection is None


def _last_heard(connection: _Connection, mono: float) -> float:
    """When the last audio came, not counting what ffmpeg had kept back and gave out while it ended."""
    if connection.gap and connection.looked - connection.gap[1] <= PARTING_S:
        return connection.gap[0]
    return mono if connection.last_byte is None else connection.last_byte
