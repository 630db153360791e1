"""A target: where its inputs come from, what must hold of each, and running a number of them.

What belongs here: the one way in which all targets are run. What does not: any of them.
"""

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import seed as seeded
from hypothesis.strategies import SearchStrategy

HANGS_S = 20
"""seconds after which an input counts as one that hangs: the slowest takes a fifth of one"""


@dataclass(frozen=True)
class Target:
    """`judge` raises for an input of `inputs` that ends in anything but a value or one of our errors.

    `share` of all inputs go to this target: those that cost much get few.
    """

    name: str
    share: float
    inputs: SearchStrategy[Any]
    judge: Callable[[Any], None]


@dataclass
class Figures:
    """What a run of one target came to."""

    inputs: int = 0
    seconds: float = 0.0
    slowest_s: float = 0.0


def run(target: Target, inputs: int, seed: int | None = None) -> Figures:
    """Judge about `inputs` inputs, the same ones where a `seed` is given; raises what the first bad one raised."""
    figures = Figures()

    def timed(value: Any) -> None:
        began = time.perf_counter()
        with _no_longer_than(HANGS_S):
            target.judge(value)
        figures.inputs += 1
        figures.slowest_s = max(figures.slowest_s, time.perf_counter() - began)

    limits = settings(
        max_examples=inputs,
        deadline=None,
        database=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),  # they weigh inputs, which are to be large and strange here
    )
    test = limits(given(target.inputs)(timed))
    began = time.perf_counter()
    (test if seed is None else seeded(seed)(test))()
    figures.seconds = time.perf_counter() - began
    return figures


@contextmanager
def _no_longer_than(seconds: float) -> Iterator[None]:
    def hangs(number: int, frame: FrameType | None) -> None:
        raise TimeoutError(f"this input hangs: nothing came of it within {seconds} s")

    before = signal.signal(signal.SIGALRM, hangs)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
