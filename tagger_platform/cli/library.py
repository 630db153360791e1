"""`tagger library add` and `list`: the user's own audio."""

import sys
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import click

from tagger_platform.capture.ffmpeg import find_ffmpeg
from tagger_platform.cli.output import json_option, print_json, print_table
from tagger_platform.fingerprint.index import Index
from tagger_platform.library import KINDS, ItemStatus, LibraryItem, add, find_audio
from tagger_platform.settings import Settings
from tagger_platform.store import reports, writes
from tagger_platform.store.database import Database
from tagger_platform.store.rows import LibraryRow, library_json


@click.group()
def library() -> None:
    """Your own audio: music, jingles and ads that are recognised offline."""


@library.command("add")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--kind", type=click.Choice(KINDS), help="What these are; otherwise told by folder (jingles/, ads/).")
@json_option
def add_command(paths: tuple[Path, ...], kind: str | None, as_json: bool) -> int:
    """Add files or folders to the catalogue, and wait until they can be recognised."""
    items = add_paths(Settings.load(), paths, kind=kind, progress=not as_json)
    if as_json:
        print_json(library_json(_row(item)) for item in items)
    else:
        counts = Counter(item.status for item in items)
        click.echo(", ".join(f"{count} {status}" for status, count in sorted(counts.items())) or "no audio files found")
        for item in items:
            if item.status in (ItemStatus.FAILED, ItemStatus.DUPLICATE):
                click.echo(f"{item.status} {item.path}: {item.reason}")
    return 1 if any(item.status is ItemStatus.FAILED for item in items) else 0


@library.command("list")
@json_option
def list_command(as_json: bool) -> None:
    """Every item and its status."""
    rows = reports.library_items(Database(Settings.load().database_path))
    if as_json:
        print_json(library_json(row) for row in rows)
    else:
        columns = ["item_id", "title", "artist", "kind", "duration_s", "status", "reason"]
        cells = [[getattr(row, column) for column in columns] for row in rows]
        print_table(columns, cells, nothing="The library is empty: tagger library add FOLDER")


def add_paths(
    settings: Settings, paths: Sequence[Path], *, kind: str | None, progress: bool = True
) -> list[LibraryItem]:
    """Add everything below `paths` to the catalogue, noting each item's status in the store as it changes."""
    database = Database(settings.database_path)

    def note(item: LibraryItem) -> None:
        with database.writing() as connection:
            writes.write_library_item(connection, _row(item))

    found = add(paths, Index(settings.catalogue_dir), find_ffmpeg(settings.ffmpeg_path), note, kind)
    if not progress:
        return list(found)
    with click.progressbar(found, length=len(find_audio(paths)), label="fingerprinting", file=sys.stderr) as bar:
        return list(bar)


def _row(item: LibraryItem) -> LibraryRow:
    return LibraryRow(
        item_id=item.item_id,
        path=str(item.path),
        title=item.title,
        artist=item.artist,
        album=item.album,
        isrc=item.isrc,
        kind=item.kind,
        duration_s=item.duration_s,
        status=item.status,
        reason=item.reason,
        duplicate_of=item.duplicate_of or None,
        item_group=None,
        added_at=datetime.now(UTC),
    )
