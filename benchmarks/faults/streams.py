"""Everything a server can do to its listeners, to many streams at once: capture recovers, and nothing leaks.

    python -m benchmarks.faults.streams [--minutes 30] [--streams 20] [--seed 1] [--json FILE]

A real `tagger capture` listens to a radio with every bad habit (`moody_radio`). Each stream plays well for half a
minute and is then struck by a fault of the schedule; recovery is the time from the fault until a new connection plays
and capture says that it is live. Meanwhile memory, file descriptors and processes of capture are counted, and its slots
are taken away and added up as Dagster would do it.
"""

import argparse
import json
import random
import statistics
import tempfile
import time
import urllib.request
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import numpy as np

from benchmarks.faults.moody_radio import Fault, MoodyRadio
from tagger_platform.capture.ffmpeg import find_ffmpeg
from tagger_platform.capture.health import BLANK_S, GOOD_S
from tagger_platform.capture.listener import FIRST_BYTE_S, STEADY
from tagger_platform.model import Slot
from tagger_platform.spool import Spool
from tagger_platform_tests.journeys.platform_run import PlatformRun
from tagger_platform_tests.journeys.processes import wait_until

PAUSES_S = (1.25, 2.5, 5.0)
"""The longest pauses before a first, second and third new attempt (`health.Backoff`)."""
TIMEOUT_S: Mapping[Fault, float] = {
    Fault.HUNG: STEADY.silent_s,
    Fault.HALF_OPEN: STEADY.silent_s,
    Fault.SPLICE: STEADY.silent_s,
    Fault.BLANK: BLANK_S,
    Fault.EOF: 0.0,
    Fault.CODEC: 0.0,
    Fault.CREDENTIALS: 0.0,
    Fault.LORIS: FIRST_BYTE_S + sum(PAUSES_S[:2]),
    Fault.EOF_LOOP: sum(PAUSES_S),
}
"""What notices the fault, and the pauses where attempts fail too. Of credentials: once they are in streams.yaml."""
GRACE_S = 5.0
WINDOW_S, HOP_S = 5, 10
LIVE_S = 30.0
PLAYS_WELL_S = (GOOD_S + 1, GOOD_S + 6)
LOOK_S = 0.2
SAMPLE_S = 5.0
SETTLED_S = 300.0
"""Seconds before memory counts: until every stream has been through some faults."""


@dataclass
class Hit:
    """A fault that struck a stream, and how it went. `at` moves to when the new password was told."""

    fault: Fault
    at: float
    told: bool = True
    recovered_s: float | None = None


@dataclass
class Sample:
    """What capture holds at one moment."""

    at: float
    rss_mb: float
    descriptors: int
    processes: int


