"""Plays out of recognitions, slot by slot: in any order, again and again, and only near the slot."""

import contextlib
import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from tagger_platform.model import CaptureState, Play, Recognition, Slot, Status, Track, Window
from tagger_platform.store.database import Connection, Database
from tagger_platform.store.writes import write_recognitions
from tagger_platform_tests.store.radio import (
    HOP_S,
    RULES,
    all_plays,
    day,
    derive,
    slots_of,
    without_ids,
    write_slot,
)


class Undone(Exception):  # noqa: N818 - no error
    """Ends the transaction without a commit."""


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    """A store in one transaction that is never committed."""
    with contextlib.suppress(Undone), Database(tmp_path / "tagger.duckdb").writing() as opened:
        yield opened
        raise Undone


def empty(connection: Connection) -> None:
    for table in ("streams", "windows", "recognitions", "further_matches", "tracks", "plays", "play_windows"):
        connection.execute(f"DELETE FROM {table}")


def run(connection: Connection, heard: dict[Slot, list], order: Sequence[Slot]) -> list[Play]:
    """A store that took these slots in this order."""
    empty(connection)
    for slot in order:
        write_slot(connection, slot, heard[slot])
        derive(connection, slot)
    return all_plays(connection)


def test_two_tracks_of_one_window_are_two_plays_with_their_own_ends(connection: Connection) -> None:
    first, second = slots_of(0.1)[:2]
    songs = [Track("catalogue", name, name, duration_s=60.0) for name in ("a", "b")]
    windows = [Window("kexp", first, offset, 12, CaptureState.CAPTURED) for offset in (0, 30)]

    def match(window: Window, song: Track, offset_s: float, **more: object) -> Recognition:
        return Recognition(
            window.window_id, "catalogue", Status.MATCH, song, offset_s=offset_s, confidence=0.99, **more
        )

    ends = match(windows[0], songs[0], 54.0, heard_s=(0.0, 6.0), further=(match(windows[0], songs[1], -6.0),))
    write_slot(connection, first, [(windows[0], [ends]), (windows[1], [match(windows[1], songs[1], 24.0)])])
    write_slot(connection, second, [(Window("kexp", second, 0, 12, CaptureState.CAPTURED), [])])
    plays = {play.track.title: play for play in derive(connection, first)}
    assert (plays["a"].ended_at - first.start).total_seconds() == 6
    assert (plays["b"].started_at - first.start).total_seconds() == 6
    assert plays["b"].status == "confirmed"


def test_a_slot_decided_twice_is_the_same(connection: Connection) -> None:
    heard = day(1, 1)
    for slot in heard:
        write_slot(connection, slot, heard[slot])
        once = derive(connection, slot)
        stored = all_plays(connection)
        assert derive(connection, slot) == once
        assert all_plays(connection) == stored
    assert len(stored) > 10


@pytest.mark.parametrize("seed", range(3))
def test_slots_in_any_order_give_the_same_plays(connection: Connection, seed: int) -> None:
    heard = day(seed, 1.5 if seed else 2)  # seed 0: an outage of over an hour, and a song on its far side
    in_order = run(connection, heard, list(heard))
    shuffled = list(heard)
    random.Random(seed).shuffle(shuffled)
    assert without_ids(run(connection, heard, shuffled)) == without_ids(in_order)


@pytest.mark.parametrize("seed", range(20, 21))
def test_slots_that_come_late_give_the_same_plays(connection: Connection, seed: int) -> None:
    """Live first, then what was throttled and caught up, newest or oldest first."""
    heard, chance = day(seed, 3), random.Random(seed)
    late = set(chance.sample(list(heard), 30))
    live = [slot for slot in heard if slot not in late]
    in_order = without_ids(run(connection, heard, list(heard)))
    assert without_ids(run(connection, heard, [*live, *sorted(late)])) == in_order


def test_deciding_everything_at_once_is_deciding_slot_by_slot(connection: Connection) -> None:
    heard = day(5, 2)
    slot_by_slot = without_ids(run(connection, heard, list(heard)))
    connection.execute("DELETE FROM plays")
    connection.execute("DELETE FROM play_windows")
    for slot in heard:
        derive(connection, slot)
    assert without_ids(all_plays(connection)) == slot_by_slot


