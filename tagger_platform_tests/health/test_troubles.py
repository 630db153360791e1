"""What is worth a message, and that everybody hears of it once: at its beginning, once a day, and at its end."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagger_platform.health.parts import look
from tagger_platform.health.troubles import FEWEST_WINDOWS, HOLD_S, REMIND_S, Told, step, troubles
from tagger_platform.model import CaptureState, Recognition, Slot, Status
from tagger_platform.recognize.budget import Budget
from tagger_platform.store.runs import note_run
from tagger_platform.store.writes import write_windows
from tagger_platform_tests.health.conftest import NOW, Around
from tagger_platform_tests.test_spool import window

LOOK_S = 60


def told(wrong_s: list[tuple[int, int]], until_s: int, *, restarts: bool = False) -> list[tuple[int, str]]:
    """(second, title) of every message while "capture" is wrong in these spans, with a look every minute."""
    known: dict[str, Told] = {}
    found = []
    for second in range(0, until_s, LOOK_S):
        wrong = any(begin <= second < end for begin, end in wrong_s)
        known, messages = step(known, {"capture": "gone"} if wrong else {}, NOW + timedelta(seconds=second))
        found += [(second, message.title) for message in messages.values()]
    return found


DAY = 86_400


@pytest.mark.parametrize(
    ("wrong_s", "messages"),
    [
        ([], []),
        ([(60, 300)], []),  # passed before anybody had to know
        ([(60, 600)], [(360, "is not well"), (900, "is well again")]),
        ([(60, 600), (660, 1200)], [(360, "is not well"), (1500, "is well again")]),  # it flapped
        ([(0, 60 * n + 30) for n in (1, 9, 18)], [(300, "is not well"), (1440, "is well again")]),
        (
            [(0, 2 * DAY + 600)],
            [
                (300, "is not well"),
                (DAY + 300, "is still not well"),
                (2 * DAY + 300, "is still not well"),
                (2 * DAY + 900, "is well again"),
            ],
        ),
        (
            [(0, 600), (3600, 4200)],
            [(300, "is not well"), (900, "is well again"), (3900, "is not well"), (4500, "is well again")],
        ),
    ],
)
def test_a_trouble_is_told_when_it_lasts_once_a_day_and_when_it_is_over(wrong_s, messages):
    assert told(wrong_s, 2 * DAY + 3600) == [(second, f"tagger: capture {what}") for second, what in messages]


def test_a_message_says_what_is_wrong_now():
    known, _ = step({}, {"disk": "2 GB free"}, NOW)
    _, messages = step(known, {"disk": "1 GB free"}, NOW + timedelta(seconds=HOLD_S))
    assert (messages["disk"].title, messages["disk"].body) == ("tagger: disk is not well", "1 GB free")


@given(st.lists(st.booleans(), max_size=300))
def test_beginnings_and_ends_alternate_and_nothing_is_told_twice_within_a_day(looks):
    known: dict[str, Told] = {}
    titles, last = [], None
    for number, wrong in enumerate(looks):
        at = NOW + timedelta(seconds=number * LOOK_S)
        known, messages = step(known, {"x": "y"} if wrong else {}, at)
        for message in messages.values():
            titles.append(message.title.removeprefix("tagger: x "))
            if titles[-1] == "is still not well":
                assert last is not None
                assert (at - last).total_seconds() >= REMIND_S
            last = at
    ends = [title for title in titles if title != "is still not well"]
    assert ends == ["is not well", "is well again"] * (len(ends) // 2) + ["is not well"] * (len(ends) % 2)


def names(around: Around) -> set[str]:
    return set(troubles(look(around.watched), around.watched))


def test_a_platform_that_is_well_has_no_troubles(around: Around):
    assert names(around) == set()


def test_what_is_failing_is_a_trouble(around: Around):
    around.capture = None
    (around.settings.marks_dir / "sensor").unlink()
    assert names(around) == {"capture", "dagster"}


def test_backups_that_have_ceased_are_a_trouble(around: Around):
    with around.watched.database.writing() as connection:
        for name, days in {"retention": 0, "backup": 2, "restore_drill": 1, "upkeep": 1}.items():
            note_run(connection, name, NOW - timedelta(days=days))
    found = troubles(look(around.watched), around.watched)
    assert list(found) == ["nightly"]
    assert found["nightly"].startswith("nightly: the backup is overdue, it was last done at 2026-11-19T03:30:00Z: ")


def test_a_breaker_that_is_open_is_a_trouble_of_its_provider(around: Around):
    budget = Budget(around.settings.budget_path, "shazam", 4, clock=lambda: NOW.timestamp())
    budget.told(Recognition("", "shazam", Status.THROTTLED, detail="HTTP 429", retry_after_s=60.0))
    found = troubles(look(around.watched), around.watched)
    assert set(found) == {"provider shazam"}
    assert "HTTP 429" in found["provider shazam"]


def write_hours(around: Around, lost: int, *, slots: int = 90, stream: str = "kexp") -> None:
    """Slots of one window each up to ten minutes ago, the first `lost` of them stalled."""
    first = NOW - timedelta(minutes=12) - timedelta(seconds=120 * (slots - 1))
    windows = [
        window(
            Slot.containing(first + timedelta(seconds=120 * number), 120),
            stream,
            state=CaptureState.STALLED if number < lost else CaptureState.CAPTURED,
        )
        for number in range(slots)
    ]
    with around.watched.database.writing() as connection:
        write_windows(connection, windows, titles={}, source="capture", slot=windows[0].slot)
        connection.execute("UPDATE windows SET state = 'heard' WHERE state = 'pending'")


@pytest.mark.parametrize(("lost", "wrong"), [(8, False), (10, True)])
def test_a_stream_of_which_too_little_was_heard_is_a_trouble(around: Around, lost: int, wrong: bool):
    write_hours(around, lost)
    write_hours(around, 0, stream="cafe")
    assert names(around) == ({"coverage kexp"} if wrong else set())
    around.now += timedelta(hours=3)
    around.be_well()
    assert names(around) == set()


def test_a_stream_that_has_just_been_added_is_not_judged(around: Around):
    write_hours(around, FEWEST_WINDOWS - 1, slots=FEWEST_WINDOWS - 1)
    assert names(around) == set()


def test_a_store_that_cannot_be_read_is_one_trouble_and_no_crash(around: Around):
    around.settings.database_path.write_bytes(b"not a database at all" * 500)
    assert names(around) == {"store"}
