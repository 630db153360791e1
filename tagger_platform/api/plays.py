"""``GET /api/plays``: the log of a local day as JSON, page by page, or as CSV.

What belongs here: the parameters, checked, and the two shapes of the answer. What does not: what a play looks like
(`store.rows`).
"""

import re
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from http import HTTPStatus
from urllib.parse import urlencode

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from tagger_platform.api.failures import BadParameterError
from tagger_platform.model import STREAM_NAME
from tagger_platform.settings import Settings
from tagger_platform.store.database import Database
from tagger_platform.store.reports import PlaysPage, plays_of_day, stream_titles
from tagger_platform.store.rows import play_json, plays_csv

PAGE_PLAYS = 100
"""Plays of a JSON page when no limit is given."""
LONGEST_PAGE_PLAYS = 1000
LONGEST_OFFSET = 10_000_000
"""More than any day holds; a bound keeps the number within the store's own."""
ALL = "all"


@dataclass(frozen=True)
class Query:
    """The checked parameters. `limit` is None for a whole day of CSV."""

    day: date
    stream: str
    limit: int | None
    offset: int
    csv: bool

    @property
    def streams(self) -> tuple[str, ...]:
        return () if self.stream == ALL else (self.stream,)

    def next_path(self, total: int) -> str | None:
        """Where the following page is, None on the last one."""
        if self.limit is None or self.offset + self.limit >= total:
            return None
        values = {"date": self.day.isoformat(), "stream": self.stream, "limit": self.limit}
        return "/api/plays?" + urlencode({**values, "offset": self.offset + self.limit})


def read_query(parameters: QueryParams, *, accept: str, today: date) -> Query:
    """The query that the parameters make. Raises BadParameterError with a sentence."""
    shape = parameters.get("format") or ("csv" if "text/csv" in accept.lower() else "json")
    if shape not in ("json", "csv"):
        raise BadParameterError("format", f"format must be json or csv, not {shape!r}")
    csv = shape == "csv"
    limit = whole_number(parameters, "limit", 1, LONGEST_PAGE_PLAYS)
    if limit is None and not csv:
        limit = PAGE_PLAYS
    return Query(
        day=_day(parameters.get("date"), today),
        stream=_stream(parameters.get("stream") or ALL),
        limit=limit,
        offset=whole_number(parameters, "offset", 0, LONGEST_OFFSET) or 0,
        csv=csv,
    )


def _day(text: str | None, today: date) -> date:
    if not text:
        return today
    try:
        day = date.fromisoformat(text) if re.fullmatch(r"\d{4}-\d\d-\d\d", text) else None
    except ValueError:
        day = None
    if day is None or not 1900 <= day.year < 9999:  # the store's instants of the edge years overflow
        raise BadParameterError("date", f"date must be a day such as 2026-11-20, not {text!r}")
    return day


def _stream(name: str) -> str:
    if not STREAM_NAME.fullmatch(name):
        raise BadParameterError("stream", f"there is no stream {name!r}; GET /api/streams lists them")
    return name


def whole_number(parameters: QueryParams, name: str, low: int, high: int) -> int | None:
    text = parameters.get(name)
    if not text:
        return None
    if not re.fullmatch(r"[0-9]{1,9}", text) or not low <= int(text) <= high:
        raise BadParameterError(name, f"{name} must be a whole number from {low} to {high}, not {text!r}")
    return int(text)


async def plays(request: Request) -> Response:
    settings: Settings = request.app.state.settings
    query = read_query(
        request.query_params,
        accept=request.headers.get("accept", ""),
        today=datetime.now(settings.tz).date(),
    )
    page = await run_in_threadpool(_page, request.app.state.database, settings, query)
    return _as_csv(query, page, settings.tz) if query.csv else _as_json(query, page)


def _page(database: Database, settings: Settings, query: Query) -> PlaysPage:
    known = {stream.name for stream in settings.streams}
    if query.stream != ALL and query.stream not in known and query.stream not in stream_titles(database):
        raise BadParameterError("stream", f"there is no stream {query.stream!r}; GET /api/streams lists them")
    return plays_of_day(database, query.day, settings.tz, streams=query.streams, limit=query.limit, offset=query.offset)


def _as_json(query: Query, page: PlaysPage) -> Response:
    return JSONResponse(
        {
            "date": query.day.isoformat(),
            "stream": query.stream,
            "total": page.total,
            "limit": query.limit,
            "offset": query.offset,
            "next": query.next_path(page.total),
            "plays": [play_json(play) for play in page.plays],
        }
    )


def _as_csv(query: Query, page: PlaysPage, tz: tzinfo) -> Response:
    name = f"plays-{query.day.isoformat()}-{query.stream}.csv"
    return Response(
        plays_csv(page.plays, tz),
        HTTPStatus.OK,
        {"Content-Disposition": f'attachment; filename="{name}"'},
        "text/csv; charset=utf-8",
    )
