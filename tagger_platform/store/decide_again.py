"""A local day decided again, under other rules than those that made its plays.

What belongs here: which plays of the store a day owns, whether they can be decided again, and exchanging them. What
does not: the decision (`decide`), and what happens when a slot is answered (`derivation`).

A play belongs to the day it began in. Nothing of another day or stream is changed: an airing that a play of the
neighbouring day tells of stays with that play, as it is, and so do this day's plays of the same airing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, tzinfo

from tagger_platform.decide.identity import Difference, carry_over, connected, difference, same_airings
from tagger_platform.decide.policies import policies_named
from tagger_platform.errors import RequestError
from tagger_platform.model import Play, iso
from tagger_platform.store.database import Connection, Database
from tagger_platform.store.derivation import Rules, Zone, decide_zone, replace_plays, stored_plays
from tagger_platform.store.evidence import with_lateness
from tagger_platform.store.reports import day_bounds
from tagger_platform.store.rows import aware, naive


@dataclass(frozen=True)
class DayDecided:
    """What deciding a stream's local day under `policies` changes, or has changed where `applied`."""

    stream: str
    date: date
    policies: tuple[str, ...]
    applied: bool
    difference: Difference


def decide_day(
    database: Database, day: date, tz: tzinfo, rules: Rules, *, stream: str | None = None, apply: bool = False
) -> list[DayDecided]:
    """Decide `day` again under `rules`, of one stream or of all that have windows on it; writes only where `apply`.

    Each stream is read, decided and written in one block. Raises RequestError, before anything is written, where the
    policies are unknown or recognitions of the day have expired.
    """
    policies_named(rules.policies)
    start, end = day_bounds(day, tz)
    with database.reading() as connection:
        streams = [stream] if stream else _streams_of(connection, start, end)
        for name in streams:
            _refuse_expired(connection, name, day, start, end)
    if not streams:
        raise RequestError(f"{day} cannot be decided again: there are no windows and no plays of that day")
    found = []
    for name in streams:
        with database.writing() if apply else database.reading() as connection:
            _refuse_expired(connection, name, day, start, end)
            old, new = _decided_again(connection, name, start, end, rules)
            if apply:
                replace_plays(connection, old, new)
        found.append(DayDecided(name, day, rules.policies, apply, difference(old, new)))
    return found


def _decided_again(
    connection: Connection, stream: str, start: datetime, end: datetime, rules: Rules
) -> tuple[list[Play], list[Play]]:
    """The plays of the day as they are stored, and as the rules decide them, with the ids carried over."""

    def of_day(plays: Sequence[Play]) -> set[int]:
        return {place for place, play in enumerate(plays) if start <= play.started_at < end}

    decided, _ = decide_zone(connection, stream, Zone(start, end), rules)
    stored = stored_plays(connection, stream, Zone(start, end).around(decided))
    pairs, own = same_airings(decided, stored), of_day(stored)
    mine, gone = connected(pairs, of_day(decided), own)
    kept_new, kept_old = connected(pairs, set(), set(range(len(stored))) - own)
    old = [stored[place] for place in sorted(gone - kept_old)]
    new = carry_over([decided[place] for place in sorted(mine - kept_new)], old)
    return old, with_lateness(connection, new)


def _streams_of(connection: Connection, start: datetime, end: datetime) -> list[str]:
    rows = connection.execute(
        "SELECT stream FROM windows WHERE started_at >= $start AND started_at < $end"
        " UNION SELECT stream FROM plays WHERE started_at >= $start AND started_at < $end ORDER BY stream",
        {"start": naive(start), "end": naive(end)},
    ).fetchall()
    return [stream for (stream,) in rows]


def _refuse_expired(connection: Connection, stream: str, day: date, start: datetime, end: datetime) -> None:
    """Raises RequestError where not all is there any more that the plays of the day were decided from."""
    refused = f"{day} of {stream} cannot be decided again"
    values = {"stream": stream, "start": naive(start), "end": naive(end)}
    oldest = connection.execute("SELECT min(started_at) FROM windows WHERE stream = ?", [stream]).fetchone()
    if not oldest or oldest[0] is None:
        raise RequestError(f"{refused}: no windows of that stream are kept")
    if oldest[0] >= naive(end):
        since = iso(aware(oldest[0]))
        raise RequestError(f"{refused}: its windows are kept only since {since} (RETAIN_RECOGNITIONS_DAYS)")
    lost = connection.execute(
        "SELECT count(DISTINCT play_id) FROM plays p LEFT JOIN play_windows w USING (play_id)"
        " LEFT JOIN recognitions r ON r.window_id = w.window_id AND r.started_at = w.started_at"
        " WHERE stream = $stream AND p.started_at >= $start AND p.started_at < $end AND r.window_id IS NULL",
        values,
    ).fetchone()
    if lost and lost[0]:
        raise RequestError(
            f"{refused}: the recognitions behind {lost[0]} of its plays have expired (RETAIN_RECOGNITIONS_DAYS)"
        )
