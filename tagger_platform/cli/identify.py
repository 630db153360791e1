"""`tagger identify`: what is this audio?"""

from pathlib import Path
from typing import Any

import click

from tagger_platform.capture.ffmpeg import find_ffmpeg
from tagger_platform.cli.output import json_option, print_json, print_table
from tagger_platform.errors import AudioError
from tagger_platform.fingerprint.index import Index
from tagger_platform.library.elsewhere import SAID, Elsewhere
from tagger_platform.library.identify import identify_stretches, identify_whole
from tagger_platform.recognize.providers import others
from tagger_platform.settings import Settings

COLUMNS = ["file", "match", "title", "artist", "offset_s", "confidence"]


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--spans", is_flag=True, help="One line per stretch of a long recording.")
@json_option
def identify(files: tuple[Path, ...], spans: bool, as_json: bool) -> int:
    """Name the audio in FILES: by the catalogue, offline, else by the providers that are switched on.

    Of stretches (--spans) only the catalogue is asked: tag-recording asks everybody about a whole recording.
    """
    settings = Settings.load()
    index, ffmpeg = Index(settings.catalogue_dir), find_ffmpeg(settings.ffmpeg_path)
    elsewhere = Elsewhere(others(settings), ffmpeg)
    failed = False
    for file in files:
        try:
            rows = [*identify_stretches(file, index, ffmpeg)] if spans else [_whole(file, index, ffmpeg, elsewhere)]
        except AudioError as error:
            failed = True
            click.echo(str(error), err=True)
            continue
        if as_json:
            print_json(rows)
        else:
            columns = [*COLUMNS, "from_s", "to_s"] if spans else COLUMNS
            print_table(columns, [[row.get(c) for c in columns] for row in rows], nothing=f"{file}: nothing known")
    return 1 if failed else 0


def _whole(file: Path, index: Index, ffmpeg: str, elsewhere: Elsewhere) -> dict[str, Any]:
    identified = identify_whole(file, index, ffmpeg, elsewhere)
    for one in identified.others:
        if one.status not in SAID:
            told = f"{file}: {one.provider} gave no answer and is not asked again by this command"
            click.echo(f"{told}: {one.detail} ({one.status})", err=True)
    return identified.told
