"""`tagger plays` and `tagger coverage`: the log, and how much of the day was heard."""

import click

from tagger_platform.cli.output import date_option, json_option, parse_day, print_json, print_table
from tagger_platform.errors import RequestError
from tagger_platform.settings import Settings
from tagger_platform.store import reports
from tagger_platform.store.database import Database
from tagger_platform.store.rows import coverage_json, play_json, plays_csv


@click.command()
@date_option
@click.option("--stream", help="Only this stream.")
@click.option("--csv", "as_csv", is_flag=True, help="CSV with a header line.")
@json_option
def plays(day: str, stream: str | None, as_csv: bool, as_json: bool) -> None:
    """What was played on a local day."""
    settings = Settings.load()
    database = Database(settings.database_path)
    streams = known_stream(settings, database, stream)
    found = reports.plays_of_day(database, parse_day(day), settings.tz, streams=streams).plays
    if as_csv:
        click.echo(plays_csv(found, settings.tz), nl=False)
    elif as_json:
        print_json(play_json(play) for play in found)
    else:
        rows = [
            [
                play.started_at.astimezone(settings.tz).strftime("%H:%M:%S"),
                play.stream,
                play.track.title,
                play.track.artist,
                play.status,
                f"{play.confidence:.0%}",
                play.track.provider,
            ]
            for play in found
        ]
        columns = ["time", "stream", "title", "artist", "status", "confidence", "by"]
        print_table(columns, rows, nothing=f"No plays on {day}.")


@click.command()
@date_option
@click.option("--stream", help="Only this stream.")
@json_option
def coverage(day: str, stream: str | None, as_json: bool) -> None:
    """How much of a local day was heard, and what became of the rest."""
    settings = Settings.load()
    database = Database(settings.database_path)
    streams = known_stream(settings, database, stream)
    found = [
        coverage_json(item) for item in reports.coverage_of_day(database, parse_day(day), settings.tz, streams=streams)
    ]
    if as_json:
        print_json(found)
        return
    rows = [
        [
            item["stream"],
            item["expected"],
            item["heard"],
            item["silent"],
            item["not_needed"],
            "" if item["ratio"] is None else f"{item['ratio']:.1%}",
            ", ".join(f"{state} {count}" for state, count in item["states"].items()),
        ]
        for item in found
    ]
    columns = ["stream", "expected", "heard", "silent", "not_needed", "ratio", "states"]
    print_table(columns, rows, nothing=f"No windows on {day}.")


def known_stream(settings: Settings, database: Database, stream: str | None) -> list[str]:
    """The stream to ask about, none for all. Raises RequestError where nobody ever heard of it."""
    if stream is None:
        return []
    known = {*reports.stream_titles(database), *(configured.name for configured in settings.streams)}
    if stream not in known:
        raise RequestError(f"no stream is called {stream!r}; known are: {', '.join(sorted(known)) or 'none yet'}")
    return [stream]
