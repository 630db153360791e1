"""The promises of the log as asset checks on `plays`: told at the end of every slot's run, about the slot's local day.

What belongs here: what is checked, and its words. What does not: asking the store (`store.promises`). They are part of
the step, not steps of their own, and look at one day, so that they cost a slot some hundredths of a second for ever.
That windows keep coming at all is for `windows`' freshness policy: a capture that is dead makes no runs.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import dagster as dg

from tagger_platform.defs.platform import Platform
from tagger_platform.model import Slot, iso
from tagger_platform.settings import Settings
from tagger_platform.store import promises
from tagger_platform.store.reports import day_bounds

ACCOUNTED, APART, KNOWN = "windows_accounted_for", "no_overlapping_plays", "no_orphan_tracks"
SPECS = [
    dg.AssetCheckSpec(ACCOUNTED, asset="plays", description="Every window expected of the day has exactly one state."),
    dg.AssetCheckSpec(APART, asset="plays", description="No track plays twice at once on a stream."),
    dg.AssetCheckSpec(KNOWN, asset="plays", description="Every track that is named is there."),
]
NAMED = 5
"""Of what breaks a promise this many are named."""
LATE_SLOTS = 3
"""Slots that may be missing before the log counts as not fresh."""
RUN_TAKES = timedelta(minutes=10)
"""A slot's run, its wait for its turn and the freshness daemon's round."""


def told(platform: Platform, slots: Sequence[Slot]) -> list[dg.AssetCheckResult]:
    """What has become of the promises about the local days of a run's slots, from the first to the last of them."""
    first, last = (slot.start.astimezone(platform.settings.tz).date() for slot in (slots[0], slots[-1]))
    start, end = day_bounds(first, platform.settings.tz)[0], day_bounds(last, platform.settings.tz)[1]
    days = first.isoformat() if first == last else f"{first} to {last}"
    waiting = {*platform.spool.ready(), *platform.spool.claimed(), *platform.spool.recorded()}
    with platform.database.reading() as connection:
        accounts = promises.accounts(connection, start, end, waiting=waiting)
        overlaps = promises.overlapping_plays(connection, start, end)
        orphans = promises.orphan_tracks(connection, start, end)
    twice = [f"{track} on {stream} at {iso(at)}" for stream, track, at in overlaps]
    return [
        _result(ACCOUNTED, [line for account in accounts for line in _problems(account)], days, accounts),
        _result(APART, twice, days),
        _result(KNOWN, orphans, days),
    ]


def freshness(settings: Settings) -> dg.FreshnessPolicy:
    """Windows come every hop: after some without, something is wrong."""
    return dg.FreshnessPolicy.time_window(fail_window=RUN_TAKES + LATE_SLOTS * timedelta(seconds=settings.hop_s))


def _problems(account: promises.Account) -> list[str]:
    stream, missing, extra, unknown = account.stream, account.unaccounted, account.unexpected, account.unknown
    told = [
        missing and f"{stream}: {len(missing)} expected windows have no state, the first at {iso(missing[0])}",
        extra and f"{stream}: {len(extra)} windows were never expected, the first is {extra[0]}",
        unknown and f"{stream}: there is no such state as {', '.join(unknown)}",
    ]
    return [line for line in told if line]


def _result(name: str, problems: list[str], day: str, accounts: Sequence[promises.Account] = ()) -> dg.AssetCheckResult:
    shown = "; ".join(problems[:NAMED]) + (f"; and {len(problems) - NAMED} more" if len(problems) > NAMED else "")
    sums = {
        account.stream: {"expected": account.expected, "sum": sum(account.states.values()), "states": account.states}
        for account in accounts
    }
    metadata: dict[str, dg.MetadataValue[Any] | str | int] = {
        "day": day,
        "problems": len(problems),
        **({"streams": dg.MetadataValue.json(sums)} if sums else {}),
    }
    return dg.AssetCheckResult(passed=not problems, check_name=name, description=shown or None, metadata=metadata)
