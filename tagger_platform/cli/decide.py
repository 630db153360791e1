"""`tagger decide`: a local day decided again, and what that changes.

What belongs here: the command. What does not: deciding (`store.decide_again`) and what a change looks like
(`store.changes`).
"""

from dataclasses import replace

import click

from tagger_platform.cli.log import known_stream
from tagger_platform.cli.output import date_option, json_option, parse_day, print_json, print_table
from tagger_platform.defs.platform import Platform
from tagger_platform.settings import Settings
from tagger_platform.store.changes import COLUMNS, change_rows, changes_json, summary
from tagger_platform.store.decide_again import decide_day


@click.command()
@date_option
@click.option("--stream", help="Only this stream.")
@click.option("--policy", "policies", required=True, metavar="P[,P...]", help="Written as DECISION_POLICY is.")
@click.option("--apply", is_flag=True, help="Write the difference to the log; without it, it is only shown.")
@json_option
def decide(day: str, stream: str | None, policies: str, apply: bool, as_json: bool) -> None:
    """Decide a local day again, and show what that changes."""
    settings = Settings.load()
    platform = Platform(settings)
    known_stream(settings, platform.database, stream)
    rules = replace(platform.rules, policies=tuple(filter(None, map(str.strip, policies.split(",")))))
    found = decide_day(platform.database, parse_day(day), settings.tz, rules, stream=stream, apply=apply)
    if as_json:
        print_json(map(changes_json, found))
        return
    print_table(COLUMNS, change_rows(found, settings.tz), nothing="Nothing changes.")
    for decided in found:
        click.echo(summary(decided))
    click.echo("Written to the log." if apply else "Nothing was written: --apply does that.")
