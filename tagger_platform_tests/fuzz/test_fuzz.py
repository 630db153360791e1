"""The short form of the long run: 5,000 damaged inputs, the same ones each time."""

import pytest

from tagger_platform_tests.fuzz.__main__ import TARGETS
from tagger_platform_tests.fuzz.target import Target, run

INPUTS = 5_500
"""some targets end a little early, when they have seen all that is simple"""
SEED = 20261121


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_every_input_ends_in_a_value_or_in_a_sentence(target: Target):
    wanted = round(INPUTS * target.share)
    assert run(target, wanted, SEED).inputs >= 0.9 * wanted


def test_the_shares_are_all_there_is():
    assert sum(target.share for target in TARGETS) == pytest.approx(1.0)


def test_an_input_that_crashes_is_found():
    def judge(value: str) -> None:
        assert len(value) < 20, "too long"

    with pytest.raises(AssertionError, match="too long"):
        run(Target("long words", 1.0, TARGETS[2].inputs, judge), 50, SEED)
