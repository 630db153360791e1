"""Plays out of recognitions: read, decide and write in one block.

What belongs here: how much of a stream to look at when a slot has been answered, and how the stored plays are
replaced. What does not: the decision itself (`decide`). Overlapping derivations that read and wrote in separate
blocks were wrong every time, so `derive_plays` takes a connection inside `writing()`.

A new answer can change only plays near it: a *zone* around the slot, as wide as two hits of one play can be apart, and
what overlaps the plays there. Those plays are decided from all windows in a wider *range*, so that each is seen whole;
plays outside the zone are not touched (they may be of other policies, where a day was decided again), and the cost
does not grow with the log. A stored play that tells of the same airing as a play of the zone is replaced with it,
wherever it lies: where policies differ on the two sides of the zone's edge, no airing is lost and none logged twice.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from tagger_platform.decide.evidence import Heard
from tagger_platform.decide.identity import carry_over, connected, same_airings
from tagger_platform.decide.plays import decide
from tagger_platform.model import Play, Recognition, Slot, Status, window_start
from tagger_platform.store import totals
from tagger_platform.store.database import Connection
from tagger_platform.store.evidence import known_among, with_lateness
from tagger_platform.store.rows import EVIDENCE_MARGIN, PLAYS, TRACK_FIELDS, aware, naive, plays_from, track_from
from tagger_platform.store.writes import insert

ANSWER_FIELDS = (
    "provider",
    "track_id",
    "offset_s",
    "speed",
    "confidence",
    "other_offsets_s",
    "heard_from_s",
    "heard_to_s",
)
LONGEST_TRACK = timedelta(hours=1)
"""How far a play is followed at first; when one reaches the edge of the range, the range is doubled."""
LONGEST_RANGE = timedelta(hours=64)
"""Where following ends: a stream that repeats one track for days without a restart is split there."""


@dataclass(frozen=True)
class Rules:
    """How plays are decided: DECISION_POLICY, TWO_HIT_HOP_TOLERANCE, DEDUP_SECONDS, HOP_SECONDS."""

    policies: tuple[str, ...]
    tolerance: int
    dedup_s: int
    hop_s: int

    @property
    def reach(self) -> timedelta:
        """How far apart two hits of one play can be at most."""
        return timedelta(seconds=self.dedup_s + (self.tolerance + 1) * self.hop_s)


@dataclass(frozen=True)
class Zone:
    start: datetime
    end: datetime

    def touches(self, play: Play) -> bool:
        return play.started_at <= self.end and play.ended_at >= self.start

    def around(self, plays: Iterable[Play]) -> "Zone":
        """The zone, as wide as those of these plays that touch it reach."""
        touched = [play for play in plays if self.touches(play)]
        return Zone(
            min([self.start, *(play.started_at for play in touched)]),
            max([self.end, *(play.ended_at for play in touched)]),
        )


def derive_plays(connection: Connection, stream: str, slot: Slot, rules: Rules) -> list[Play]:
    """Decide again what `stream` played around `slot`; returns the plays of that zone as they now are."""
    zone = _zone(connection, stream, slot, rules)
    decided, zone = decide_zone(connection, stream, zone.around(stored_plays(connection, stream, zone)), rules)
    stored = stored_plays(connection, stream, zone.around(decided))
    touching = [{place for place, play in enumerate(plays) if zone.touches(play)} for plays in (decided, stored)]
    pairs = same_airings(decided, stored)
    mine, gone = connected(pairs, *touching)
    kept_mine, kept = connected(pairs, set(), _without_evidence(connection, stored))
    old = [stored[place] for place in sorted(gone - kept)]
    plays = with_lateness(connection, carry_over([decided[place] for place in sorted(mine - kept_mine)], old))
    replace_plays(connection, old, plays)
    return plays


def _without_evidence(connection: Connection, plays: Sequence[Play]) -> set[int]:
    """The places of the plays of which a window has expired: nobody can decide them again, so they stay as they are."""
    known = known_among(connection, [window_id for play in plays for window_id in play.windows])
    return {place for place, play in enumerate(plays) if not known.issuperset(play.windows)}


def _zone(connection: Connection, stream: str, slot: Slot, rules: Rules) -> Zone:
    """The slot and its neighbours in reach, counted from the nearest answered windows on both sides."""
    nearest = _with_neighbours(connection, stream, Zone(slot.start, slot.next(rules.hop_s).start))
    return Zone(nearest.start - rules.reach, nearest.end + rules.reach)


def _with_neighbours(connection: Connection, stream: str, zone: Zone) -> Zone:
    """The zone widened to the nearest answered windows before and after it, however far away they are."""
    start, end = naive(zone.start), naive(zone.end)
    row = connection.execute(
        "SELECT max(started_at) FILTER (started_at < $start), min(started_at) FILTER (started_at >= $end) "
        "FROM windows WHERE stream = $stream AND state IN ('heard', 'silent')",
        {"stream": stream, "start": start, "end": end},
    ).fetchone()
    before, after = row or (None, None)
    return Zone(aware(before or start), aware(after or end))


def decide_zone(connection: Connection, stream: str, zone: Zone, rules: Rules) -> tuple[list[Play], Zone]:
    """The plays of `stream` in and beyond the zone, and the zone that those touching it fill: in it all are whole."""
    margin = LONGEST_TRACK
    while True:
        seen = Zone(zone.start - margin, zone.end + margin)
        # Where a play begins and ends depends on its neighbours, even those on the far side of an outage of hours.
        whole = _with_neighbours(connection, stream, seen)
        plays = decide(
            heard_windows(connection, stream, whole.start, whole.end + timedelta(microseconds=1), rules.hop_s),
            stream=stream,
            policies=rules.policies,
            tolerance=rules.tolerance,
            dedup_s=rules.dedup_s,
            hop_s=rules.hop_s,
        )
        reached = zone.around(plays)
        at_edge = [
            play
            for play in plays
            if reached.touches(play)
            and (play.started_at < seen.start + rules.reach or play.ended_at > seen.end - rules.reach)
        ]
        if not at_edge or margin >= LONGEST_RANGE:
            return plays, reached
        margin *= 2


def heard_windows(connection: Connection, stream: str, start: datetime, end: datetime, hop_s: int) -> list[Heard]:
    """The stream's windows in [start, end) as the decision sees them."""
    said = ", ".join(ANSWER_FIELDS)
    rows = connection.execute(
        f"WITH said AS (SELECT window_id, started_at, status, {said} FROM recognitions UNION ALL"
        f" SELECT window_id, started_at, 'match', {said} FROM further_matches)"
        " SELECT w.window_id, w.started_at, w.ended_at, w.slot, r.provider, r.status, r.offset_s, r.speed,"
        " r.confidence, r.other_offsets_s, r.heard_from_s, r.heard_to_s, "
        + ", ".join(f"t.{name}" for name in TRACK_FIELDS)
        + " FROM windows w JOIN said r USING (window_id) LEFT JOIN tracks t USING (track_id)"
        " WHERE w.stream = $stream AND w.started_at >= $start AND w.started_at < $end"
        " AND r.started_at >= $start AND r.started_at < $end"
        " ORDER BY w.started_at, w.window_id, r.provider, r.confidence DESC, r.track_id",
        {"stream": stream, "start": naive(start), "end": naive(end)},
    ).fetchall()
    windows: dict[str, Heard] = {}
    answers: dict[str, list[Recognition]] = {}
    for window_id, started, ended, slot, provider, status, offset, speed, sure, others, since, until, *track in rows:
        slot_number = int(aware(slot).timestamp()) // hop_s
        windows[window_id] = Heard(window_id, aware(started), aware(ended), slot_number)
        heard = track_from(track) if track[0] is not None else None
        answers.setdefault(window_id, []).append(
            Recognition(
                window_id,
                provider,
                Status(status),
                heard,
                offset_s=offset,
                other_offsets_s=tuple(others),
                heard_s=None if since is None else (since, until),
                speed=speed,
                confidence=sure,
            )
        )
    return [
        Heard(window.window_id, window.start, window.end, window.slot, tuple(answers[window.window_id]))
        for window in windows.values()
    ]


