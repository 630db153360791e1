"""Which windows were expected, told independently of what became of them: the promise that coverage is held to.

What belongs here: the slots' accounts, and what of them no window answers for. What does not: the states of windows
(`writes`), adding them up (`decide.coverage`).

Two things are looked for: windows that a manifest named and the store has lost, and slots of capture that never had a
manifest, because the machine was off and its note lost, or for more than the week that capture makes up for. Slots
follow each other as `decide.coverage.left_out` says, so a hole between two accounts is seen whatever became of it.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from tagger_platform.decide.coverage import left_out
from tagger_platform.model import Slot
from tagger_platform.spool import CAPTURE, Manifest
from tagger_platform.store.database import Connection
from tagger_platform.store.rows import aware, naive
from tagger_platform.store.writes import insert

LONGEST_HOLE = timedelta(days=31)
"""How far from a day an account is looked for: what limits the cost, however long the log is."""
LONGEST_SLOT = timedelta(days=1)
"""A window can begin so long after its slot."""


@dataclass(frozen=True)
class Due:
    """A window that was expected and that the store knows nothing of."""

    stream: str
    slot: Slot
    start: datetime
    end: datetime


@dataclass(frozen=True)
class _Account:
    slot: Slot
    hop_s: int | None
    windows: dict[str, tuple[int, Sequence[int]]]
    """stream -> length and offsets in seconds"""


def write_expected(connection: Connection, manifest: Manifest, *, hop_s: int) -> None:
    """Note what was expected of a slot. Safe to run again."""
    slot, streams = naive(manifest.slot.start), sorted({window.stream for window in manifest.windows})
    connection.execute("DELETE FROM expected_windows WHERE slot = ? AND source = ?", [slot, manifest.source])
    rows = []
    for stream in streams:
        own = [window for window in manifest.windows if window.stream == stream]
        offsets = sorted(window.offset_s for window in own)
        rows.append([slot, manifest.source, stream, hop_s, own[0].length_s, offsets])
    insert(connection, "expected_windows", rows or [[slot, manifest.source, "", hop_s, 0, []]])


def unaccounted(connection: Connection, start: datetime, end: datetime, streams: Collection[str] = ()) -> list[Due]:
    """The expected windows that begin in [start, end) and have no row, by stream and start; of all streams if none."""
    found = {*_lost(connection, start, end), *_never_told(connection, start, end)}
    wanted = [due for due in found if not streams or due.stream in streams]
    return sorted(wanted, key=lambda due: (due.stream, due.start, due.end))


def unexpected(connection: Connection, start: datetime, end: datetime) -> list[str]:
    """Ids of windows that begin in [start, end) and that no manifest named."""
    rows = connection.execute(
        f"WITH {_DUE} SELECT w.window_id FROM windows w ANTI JOIN due USING (stream, slot, offset_s)"
        " WHERE w.started_at >= $start AND w.started_at < $end ORDER BY 1",
        {"since": naive(start - LONGEST_SLOT), "start": naive(start), "end": naive(end)},
    ).fetchall()
    return [window_id for (window_id,) in rows]


_DUE = (
    "due AS (SELECT stream, slot, length_s, unnest(offsets) AS offset_s FROM expected_windows"
    " WHERE slot >= $since AND slot < $end)"
)


def _lost(connection: Connection, start: datetime, end: datetime) -> Iterator[Due]:
    """Windows that a manifest named."""
    rows = connection.execute(
        f"WITH {_DUE} SELECT DISTINCT stream, slot, offset_s, length_s FROM due"
        " ANTI JOIN (FROM windows WHERE started_at >= $start AND started_at < $end) USING (stream, slot, offset_s)"
        " WHERE slot + to_seconds(offset_s) >= $start AND slot + to_seconds(offset_s) < $end",
        {"since": naive(start - LONGEST_SLOT), "start": naive(start), "end": naive(end)},
    ).fetchall()
    for stream, slot, offset_s, length_s in rows:
        yield _due(stream, Slot(aware(slot)), offset_s, length_s)


def _never_told(connection: Connection, start: datetime, end: datetime) -> Iterator[Due]:
    """Windows of slots without a manifest, of the streams that were enabled both before and after the hole."""
    holes = [
        (slot, before, after)
        for before, after in _around_holes(connection, start, end)
        for slot in left_out(before.slot, after.slot, after.hop_s, start=start - LONGEST_SLOT, end=end)
    ]
    if not holes:
        return
    known = set(
        connection.execute(
            "SELECT stream, started_at FROM windows WHERE started_at >= ? AND started_at < ?",
            [naive(start), naive(end)],
        ).fetchall()
    )
    for slot, before, after in holes:
        for stream in sorted(before.windows.keys() & after.windows.keys()):
            length_s, offsets = after.windows[stream]
            for due in (_due(stream, slot, offset_s, length_s) for offset_s in offsets):
                if start <= due.start < end and (stream, naive(due.start)) not in known:
                    yield due


def _around_holes(connection: Connection, start: datetime, end: datetime) -> list[tuple[_Account, _Account]]:
    """Capture's accounts of [start, end) that do not follow each other, as pairs with slots left out between them.

    The last account before and the first one after count too. As `left_out` says, what follows a slot is the next whole
    multiple of the hop; asked of the store because a day has thousands of accounts and hardly ever a hole.
    """
    pairs = connection.execute(
        "WITH near AS (SELECT slot, max(hop_s) AS hop_s FROM expected_windows"
        " WHERE source = $source AND slot >= $first AND slot < $last GROUP BY slot)"
        " SELECT slot, following FROM (SELECT slot, lead(slot) OVER turns AS following,"
        " lead(hop_s) OVER turns AS hop_s FROM near"
        " WHERE slot >= coalesce((SELECT max(slot) FROM near WHERE slot < $start), $start)"
        " AND slot <= coalesce((SELECT min(slot) FROM near WHERE slot >= $end), $end)"
        " WINDOW turns AS (ORDER BY slot))"
        " WHERE (epoch(slot)::BIGINT // hop_s + 1) * hop_s < epoch(following) ORDER BY slot",
        {
            "source": CAPTURE,
            "first": naive(start - LONGEST_HOLE),
            "start": naive(start - LONGEST_SLOT),
            "end": naive(end),
            "last": naive(end + LONGEST_HOLE),
        },
    ).fetchall()
    accounts = _accounts(connection, sorted({slot for pair in pairs for slot in pair}))
    return [(accounts[before], accounts[after]) for before, after in pairs]


def _accounts(connection: Connection, slots: Sequence[datetime]) -> dict[datetime, _Account]:
    """Capture's accounts of these slots."""
    if not slots:
        return {}
    rows = connection.execute(
        "SELECT slot, stream, hop_s, length_s, offsets FROM expected_windows"
        " WHERE source = ? AND slot BETWEEN ? AND ? AND slot IN (SELECT unnest(?)) ORDER BY slot, stream",
        [CAPTURE, slots[0], slots[-1], list(slots)],
    ).fetchall()
    found: dict[datetime, _Account] = {}
    for slot, stream, hop_s, length_s, offsets in rows:
        account = found.setdefault(slot, _Account(Slot(aware(slot)), hop_s, {}))
        if stream:
            account.windows[stream] = (length_s, offsets)
    return found


def _due(stream: str, slot: Slot, offset_s: int, length_s: int) -> Due:
    start = slot.start + timedelta(seconds=offset_s)
    return Due(stream, slot, start, start + timedelta(seconds=length_s))
