"""What the work on a slot asks of the store: its windows, who has not answered, what was heard before it.

What belongs here: reads of a slot's run and of those who decide which slots to run. What does not: what people ask
(`reports`), writing (`writes`).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from tagger_platform.decide.evidence import Heard
from tagger_platform.model import CaptureState, Slot, Status, Window
from tagger_platform.store.database import Connection, Database
from tagger_platform.store.derivation import Rules, heard_windows
from tagger_platform.store.rows import WAITING, aware, naive


def windows_of(database: Database, slots: Sequence[Slot]) -> list[Window]:
    """Every window of these slots that the store knows, by slot, stream and offset."""
    if not slots:
        return []
    with database.reading() as connection:
        return windows_in(connection, slots)


def windows_in(connection: Connection, slots: Sequence[Slot]) -> list[Window]:
    """The same, inside a block that is open already."""
    return [question.window for question in _questions(connection, slots, "")]


@dataclass(frozen=True)
class OpenQuestion:
    """A captured window that some provider has not answered, and those that have."""

    window: Window
    answered_by: frozenset[str]


def open_questions(database: Database, slots: Sequence[Slot]) -> list[OpenQuestion]:
    """The captured windows of these slots that nobody was asked about, or that somebody may still answer; by slot."""
    with database.reading() as connection:
        return open_questions_in(connection, slots)


def open_questions_in(connection: Connection, slots: Sequence[Slot]) -> list[OpenQuestion]:
    """The same, inside a block that is open already."""
    return _questions(
        connection,
        slots,
        f" HAVING capture_state = 'captured' AND (count(r.status) = 0 OR bool_or(r.status IN ({WAITING})))",
    )


def _questions(connection: Connection, slots: Sequence[Slot], having: str) -> list[OpenQuestion]:
    starts = [naive(slot.start) for slot in slots]
    rows = connection.execute(
        "SELECT slot, stream, w.offset_s, length_s, capture_state, w.detail, level_dbfs, icy_title,"
        f" list(r.provider) FILTER (r.status NOT IN ({WAITING}))"
        " FROM windows w LEFT JOIN recognitions r ON r.window_id = w.window_id"
        " AND r.started_at >= $first AND r.started_at < $last + INTERVAL 1 DAY"
        " WHERE slot >= $first AND slot <= $last AND slot IN (SELECT unnest($slots))"
        f" GROUP BY ALL{having} ORDER BY slot, stream, w.offset_s",
        {"slots": starts, "first": min(starts), "last": max(starts)},
    ).fetchall()
    return [
        OpenQuestion(
            Window(stream, Slot(aware(slot)), offset, length, CaptureState(state), detail, level, title),
            frozenset(answered or ()),
        )
        for slot, stream, offset, length, state, detail, level, title, answered in rows
    ]


def waited_for(database: Database, slots: Sequence[Slot]) -> dict[str, frozenset[str]]:
    """The providers that have not answered every window of these slots, by slot key."""
    if not slots:
        return {}
    starts = [naive(slot.start) for slot in slots]
    with database.reading() as connection:
        rows = connection.execute(
            "SELECT w.slot, list(DISTINCT r.provider) FROM windows w JOIN recognitions r USING (window_id)"
            " WHERE w.slot IN (SELECT unnest($slots)) AND w.started_at >= $first AND r.started_at >= $first"
            f" AND r.status IN ({WAITING}) GROUP BY w.slot",
            {"slots": starts, "first": min(starts)},
        ).fetchall()
    return {Slot(aware(start)).key: frozenset(providers) for start, providers in rows}


def known_among(database: Database, slots: Sequence[Slot]) -> set[str]:
    """The keys of those of the slots of which the store has windows."""
    if not slots:
        return set()
    starts = [naive(slot.start) for slot in slots]
    with database.reading() as connection:
        rows = connection.execute(
            "SELECT DISTINCT slot FROM windows"
            " WHERE slot >= $first AND slot <= $last AND slot IN (SELECT unnest($slots))",
            {"slots": starts, "first": min(starts), "last": max(starts)},
        ).fetchall()
    return {Slot(aware(start)).key for (start,) in rows}


def unknown_among(database: Database, window_ids: Sequence[str]) -> list[str]:
    """Those of the windows that the store does not have."""
    with database.reading() as connection:
        rows = connection.execute(
            "SELECT window_id FROM (SELECT unnest(?) AS window_id) ANTI JOIN windows USING (window_id) ORDER BY 1",
            [list(window_ids)],
        ).fetchall()
    return [window_id for (window_id,) in rows]


def waiting_windows(database: Database) -> list[str]:
    """Ids of all windows that somebody may still answer."""
    with database.reading() as connection:
        rows = connection.execute(
            f"SELECT window_id FROM recognitions WHERE status IN ({WAITING})"
            f" UNION SELECT window_id FROM windows WHERE state = '{Status.PENDING}' ORDER BY 1"
        ).fetchall()
    return [window_id for (window_id,) in rows]


def heard_until(database: Database, slot: Slot, rules: Rules) -> dict[str, list[Heard]]:
    """What every stream's windows of the slot and before it said, as far back as a chain of hits can reach."""
    start, end = slot.start - rules.reach, slot.next(rules.hop_s).start
    with database.reading() as connection:
        streams = connection.execute(
            "SELECT DISTINCT stream FROM windows WHERE started_at >= ? AND started_at < ?",
            [naive(start), naive(end)],
        ).fetchall()
        return {stream: heard_windows(connection, stream, start, end, rules.hop_s) for (stream,) in streams}
