"""`tagger streams` and `tagger streams check URL`."""

import json
import urllib.error
import urllib.request
from dataclasses import asdict
from typing import Any

import click

from tagger_platform.capture.check import check as check_url
from tagger_platform.capture.ffmpeg import find_ffmpeg
from tagger_platform.cli.output import json_option, print_json, print_table
from tagger_platform.errors import RequestError
from tagger_platform.settings import Settings
from tagger_platform.stream_config import quote_userinfo, url_problem

HEALTH_TIMEOUT_S = 2
COLUMNS = ("name", "title", "kind", "enabled", "state", "since", "last_window", "last_error")


@click.group(invoke_without_command=True)
@json_option
@click.pass_context
def streams(context: click.Context, as_json: bool) -> None:
    """The configured streams and the state each is in."""
    if context.invoked_subcommand:
        return
    rows = _states(Settings.load())
    if as_json:
        print_json(rows)
    else:
        nothing = "No streams. Set STREAM_1_NAME and STREAM_1_URL, or write a streams.yaml."
        print_table(COLUMNS, [[row[column] for column in COLUMNS] for row in rows], nothing=nothing)


def _states(settings: Settings) -> list[dict[str, Any]]:
    """What capture says of each stream; where capture does not answer, what the settings say."""
    url = f"http://{settings.capture_host}:{settings.capture_port}/healthz"
    try:
        with urllib.request.urlopen(url, timeout=HEALTH_TIMEOUT_S) as answer:
            live = json.load(answer)["streams"]
    except urllib.error.HTTPError as error:
        live = json.load(error).get("streams", [])
    except (OSError, ValueError):
        live = []
    known = {row["name"]: row for row in live}
    return [
        {column: known.get(stream.name, {}).get(column) for column in COLUMNS}
        if stream.name in known
        else {
            "name": stream.name,
            "title": stream.display,
            "kind": stream.kind,
            "enabled": stream.enabled,
            "state": "capture_down" if stream.enabled else "disabled",
            "since": None,
            "last_window": None,
            "last_error": "capture does not answer: is 'tagger up' running?" if stream.enabled else None,
        }
        for stream in settings.streams
    ]


@streams.command()
@click.argument("url")
@json_option
def check(url: str, as_json: bool) -> None:
    """Try a stream's URL and say in plain words what is wrong."""
    quoted = quote_userinfo(url)
    if problem := url_problem(quoted):
        raise RequestError(f"the URL {problem}")
    result = check_url(quoted, find_ffmpeg(Settings.load({}).ffmpeg_path))
    if as_json:
        print_json([asdict(result)])
    else:
        click.echo(result.sentence)
    if not result.ok:
        raise SystemExit(1)
