"""The journey itself: three real stations are streamed to the whole platform for minutes, and servers fail on the way.

What belongs here: doing it, and keeping what was done and what came of it. What does not: judging it (`test_journey`).
"""

import threading
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from tagger_platform.model import Play, Slot
from tagger_platform.store import reports, slot_reads
from tagger_platform.store.database import Database
from tagger_platform_tests.journeys import programme
from tagger_platform_tests.journeys.expected import Outage, Station
from tagger_platform_tests.journeys.platform_run import PlatformRun
from tagger_platform_tests.journeys.processes import command_lines, free_ports, wait_until
from tagger_platform_tests.journeys.real_servers import IcecastServer, RtspServer, Sound

SEED = 20261121
WINDOW_S, HOP_S, OFFSETS_S = 12, 24, (0, 12)
"""Windows that touch: whatever is lost is missed by one of them. Half as many slots as windows: a run costs 2 CPU-s."""
CAMERA, ATTIC, RADIO = "camera", "attic", "radio"
USER = "front-desk"
SECRET = "kn0ck-kn0ck"
PASSWORD = f"@{SECRET}:/?#%ö&"
"""The secret part is what to look for, however its odd neighbours were written."""
LEAD_S = 12
"""seconds to the programme: for servers and capture to start on a busy machine"""
KILLED_AFTER_S, DOWN_S = 30, 5
FROZEN_AFTER_S, FROZEN_S = 118, 20
"""seconds of the programme at which the camera's server is killed and the attic's stops, and for how long:
in the middle of a song, which stays one play, and over the beginning of another"""
DRAIN_S = 120
"""seconds in which the last slot's plays must be in the log; 10 on a quiet machine"""
STOP_S = 20
"""seconds in which one SIGTERM must end everything"""
ANNOUNCED = "Café Mañana: "
"""what the radio puts before a title; Latin-1, as Icecast sends it"""


@dataclass
class Row:
    """A window as the store has it; instants are seconds since the epoch."""

    stream: str
    start: float
    end: float
    state: str
    detail: str
    icy_title: str | None


@dataclass
class Evidence:
    """What was streamed, what was done, and what the platform made of it."""

    run: PlatformRun
    stations: dict[str, Station]
    items: dict[Path, str]
    """file -> the item it is in the catalogue"""
    reconnected_s: dict[str, float] = field(default_factory=dict)
    """stream -> seconds from the server's return to the listener's"""
    announced: list[str] = field(default_factory=list)
    api: dict[str, tuple[int, str]] = field(default_factory=dict)
    elsewhere: dict[str, str] = field(default_factory=dict)
    """what its other ports answer, and what its commands print"""
    command_lines: list[str] = field(default_factory=list)
    """as every user of the machine sees them, while all streams are listened to"""
    plays: list[Play] = field(default_factory=list)
    said_plays: list[dict[str, Any]] = field(default_factory=list)
    said_csv: str = ""
    said_coverage: list[dict[str, Any]] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    judged_until: float = 0.0
    """windows from here on were under way when everything was stopped"""
    stopped_with: int = -1
    stopping_s: float = 0.0
    left_over: dict[int, str] = field(default_factory=dict)


