"""The library as people look through it: a page of items, when each was last heard, and how the whole stands.

What belongs here: questions about many items at once. What does not: their rows and states (`library`).

An item was heard where a play is of it, or where the catalogue found it in a window: a play that Shazam knows too may
show Shazam's track instead.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from tagger_platform.store.database import Connection
from tagger_platform.store.library import ItemStatus, LibraryItem, items
from tagger_platform.store.rows import aware, last_page, naive

LATELY = timedelta(days=30)
PREFIX = "catalogue:"
"""What a track_id begins with where an item_id follows."""

_HEARD = (
    "heard AS (SELECT track_id, started_at FROM plays WHERE starts_with(track_id, 'catalogue:')"
    " UNION ALL SELECT track_id, started_at FROM recognitions"
    " WHERE provider = 'catalogue' AND status = 'match' AND started_at >= $lately)"
)
"""When tracks of the catalogue were heard; needs $lately."""
_WANTED = (
    "FROM library_items WHERE status <> 'REMOVED'"
    " AND ($status = '' OR status = $status) AND ($kind = '' OR kind = $kind) AND (len($words) = 0 OR"
    " list_bool_and(list_transform($words::VARCHAR[],"
    " lambda word: contains(lower(concat_ws(' ', title, artist, album, item_id)), word))))"
)
"""The items that are wanted; needs $status, $kind and $words."""


@dataclass(frozen=True)
class Wanted:
    """Which items: whose title, artist, album or id hold all words of `text`; empty means any."""

    text: str = ""
    status: str = ""
    kind: str = ""


@dataclass(frozen=True)
class ListedItem:
    """An item, and when it was last heard, if ever."""

    item: LibraryItem
    heard_at: datetime | None


@dataclass(frozen=True)
class LibraryPage:
    """Page `page`, from 1, of `total` items, those that were added last first."""

    items: list[ListedItem]
    page: int
    total: int


@dataclass(frozen=True)
class Standing:
    """Items by status, and of those that can be recognised: how many, their hours, and how they were heard."""

    by_status: dict[str, int]
    recognisable: int
    hours: float
    heard_lately: int
    heard_at: datetime | None


def page_of_items(connection: Connection, wanted: Wanted, page: int, page_items: int, now: datetime) -> LibraryPage:
    """The last page where there are not so many."""
    values = {
        "status": wanted.status,
        "kind": wanted.kind,
        "words": [word.lower() for word in wanted.text.split()],
    }
    ((total,),) = connection.execute(f"SELECT count(*) {_WANTED}", values).fetchall()
    page = last_page(page, total, page_items)
    rows = connection.execute(
        f"SELECT item_id {_WANTED} ORDER BY added_at DESC, title, item_id LIMIT $limit OFFSET $offset",
        {**values, "limit": page_items, "offset": page_items * (page - 1)},
    ).fetchall()
    found = listed(connection, [item_id for (item_id,) in rows], now)
    return LibraryPage([found[item_id] for (item_id,) in rows], page, total)


def listed(connection: Connection, item_ids: Sequence[str], now: datetime) -> dict[str, ListedItem]:
    """Those of `item_ids` that are in the library, by id."""
    heard = _last_heard(connection, item_ids, now)
    return {
        item_id: ListedItem(item, heard.get(item_id))
        for item_id, item in items(connection, item_ids).items()
        if item.status is not ItemStatus.REMOVED
    }


def _last_heard(connection: Connection, item_ids: Sequence[str], now: datetime) -> dict[str, datetime]:
    if not item_ids:
        return {}
    rows = connection.execute(
        f"WITH {_HEARD} SELECT track_id, max(started_at) FROM heard"
        " WHERE track_id IN (SELECT unnest($tracks)) GROUP BY 1",
        {"tracks": [PREFIX + item_id for item_id in item_ids], "lately": naive(now - LATELY)},
    ).fetchall()
    return {track_id.removeprefix(PREFIX): aware(at) for track_id, at in rows}


def standing_of_library(connection: Connection, now: datetime) -> Standing:
    """How the library stands, and how much of it was heard in the 30 days before `now`."""
    rows = connection.execute(
        f"WITH {_HEARD}, newest AS (SELECT track_id, max(started_at) AS heard_at FROM heard GROUP BY 1)"
        " SELECT status, count(*), sum(duration_s), count(*) FILTER (heard_at >= $lately), max(heard_at)"
        " FROM library_items LEFT JOIN newest ON newest.track_id = 'catalogue:' || item_id"
        " WHERE status <> 'REMOVED' GROUP BY 1",
        {"lately": naive(now - LATELY)},
    ).fetchall()
    ready = next((row for row in rows if row[0] == "READY"), ("READY", 0, 0.0, 0, None))
    _, count, seconds, lately, at = ready
    return Standing(
        {status: number for status, number, *_ in rows},
        count,
        (seconds or 0.0) / 3600,
        lately,
        aware(at) if at else None,
    )
