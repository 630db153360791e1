"""When a page is there, what the server spent on that, and the table of all that was measured.

What belongs here: clocks. What does not: what is opened and done (`steps`).
"""

import os
import statistics
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Page

QUIET_MS, PATIENCE_MS = 120, 60_000
WATCH = """{
  const scratch = new OffscreenCanvas(96, 64).getContext("2d", {willReadFrequently: true});
  let acted = 0, changed = 0;
  for (const kind of ["pointerdown", "keydown"])
    addEventListener(kind, event => { acted = event.timeStamp }, true);
  new MutationObserver(() => { changed = performance.now() })
    .observe(document, {subtree: true, childList: true, attributes: true, characterData: true});
  const painted = () => [...document.querySelectorAll("canvas")].filter(one => one.width && one.height).map(one => {
    scratch.clearRect(0, 0, 96, 64);
    scratch.drawImage(one, 0, 0, 96, 64);
    return scratch.getImageData(0, 0, 96, 64).data.reduce((sum, value) => (sum * 31 + value) | 0, 7);
  }).join();
  const missing = (address, parts) => {
    const app = document.querySelector("[data-testid='stApp']");
    if (!location.href.includes(address)) return `${address} in the address`;
    if (!app || app.dataset.testScriptState !== "notRunning") return "the end of the script";
    if (document.querySelector("[data-stale='true'], [data-testid='stSkeleton']")) return "what is not stale";
    return parts.find(part => !document.querySelector(part));
  };
  window.drawn = (address, parts) => new Promise((done, failed) => {
    const began = performance.now();
    let before = "";
    const look = () => {
      const now = performance.now(), lacks = missing(address, parts), picture = lacks ?? painted();
      if (lacks || picture !== before) changed = now;
      before = picture;
      if (now - changed > QUIET) done(changed - acted);
      else if (now - began > PATIENCE) failed(new Error(`the page lacks ${lacks ?? "rest"}`));
      else requestAnimationFrame(look);
    };
    look();
  });
}""".replace("QUIET", str(QUIET_MS)).replace("PATIENCE", str(PATIENCE_MS))
"""Run in every document before its own scripts: milliseconds from the last click or key, else from the request, until
these parts were there and the last pixel changed."""
NAMES_ITS_LATEST = """title => new Promise(done => {
  const look = () => [...document.querySelectorAll(".card .title")].some(one => one.textContent === title)
    ? done() : requestAnimationFrame(look);
  look();
})"""


@dataclass(frozen=True)
class Step:
    """A page that is opened, or something that is done on one: then its address holds this, and it has these parts."""

    name: str
    address: str
    parts: tuple[str, ...]
    act: Callable[[Page], None] = lambda page: None


def drawn(page: Page, step: Step) -> float:
    """Wait until the page is there; returns the seconds that it took."""
    taken_ms: float = page.evaluate("([address, parts]) => drawn(address, parts)", [step.address, list(step.parts)])
    return taken_ms / 1000


@dataclass(frozen=True)
class Measured:
    """What one thing took each time, what it may take, and the CPU seconds of the server and of all, where taken."""

    limit: float
    values: list[float] = field(default_factory=list)
    cpu_s: list[tuple[float, float]] = field(default_factory=list)


class Figures:
    """All that was measured, by name, in the order in which it was measured first."""

    def __init__(self) -> None:
        self._measured: dict[str, Measured] = {}

    def add(self, name: str, limit: float, value: float, cpu_s: tuple[float, float] | None = None) -> None:
        one = self._measured.setdefault(name, Measured(limit))
        one.values.append(value)
        one.cpu_s.extend([] if cpu_s is None else [cpu_s])

    def table(self) -> str:
        lines = [f"{'':<36}{'median':>9}{'worst':>9}{'must reach':>12}{'CPU-s: server':>16}{'all':>7}"]
        for name, one in self._measured.items():
            median = statistics.median(one.values)
            spent = [f"{statistics.median(times):.2f}" for times in zip(*one.cpu_s, strict=True)] or ["", ""]
            missed = "  missed" if median > one.limit else ""
            figures = f"{median:>9.2f}{max(one.values):>9.2f}{one.limit:>12}{spent[0]:>16}{spent[1]:>7}"
            lines.append(f"{name:<36}{figures}{missed}")
        return "\n".join(lines)

    def as_json(self) -> dict[str, object]:
        return {name: vars(one) for name, one in self._measured.items()}


class Spent:
    """CPU since it was made: of the server `pid`, and of all that this process started."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._before = self._now()

    def since(self) -> tuple[float, float]:
        """What a process spent that has ended meanwhile is not in it."""
        spent = {pid: seconds - self._before.get(pid, 0.0) for pid, seconds in self._now().items()}
        return spent[self._pid], sum(spent.values())

    def _now(self) -> dict[int, float]:
        found = {}
        for pid in _below(os.getpid()):
            with suppress(OSError):  # it has just ended
                found[pid] = _cpu_s(pid)
        return found


def memory_mb(pid: int) -> float:
    """Resident memory of a process and of all below it."""
    return sum(map(_resident_mb, [pid, *_below(pid)]))


def _below(pid: int) -> Iterator[int]:
    """The processes that this one started, and theirs."""
    with suppress(OSError):  # it has just ended
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in map(int, (task / "children").read_text().split()):
                yield child
                yield from _below(child)


def _cpu_s(pid: int) -> float:
    """User and system seconds so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _resident_mb(pid: int) -> float:
    (line,) = [line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmRSS:")]
    return int(line.split()[1]) / 1024
