"""KILL of capture at random points of a real-time run: every slot is told once, every window has its audio or a reason.

    python -m benchmarks.faults.captures [--points 50] [--seed 1] [--json FILE]

A real `tagger capture` with short slots listens to a radio on loopback. It is killed after a pause of the schedule,
left away for a while, and started again; nobody takes its slots, so that all of them can be looked at in the end.
"""

import argparse
import random
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count, pairwise
from pathlib import Path

import soundfile

from benchmarks.faults.figures import tell
from benchmarks.faults.moody_radio import MoodyRadio
from tagger_platform.capture.ffmpeg import find_ffmpeg
from tagger_platform.model import CaptureState
from tagger_platform.spool import MANIFEST, Manifest, audio_name
from tagger_platform_tests.journeys.platform_run import PlatformRun
from tagger_platform_tests.journeys.processes import kill_all, wait_until

STREAMS = ("s1", "s2", "s3")
WINDOW_S, HOP_S = 3, 5
LIVE_S = 90.0
RUNS_S = (0.5, 9.0)
AWAY_S = (0.0, 4.0)
"""Seconds of a life, and of the time after it: within a start, within a slot, while one is handed over, over some."""


@dataclass
class Outcome:
    kills: int = 0
    seconds: float = 0.0
    slots: int = 0
    states: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)


def killed(folder: Path, ports: Iterator[int], points: int, seed: int) -> Outcome:
    """Kill capture `points` times, and judge what it has handed over."""
    chance, outcome, began = random.Random(seed), Outcome(), time.monotonic()
    hop = {"WINDOW_SECONDS": str(WINDOW_S), "HOP_SECONDS": str(HOP_S), "WINDOW_OFFSETS": "0", "QUEUE_MAX_SIZE": "99999"}
    with MoodyRadio(find_ffmpeg(None)) as radio:
        urls = {name: radio.url(name) for name in STREAMS}
        with PlatformRun(folder, ports, urls, log="capture", **hop) as run:
            run.start("capture")
            _wait_for_audio(run)
            while outcome.kills < points:
                time.sleep(chance.uniform(*RUNS_S))
                kill_all([run.pid])
                run.ended()
                outcome.kills += 1
                time.sleep(chance.uniform(*AWAY_S))
                run.start("capture")
            _wait_for_audio(run)
            if len(run.processes()) != 1 + len(STREAMS):
                outcome.wrong.append(f"these were left behind: {run.processes()}")
    outcome.seconds = time.monotonic() - began
    _judge(outcome, folder / "data/spool/ready")
    return outcome


def _wait_for_audio(run: PlatformRun) -> None:
    """Until a slot has come of which something was heard."""
    ready = run.data / "spool/ready"
    known = {*ready.glob(f"*/{MANIFEST}")}

    def heard() -> bool:
        found = [Manifest.from_json(path.read_text()) for path in {*ready.glob(f"*/{MANIFEST}")} - known]
        return any(one.state is CaptureState.CAPTURED for manifest in found for one in manifest.windows)

    wait_until(heard, LIVE_S, lambda: f"a slot is heard: {run.said()[-1000:]}")


def _judge(outcome: Outcome, ready: Path) -> None:
    manifests = [Manifest.from_json((folder / MANIFEST).read_text()) for folder in sorted(ready.iterdir())]
    outcome.slots = len(manifests)
    for before, after in pairwise(manifests):
        if after.slot != before.slot.next(HOP_S):
            outcome.wrong.append(f"between {before.slot.key} and {after.slot.key}")
    for manifest in manifests:
        folder = ready / manifest.slot.key
        if sorted(window.stream for window in manifest.windows) != sorted(STREAMS):
            outcome.wrong.append(f"{manifest.slot.key} has {len(manifest.windows)} windows")
        captured = {audio_name(one) for one in manifest.windows if one.state is CaptureState.CAPTURED}
        audio = {path.name: soundfile.info(path).duration for path in folder.glob("*.flac")}
        if audio != dict.fromkeys(captured, float(WINDOW_S)):
            outcome.wrong.append(f"{manifest.slot.key} has the audio {audio}, and told of {captured}")
        outcome.states.update(window.state.value for window in manifest.windows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--points", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        outcome = killed(Path(folder), count(21380), options.points, options.seed)
    result = {
        "kills": outcome.kills,
        "seconds": round(outcome.seconds),
        "slots": outcome.slots,
        "windows by state": dict(outcome.states),
        "wrong": outcome.wrong,
    }
    tell(result, options.json)


if __name__ == "__main__":
    main()
