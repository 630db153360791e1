"""What the platform's metrics ask of the store, in one turn at it.

What belongs here: one reading of everything that is measured. What does not: its names and help as Prometheus sees
them (`api.metrics`), and counting (`totals`). It costs the same however long the log is: totals are kept, and coverage
looks at one day.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, tzinfo

from tagger_platform.model import CanaryResult
from tagger_platform.store import totals
from tagger_platform.store.canary import newest_canaries
from tagger_platform.store.database import Connection, Database
from tagger_platform.store.embeddings import count_embeddings
from tagger_platform.store.expected import unaccounted
from tagger_platform.store.library import ItemStatus, counts, open_count
from tagger_platform.store.reports import day_bounds
from tagger_platform.store.rows import naive
from tagger_platform.store.runs import last_runs


@dataclass(frozen=True)
class Snapshot:
    """The store at one moment. `coverage` is each stream's share of the local day so far that was heard."""

    totals: dict[str, dict[tuple[str, str], int]]
    coverage: dict[str, float]
    catalogue_tracks: int
    embeddings: int
    library_open: int
    last_runs: dict[str, datetime]
    canaries: list[CanaryResult]


def snapshot(database: Database, day: date, tz: tzinfo) -> Snapshot:
    start, end = day_bounds(day, tz)
    with database.reading() as connection:
        return Snapshot(
            totals=totals.read(connection),
            coverage=_coverage(connection, start, end),
            catalogue_tracks=counts(connection).by_status.get(ItemStatus.READY, 0),
            embeddings=count_embeddings(connection),
            library_open=open_count(connection),
            last_runs=last_runs(connection),
            canaries=newest_canaries(connection),
        )


def _coverage(connection: Connection, start: datetime, end: datetime) -> dict[str, float]:
    """As `reports.coverage_of_day` has it, without the list of what was not heard."""
    rows = connection.execute(
        "SELECT stream, count(*) FILTER (state IN ('heard', 'silent')), count(*) FILTER (state <> 'not_needed')"
        " FROM windows WHERE started_at >= ? AND started_at < ? GROUP BY stream",
        [naive(start), naive(end)],
    ).fetchall()
    heard = {stream: heard for stream, heard, _ in rows}
    due = Counter({stream: due for stream, _, due in rows})
    due.update(lost.stream for lost in unaccounted(connection, start, end))
    return {stream: heard.get(stream, 0) / count for stream, count in sorted(due.items()) if count}
