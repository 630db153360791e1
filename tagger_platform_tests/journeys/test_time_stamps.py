"""Which instant each window really heard: a chirp that tells the time, over real servers, through capture alone.

What belongs here: time stamps, undisturbed and after a server failed. What does not: what is done with windows. The
chirp is sent by the clock, so what is measured is the whole way from the server's studio to the window.
"""

import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tagger_platform.model import CaptureState
from tagger_platform.spool import MANIFEST, Manifest, audio_name
from tagger_platform_tests.capture.chirp import chirp, lateness_s
from tagger_platform_tests.journeys.on_the_clock import CHANNELS, RATE
from tagger_platform_tests.journeys.platform_run import PlatformRun
from tagger_platform_tests.journeys.processes import free_ports, tell
from tagger_platform_tests.journeys.real_servers import IcecastServer, RtspServer, Sound

pytestmark = pytest.mark.real

WITHIN_S = 0.3
WINDOW_S, HOP_S = 4, 5
BETWEEN_S = 4.5
"""seconds after a slot at which no window is being heard"""
UNDISTURBED_S, AFTERWARDS_S = 25, 29
"""seconds to listen before and after the servers fail: five windows of each stream"""
FEWEST = 3
"""windows of each stream on both sides; a start, or a restart with its second and third attempt, takes two"""
FROZEN_S, HICCUP_S, DOWN_S = 3.0, 0.8, 2.0
"""seconds: a pause that shows, one too short to be noticed as a pause, and a restart"""
AAC, OPUS, MP3 = "aac", "opus", "mp3"


@dataclass
class Windows:
    """Lateness in seconds of every captured window by stream and start, before and after the servers failed."""

    before: dict[str, dict[float, float]] = field(default_factory=lambda: defaultdict(dict))
    after: dict[str, dict[float, float]] = field(default_factory=lambda: defaultdict(dict))
    lost_before: list[str] = field(default_factory=list)
    """windows without audio that began while nothing failed, and why"""


@pytest.fixture(scope="module")
def windows(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Windows]:
    with ExitStack() as stack:
        yield _listen(tmp_path_factory.mktemp("chirp"), stack)


def _listen(folder: Path, stack: ExitStack) -> Windows:
    pcm = folder / "chirp.pcm"
    np.repeat(chirp(RATE), CHANNELS).tofile(pcm)
    sound, ports = Sound(pcm, began_at=0.0, endless=True), free_ports()
    aac, opus = (RtspServer(folder, next(ports), codec, sound) for codec in (AAC, OPUS))
    mp3 = IcecastServer(folder, next(ports), sound)
    for server in (aac, opus, mp3):
        stack.callback(server.stop)
        server.start()
    urls = {AAC: aac.url, OPUS: opus.url, MP3: mp3.url}
    times = {"WINDOW_SECONDS": str(WINDOW_S), "HOP_SECONDS": str(HOP_S), "WINDOW_OFFSETS": "0"}
    run = stack.enter_context(PlatformRun(folder, ports, urls, log="capture", **times))
    run.start("capture")
    begun = time.time() + UNDISTURBED_S
    time.sleep(begun - time.time() + HOP_S - begun % HOP_S + BETWEEN_S)

    failed_at = time.time()
    aac.freeze()
    opus.freeze()
    mp3.kill()
    time.sleep(HICCUP_S)
    opus.thaw()
    time.sleep(DOWN_S - HICCUP_S)
    mp3.start()
    time.sleep(max(0.0, failed_at + FROZEN_S - time.time()))
    aac.thaw()
    time.sleep(AFTERWARDS_S)

    assert run.stop(within_s=10)[0] == 0, run.said()
    return _measured(run.data / "spool" / "ready", failed_at)


def _measured(ready: Path, failed_at: float) -> Windows:
    found = Windows()
    for slot in sorted(ready.iterdir()):
        for window in Manifest.from_json((slot / MANIFEST).read_text(encoding="utf-8")).windows:
            start = window.start.timestamp()
            if window.state is CaptureState.CAPTURED:
                samples, rate = soundfile.read(slot / audio_name(window), dtype="int16")
                late = lateness_s(samples, rate, start)
                if start + WINDOW_S < failed_at:
                    found.before[window.stream][start - failed_at] = late
                elif start > failed_at + HICCUP_S:  # one that it fell into may begin right and end early
                    found.after[window.stream][start - failed_at] = late
            elif start + WINDOW_S < failed_at and window.state is not CaptureState.STARTING:
                found.lost_before.append(f"{window.window_id}: {window.state} ({window.detail})")
    return found


def _shown(late: dict[str, dict[float, float]]) -> str:
    return "\n".join(
        f"{stream}: " + ", ".join(f"{start:+.0f} s: {error * 1000:+.0f} ms" for start, error in errors.items())
        for stream, errors in sorted(late.items())
    )


def _judge(late: dict[str, dict[float, float]]) -> None:
    tell(_shown(late))
    assert all(len(late[stream]) >= FEWEST for stream in (AAC, OPUS, MP3)), _shown(late)
    assert all(abs(error) <= WITHIN_S for errors in late.values() for error in errors.values()), _shown(late)


def test_every_window_is_within_a_third_of_a_second_of_its_slot(windows: Windows) -> None:
    _judge(windows.before)


def test_no_window_is_lost_while_nothing_fails(windows: Windows) -> None:
    assert windows.lost_before == []


def test_every_window_is_still_in_time_after_a_pause_a_hiccup_and_a_restart(windows: Windows) -> None:
    _judge(windows.after)
