"""Counters that never fall: whatever is written again, decided again or deleted, what has happened stays counted."""

import contextlib
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tagger_platform.model import UNANSWERED, CaptureState, Recognition, Slot, Status, Track, Window
from tagger_platform.store import totals, writes
from tagger_platform.store.database import Connection, Database
from tagger_platform.store.decide_again import decide_day
from tagger_platform.store.derivation import replace_plays
from tagger_platform.store.retention import IS_OLD, forget
from tagger_platform_tests import samples
from tagger_platform_tests.store.radio import HOP_S, PROVIDERS, RULES, START, day, derive, write_slot

SONG = Track("catalogue", "1", "Song")
WINDOW = Window("kexp", START, 0, 12, CaptureState.CAPTURED, level_dbfs=-20.0)
HEARD = ("kexp", "heard")


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return Database(tmp_path / "tagger.duckdb")


@pytest.fixture
def connection(database: Database) -> Iterator[Connection]:
    with database.writing() as opened:
        yield opened


def write(connection: Connection, window: Window = WINDOW, source: str = "capture") -> None:
    writes.write_windows(connection, [window], titles={"kexp": "KEXP"}, source=source, slot=window.slot)


def answer(connection: Connection, status: Status, *, asked_after_s: float = 13, **fields: object) -> None:
    given = Recognition(WINDOW.window_id, "catalogue", status, SONG if status is Status.MATCH else None, **fields)
    asked_at = WINDOW.start + timedelta(seconds=asked_after_s)
    writes.write_recognitions(connection, [WINDOW], [given], asked_at=asked_at)


def of(connection: Connection, name: str) -> dict[tuple[str, str], int]:
    return totals.read(connection).get(name, {})


@pytest.mark.parametrize(
    ("statuses", "counted"),
    [
        pytest.param([], {}, id="a window that nobody was asked about is not counted yet"),
        pytest.param([Status.PROVIDER_DOWN], {}, id="nor one that may be asked again"),
        pytest.param([Status.NO_MATCH], {HEARD: 1}, id="an answer settles it"),
        pytest.param([Status.TIMEOUT, Status.MATCH], {HEARD: 1}, id="a late answer too, once"),
        pytest.param([Status.MATCH, Status.MATCH], {HEARD: 1}, id="a second answer adds nothing"),
        pytest.param([Status.SILENT], {("kexp", "silent"): 1}, id="silence settles it"),
    ],
)
def test_a_window_counts_once_under_the_state_it_ends_in(
    connection: Connection, statuses: Sequence[Status], counted: dict
) -> None:
    write(connection)
    for status in statuses:
        answer(connection, status)
        write(connection)  # the slot runs again
    assert of(connection, totals.WINDOWS) == counted


@pytest.mark.parametrize("state", sorted(set(CaptureState) - {CaptureState.CAPTURED}))
def test_a_window_that_was_not_captured_counts_under_the_reason(connection: Connection, state: CaptureState) -> None:
    write(connection, replace(WINDOW, state=state))
    write(connection, replace(WINDOW, state=state))
    assert of(connection, totals.WINDOWS) == {("kexp", state.value): 1}


def test_a_window_whose_audio_is_damaged_or_gone_counts_too(connection: Connection) -> None:
    write(connection)
    writes.mark_corrupt(connection, WINDOW, "cut short")
    later = replace(WINDOW, offset_s=30)
    write(connection, later)
    for _ in range(2):
        writes.mark_expired(connection, [later.window_id])
    assert of(connection, totals.WINDOWS) == {("kexp", "corrupt"): 1, ("kexp", "expired"): 1}


def test_every_question_counts_and_an_expired_one_once_more(connection: Connection) -> None:
    write(connection)
    for _ in range(3):
        answer(connection, Status.PROVIDER_DOWN)
    for _ in range(2):
        writes.mark_expired(connection, [WINDOW.window_id])
    assert of(connection, totals.RECOGNITIONS) == {("catalogue", "provider_down"): 3, ("catalogue", "expired"): 1}


def test_an_answer_that_is_there_already_is_not_counted_again(connection: Connection) -> None:
    write(connection)
    for status in (Status.MATCH, Status.THROTTLED, Status.MATCH):
        answer(connection, status)
    assert of(connection, totals.RECOGNITIONS) == {("catalogue", "match"): 1}


