"""Sound by the wall clock, as a real station sends it: what is on now does not depend on who listens, or since when.

What belongs here: reading PCM at the place that the clock says. What does not: encoding and serving it. Standard
library only, and no import of this project: `gst_rtsp.py` uses it under the system's python. As a program it writes
to stdout, for an encoder to read::

    python on_the_clock.py PCM BEGAN_AT [--endless]
"""

import contextlib
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

RATE = 48_000
"""frames a second; what AAC, Opus and MP3 all take"""
CHANNELS = 2
FRAME_BYTES = 2 * CHANNELS
CHUNK_S = 0.02
"""seconds: an Opus frame; encoders are fed about so much at a time"""
LATE_S = 0.5
"""seconds: a station that was held up longer than this goes on with what is on now, and the rest was never sent"""


class Programme:
    """A file of PCM that began at an instant (seconds since the epoch); silence around it, unless it is endless."""

    def __init__(self, pcm: Path, began_at: float, *, endless: bool = False) -> None:
        self._file = os.open(pcm, os.O_RDONLY)
        self._frames = pcm.stat().st_size // FRAME_BYTES
        self._began_at = began_at
        self._endless = endless

    def now(self) -> int:
        """The frame that is on the air."""
        return int((time.time() - self._began_at) * RATE)

    def frames(self, first: int, count: int) -> bytes:
        if self._endless:
            first %= self._frames
            head = self._read(first, min(count, self._frames - first))
            return head + self._read(0, count - len(head) // FRAME_BYTES)
        before = min(max(0, -first), count)
        sound = self._read(first + before, count - before)
        return (bytes(before * FRAME_BYTES) + sound).ljust(count * FRAME_BYTES, b"\0")

    def _read(self, first: int, count: int) -> bytes:
        return os.pread(self._file, count * FRAME_BYTES, first * FRAME_BYTES) if count else b""

    def live(self) -> Iterator[tuple[int, bytes]]:
        """(number of the first frame, frames), each as it comes on the air, for ever."""
        position = self.now()
        while True:
            time.sleep(CHUNK_S)
            now = self.now()
            if now - position > LATE_S * RATE:
                position = now - int(CHUNK_S * RATE)
            if now > position:
                yield position, self.frames(position, now - position)
                position = now


def main() -> None:
    programme = Programme(Path(sys.argv[1]), float(sys.argv[2]), endless="--endless" in sys.argv)
    with contextlib.suppress(BrokenPipeError):
        for _, frames in programme.live():
            sys.stdout.buffer.write(frames)
            sys.stdout.buffer.flush()
    os._exit(0)  # nothing is left to flush into a pipe whose reader has gone


if __name__ == "__main__":
    main()
