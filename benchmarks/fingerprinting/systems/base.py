"""What every system is asked for, and what it answers.

What belongs here: the protocol. What does not: any system, and any judgement of an answer (`score`).
"""

from dataclasses import dataclass
from typing import Protocol

from fingerprinting.pcm import Pcm, Samples


@dataclass(frozen=True)
class Answer:
    """The best track, where in it the window begins, and how good that is, in the system's own measure.

    `accepted`: whether the system would tell its user; None where it ships no threshold.
    """

    track_id: str | None
    offset_s: float
    score: float
    accepted: bool | None


NOTHING = Answer(None, 0.0, 0.0, None)


class System(Protocol):
    """A catalogue of tracks that can be asked for a window."""

    name: str
    rate: int
    """Hz of the samples that `add` takes: decoding to it is not counted as the system's own work."""

    def add(self, track_id: str, samples: Samples) -> None:
        """Take one track into the index."""

    def finish(self) -> None:
        """Called once, when all tracks were added."""

    def query(self, samples: Pcm, masked: frozenset[str]) -> Answer:
        """The best answer for a window at 16 kHz if the tracks `masked` were not there."""

    def index_bytes(self) -> int:
        """How much is stored, in bytes."""