@pytest.mark.parametrize(
    ("latency_ms", "bucket"), [(0.0, "0.01"), (10.0, "0.01"), (10.1, "0.025"), (30_000, "30.0"), (30_001, "+Inf")]
)
def test_an_answers_latency_falls_into_one_bucket(connection: Connection, latency_ms: float, bucket: str) -> None:
    write(connection)
    answer(connection, Status.MATCH, latency_ms=latency_ms)
    wanted = {("catalogue", bucket): 1, ("catalogue", totals.SUM_MS): round(latency_ms)}
    assert of(connection, totals.LATENCY) == {key: value for key, value in wanted.items() if value}


def test_a_window_is_recognised_when_its_first_answer_has_come(connection: Connection) -> None:
    write(connection)
    answer(connection, Status.THROTTLED, asked_after_s=13)
    assert of(connection, totals.RECOGNIZED_AFTER) == {}
    answer(connection, Status.MATCH, asked_after_s=12 + 61, latency_ms=500)
    answer(connection, Status.MATCH, asked_after_s=12 + 5000)
    assert of(connection, totals.RECOGNIZED_AFTER) == {("kexp", "120.0"): 1, ("kexp", totals.SUM_MS): 61_500}


def test_how_long_a_recordings_windows_took_is_not_told(connection: Connection) -> None:
    write(connection, source="recording:1")
    answer(connection, Status.MATCH, asked_after_s=12 + 86400 * 300)
    assert of(connection, totals.WINDOWS) == {HEARD: 1}
    assert of(connection, totals.RECOGNIZED_AFTER) == {}


def test_a_play_decided_anew_in_anothers_place_is_not_inserted_again(connection: Connection) -> None:
    one, two, three = (samples.play("kexp", START.start + timedelta(minutes=n), of=SONG) for n in range(3))
    counted = []
    for old, new in [([], [one, two]), ([one, two], [three]), ([three], [three]), ([three], [one, two])]:
        replace_plays(connection, old, new)
        counted.append(of(connection, totals.PLAYS)["kexp", "catalogue"])
    assert counted == [2, 2, 2, 3]


def test_plays_that_another_policy_takes_away_stay_counted(database: Database) -> None:
    heard = day(5, 1)
    with database.writing() as connection:
        for slot in heard:
            write_slot(connection, slot, heard[slot])
            derive(connection, slot)
        before = of(connection, totals.PLAYS)
    rules = replace(RULES, policies=("catalogue_single",))
    decide_day(database, START.start.astimezone(samples.TZ).date(), samples.TZ, rules, apply=True)
    with database.reading() as connection:
        left = connection.execute("SELECT count(*) FROM plays").fetchone()
        after = of(connection, totals.PLAYS)
    assert left
    assert left[0] < sum(before.values())
    assert all(after[key] >= value for key, value in before.items())


def test_a_write_that_fails_counts_nothing(database: Database) -> None:
    with contextlib.suppress(ZeroDivisionError), database.writing() as connection:
        write(connection, replace(WINDOW, state=CaptureState.STALLED))
        _ = 1 / 0
    with database.reading() as connection:
        assert totals.read(connection) == {}


def test_an_older_log_is_counted_when_it_is_brought_up_to_date(database: Database) -> None:
    heard = day(3, 0.5)
    with database.writing() as connection:
        for slot in heard:
            write_slot(connection, slot, heard[slot])
            derive(connection, slot)
        counted = totals.read(connection)
        for table in ("totals", "last_runs", "canary_results", "track_embeddings", "track_clusters", "identifications"):
            connection.execute(f"DROP TABLE {table}")
        connection.execute("DELETE FROM schema_migrations WHERE version >= 7")
    with database.reading() as connection:
        again = totals.read(connection)
    assert again[totals.PLAYS] == counted[totals.PLAYS] != {}
    assert again[totals.RECOGNITIONS] == counted[totals.RECOGNITIONS]
    assert again[totals.WINDOWS] == counted[totals.WINDOWS]


# whatever is deleted, and whenever

STATUSES = (Status.NO_MATCH, Status.SILENT, Status.PROVIDER_DOWN, Status.PENDING, Status.NOT_NEEDED)