def test_hours_decided_again_slot_by_slot_are_the_same_row_for_row(connection: Connection) -> None:
    """A whole day of five streams, through the real job, is in benchmarks/history.py."""
    heard = day(7, 5, streams=["kexp"])
    first = run(connection, heard, list(heard))
    chance = random.Random(7)
    again = chance.sample(list(heard), 60)
    for slot in again:
        derive(connection, slot)
    assert all_plays(connection) == first
    assert len(first) > 30  # it was a real morning, not an empty one


def test_plays_far_away_are_untouched(connection: Connection) -> None:
    heard = day(2, 4)
    before = {play.play_id: play for play in run(connection, heard, list(heard))}
    # What is stored far away may be of another policy, or its recognitions may have expired: a mark shows who rewrites.
    connection.execute("UPDATE plays SET policy = 'by hand'")
    middle = list(heard)[len(heard) // 2]
    derive(connection, middle)
    touched = [play for play in all_plays(connection) if play.policy != "by hand"]
    assert touched
    near = timedelta(hours=2)
    assert all(abs(play.started_at - middle.start) < near for play in touched)
    assert len(touched) < len(before) / 2


def test_a_play_keeps_its_id_while_it_grows(connection: Connection) -> None:
    heard = day(3, 2)
    ids: dict[tuple[str, str], set[str]] = {}
    for slot in heard:
        write_slot(connection, slot, heard[slot])
        derive(connection, slot)
        for play in all_plays(connection):
            ids.setdefault((play.stream, play.windows[0]), set()).add(play.play_id)
    assert all(len(found) == 1 for found in ids.values())


def test_an_earlier_window_that_joins_a_play_does_not_change_its_id(connection: Connection) -> None:
    heard = day(3, 2)
    before = run(connection, heard, list(heard)[1:])
    first = next(play for play in before if play.stream == "kexp" and len(play.windows) > 2)
    slot = Slot.parse(first.windows[0].split("/")[1].split("+")[0])
    window, (answer,) = next(item for item in heard[slot] if item[0].window_id == first.windows[0])
    earlier = replace(window, slot=Slot(slot.start - timedelta(seconds=HOP_S)), offset_s=60)
    write_slot(connection, earlier.slot, [(earlier, [replace(answer, window_id=earlier.window_id, offset_s=0.0)])])
    derive(connection, earlier.slot)
    after = {play.play_id: play for play in all_plays(connection)}
    assert first.play_id in after


def test_a_better_answer_replaces_the_play_it_made(connection: Connection) -> None:
    heard = day(4, 1)
    run(connection, heard, list(heard))
    play = next(play for play in all_plays(connection) if play.stream == "kexp" and len(play.windows) == 2)
    for window_id in play.windows:
        slot = Slot.parse(window_id.split("/")[1].split("+")[0])
        window, _ = next(item for item in heard[slot] if item[0].window_id == window_id)
        answer = Recognition(window_id, "catalogue", Status.NO_MATCH)
        write_recognitions(connection, [window], [answer], asked_at=slot.start)
        derive(connection, slot)
    assert play.play_id not in {one.play_id for one in all_plays(connection)}
    assert connection.execute("SELECT count(*) FROM play_windows WHERE play_id = ?", [play.play_id]).fetchone() == (0,)


def test_a_track_that_runs_for_hours_stays_one_play(connection: Connection) -> None:
    heard = day(8, 5)
    slots = slots_of(5)
    one_track = next(given[0].track for found in heard.values() for _, given in found if given and given[0].track)
    endless = {
        slot: [
            (window, [Recognition(window.window_id, "catalogue", Status.MATCH, replace(one_track, duration_s=None))])
            for window, _ in heard[slot]
            if window.stream == "kexp" and window.state == "captured"
        ]
        for slot in slots
    }
    gap = max((b.start - a.start for a, b in pairwise(slots) if endless[a]), default=timedelta())
    assert gap <= RULES.reach
    order = [slot for slot in slots if endless[slot]]
    in_order = run(connection, endless, order)
    assert without_ids(run(connection, endless, order[::-1])) == without_ids(in_order)
