"""`tagger search`: tracks by their names, however these are written."""

from datetime import datetime

import click

from tagger_platform.cli.output import json_option, print_json, print_table
from tagger_platform.insight.found import find, found_json
from tagger_platform.settings import Settings
from tagger_platform.store.database import Database
from tagger_platform.store.search_index import SearchIndex


@click.command()
@click.argument("query", nargs=-1, required=True)
@json_option
def search(query: tuple[str, ...], as_json: bool) -> None:
    """Tracks by title, artist, album or ISRC, the best first, with their plays of the last 30 days."""
    settings = Settings.load()
    found = find(
        SearchIndex(settings.search_index_path),
        Database(settings.database_path),
        " ".join(query),
        today=datetime.now(settings.tz).date(),
        tz=settings.tz,
    )
    if as_json:
        print_json(found_json(one) for one in found)
        return
    rows = [
        [
            one.result.track.title,
            one.result.track.artist,
            one.result.track.album,
            sum(one.plays_by_day),
            one.result.why,
        ]
        for one in found
    ]
    print_table(["title", "artist", "album", "plays in 30 days", "why"], rows, nothing="Nothing was found.")
