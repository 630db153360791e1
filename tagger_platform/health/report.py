"""The words of a health report: parts, their states, and all of them together.

What belongs here: the values. What does not: finding out (`parts`).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from tagger_platform.observe.logs import redact
from tagger_platform.settings import Settings
from tagger_platform.store.database import Database


class State(StrEnum):
    """Failing: what the platform is for does not happen. Warning: somebody should look before it comes to that."""

    OK = "ok"
    WARNING = "warning"
    FAILING = "failing"


SEVERITY = (State.OK, State.WARNING, State.FAILING)


@dataclass(frozen=True)
class Part:
    """One part of the platform: its state, a sentence for people, and the numbers behind it."""

    name: str
    state: State
    detail: str
    numbers: Mapping[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        return {"state": self.state, "detail": redact(self.detail), "numbers": dict(self.numbers)}


@dataclass(frozen=True)
class Report:
    """All parts, in the order of the path."""

    parts: tuple[Part, ...]

    @property
    def state(self) -> State:
        return max((part.state for part in self.parts), key=SEVERITY.index)

    def as_json(self) -> dict[str, Any]:
        return {"status": self.state, "parts": {part.name: part.as_json() for part in self.parts}}


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class Watched:
    """What is looked at. `ask_capture` returns capture's own report and raises TaggerError where there is none."""

    settings: Settings
    database: Database
    ask_capture: Callable[[], Mapping[str, Any]]
    clock: Callable[[], datetime] = utc_now
