"""`tagger library`: the user's own audio, and how it stands.

What belongs here: the commands and what they print. What does not: waiting for what was asked for (`library_add`).
"""

import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import click

from tagger_platform.cli.output import json_option, print_json, print_table
from tagger_platform.library.files import KINDS, find_audio
from tagger_platform.library.places import Library
from tagger_platform.library.rebuild import rebuild
from tagger_platform.library.removal import remove
from tagger_platform.library.standing import standing
from tagger_platform.settings import Settings
from tagger_platform.store import reports
from tagger_platform.store.library import AGAIN, ItemStatus, LibraryItem, library_json

COLUMNS = ["item_id", "title", "artist", "kind", "duration_s", "status", "group", "reason"]


@click.group()
def library() -> None:
    """Your own audio: music, jingles and ads that are recognised offline."""


@library.command("add")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--kind", type=click.Choice(KINDS), help="What these are; otherwise told by folder (jingles/, ads/).")
@json_option
def add_command(paths: tuple[Path, ...], kind: str | None, as_json: bool) -> int:
    """Add files or folders to the catalogue, and wait until they can be recognised."""
    from tagger_platform.cli.library_add import add_files  # Dagster, which the other commands do without

    items = add_files(Settings.load(), find_audio(paths), kind=kind, progress=not as_json)
    _tell(items, as_json, nothing="no audio files found")
    return _exit_code(items)


@library.command("list")
@json_option
def list_command(as_json: bool) -> None:
    """Every item and its status."""
    items = reports.library_items(Library(Settings.load()).database)
    if as_json:
        print_json(map(library_json, items))
    else:
        shown = map(library_json, items)
        cells = [[row[column] for column in COLUMNS] for row in shown]
        print_table(COLUMNS, cells, nothing="The library is empty: tagger library add FOLDER")


@library.command("status")
@json_option
def status_command(as_json: bool) -> None:
    """How many items are in which state, what is under way, and what failed last."""
    told = standing(Library(Settings.load()))
    if as_json:
        print_json([told])
        return
    click.echo(", ".join(f"{count} {status}" for status, count in told["items"].items()) or "The library is empty.")
    click.echo(f"{told['tracks']} tracks can be recognised")
    for path in told["running"] if told["working"] else ():
        click.echo(f"now: {path}")
    for item in told["errors"]:
        click.echo(f"FAILED {item['path']}: {item['reason']}")


@library.command("remove")
@click.argument("item_ids", nargs=-1, required=True, metavar="ID...")
@json_option
def remove_command(item_ids: tuple[str, ...], as_json: bool) -> None:
    """Take items out of the catalogue, at once. The files stay, and come back only when they are added by name."""
    removed = remove(Library(Settings.load()), item_ids)
    if as_json:
        print_json(map(library_json, removed))
        return
    for item in removed:
        copy = f" (a copy of {item.duplicate_of})" if item.duplicate_of else ""
        click.echo(f"removed {item.item_id} {item.title}{copy}; its file stays: {item.path}")


@library.command("rebuild")
@json_option
def rebuild_command(as_json: bool) -> int:
    """Make the catalogue anew from your files; until it is done the old one answers."""
    place = Library(Settings.load())
    counts = reports.library_counts(place.database).by_status
    total = sum(counts.get(status, 0) for status in AGAIN)
    with click.progressbar(length=total, label="fingerprinting", file=sys.stderr, hidden=as_json) as bar:
        items = rebuild(place, lambda _: bar.update(1))
    _tell(items, as_json, nothing="The library is empty: nothing to rebuild.")
    return _exit_code(items)


def _tell(items: Sequence[LibraryItem], as_json: bool, nothing: str) -> None:
    if as_json:
        print_json(map(library_json, items))
        return
    counts = Counter(item.status for item in items)
    click.echo(", ".join(f"{count} {status}" for status, count in sorted(counts.items())) or nothing)
    for item in items:
        if item.reason:
            click.echo(f"{item.status} {item.path}: {item.reason}")
        if item.item_group:
            click.echo(f"{item.status} {item.path}: shares audio with others, group {item.item_group}")


def _exit_code(items: Sequence[LibraryItem]) -> int:
    return 1 if any(item.status is ItemStatus.FAILED for item in items) else 0
