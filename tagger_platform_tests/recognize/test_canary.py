"""The canary: what a provider's answer about a clip that it knows says of the provider."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tagger_platform.model import CanaryOutcome, Status, Track
from tagger_platform.recognize import canary
from tagger_platform.recognize.breaker import FAILURES, State
from tagger_platform.recognize.budget import BURST, Budget, breakers
from tagger_platform.recognize.shazam import ShazamRecognizer
from tagger_platform_tests.recognize.clock import Clock
from tagger_platform_tests.standins.shazam import NO_MATCH, Mode, ShazamStandIn, song

NOW = datetime(2026, 11, 21, 3, 30, tzinfo=UTC)
EXPECTED = Track("shazam", "1", "Song", "Band", isrc="USRC17607839")


@pytest.fixture
def clip(tmp_path: Path) -> canary.Clip:
    noise = np.random.default_rng(1).normal(0, 0.1, 12 * 16_000).astype(np.float32)
    soundfile.write(tmp_path / "clip.flac", noise, 16_000)
    return canary.Clip(tmp_path / "clip.flac", EXPECTED)


@pytest.fixture
def budget(tmp_path: Path) -> Budget:
    clock = Clock()
    return Budget(tmp_path / "budget.sqlite", "shazam", per_minute=4, clock=clock, sleep=clock.sleep)


def send(recognizer: ShazamRecognizer, clip: canary.Clip) -> canary.CanaryResult:
    return asyncio.run(canary.send(recognizer, clip, lambda: NOW))


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (song("1", "Song", "Band"), CanaryOutcome.MATCH),
        (song("2", "song", "BAND"), CanaryOutcome.MATCH),  # the same song under another id
        (song("3", "Canción", "Banda", isrc="USRC17607839"), CanaryOutcome.MATCH),
        (song("4", "Another", "Band"), CanaryOutcome.WRONG),
        (NO_MATCH, CanaryOutcome.NO_MATCH),
    ],
)
def test_an_answer_is_judged_by_the_song_it_names(clip, answer, outcome):
    with ShazamStandIn(lambda asked: answer) as shazam:
        result = send(ShazamRecognizer(host=shazam.url), clip)
    assert (result.provider, result.asked_at, result.outcome) == ("shazam", NOW, outcome)
    assert result.latency_ms > 0
    assert ("shazam:4 instead of shazam:1" in result.detail) is (outcome is CanaryOutcome.WRONG)


@pytest.mark.parametrize(
    ("mode", "outcome"),
    [
        (Mode.THROTTLED, CanaryOutcome.THROTTLED),
        (Mode.GARBAGE, CanaryOutcome.BAD_ANSWER),
        (Mode.SERVER_ERROR, CanaryOutcome.PROVIDER_DOWN),
        (Mode.REFUSED, CanaryOutcome.PROVIDER_DOWN),
        (Mode.HANG, CanaryOutcome.TIMEOUT),
    ],
)
def test_a_provider_that_is_broken_is_told_from_one_that_knows_nothing(clip, mode, outcome):
    with ShazamStandIn(mode=mode) as shazam:
        result = send(ShazamRecognizer(host=shazam.url, timeout_s=1), clip)
    assert (result.outcome, result.outcome.is_trouble) == (outcome, True)
    assert result.detail


def test_every_status_a_question_can_end_with_is_an_outcome():
    asked = {Status.MATCH, Status.NO_MATCH, Status.THROTTLED, Status.PROVIDER_DOWN, Status.TIMEOUT}
    assert {CanaryOutcome(status.value) for status in (*asked, Status.BAD_ANSWER, Status.DISABLED)}


def test_a_canary_is_paid_from_the_providers_budget_and_no_streams_turn(clip, budget):
    with ShazamStandIn(lambda asked: song("1", "Song", "Band")) as shazam:
        assert send(ShazamRecognizer(host=shazam.url, budget=budget), clip).outcome is CanaryOutcome.MATCH
    assert budget.remaining() == BURST - 1
    assert budget.in_turn(["kexp", "cafe"]) == ["cafe", "kexp"]


def test_what_live_windows_have_use_for_is_not_taken(clip, budget):
    for _ in range(BURST):
        assert budget.take("kexp") is None
    with ShazamStandIn(lambda asked: song("1", "Song", "Band")) as shazam:
        result = send(ShazamRecognizer(host=shazam.url, budget=budget), clip)
        assert shazam.asked == []
    assert (result.outcome, result.outcome.is_trouble) == (CanaryOutcome.NOT_ASKED, False)
    assert (result.latency_ms, result.detail, budget.remaining()) == (None, "our own budget", 0)


def test_canaries_that_fail_open_the_breaker_and_one_that_comes_home_closes_it(clip, budget):
    with ShazamStandIn(mode=Mode.SERVER_ERROR) as shazam:
        recognizer = ShazamRecognizer(host=shazam.url, budget=budget)
        for _ in range(FAILURES):
            assert send(recognizer, clip).outcome is CanaryOutcome.PROVIDER_DOWN
        assert breakers(budget.path)["shazam"].state is State.OPEN
        assert send(recognizer, clip).outcome is CanaryOutcome.NOT_ASKED
        budget.clock.now += 3600
        shazam.mode, shazam.answers = Mode.MATCH, lambda asked: song("1", "Song", "Band")
        assert send(recognizer, clip).outcome is CanaryOutcome.MATCH
    assert breakers(budget.path)["shazam"].state is State.CLOSED


def test_the_catalogue_finds_our_own_clip_in_a_catalogue_of_its_own(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    result = asyncio.run(canary.send_to_catalogue(lambda: NOW))
    assert (result.provider, result.outcome, result.detail) == ("catalogue", CanaryOutcome.MATCH, "")
    assert list(tmp_path.iterdir()) == []
