"""Which instant each sample was heard at, and the newest samples themselves. Monotonic seconds throughout.

What belongs here: the sample clock of one connection and its ring of audio. What does not: why there is none.

A sample cannot arrive before it was played, but it can arrive late, or in a server's burst of older audio. So the
instant of sample 0 is the minimum of (arrival - samples / rate) over the last minute: the moment when the audio
was least late. Audio then sits 27-45 ms (RTSP) to 141 ms (Icecast) behind its true time.
"""

from collections import deque
from itertools import takewhile

import numpy as np
import numpy.typing as npt

RATE = 16_000
"""samples a second, mono: what the recognisers use"""
MEMORY_S = 60.0
"""seconds over which the minimum is taken: long enough for a rare early packet, short enough to follow drift"""
STEADY_S = 0.05
"""seconds that the minimum may still fall while it settles; an Icecast sends pieces of 256 ms, and as their beat with
our ticks wanders it falls by a little more for a minute, which must not make a settled clock uncertain"""
SLIP_S = 0.25
"""seconds by which all that came lately may be late, or early, once the clock has settled; more is no delay: a server
left audio out, too little to pause, or sends a burst"""

Samples = npt.NDArray[np.int16]


class Timeline:
    """The newest `capacity_s` seconds of an unbroken run of audio, addressed by time."""

    def __init__(self, capacity_s: float, settle_s: float) -> None:
        self._ring: Samples = np.zeros(int(capacity_s * RATE), dtype=np.int16)
        self._settle_s = settle_s
        self.clear()

    def clear(self) -> None:
        """Begin again: what comes next does not follow what came before."""
        self._total = 0
        self._lows: deque[tuple[float, float]] = deque()  # (arrival, origin), origins rising: the minimum is first
        self._steady_low = float("inf")
        self._steady_since = 0.0
        self._now = 0.0

    def feed(self, samples: Samples, arrived: float) -> None:
        """Samples that have just come, `arrived` being now."""
        self._store(samples)
        self._now = arrived
        origin = arrived - self._total / RATE
        while self._lows and self._lows[-1][1] >= origin:
            self._lows.pop()
        self._lows.append((arrived, origin))
        while self._lows[0][0] < arrived - MEMORY_S:
            self._lows.popleft()
        if self._lows[0][1] < self._steady_low - (SLIP_S if self.settled else STEADY_S):
            self._steady_low, self._steady_since = self._lows[0][1], arrived

    def _store(self, samples: Samples) -> None:
        size = len(self._ring)
        kept = samples[-size:]
        at = (self._total + len(samples) - len(kept)) % size
        head = min(len(kept), size - at)
        self._ring[at : at + head] = kept[:head]
        self._ring[: len(kept) - head] = kept[head:]
        self._total += len(samples)

    @property
    def settled(self) -> bool:
        """Whether the time of the samples is certain: the minimum has stopped falling."""
        return self._total > 0 and self._now - self._steady_since >= self._settle_s

    @property
    def slipped(self) -> bool:
        """Whether audio is missing somewhere without a gap: since the clock could settle, nothing came in time."""
        lately = takewhile(lambda low: low[0] >= self._now - self._settle_s, reversed(self._lows))
        return min(origin for _, origin in lately) - self._lows[0][1] > SLIP_S

    def cut(self, start: float, length_s: int) -> Samples | None:
        """A copy of the audio from `start` on; None while (or because) not all of it is there."""
        if not self.settled:
            return None
        size = len(self._ring)
        first, count = round((start - self._lows[0][1]) * RATE), length_s * RATE
        if first < max(0, self._total - size) or first + count > self._total:
            return None
        at = first % size
        return np.concatenate((self._ring[at : at + count], self._ring[: max(0, at + count - size)]))


def level_dbfs(samples: Samples) -> float | None:
    """RMS level in dB of full scale; None for digital silence."""
    if is_blank(samples):
        return None
    mean_square = float(np.mean(np.square(samples, dtype=np.float32)))
    return round(10 * float(np.log10(mean_square)) - 20 * float(np.log10(32768)), 1)


def is_blank(samples: Samples) -> bool:
    """Digital silence, or a frozen value: a lossy codec's silence still moves by one step up and down."""
    return int(samples.max()) - int(samples.min()) <= 2