class Journey:
    """Steps, in the order in which `travel` takes them."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.folder = folder
        self._stack = stack
        self._ports = free_ports()
        self._lists = programme.play_lists((CAMERA, ATTIC, RADIO), SEED)
        self._pcm = {name: folder / f"{name}.pcm" for name in self._lists}

    def travel(self) -> Evidence:
        for name, pieces in self._lists.items():
            programme.render(pieces, self._pcm[name])
        items = self._add_catalogue()
        began_at = _next_multiple(time.time() + LEAD_S, HOP_S)
        self._start_servers(began_at)
        evidence = Evidence(self._start_platform(), self._stations(began_at), items)
        titles = threading.Thread(target=self._announce, args=(began_at, evidence.announced), daemon=True)
        titles.start()
        self._fail_on_the_way(began_at, evidence)
        titles.join()
        self._wait_for_last_play(began_at, evidence)
        self._ask_while_it_runs(evidence)
        self._end(evidence)
        self._ask_afterwards(evidence)
        return evidence

    def _add_catalogue(self) -> dict[Path, str]:
        run = self._platform({}, "catalogue")
        added = run.json("library", "add", *programme.catalogue())
        assert {item["status"] for item in added} == {"READY"}, added
        return {Path(item["path"]): item["item_id"] for item in added}

    def _platform(self, urls: dict[str, str], log: str) -> PlatformRun:
        offsets = ",".join(map(str, OFFSETS_S))
        hop = {"WINDOW_SECONDS": str(WINDOW_S), "HOP_SECONDS": str(HOP_S), "WINDOW_OFFSETS": offsets}
        run = PlatformRun(self.folder, self._ports, urls, log=log, STRUCTURED_LOGS="true", **hop)
        return self._stack.enter_context(run)

    def _start_servers(self, began_at: float) -> None:
        sound = {name: Sound(pcm, began_at) for name, pcm in self._pcm.items()}
        rtsp = partial(RtspServer, self.folder)
        self._camera = rtsp(next(self._ports), "aac", sound[CAMERA], (USER, PASSWORD))
        self._attic = rtsp(next(self._ports), "opus", sound[ATTIC])
        self._radio = IcecastServer(self.folder, next(self._ports), sound[RADIO])
        for server in (self._camera, self._attic, self._radio):
            self._stack.callback(server.stop)
            server.start()

    def _start_platform(self) -> PlatformRun:
        urls = {CAMERA: self._camera.url, ATTIC: self._attic.url, RADIO: self._radio.url}
        run = self._platform(urls, "platform")
        run.start("up")
        return run

    def _stations(self, began_at: float) -> dict[str, Station]:
        bursts = {CAMERA: self._camera.burst_s, ATTIC: self._attic.burst_s, RADIO: self._radio.burst_s}
        return {
            name: Station(name, pieces, began_at, bursts[name], partial(programme.level_dbfs, self._pcm[name]))
            for name, pieces in self._lists.items()
        }

    def _announce(self, began_at: float, announced: list[str]) -> None:
        for piece in self._lists[RADIO]:
            _sleep_until(began_at + piece.starts_s)
            self._radio.announce(ANNOUNCED + piece.path.stem)
            announced.append(ANNOUNCED + piece.path.stem)

    def _fail_on_the_way(self, began_at: float, evidence: Evidence) -> None:
        _sleep_until(began_at + KILLED_AFTER_S)
        self._camera.kill()
        killed_at = time.time()
        time.sleep(DOWN_S)
        self._camera.start()
        started_at = time.time()

        _sleep_until(began_at + FROZEN_AFTER_S)
        self._attic.freeze()
        frozen_at = time.time()
        time.sleep(FROZEN_S)
        self._attic.thaw()
        thawed_at = time.time()

        _sleep_until(began_at + max(piece.ends_s for pieces in self._lists.values() for piece in pieces))
        assert evidence.run.runs(), evidence.run.said()[-3000:]
        failures = {
            CAMERA: (self._camera, killed_at, started_at, "reconnecting"),
            ATTIC: (self._attic, frozen_at, thawed_at, "stalled"),
        }
        for name, (server, since, returned_at, reason) in failures.items():
            again_at = server.played_at()[-1]
            evidence.reconnected_s[name] = again_at - returned_at
            evidence.stations[name].outages.append(Outage(since, again_at, frozenset({reason})))
        for name, server in ((CAMERA, self._camera), (ATTIC, self._attic), (RADIO, self._radio)):
            start = Outage(float("-inf"), server.played_at()[0], frozenset({"starting"}))
            evidence.stations[name].outages.append(start)
            evidence.stations[name].listeners = len(server.played_at())

    def _wait_for_last_play(self, began_at: float, evidence: Evidence) -> None:
        """Until the first slot that begins after the last piece's end is in the log: then nothing is left to decide."""
        over = began_at + max(piece.ends_s for pieces in self._lists.values() for piece in pieces)
        last = Slot(datetime.fromtimestamp(_next_multiple(over - HOP_S / 2, HOP_S), UTC))
        evidence.judged_until = last.next(HOP_S).start.timestamp()
        database = Database(evidence.run.data / "tagger.duckdb")
        spool = evidence.run.data / "spool"

        def finished() -> bool:
            in_spool = any((spool / folder / last.key).exists() for folder in ("open", "ready", "claimed"))
            return not in_spool and bool(slot_reads.windows_of(database, [last]))

        _sleep_until(evidence.judged_until)
        said = evidence.run.said
        wait_until(finished, DRAIN_S, lambda: f"slot {last.key} is in the log; the platform says:\n{said()[-3000:]}")

    def _ask_while_it_runs(self, evidence: Evidence) -> None:
        day = evidence.run.today.isoformat()
        for path in ("/healthz", f"/api/plays?date={day}", f"/api/plays?date={day}&format=csv", "/api/streams"):
            evidence.api[path.partition("?")[0] + ("csv" if "csv" in path else "")] = evidence.run.get(path)
        for path, port in (("/readyz", "PORT"), ("/metrics", "PORT"), ("/metrics", "CAPTURE_PORT")):
            evidence.elsewhere[f"{port} {path}"] = evidence.run.get(path, port)[1]
        evidence.elsewhere["capture's health"] = evidence.run.get("/healthz", "CAPTURE_PORT")[1]
        evidence.elsewhere["Dagster's workspace"] = evidence.run.get("/server_info", "DAGSTER_PORT")[1]
        evidence.command_lines = command_lines(evidence.run.processes())

    def _end(self, evidence: Evidence) -> None:
        evidence.stopped_with, evidence.stopping_s = evidence.run.stop(within_s=3 * STOP_S)
        evidence.left_over = evidence.run.processes()

    def _ask_afterwards(self, evidence: Evidence) -> None:
        run, day = evidence.run, evidence.run.today
        evidence.said_plays = run.json("plays", "--date", day.isoformat())
        evidence.said_csv = run.command("plays", "--date", day.isoformat(), "--csv")
        bundle, export = ("--to", self.folder / "bundle"), ("--to", self.folder / "export", "--format", "csv")
        for words in (("streams",), ("doctor",), ("support-bundle", *bundle), ("export", *export)):
            evidence.elsewhere[f"tagger {words[0]}"] = run.attempt(*words)
        evidence.said_coverage = run.json("coverage", "--date", day.isoformat())
        database = Database(run.data / "tagger.duckdb")
        evidence.plays = reports.plays_of_day(database, day, run.tz).plays
        with database.reading() as connection:
            found = connection.execute(
                "SELECT stream, epoch(started_at), epoch(ended_at), state, detail, icy_title FROM windows"
                " ORDER BY started_at, stream"
            ).fetchall()
        evidence.rows = [Row(*row) for row in found]


def _next_multiple(instant: float, step: int) -> int:
    return -int(-instant // step) * step


def _sleep_until(instant: float) -> None:
    time.sleep(max(0.0, instant - time.time()))
