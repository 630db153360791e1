"""What the platform has counted since its log began: the counters and histograms of its metrics.

What belongs here: the table `totals`, and what one change of the log adds to it. What does not: the changes
(`writes`, `derivation`, `retention`), and showing totals (`metrics`).

A slot's run is a short process, and rows are replaced and deleted: neither a process nor the rows of now can count what
has happened. So every change adds what it brings to `totals` in its own transaction: both are there or neither, a
change that is made again adds nothing, and nothing that is deleted later makes a total fall.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from tagger_platform.model import ANSWERED, UNANSWERED, Play, Recognition, Window
from tagger_platform.spool import CAPTURE
from tagger_platform.store.database import Connection

WINDOWS = "windows_total"
RECOGNITIONS = "recognitions_total"
PLAYS = "plays_inserted_total"
DELETED = "retention_deletes_total"
LATENCY = "recognizer_latency_seconds"
RECOGNIZED_AFTER = "window_to_recognized_seconds"

BUCKETS = {
    LATENCY: (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 30.0),
    RECOGNIZED_AFTER: (5.0, 10.0, 15.0, 20.0, 30.0, 60.0, 120.0, 300.0, 600.0, 3600.0, 21600.0, 86400.0, 172800.0),
}
"""Upper bounds in seconds: a provider gets at most 30 s; a window is recognised live, or within two days."""
BEYOND = "+Inf"
SUM_MS = "sum_ms"

Totals = Counter[tuple[str, str, str]]
"""(name, whose, what) -> how much. `what` of a histogram is a bucket's upper bound, BEYOND, or SUM_MS."""


@dataclass(frozen=True)
class Standing:
    """How a window stands: its stream, who told of it, and its state."""

    stream: str
    source: str
    state: str


STANDING = "window_id, stream, source, windows.state"
"""The columns of a window's id and Standing, for SQL."""


def add(connection: Connection, counted: Mapping[tuple[str, str, str], int]) -> None:
    """Add to the totals, in the transaction of the change that was counted."""
    if counted:
        places = ", ".join(["(?, ?, ?, ?)"] * len(counted))
        connection.execute(
            f"INSERT INTO totals VALUES {places} ON CONFLICT DO UPDATE SET value = totals.value + excluded.value",
            [part for key, value in counted.items() for part in (*key, value)],
        )


def read(connection: Connection) -> dict[str, dict[tuple[str, str], int]]:
    """All totals: name -> (whose, what) -> how much."""
    found: dict[str, dict[tuple[str, str], int]] = {}
    for name, whose, what, value in connection.execute("FROM totals ORDER BY ALL").fetchall():
        found.setdefault(name, {})[whose, what] = value
    return found


def settled(changed: Iterable[Sequence[str]]) -> dict[str, Standing]:
    """Of the windows that are new or changed their state (rows of STANDING), by id: those that no answer can change."""
    found = {window_id: Standing(*values) for window_id, *values in changed}
    return {window_id: window for window_id, window in found.items() if window.state not in UNANSWERED}


def of_windows(came: Mapping[str, Standing]) -> Totals:
    return Counter((WINDOWS, window.stream, window.state) for window in came.values())


def of_recognitions(given: Iterable[Recognition]) -> Totals:
    """Every question that was put or put off, by what became of it, and how long its answer took."""
    counted: Totals = Counter()
    for one in given:
        counted[RECOGNITIONS, one.provider, one.status] += 1
        if one.latency_ms is not None:
            counted += _measured(LATENCY, one.provider, one.latency_ms / 1000)
    return counted


def of_waits(
    windows: Iterable[Window], came: Mapping[str, Standing], given: Sequence[Recognition], asked_at: datetime
) -> Totals:
    """How long after their end windows were recognised. A recording's are left out: they lie in the past anyway."""
    counted: Totals = Counter()
    for window in windows:
        answers = [one for one in given if one.window_id == window.window_id and one.status in ANSWERED]
        if answers and window.window_id in came and came[window.window_id].source == CAPTURE:
            took = timedelta(milliseconds=min(one.latency_ms or 0.0 for one in answers))
            waited_s = (asked_at + took - window.end).total_seconds()
            counted += _measured(RECOGNIZED_AFTER, window.stream, max(0.0, waited_s))
    return counted


def of_plays(gone: Iterable[Play], fresh: Iterable[Play]) -> Totals:
    """The plays of `fresh` that are more than those of `gone`: one decided anew in another's place is not inserted."""
    return _by_provider(fresh) - _by_provider(gone)


def _by_provider(plays: Iterable[Play]) -> Totals:
    return Counter((PLAYS, play.stream, play.track.provider) for play in plays)


def _measured(name: str, whose: str, seconds: float) -> Totals:
    bound = next((str(bound) for bound in BUCKETS[name] if seconds <= bound), BEYOND)
    return Counter({(name, whose, bound): 1, (name, whose, SUM_MS): round(seconds * 1000)})
