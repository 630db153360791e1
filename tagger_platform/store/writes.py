"""Every change to the log but the decision's. Each function runs inside one `writing()` block of its caller.

What belongs here: inserts and updates that are safe to run again. What does not: reading for people (`reports`),
deriving plays (`derivation`).
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence, Set
from datetime import datetime
from typing import Any, Literal

from tagger_platform.decide.coverage import window_state
from tagger_platform.model import ANSWERED, CaptureState, Recognition, Slot, Status, Track, Window, window_start
from tagger_platform.spool import CAPTURE
from tagger_platform.store import totals
from tagger_platform.store.database import Connection
from tagger_platform.store.rows import TRACK_FIELDS, WAITING, naive


def insert(
    connection: Connection,
    table: str,
    rows: Sequence[Sequence[Any]],
    *,
    known: Literal["IGNORE", "REPLACE"] | None = None,
    returning: str = "",
) -> list[tuple[Any, ...]]:
    """Add rows in one statement; `known` says what happens where a row's key is there already (None: an error).

    Returns the columns `returning` of the rows that were added.
    """
    if not rows:
        return []
    places = ", ".join(["(" + ", ".join("?" * len(rows[0])) + ")"] * len(rows))
    verb = f"INSERT OR {known}" if known else "INSERT"
    returned = f" RETURNING {returning}" if returning else ""
    done = connection.execute(
        f"{verb} INTO {table} VALUES {places}{returned}", [value for row in rows for value in row]
    )
    return done.fetchall() if returning else []


def write_windows(
    connection: Connection, windows: Sequence[Window], *, titles: Mapping[str, str], source: str, slot: Slot
) -> None:
    """Note every expected window of a slot; windows that are known already stay as they are."""
    if source == CAPTURE:
        _write_streams(connection, titles, {window.stream for window in windows}, slot)
    else:
        make_known(connection, titles, slot)
    new = insert(
        connection,
        "windows",
        [_window_row(window, source) for window in windows],
        known="IGNORE",
        returning=totals.STANDING,
    )
    totals.add(connection, totals.of_windows(totals.settled(new)))


def _window_row(window: Window, source: str) -> list[Any]:
    captured = window.state is CaptureState.CAPTURED
    return [
        window.window_id,
        window.stream,
        naive(window.slot.start),
        window.offset_s,
        window.length_s,
        naive(window.start),
        naive(window.end),
        window.state,
        window.detail,
        window.level_dbfs,
        window.icy_title,
        source,
        Status.PENDING if captured else window.state,
    ]


def _write_streams(connection: Connection, titles: Mapping[str, str], expected: Set[str], slot: Slot) -> None:
    """Keep the history of which streams were enabled when; slots that come late change nothing."""
    start = naive(slot.start)
    newest = connection.execute("SELECT max(slot) FROM windows").fetchone()
    if newest and newest[0] and newest[0] > start:
        return
    known = dict(connection.execute("SELECT name, title FROM streams WHERE enabled_to IS NULL").fetchall())
    for name in known.keys() - titles.keys() - expected:  # a manifest that was made up for has no titles
        connection.execute("UPDATE streams SET enabled_to = ? WHERE name = ? AND enabled_to IS NULL", [start, name])
    for name, title in titles.items():
        if name not in known:
            insert(connection, "streams", [[name, title, start, None]], known="REPLACE")
        elif known[name] != title:
            connection.execute("UPDATE streams SET title = ? WHERE name = ? AND enabled_to IS NULL", [title, name])


def make_known(connection: Connection, titles: Mapping[str, str], slot: Slot) -> None:
    """A recording names its stream and ends no other; when it was on, the expected windows tell."""
    at = naive(slot.start)
    for name, title in titles.items():
        if connection.execute("SELECT 1 FROM streams WHERE name = ?", [name]).fetchone() is None:
            insert(connection, "streams", [[name, title, at, at]])


def write_recognitions(
    connection: Connection, windows: Sequence[Window], recognitions: Sequence[Recognition], *, asked_at: datetime
) -> None:
    """Note what the providers said, with their tracks, and the state each window has now.

    A final answer that is there already is never overwritten by one that is none.
    """
    final = _answered(connection, [given.window_id for given in recognitions])
    recognitions = [
        given for given in recognitions if given.status in ANSWERED or (given.window_id, given.provider) not in final
    ]
    further = [other for given in recognitions for other in given.further]
    write_tracks(connection, [given.track for given in (*recognitions, *further) if given.track])
    insert(connection, "recognitions", [_recognition_row(given, asked_at) for given in recognitions], known="REPLACE")
    _forget_further(connection, recognitions)
    insert(connection, "further_matches", [_further_row(other) for other in further])
    raw = [[given.window_id, given.provider, given.raw] for given in recognitions if given.raw]
    insert(connection, "raw_answers", raw, known="REPLACE")
    came = totals.settled(_write_states(connection, windows))
    fresh = [given for given in recognitions if (given.window_id, given.provider) not in final]
    waits = totals.of_waits(windows, came, fresh, asked_at)
    totals.add(connection, totals.of_windows(came) + totals.of_recognitions(fresh) + waits)


def _answered(connection: Connection, window_ids: Sequence[str]) -> set[tuple[str, str]]:
    """(window, provider) of the final answers that are there already."""
    if not window_ids:
        return set()
    starts = [naive(window_start(window_id)) for window_id in window_ids]
    return set(
        connection.execute(
            "SELECT window_id, provider FROM recognitions"
            " WHERE started_at BETWEEN ? AND ? AND window_id IN (SELECT unnest(?)) AND status IN ('match', 'no_match')",
            [min(starts), max(starts), list(window_ids)],
        ).fetchall()
    )


def _recognition_row(given: Recognition, asked_at: datetime) -> list[Any]:
    return [
        given.window_id,
        given.provider,
        given.status,
        given.track.track_id if given.track else None,
        given.offset_s,
        list(given.other_offsets_s),
        given.speed,
        given.confidence,
        given.latency_ms,
        given.detail,
        naive(asked_at),
        naive(window_start(given.window_id)),
        *(given.heard_s or (None, None)),
    ]


def _forget_further(connection: Connection, given: Sequence[Recognition]) -> None:
    """What an earlier answer to the same questions named besides the surest track."""
    if given:
        starts = [naive(window_start(one.window_id)) for one in given]
        connection.execute(
            "DELETE FROM further_matches"
            " WHERE started_at BETWEEN ? AND ? AND (window_id || ' ' || provider) IN (SELECT unnest(?))",
            [min(starts), max(starts), [f"{one.window_id} {one.provider}" for one in given]],
        )


def _further_row(given: Recognition) -> list[Any]:
    return [
        given.window_id,
        given.provider,
        given.track.track_id if given.track else None,
        given.offset_s,
        list(given.other_offsets_s),
        given.speed,
        given.confidence,
        *(given.heard_s or (None, None)),
        naive(window_start(given.window_id)),
    ]


def write_tracks(connection: Connection, tracks: Iterable[Track]) -> None:
    rows = {track.track_id: [track.track_id, *(getattr(track, name) for name in TRACK_FIELDS)] for track in tracks}
    insert(connection, "tracks", list(rows.values()), known="REPLACE")


def _write_states(connection: Connection, windows: Sequence[Window]) -> list[tuple[Any, ...]]:
    """Note the state that each window has now; returns STANDING of those whose state has changed."""
    if not windows:
        return []
    starts = [naive(window.start) for window in windows]
    rows = connection.execute(
        "SELECT window_id, provider, status FROM recognitions"
        " WHERE started_at BETWEEN ? AND ? AND window_id IN (SELECT unnest(?))",
        [min(starts), max(starts), [window.window_id for window in windows]],
    ).fetchall()
    statuses: dict[str, dict[str, Status]] = {}
    for window_id, provider, status in rows:
        statuses.setdefault(window_id, {})[provider] = Status(status)
    states = [window_state(window, statuses.get(window.window_id, {})) for window in windows]
    return connection.execute(
        "UPDATE windows SET state = now.state FROM (SELECT unnest($ids) AS id, unnest($states) AS state) now"
        " WHERE started_at BETWEEN $first AND $last AND window_id = now.id AND windows.state <> now.state"
        f" RETURNING {totals.STANDING}",
        {
            "ids": [window.window_id for window in windows],
            "states": states,
            "first": min(starts),
            "last": max(starts),
        },
    ).fetchall()


def mark_corrupt(connection: Connection, window: Window, detail: str) -> None:
    """A captured window turned out to have no readable audio."""
    changed = connection.execute(
        "UPDATE windows SET capture_state = $state, state = $state, detail = $detail"
        f" WHERE window_id = $id AND state <> $state RETURNING {totals.STANDING}",
        {"state": CaptureState.CORRUPT, "detail": detail, "id": window.window_id},
    ).fetchall()
    totals.add(connection, totals.of_windows(totals.settled(changed)))


def mark_expired(connection: Connection, window_ids: Sequence[str]) -> None:
    """Windows whose audio waited too long and is gone: nobody can answer them any more. What is settled stays."""
    if not window_ids:
        return
    expired = connection.execute(
        "UPDATE recognitions SET status = 'expired' WHERE window_id IN (SELECT unnest(?))"
        f" AND status IN ({WAITING}) RETURNING provider",
        [list(window_ids)],
    ).fetchall()
    changed = connection.execute(
        "UPDATE windows SET state = 'expired' WHERE window_id IN (SELECT unnest(?))"
        f" AND state IN ({WAITING}) RETURNING {totals.STANDING}",
        [list(window_ids)],
    ).fetchall()
    counted = Counter((totals.RECOGNITIONS, provider, str(Status.EXPIRED)) for (provider,) in expired)
    totals.add(connection, totals.of_windows(totals.settled(changed)) + counted)
