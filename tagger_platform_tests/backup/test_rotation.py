"""Which nightly backups go, night by night over a year."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tagger_platform.backup.rotation import dated, made_at, outdated

FIRST = datetime(2026, 1, 1, 13, 0, tzinfo=UTC)


def nightly(at: datetime) -> Path:
    return Path(f"tagger-nightly-{at:%Y%m%dT%H%M%SZ}.zip")


def kept_after(nights: int, keep_days: int) -> list[datetime]:
    """What is there after so many nights, each of which makes one and deletes what is outdated."""
    there: list[Path] = []
    for night in range(nights):
        now = FIRST + timedelta(days=night)
        there.append(nightly(now))
        there = [path for path in there if path not in outdated(there, now, keep_days)]
    return [made for path in there if (made := made_at(path))]


def test_a_year_of_nights_leaves_a_week_of_days_and_a_month_of_weeks() -> None:
    kept = kept_after(365, 30)
    ages = [(kept[-1] - made).days for made in kept]
    assert ages[-7:] == [6, 5, 4, 3, 2, 1, 0]
    assert len(kept) in (10, 11)
    assert max(ages) < 30
    assert all(gap <= 7 for gap in [a - b for a, b in pairwise(ages)])


@settings(max_examples=100)
@given(days=st.sets(st.integers(0, 400)), keep_days=st.integers(1, 100))
def test_the_newest_stays_and_no_other_file_goes(days: set[int], keep_days: int) -> None:
    others = [Path("tagger-backup-20260101T130000Z.zip"), Path("tagger-nightly-20260101T130000Z.zip.part"), Path("x")]
    paths = [nightly(FIRST + timedelta(days=day)) for day in sorted(days)]
    now = FIRST + timedelta(days=401)
    gone = outdated(paths + others, now, keep_days)
    assert not set(gone) & {*others, *paths[-1:]}
    left = [made for path in paths if path not in gone and (made := made_at(path))]
    assert all(now - made < timedelta(days=keep_days) for made in left[:-1])


@pytest.mark.parametrize(("keep_days", "ages"), [(1, [0]), (3, [2, 1, 0]), (7, [6, 5, 4, 3, 2, 1, 0])])
def test_no_more_days_are_kept_than_were_asked_for(keep_days: int, ages: list[int]) -> None:
    kept = kept_after(20, keep_days)
    assert [(kept[-1] - made).days for made in kept] == ages


@pytest.mark.parametrize("ahead", [timedelta(seconds=1), timedelta(days=27_000)])
def test_what_is_named_in_the_future_is_not_the_newest_and_stays(ahead: timedelta) -> None:
    now = FIRST + timedelta(days=100)
    newest, old, future = nightly(now), nightly(FIRST), nightly(now + ahead)
    assert [path for _, path in dated([future, newest, old], now)] == [old, newest]
    assert outdated([future, newest, old], now, 30) == [old]


def test_a_clock_that_has_lost_the_time_deletes_nothing() -> None:
    paths = [nightly(FIRST + timedelta(days=day)) for day in range(60)]
    lost = datetime(1970, 1, 1, 0, 5, tzinfo=UTC)
    assert outdated([*paths, nightly(lost)], lost, 30) == []
