"""Dagster's own history, pruned with the data it describes.

What belongs here: which runs and partitions go, and all that a run leaves behind. What does not: ticks, which Dagster
prunes itself (`dagster.yaml`); when it happens (`retention`). The store is the record, and needs nothing of this.
"""

import shutil
import time
import uuid
from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import dagster as dg
from dagster._core.storage.event_log import SqlEventLogStorage, SqliteEventLogStorage
from dagster._core.storage.event_log.schema import AssetCheckExecutionsTable

from tagger_platform.defs.slots import IN_FLIGHT, WINDOW_SLOTS, span_of
from tagger_platform.model import Slot

MOST_RUNS = 25_000
"""Runs that are kept at most, 0.2 MB each: a month of slots of two minutes, less where the hop is shorter."""
LONGEST_S = 3600.0
"""Seconds of one night's pruning; the next night goes on where it was."""
AT_ONCE = 200
ENDED = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]


@dataclass(frozen=True)
class Pruned:
    """How many went. `leftovers` are files and folders of runs that were gone already."""

    runs: int
    partitions: int
    leftovers: int


def prune(
    instance: dg.DagsterInstance,
    before: datetime,
    *,
    needed: Collection[str] = (),
    most_runs: int = MOST_RUNS,
    longest_s: float = LONGEST_S,
) -> Pruned:
    """Delete runs that ended before `before`, the oldest above `most_runs`, and the partitions of slots before it.

    Never a run in flight, nor its partition, nor the partitions `needed` (slots that the log or the spool still has).
    """
    until = time.monotonic() + longest_s
    runs = _prune_runs(instance, before, most_runs, until)
    return Pruned(runs, _prune_partitions(instance, before, needed, until), _sweep(instance, before))


def _prune_runs(instance: dg.DagsterInstance, before: datetime, most_runs: int, until: float) -> int:
    old, ended = dg.RunsFilter(statuses=ENDED, updated_before=before), dg.RunsFilter(statuses=ENDED)
    gone = 0
    while time.monotonic() < until:
        too_many = instance.get_runs_count(ended) - most_runs
        deleted = _delete_oldest(instance, old, AT_ONCE)
        if not deleted and too_many > 0:
            deleted = _delete_oldest(instance, ended, min(too_many, AT_ONCE))
        if not deleted:
            break
        gone += deleted
    return gone


def _delete_oldest(instance: dg.DagsterInstance, runs: dg.RunsFilter, most: int) -> int:
    records = instance.get_run_records(runs, limit=most, order_by="update_timestamp", ascending=True)
    for record in records:
        delete_run(instance, record.dagster_run.run_id)
    return len(records)


def delete_run(instance: dg.DagsterInstance, run_id: str) -> None:
    """Delete a run and all that it left. The run itself goes last: one whose deletion was killed is found again."""
    storage = instance.event_log_storage
    storage.delete_events(run_id)
    if isinstance(storage, SqlEventLogStorage):  # Dagster's own deletion leaves what the checks said, 5 kB a run
        table = AssetCheckExecutionsTable
        with storage.index_connection() as connection:
            connection.execute(table.delete().where(table.c.run_id == run_id))
    if isinstance(storage, SqliteEventLogStorage):  # and the run's own file of events, 170 kB
        file = Path(storage.path_for_shard(run_id))
        for end in ("", "-wal", "-shm"):
            file.with_name(file.name + end).unlink(missing_ok=True)
    instance.compute_log_manager.delete_logs(prefix=[run_id])
    instance.run_storage.delete_run(run_id)


def _prune_partitions(instance: dg.DagsterInstance, before: datetime, needed: Collection[str], until: float) -> int:
    name = str(WINDOW_SLOTS.name)
    under_way = [span for run in instance.get_runs(dg.RunsFilter(statuses=list(IN_FLIGHT))) if (span := span_of(run))]
    keys = {key for key in instance.get_dynamic_partitions(name) if Slot.parse(key).start < before}
    gone = 0
    for key in sorted(keys.difference(needed)):
        if any(first <= key <= last for first, last in under_way):
            continue
        if time.monotonic() > until:
            break
        instance.delete_dynamic_partition(name, key)
        gone += 1
    return gone


def _sweep(instance: dg.DagsterInstance, before: datetime) -> int:
    """Delete what was left of runs that people deleted, or looked at when they were gone already."""
    storage = instance.event_log_storage
    if not isinstance(storage, SqliteEventLogStorage):
        return 0
    left = [*_of_runs(Path(storage.path_for_shard("")).parent), *_of_runs(Path(instance.storage_directory()))]
    known = set(instance.get_run_ids())
    gone = 0
    for run_id, path in left:
        if run_id not in known and path.stat().st_mtime < before.timestamp():
            shutil.rmtree(path) if path.is_dir() else path.unlink()
            gone += 1
    return gone


def _of_runs(folder: Path) -> Iterator[tuple[str, Path]]:
    """The entries of a folder that are named by a run's id."""
    for path in folder.glob("*"):
        with suppress(ValueError):
            yield str(uuid.UUID(path.name.partition(".")[0])), path
