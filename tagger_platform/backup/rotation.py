"""Which of the nightly backups go: every night of a week is kept, then one of each week, for so many days. Pure.

What belongs here: the rule. What does not: making and deleting. Thirty whole copies of a log would soon be larger than
everything else on a small box; eleven or twelve tell as much.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tagger_platform.backup.make import NIGHTLY

DAILY = timedelta(days=7)


def outdated(paths: Iterable[Path], now: datetime, keep_days: int) -> list[Path]:
    """Those of the files, of which only nightly ones count, that are not kept any more; never the newest.

    Kept are those younger than DAILY, and of older ones the last of each week (Monday to Sunday, UTC), unless they are
    `keep_days` old or older; and those that `dated` leaves out.
    """
    known = dated(paths, now)
    young = [(made, path) for made, path in known if now - made < timedelta(days=keep_days)]
    last_of_week = {made.isocalendar()[:2]: path for made, path in young if now - made >= DAILY}
    kept = {path for made, path in young if now - made < DAILY} | set(last_of_week.values())
    return [path for _, path in known[:-1] if path not in kept]


def dated(paths: Iterable[Path], now: datetime) -> list[tuple[datetime, Path]]:
    """The nightly backups among the files and when they were made, the newest last.

    Without those of the future: a clock was wrong, but nobody knows whether it was that one or is this one. They are no
    proof of anything and are left to a person; where it is this one, nothing that is good is deleted.
    """
    return sorted((made, path) for path in paths if (made := made_at(path)) and made <= now)


def made_at(path: Path) -> datetime | None:
    """When a nightly backup was made, as its name says; None for any other file."""
    try:
        return datetime.strptime(path.name, f"{NIGHTLY}-%Y%m%dT%H%M%SZ.zip").replace(tzinfo=UTC)
    except ValueError:
        return None
