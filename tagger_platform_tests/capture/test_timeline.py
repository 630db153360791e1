"""The sample clock on virtual arrivals: which instant does a sample belong to?"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagger_platform.capture.timeline import RATE, Samples, Timeline, is_blank, level_dbfs


def ramp(first: int, count: int) -> Samples:
    """Samples that tell their own number."""
    return (np.arange(first, first + count) % 30_000).astype(np.int16)


class Source:
    """Feeds a timeline; sample n was played at `origin` + n / RATE."""

    def __init__(self, origin: float, capacity_s: float = 6.0) -> None:
        self.timeline = Timeline(capacity_s, settle_s=3.0)
        self.origin = origin
        self.sent = 0

    def arrive(self, now: float, *, late_s: float = 0.0) -> None:
        """Everything played up to `late_s` ago comes now."""
        until = round((now - late_s - self.origin) * RATE)
        self.timeline.feed(ramp(self.sent, until - self.sent), now)
        self.sent = until

    def played_at(self, start: float, length_s: int = 3) -> float:
        """When the first sample of the cut from `start` was really played."""
        cut = self.timeline.cut(start, length_s)
        assert cut is not None
        numbers = range(int(cut[0]), self.sent, 30_000)
        return min((self.origin + number / RATE for number in numbers), key=lambda instant: abs(instant - start))


def test_nothing_is_cut_before_the_clock_has_settled():
    source = Source(origin=100.0)
    for tick in range(1, 15):
        source.arrive(100 + tick * 0.2)
        assert source.timeline.cut(100.0, 1) is None
    source.arrive(103.3)
    assert source.timeline.settled
    assert source.played_at(100.0) == pytest.approx(100.0, abs=0.2)


def test_the_least_late_arrival_counts():
    source = Source(origin=100.0)
    for tick, late_s in enumerate([0.9, 0.5, 0.03, 0.8, 0.6] * 5, start=1):
        source.arrive(100 + tick, late_s=late_s)
    assert source.played_at(121.0) == pytest.approx(121.0, abs=0.04)


def test_a_burst_is_older_audio_not_audio_of_the_future():
    source = Source(origin=96.0)
    source.arrive(100.0)  # four seconds at once
    for tick in range(1, 20):
        source.arrive(100 + tick * 0.2)
    assert source.played_at(98.0) == pytest.approx(98.0, abs=0.01)


def test_a_burst_that_is_throttled_is_waited_for():
    source = Source(origin=90.0, capacity_s=20.0)
    for tick in range(1, 26):  # twice as fast as time, for five seconds
        source.arrive(100 + tick * 0.2, late_s=5 - tick * 0.2)
        assert not source.timeline.settled
    for tick in range(26, 45):
        source.arrive(100 + tick * 0.2)
    assert source.timeline.settled


def test_a_settled_clock_that_becomes_a_little_better_stays_settled():
    source = Source(origin=100.0)
    for tick in range(1, 30):
        source.arrive(100 + tick * 0.2, late_s=0.19)
    source.arrive(106.2, late_s=0.12)
    assert source.timeline.settled
    assert source.played_at(103.0) == pytest.approx(102.88, abs=0.01)
    source.arrive(106.2, late_s=-0.5)  # half a second of the future: a burst, or another clock
    assert not source.timeline.settled


def test_a_clock_that_drifts_is_followed():
    source = Source(origin=100.0)
    for second in range(1, 2000):
        source.arrive(100 + second, late_s=second * 200e-6)
    late = 2000 * 200e-6
    assert source.played_at(2094.0) == pytest.approx(2094.0 - late, abs=0.05)


@pytest.mark.parametrize(("lost_s", "slips"), [(0.2, False), (0.4, True), (0.9, True)])
def test_audio_that_was_left_out_is_noticed_though_nothing_paused(lost_s: float, slips: bool):
    source = Source(origin=100.0)
    for tick in range(1, 50):
        source.arrive(100 + tick * 0.2, late_s=0.3 * (tick % 3))
        assert not source.timeline.slipped
    noticed = []
    for tick in range(50, 70):  # from now on each sample is played later than its number says
        source.arrive(100 + tick * 0.2, late_s=lost_s)
        noticed.append(source.timeline.slipped)
    assert any(noticed) is slips
    assert not any(noticed[:14])  # what is only late may still catch up, within the 3 s


def test_audio_that_comes_in_pieces_has_not_slipped():
    timeline = Timeline(30.0, settle_s=12.0)
    for piece in range(20):  # of ten seconds, each taking one to come
        for tenth in range(10):
            timeline.feed(ramp(0, RATE), 100 + piece * 10 + tenth / 10)
            assert not timeline.slipped


def test_a_window_must_be_there_as_a_whole():
    source = Source(origin=100.0)
    for second in range(1, 21):
        source.arrive(100.0 + second)
    assert source.timeline.cut(117.5, 3) is None  # not yet
    assert source.timeline.cut(113.0, 3) is None  # no more
    assert source.timeline.cut(117.0, 3) is not None
    source.timeline.clear()
    assert source.timeline.cut(117.0, 3) is None


@given(chunks=st.lists(st.integers(0, 40_000), min_size=1, max_size=20))
def test_the_ring_holds_the_newest_samples_in_order(chunks: list[int]):
    timeline = Timeline(2.0, settle_s=0.0)
    total = 0
    for count in chunks:
        timeline.feed(ramp(total, count), 1000 + total / RATE)  # so that sample 0 is always of the same instant
        total += count
    if total >= 2 * RATE:
        timeline.feed(ramp(total, 0), 1000 + total / RATE)
        cut = timeline.cut(timeline._lows[0][1] + (total - RATE) / RATE, 1)
        assert cut is not None
        assert np.array_equal(cut, ramp(total - RATE, RATE))


@pytest.mark.parametrize(
    ("samples", "level"),
    [
        (np.full(1000, 32767, np.int16), None),
        (np.zeros(1000, np.int16), None),
        (np.tile(np.array([0, 1, -1], np.int16), 300), None),
        (np.tile(np.array([16384, -16384], np.int16), 500), -6.0),
        ((32767 * np.sin(np.arange(16000) / 5)).astype(np.int16), -3.0),
    ],
)
def test_levels(samples: Samples, level: float | None):
    assert level_dbfs(samples) == level
    assert is_blank(samples) is (level is None)
