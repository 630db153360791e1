"""The whole log for analysts: a copy they may open for as long as they like.

What belongs here: putting the store's tables into files. What does not: backups, which hold more (`backup`). An open
session on the store itself would keep everybody else waiting.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path

from tagger_platform.errors import RequestError
from tagger_platform.store.copies import contents
from tagger_platform.store.database import Database

STORE = "tagger.duckdb"


class Format(StrEnum):
    """What is written: a folder with a file for each table, or one DuckDB file."""

    PARQUET = "parquet"
    CSV = "csv"
    DUCKDB = "duckdb"


def export(database: Database, target: Path, kind: Format) -> dict[str, int]:
    """Write every table to `target`, whole or not at all; returns the rows of each.

    Nobody waits but for the copying of the store's file. Raises RequestError where something is in the way, and
    DiskFullError.
    """
    if target.exists():
        raise RequestError(f"{target} is there already: name another place, or delete it")
    with _staging(target) as folder:
        copy = folder / STORE
        database.migrate()
        database.copy_to(copy)
        with Database(copy).writing():  # takes in what a crash left in the write-ahead log
            pass
        with Database(copy).as_it_is() as connection:
            rows = contents(connection).rows
            if kind is not Format.DUCKDB:
                place = str(folder / "tables").replace("'", "''")
                connection.execute(f"EXPORT DATABASE '{place}' (FORMAT {kind})")
        (copy if kind is Format.DUCKDB else folder / "tables").rename(target)
    return rows


@contextmanager
def _staging(target: Path) -> Iterator[Path]:
    """An empty folder beside `target`; what a killed one left is thrown away."""
    folder = target.with_name(f".{target.name}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(mode=0o700)
    except OSError as error:
        raise RequestError(f"{target.parent} cannot be written: {error.strerror}") from error
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