class Log:
    """A log that grows and is deleted from its old end, and what was deleted from it."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.heard = list(day(11, 4).items())
        self.next = 0
        self.expected = 0
        self.deleted: Counter[tuple[str, str, str]] = Counter()

    def go_on(self, number: int) -> None:
        """The next slots are captured, recognised and decided; the last one runs twice."""
        for slot, heard in self.heard[self.next : self.next + number]:
            for _ in range(2):
                write_slot(self.connection, slot, heard)
            derive(self.connection, slot)
            self.expected += len(heard)
        self.next += number

    def ask_again(self, status: Status) -> None:
        """Every window that waits is asked again."""
        waiting = ", ".join(f"'{one}'" for one in UNANSWERED)
        rows = self.connection.execute(f"SELECT window_id FROM windows WHERE state IN ({waiting})").fetchall()
        known = {window.window_id: window for _, heard in self.heard for window, _ in heard}
        windows = [known[window_id] for (window_id,) in rows]
        given = [Recognition(window.window_id, PROVIDERS[window.stream], status) for window in windows]
        writes.write_recognitions(self.connection, windows, given, asked_at=self.now.start)

    def forget(self, table: str, back: int) -> None:
        """Delete from before `back` slots ago, and note what goes."""
        before = Slot(self.now.start - timedelta(seconds=HOP_S * back)).start
        rows = self.rows()
        deleted = forget(self.connection, table, before)
        self.deleted += rows - self.rows()
        self.deleted[totals.DELETED, table, ""] += deleted

    @property
    def now(self) -> Slot:
        return self.heard[max(0, self.next - 1)][0]

    def rows(self) -> Counter[tuple[str, str, str]]:
        """What is there to be counted now; windows that wait, which are deleted as expired, under that state."""
        waiting = ", ".join(f"'{one}'" for one in UNANSWERED)
        found = self.connection.execute(
            f"SELECT '{totals.WINDOWS}', stream, if(state IN ({waiting}), 'expired', state), count(*) FROM windows"
            f" GROUP BY ALL UNION ALL SELECT '{totals.RECOGNITIONS}', provider, status, count(*) FROM recognitions"
            " WHERE status IN ('match', 'no_match') GROUP BY ALL"
            f" UNION ALL SELECT '{totals.PLAYS}', stream, provider, count(*) FROM plays JOIN tracks USING (track_id)"
            " GROUP BY ALL"
        ).fetchall()
        return Counter({tuple(key): count for *key, count in found})

    def counted(self) -> Counter[tuple[str, str, str]]:
        return Counter(
            {
                (name, *key): value
                for name, found in totals.read(self.connection).items()
                for key, value in found.items()
            }
        )


STEPS = st.one_of(
    st.tuples(st.just("go_on"), st.integers(1, 3)),
    st.tuples(st.just("ask_again"), st.sampled_from(STATUSES)),
    st.tuples(st.just("forget"), st.sampled_from(sorted(IS_OLD)), st.integers(0, 8)),
)


@settings(max_examples=6)
@given(st.lists(STEPS, min_size=3, max_size=9))
def test_no_counter_falls_and_each_is_what_is_there_and_what_was_deleted(steps: list[tuple]) -> None:
    with tempfile.TemporaryDirectory() as folder, Database(Path(folder) / "t.duckdb").writing() as connection:
        log, before = Log(connection), Counter()
        for name, *values in [("go_on", 3), *steps]:
            getattr(log, name)(*values)
            after = log.counted()
            assert all(after[key] >= value for key, value in before.items()), (name, values)
            before = after
        there = log.rows() + log.deleted
        for key, value in before.items():
            if key[0] in (totals.WINDOWS, totals.DELETED) or key[2] in ("match", "no_match"):
                waiting = _waiting(connection, key[1]) if key[2] == "expired" else 0
                assert value == there[key] - waiting, key
            elif key[0] == totals.PLAYS:
                assert value >= there[key], key
        settled = sum(value for (name, _, _), value in before.items() if name == totals.WINDOWS)
        assert settled + _waiting(connection) == log.expected


def _waiting(connection: Connection, stream: str = "") -> int:
    waiting = ", ".join(f"'{one}'" for one in UNANSWERED)
    row = connection.execute(
        f"SELECT count(*) FROM windows WHERE state IN ({waiting}) AND ($1 = '' OR stream = $1)", [stream]
    ).fetchone()
    assert row
    return row[0]
