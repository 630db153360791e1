"""Whatever the log, and whenever the night: nothing too new goes, and nothing that a kept play needs."""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from tagger_platform.model import Status
from tagger_platform.store import totals
from tagger_platform.store.database import Connection, Database
from tagger_platform.store.retention import forget_old, kept_since
from tagger_platform_tests.store import radio
from tagger_platform_tests.store.test_retention import (
    HOP_S,
    TAPE,
    TZ,
    Logged,
    all_windows,
    counts,
    expected,
    ids,
    log,
)

SECONDS = (0, HOP_S, 43_200, 86_400 - HOP_S)
LIVE = st.builds(
    Logged,
    start=st.builds(
        lambda day, second: (
            datetime.combine(date(2026, 10, 30), time(), TZ).astimezone(UTC) + timedelta(days=day, seconds=second)
        ),
        st.integers(0, 5),
        st.sampled_from(SECONDS),
    ),
    asked_after=st.sampled_from((timedelta(minutes=3), timedelta(days=1))),
    status=st.sampled_from((Status.MATCH, Status.MATCH, Status.NO_MATCH, Status.PENDING, Status.PROVIDER_DOWN)),
    play=st.booleans(),
)
TAPES = st.builds(
    replace,
    LIVE,
    source=st.sampled_from((TAPE, "recording:other")),
    asked_after=st.sampled_from((timedelta(days=2), timedelta(days=4))),
)


class Held(Database):
    """A store that is opened once: no file is opened and closed for each of an example's turns."""

    def __init__(self, path: Path, connection: Connection) -> None:
        super().__init__(path)
        self._held = connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        yield self._held

    writing = reading


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Held]:
    path = tmp_path_factory.mktemp("held") / "tagger.duckdb"
    with Database(path).writing() as connection:
        connection.commit()
        yield Held(path, connection)
        connection.begin()


HOPS = ((HOP_S, (0, 30)), (420, (0, 300, 400)), (600, (0, 588)))


def on_the_hop(logged: Sequence[Logged], hop_s: int, offsets: tuple[int, ...]) -> list[Logged]:
    """These, in the slots of another hop."""
    starts = {int(one.start.timestamp()) // hop_s * hop_s: one for one in logged}
    return [
        replace(one, start=datetime.fromtimestamp(start, UTC), hop_s=hop_s, offsets=offsets)
        for start, one in starts.items()
    ]


@examples(max_examples=20)
@given(
    hop=st.sampled_from(HOPS),
    live=st.lists(LIVE, min_size=1, max_size=8, unique_by=lambda one: one.start),
    tapes=st.lists(TAPES, max_size=4, unique_by=lambda one: one.start),
    days=st.integers(0, 6),
    plays_days=st.one_of(st.none(), st.integers(0, 6)),
)
def test_nothing_too_new_goes_and_nothing_that_a_kept_play_needs(
    held: Held,
    hop: tuple[int, tuple[int, ...]],
    live: Sequence[Logged],
    tapes: Sequence[Logged],
    days: int,
    plays_days: int | None,
) -> None:
    live, tapes = (on_the_hop(logged, *hop) for logged in (live, tapes))
    now = datetime(2026, 11, 5, 4, tzinfo=TZ)
    since = kept_since(now, days, TZ)
    plays_since = None if plays_days is None else kept_since(now, plays_days, TZ)
    with held.writing() as connection:
        connection.begin()
        try:
            log(held, *live, *tapes)
            before = counts(connection)
            done = forget_old(held, windows_before=since, plays_before=plays_since)
            assert before - counts(connection) == +done
            deleted = {table: count for (table, _), count in totals.read(connection)[totals.DELETED].items()}
            assert +Counter(deleted) == +done

            kept = _kept(live, tapes, since)
            assert all_windows(held) == expected(held) == kept
            assert ids(held, "recognitions") == ids(held, "raw_answers") == ids(held, "windows")

            played = {one.told.play_id: one for one in (*live, *tapes) if one.play and one.status is Status.MATCH}
            left = radio.all_plays(connection)
            assert {play.play_id for play in left} >= {
                play_id
                for play_id, one in played.items()
                if plays_since is None
                or one.start >= plays_since
                or (one in tapes and not kept.isdisjoint(one.told.windows))
            }
            for play in left:
                told = played[play.play_id].told
                assert (play.windows, play.track) == (told.windows, told.track)
            assert forget_old(held, windows_before=since, plays_before=plays_since).total() == 0
        finally:
            connection.rollback()


def _kept(live: Collection[Logged], tapes: Collection[Logged], since: datetime) -> set[str]:
    """The windows on air since then, and all of a recording that was asked about since."""
    asked = {one.source for one in tapes if one.start < since and one.start + one.asked_after >= since}
    return {
        window.window_id
        for one in (*live, *tapes)
        for window in one.windows
        if window.start >= since or one.source in asked
    }
