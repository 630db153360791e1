"""`tagger export`: the whole log as files for analysts.

What belongs here: the command. What does not: the work (`store.export`).
"""

from pathlib import Path

import click

from tagger_platform.cli.output import json_option, print_json
from tagger_platform.settings import Settings
from tagger_platform.store.database import Database
from tagger_platform.store.export import Format
from tagger_platform.store.export import export as export_log

SHOWN = ("plays", "tracks", "windows", "recognitions")


@click.command()
@click.option("--to", "target", type=click.Path(path_type=Path), required=True, help="A folder or file to be made.")
@click.option("--format", "kind", type=click.Choice([*map(str, Format)]), default="parquet", show_default=True)
@json_option
def export(target: Path, kind: str, as_json: bool) -> None:
    """Copy the log's tables for analysts, who may keep the copy open as long as they like."""
    rows = export_log(Database(Settings.load().database_path), target, Format(kind))
    if as_json:
        print_json([{"path": str(target), "format": kind, "rows": rows}])
        return
    click.echo(target)
    click.echo(", ".join(f"{rows[table]} {table}" for table in SHOWN), err=True)
