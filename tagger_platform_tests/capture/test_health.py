"""Watchdog, backoff and condition on virtual time."""

import logging

import pytest

from tagger_platform.capture.health import LINES_MOST, REMIND_S, Backoff, Condition, Watchdog
from tagger_platform.model import CaptureState


def watchdog() -> Watchdog:
    return Watchdog(0.0, first_byte_s=20.0, silent_s=10.0, blank_s=60.0)


def test_no_bytes_at_all():
    assert watchdog().verdict(19.9) is None
    assert watchdog().verdict(20.0) is CaptureState.STALLED


def test_bytes_that_stop():
    dog = watchdog()
    dog.fed(5.0, blank=False)
    assert dog.verdict(14.9) is None
    assert dog.verdict(15.0) is CaptureState.STALLED


def test_bytes_without_sound():
    dog = watchdog()
    for second in range(61):
        dog.fed(float(second), blank=True)
        assert dog.verdict(float(second)) is (CaptureState.BLANK if second == 60 else None)


def test_sound_after_a_long_silence_brings_the_usual_patience_back():
    dog = Watchdog(0.0, first_byte_s=20.0, silent_s=10.0, blank_s=120.0)
    verdicts = []
    for second in range(200):
        dog.fed(float(second), blank=second != 100)
        verdicts.append(dog.verdict(float(second)))
    assert verdicts.index(CaptureState.BLANK) == 101 + 60


def test_a_pause_is_not_blank():
    dog = watchdog()
    for second in range(200):
        dog.fed(float(second), blank=second % 59 != 0)
        assert dog.verdict(float(second)) is None


def test_retries_slow_down_up_to_a_limit_and_start_again_after_good_audio():
    backoff = Backoff(jitter=lambda: 0.5)
    assert [backoff.failed(slow=False) for _ in range(8)] == [1, 2, 4, 8, 16, 32, 60, 60]
    backoff.good()
    assert [backoff.failed(slow=True) for _ in range(4)] == [60, 120, 240, 300]


def test_retries_of_many_streams_do_not_coincide():
    assert len({Backoff().failed(slow=False) for _ in range(10)}) > 5
    assert all(0.75 <= Backoff().failed(slow=False) <= 1.25 for _ in range(50))


def test_a_window_names_the_trouble_that_lasted_longest_in_it():
    condition = Condition("kexp", 100.0)
    condition.recover(101.0)
    condition.fail(CaptureState.STALLED, "nothing comes", 210.0, lost_since=200.0)
    condition.fail(CaptureState.RECONNECTING, "refused", 212.0, lost_since=200.0)
    condition.recover(240.0)
    assert condition.reason(50.0, 60.0)[0] is CaptureState.STARTING
    assert condition.reason(95.0, 107.0)[0] is CaptureState.STARTING
    assert condition.reason(195.0, 207.0) == (CaptureState.STALLED, "nothing comes")
    assert condition.reason(205.0, 217.0) == (CaptureState.STALLED, "nothing comes")
    assert condition.reason(210.0, 222.0) == (CaptureState.RECONNECTING, "refused")
    assert condition.reason(235.0, 247.0) == (CaptureState.RECONNECTING, "refused")
    assert condition.reason(300.0, 312.0)[0] is CaptureState.STALLED
    condition.gap(400.0, 402.5)
    assert condition.reason(395.0, 407.0) == (CaptureState.DISCONTINUOUS, "no audio came for 2.5 s")


def test_a_change_is_logged_and_a_lasting_failure_only_now_and_then(caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.INFO)
    condition = Condition("kexp", 0.0)
    condition.recover(1.0)
    for second in range(2, 2 + int(3.5 * REMIND_S)):
        condition.fail(CaptureState.RECONNECTING, "refused", float(second), lost_since=2.0)
    condition.recover(3000.0)
    assert [record.getMessage() for record in caplog.records] == [
        "kexp: live (starting for 1 s)",
        "kexp: reconnecting: refused",
        *["kexp: still reconnecting: refused"] * 3,
        "kexp: live (reconnecting for 2998 s)",
    ]


def test_a_stream_that_flaps_does_not_fill_the_log(caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.INFO)
    condition = Condition("kexp", 0.0)
    for second in range(0, int(REMIND_S), 2):
        condition.recover(float(second))
        condition.fail(CaptureState.RECONNECTING, "gone", second + 1.0, lost_since=second + 1.0)
    assert len(caplog.records) == LINES_MOST
