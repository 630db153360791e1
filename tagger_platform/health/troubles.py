"""What is worth a message: the troubles there are now, and when somebody is told of each.

What belongs here: naming troubles, and the rule that tells of each once when it begins, once a day while it lasts and
once when it is over. What does not: finding out how the parts are (`parts`), sending (`notify`). Nothing here reads a
clock.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from tagger_platform.health.report import Report, State, Watched
from tagger_platform.model import LATE_AFTER
from tagger_platform.recognize.breaker import State as BreakerState
from tagger_platform.store import reports

HOLD_S = 300.0
"""A trouble must last this long before it is told, and be gone as long before it counts as over: most pass."""
REMIND_S = 86_400.0
COVERAGE_SPAN = timedelta(hours=3)
"""Of which coverage is looked at: 18 minutes that were lost of it are a tenth."""
FEWEST_WINDOWS = 20
"""Fewer windows than this say nothing about a stream that has just been added."""
TOLD_AS_WARNING = frozenset({"disk", "nightly"})
"""Parts whose warning is told too: they get worse by themselves, or nobody sees that backups have ceased."""
ASK_THE_STORE = frozenset({"providers", "nightly"})
"""Parts that cannot be looked at without the store: its trouble is not theirs."""


def troubles(report: Report, watched: Watched) -> dict[str, str]:
    """What is wrong now: a name that stays the same while it lasts, and a sentence."""
    found = {
        part.name: f"{part.name}: {part.detail}"
        for part in report.parts
        if part.state is State.FAILING or (part.state is State.WARNING and part.name in TOLD_AS_WARNING)
    }
    if "store" in found:
        return {name: told for name, told in found.items() if name not in ASK_THE_STORE}
    return found | dict(_breakers(report)) | dict(_coverage(watched))


def _breakers(report: Report) -> Iterator[tuple[str, str]]:
    (providers,) = (part for part in report.parts if part.name == "providers")
    for name, numbers in providers.numbers.items():
        if numbers.get("breaker", BreakerState.CLOSED) != BreakerState.CLOSED:
            yield f"provider {name}", f"{name} is in trouble and left alone; its windows wait: {providers.detail}"


def _coverage(watched: Watched) -> Iterator[tuple[str, str]]:
    """Windows of the last minutes do not count: their runs may still be under way."""
    end = watched.clock() - LATE_AFTER
    limit = watched.settings.coverage_alert_ratio
    for one in reports.coverage_between(watched.database, end - COVERAGE_SPAN, end):
        if one.ratio is not None and one.ratio < limit and one.expected >= FEWEST_WINDOWS:
            hours = COVERAGE_SPAN.total_seconds() / 3600
            why = ", ".join(f"{state} {count}" for state, count in one.states.items())
            yield (
                f"coverage {one.stream}",
                f"{one.stream}: {one.ratio:.0%} of the last {hours:.0f} h was heard, less than {limit:.0%} ({why})",
            )


@dataclass(frozen=True)
class Told:
    """A trouble that was seen. Seconds since the epoch: `since` it was first seen, `told_at` somebody was told of it,
    `gone_since` it has not been seen any more."""

    sentence: str
    since: float
    told_at: float | None = None
    gone_since: float | None = None


@dataclass(frozen=True)
class Message:
    title: str
    body: str


def step(
    known: Mapping[str, Told], now_wrong: Mapping[str, str], now: datetime
) -> tuple[dict[str, Told], dict[str, Message]]:
    """What is known after a look, and what to tell because of it, by trouble; only of known ones anything is told."""
    at = now.timestamp()
    after: dict[str, Told] = {}
    messages = {}
    for name in sorted({*known, *now_wrong}):
        before = known.get(name) or Told(now_wrong[name], since=at)
        told, message = _lasts(before, now_wrong[name], at) if name in now_wrong else _is_gone(before, at)
        if told:
            after[name] = told
        if message:
            messages[name] = Message(f"tagger: {name} {message}", (told or before).sentence)
    return after, messages


def _lasts(before: Told, sentence: str, at: float) -> tuple[Told, str]:
    told = replace(before, sentence=sentence, gone_since=None)
    if before.told_at is None:
        return (replace(told, told_at=at), "is not well") if at - before.since >= HOLD_S else (told, "")
    return (replace(told, told_at=at), "is still not well") if at - before.told_at >= REMIND_S else (told, "")


def _is_gone(before: Told, at: float) -> tuple[Told | None, str]:
    if before.told_at is None:
        return None, ""
    gone_since = at if before.gone_since is None else before.gone_since
    if at - gone_since < HOLD_S:
        return replace(before, gone_since=gone_since), ""
    return None, "is well again"