@dataclass
class Outcome:
    seconds: float = 0.0
    recoveries: dict[Fault, list[float]] = field(default_factory=lambda: defaultdict(list))
    samples: list[Sample] = field(default_factory=list)
    states: Counter[str] = field(default_factory=Counter)
    unaccounted: list[str] = field(default_factory=list)
    stuck: list[str] = field(default_factory=list)
    """streams that had not recovered in the end"""

    @property
    def late(self) -> list[str]:
        """Recoveries that took longer than they may."""
        return [
            f"{fault}: {seconds:.1f} s"
            for fault, found in self.recoveries.items()
            for seconds in found
            if seconds > TIMEOUT_S[fault] + GRACE_S
        ]

    @property
    def lows(self) -> dict[int, float]:
        """The least memory of each minute, in MB: what stays. A picture that is being drawn takes 6 MB for a moment."""
        found: dict[int, float] = {}
        for sample in self.samples:
            minute = int(sample.at // 60)
            found[minute] = min(found.get(minute, sample.rss_mb), sample.rss_mb)
        return found

    @property
    def growth_mb_an_hour(self) -> float:
        settled = [(minute, low) for minute, low in self.lows.items() if minute * 60 >= SETTLED_S]
        return 60 * float(np.polyfit(*zip(*settled, strict=True), 1)[0])


class Listening:
    """A capture process, its radio, and what is known of its streams."""

    def __init__(self, run: PlatformRun, radio: MoodyRadio, names: Sequence[str]) -> None:
        self._run, self._radio, self._names = run, radio, names
        self._spool = Spool(run.data / "spool")
        self._last: Slot | None = None
        self.hits: dict[str, Hit] = {}
        self.outcome = Outcome()
        self._tell()

    def _tell(self) -> None:
        """Write streams.yaml as the radio now wants to be addressed."""
        streams = [{"name": name, "url": self._radio.url(name)} for name in self._names]
        (self._run.folder / "streams.yaml").write_text(json.dumps({"streams": streams}))

    def start(self) -> None:
        self._run.start("capture")
        wait_until(
            lambda: self.states() and set(self.states().values()) == {"live"}, LIVE_S, lambda: str(self.states())
        )

    def states(self) -> dict[str, str]:
        status, text = self._run.get("/healthz", "CAPTURE_PORT")
        return {one["name"]: one["state"] for one in json.loads(text)["streams"]} if status else {}

    def strike(self, name: str, fault: Fault) -> None:
        self.hits[name] = Hit(fault, time.monotonic(), told=fault is not Fault.CREDENTIALS)
        self._radio.strike(name, fault)

    def look(self) -> list[str]:
        """See who has recovered, and tell capture new passwords; returns those that are well again."""
        states, well = self.states(), []
        for name, hit in list(self.hits.items()):
            if not hit.told and states.get(name) == "auth_failed":
                self._reload()
            elif hit.told and states.get(name) == "live" and self._radio.stations[name].good_at > hit.at:
                self.outcome.recoveries[hit.fault].append(time.monotonic() - hit.at)
                del self.hits[name]
                well.append(name)
        self._take_slots()
        return well

    def _reload(self) -> None:
        """Have capture read all passwords as they now are."""
        self._tell()
        address = f"http://127.0.0.1:{self._run.ports['CAPTURE_PORT']}/reload"
        urllib.request.urlopen(address, data=b"", timeout=10).close()
        for hit in self.hits.values():
            if not hit.told:
                hit.at, hit.told = time.monotonic(), True

    def _take_slots(self) -> None:
        """As Dagster does; each slot follows the one before, and holds a window of every stream."""
        for key in self._spool.ready():
            slot = Slot.parse(key)
            manifest = self._spool.claim(slot, [])
            windows = manifest.windows if manifest else ()
            if self._last and slot != self._last.next(HOP_S):
                self.outcome.unaccounted.append(f"between {self._last.key} and {key}")
            if sorted(window.stream for window in windows) != sorted(self._names):
                self.outcome.unaccounted.append(f"{key} has {len(windows)} windows")
            self.outcome.states.update(window.state.value for window in windows)
            self._spool.finish(slot)
            self._last = slot

    def sample(self, at: float) -> Sample:
        pid = self._run.pid
        status = Path(f"/proc/{pid}/status").read_text()
        rss_kb = int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS")))
        children = len(self._run.processes()) - 1
        return Sample(at, rss_kb / 1024, len([*Path(f"/proc/{pid}/fd").iterdir()]), children)


def soak(listening: Listening, names: Sequence[str], seconds: float, seed: int) -> None:
    """Strike every stream again and again for so long, then wait until all are well."""
    chance, began, next_sample = random.Random(seed), time.monotonic(), 0.0
    due = {name: began + chance.uniform(0, PLAYS_WELL_S[1]) for name in names}
    while (now := time.monotonic()) - began < seconds or listening.hits:
        for name in [name for name, at in due.items() if at <= now < began + seconds]:
            del due[name]
            listening.strike(name, chance.choice([*Fault]))
        for name in listening.look():
            due[name] = time.monotonic() + chance.uniform(*PLAYS_WELL_S)
        if now - began >= next_sample:
            listening.outcome.samples.append(listening.sample(now - began))
            next_sample += SAMPLE_S
        if now - began > seconds + 2 * (BLANK_S + LIVE_S):
            listening.outcome.stuck = [f"{name}: {hit.fault}" for name, hit in listening.hits.items()]
            break
        time.sleep(LOOK_S)
    listening.outcome.seconds = time.monotonic() - began


def listening_run(folder: Path, ports: Iterator[int]) -> PlatformRun:
    hop = {"WINDOW_SECONDS": str(WINDOW_S), "HOP_SECONDS": str(HOP_S), "WINDOW_OFFSETS": "0"}
    return PlatformRun(folder, ports, {}, log="capture", **hop)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--streams", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    names = [f"s{number}" for number in range(options.streams)]
    with tempfile.TemporaryDirectory() as folder, MoodyRadio(find_ffmpeg(None)) as radio:
        with listening_run(Path(folder), count(21340)) as run:
            listening = Listening(run, radio, names)
            listening.start()
            soak(listening, names, options.minutes * 60, options.seed)
        outcome = listening.outcome
        connections = sum(station.connections for station in radio.stations.values())
    result = told(outcome, connections)
    for name, value in result.items():
        print(f"{name:<56}{value}")
    if options.json:
        options.json.write_text(json.dumps(result, indent=1))


def told(outcome: Outcome, connections: int) -> dict[str, object]:
    samples = outcome.samples
    result: dict[str, object] = {"seconds": round(outcome.seconds), "connections": connections}
    for fault, found in sorted(outcome.recoveries.items()):
        result[f"{fault}: times, median s, worst s, may be"] = (
            len(found),
            round(statistics.median(found), 1),
            round(max(found), 1),
            TIMEOUT_S[fault] + GRACE_S,
        )
    return result | {
        "recovered too late": outcome.late,
        "not recovered in the end": outcome.stuck,
        "windows by state": dict(outcome.states),
        "unaccounted": outcome.unaccounted,
        "memory MB, first / last": (round(samples[0].rss_mb, 1), round(samples[-1].rss_mb, 1)),
        "least memory of every fifth minute, MB": [round(low, 1) for low in list(outcome.lows.values())[::5]],
        "its growth after 5 minutes, MB an hour": round(outcome.growth_mb_an_hour, 2),
        "descriptors, first / most / last": _course([one.descriptors for one in samples]),
        "processes, first / most / last": _course([one.processes for one in samples]),
    }


def _course(values: Sequence[int]) -> tuple[int, int, int]:
    return values[0], max(values), values[-1]


if __name__ == "__main__":
    main()
