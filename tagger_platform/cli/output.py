"""How commands print: one JSON object a line with --json, a plain table without."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import Any, TypeVar

import click

from tagger_platform import model
from tagger_platform.errors import RequestError

Function = TypeVar("Function", bound=Callable[..., Any])


def json_option(function: Function) -> Function:
    return click.option("--json", "as_json", is_flag=True, help="One JSON object a line, and nothing else.")(function)


def date_option(function: Function) -> Function:
    return click.option("--date", "day", required=True, metavar="YYYY-MM-DD", help="A local day in TZ.")(function)


def parse_day(text: str) -> date:
    """The day that `text` names. Raises RequestError for anything else."""
    try:
        return model.parse_day(text)
    except ValueError as error:
        raise RequestError(f"--date {error}") from None


def print_json(rows: Iterable[Mapping[str, Any]]) -> None:
    for row in rows:
        click.echo(json.dumps(row, ensure_ascii=False))


def print_table(columns: Sequence[str], rows: Sequence[Sequence[object]], *, nothing: str) -> None:
    """Columns as wide as their content; `nothing` is said where there are no rows."""
    if not rows:
        click.echo(nothing)
        return
    cells = [["" if value is None else str(value) for value in row] for row in rows]
    widths = [max(len(column), *(len(row[i]) for row in cells)) for i, column in enumerate(columns)]
    for row in [list(columns), *cells]:
        click.echo("  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip())
