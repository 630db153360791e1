"""`tagger backup` and `tagger restore`: the log in one file, and back.

What belongs here: the commands. What does not: the work (`tagger_platform.backup`).
"""

import os
from datetime import UTC, datetime
from pathlib import Path

import click

from tagger_platform.backup.make import make
from tagger_platform.backup.restore import restore as restore_backup
from tagger_platform.cli.output import json_option, print_json
from tagger_platform.cli.running import running
from tagger_platform.errors import RequestError
from tagger_platform.settings import Settings


@click.command()
@click.option("--to", "folder", type=click.Path(path_type=Path), required=True, help="The folder to put the file in.")
@click.option("--clips", is_flag=True, help="With the audio behind the plays, which may be most of the file.")
@json_option
def backup(folder: Path, clips: bool, as_json: bool) -> None:
    """Put the log, the catalogue and the settings without secrets into one file."""
    settings = Settings.load()
    made = make(settings, folder, at=datetime.now(UTC), environ=os.environ, schedules=_schedules(settings), clips=clips)
    size, rows = made.path.stat().st_size, sum(made.manifest.rows.values())
    if as_json:
        told = {
            "path": str(made.path),
            "bytes": size,
            "rows": rows,
            "writers_waited_s": round(made.writers_waited_s, 3),
        }
        print_json([{**told, "tracks": made.manifest.tracks, "clips": clips}])
        return
    click.echo(made.path)
    click.echo(
        f"{size / 1e6:.1f} MB, {rows} rows, {made.manifest.tracks} tracks of the catalogue; writers waited "
        f"{made.writers_waited_s:.1f} s. Your own audio files are not in it.",
        err=True,
    )


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--replace", "replace_existing", is_flag=True, help="Also where DATA_DIR holds a log; it is kept aside.")
@json_option
def restore(file: Path, replace_existing: bool, as_json: bool) -> None:
    """Put a backup into DATA_DIR, which must hold no log. The platform must not run."""
    settings = Settings.load()
    if found := running(settings):
        raise RequestError(f"stop the platform first ({', '.join(found)}): it writes to {settings.data_dir}")
    done = restore_backup(file, settings.data_dir, replace_existing=replace_existing)
    if as_json:
        told = {"data_dir": str(settings.data_dir), "backup": str(done.backup), "made_at": done.made_at}
        replaced = str(done.replaced) if done.replaced else None
        print_json([{**told, "resumed": done.resumed, "replaced": replaced, "fill_in": list(done.fill_in)}])
        return
    if done.resumed:
        click.echo("An earlier restore was interrupted. It has now been brought to its end, and nothing else was done:")
    click.echo(f"{settings.data_dir} holds the backup {done.backup} of {done.made_at}.")
    if done.replaced:
        click.echo(f"What was there is in {done.replaced}: delete it when you do not need it any more.")
    click.echo(f"Its settings are in {settings.data_dir / 'restored'}, without secrets.")
    for one in done.fill_in:
        click.echo(f"Fill in again: {one}")


def _schedules(settings: Settings) -> str:
    """What is switched on and off in Dagster; empty where it has never run."""
    home = settings.dagster_home
    if not (home / "schedules").exists():
        return ""
    import dagster as dg  # two seconds

    from tagger_platform.defs.schedule_state import exported

    with dg.DagsterInstance.from_config(str(home)) as instance:
        return exported(instance)