def stored_plays(connection: Connection, stream: str, zone: Zone) -> list[Play]:
    """The plays of `stream` that touch the zone, as they are in the store."""
    rows = connection.execute(
        PLAYS + " WHERE p.stream = ? AND p.started_at BETWEEN ? AND ? AND p.ended_at >= ?"
        " ORDER BY p.started_at, p.play_id",
        [stream, naive(zone.start - LONGEST_RANGE), naive(zone.end), naive(zone.start)],
    ).fetchall()
    return plays_from(connection, rows)


def replace_plays(connection: Connection, old: Sequence[Play], new: Sequence[Play]) -> None:
    """Make the stored plays equal to the new ones, writing only what differs."""
    known, wanted = {play.play_id: play for play in old}, {play.play_id: play for play in new}
    gone = [play for play_id, play in known.items() if wanted.get(play_id) != play]
    fresh = [play for play_id, play in wanted.items() if known.get(play_id) != play]
    if gone:
        _delete(connection, gone)
    insert(connection, "plays", [_play_row(play) for play in fresh])
    insert(connection, "play_windows", [row for play in fresh for row in _evidence_rows(play)])
    totals.add(connection, totals.of_plays(gone, fresh))


def _delete(connection: Connection, plays: Sequence[Play]) -> None:
    """By id and by time: time is what spares reading the whole log, which is long."""
    start, end = min(play.started_at for play in plays), max(play.ended_at for play in plays)
    values = [[play.play_id for play in plays], naive(start) - EVIDENCE_MARGIN, naive(end) + EVIDENCE_MARGIN]
    for table in ("plays", "play_windows"):
        connection.execute(
            f"DELETE FROM {table} WHERE play_id IN (SELECT unnest(?)) AND started_at BETWEEN ? AND ?", values
        )


def _evidence_rows(play: Play) -> Iterator[list[object]]:
    for position, window in enumerate(play.windows):
        yield [play.play_id, position, window, naive(window_start(window))]


def _play_row(play: Play) -> list[object]:
    return [
        play.play_id,
        play.stream,
        naive(play.started_at),
        naive(play.ended_at),
        play.uncertainty_s,
        play.status,
        play.track.track_id,
        play.confidence,
        play.policy,
        play.late,
        play.explanation,
    ]
