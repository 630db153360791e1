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


class Code(StrEnum):
    """What a part can be found to be. The pages have a sentence for each in every language."""

    REFUSED = "refused"
    NOT_LOOKED_AT = "not_looked_at"
    CAPTURE_SILENT = "capture_silent"
    CAPTURE_TROUBLE = "capture_trouble"
    NO_WINDOWS = "no_windows"
    STREAMS_LIVE = "streams_live"
    NO_STREAMS = "no_streams"
    SPOOL_FULL = "spool_full"
    SLOTS_WAIT = "slots_wait"
    SLOTS_TAKEN = "slots_taken"
    NOBODY_ASKED = "nobody_asked"
    ANSWERS = "answers"
    LEFT_ALONE = "left_alone"
    WINDOWS_WAIT = "windows_wait"
    CANARY_NOT_NAMED = "canary_not_named"
    NOT_WRITABLE = "not_writable"
    LOG_READ = "log_read"
    DISK_FREE = "disk_free"
    DISK_LOW = "disk_low"
    DISK_SHEDS_CLIPS = "disk_sheds_clips"
    DISK_FULL = "disk_full"
    NEVER_TICKED = "never_ticked"
    TICKS_NO_MORE = "ticks_no_more"
    TICKS = "ticks"
    NO_NIGHT = "no_night"
    NIGHT_ENDED = "night_ended"
    RUN_OVERDUE = "run_overdue"
    RUN_NEVER = "run_never"


@dataclass(frozen=True)
class Finding:
    """What a part is found to be: a code, the same in an English sentence, and the sentence's figures.

    `why` among the figures is what somebody else says of it (an exception, capture, a provider), in English.
    """

    code: Code
    sentence: str
    details: Mapping[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        details = {name: redact(told) if isinstance(told, str) else told for name, told in self.details.items()}
        return {"code": self.code, "sentence": redact(self.sentence), "details": details}


@dataclass(frozen=True)
class Part:
    """One part of the platform: its state, what it was found to be, and the numbers behind it."""

    name: str
    state: State
    findings: tuple[Finding, ...]
    numbers: Mapping[str, Any] = field(default_factory=dict)

    @property
    def detail(self) -> str:
        """All findings in one English line."""
        return "; ".join(one.sentence for one in self.findings)

    def as_json(self) -> dict[str, Any]:
        findings = [one.as_json() for one in self.findings]
        return {
            "state": self.state,
            "detail": redact(self.detail),
            "findings": findings,
            "numbers": dict(self.numbers),
        }


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
