"""Cover art as the log knows it: which pictures are wanted, what became of them, and where the local copies are.

What belongs here: the table `art`, and the names in DATA_DIR/art. What does not: fetching (recognize.cover_art).
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from tagger_platform.model import Play, Track
from tagger_platform.store.database import Connection, Database
from tagger_platform.store.rows import naive

MOST_ATTEMPTS = 3
FIRST_PAUSE = timedelta(hours=1)
"""Before a picture that did not come is asked for again; the pause grows with the square of the attempts."""

PATH = "/api/art/"
"""Under which the api and the pages serve the local copies; plays name them so."""
MEDIA_TYPES = {"jpg": "image/jpeg", "png": "image/png", "webp": "image/webp"}
NAME = re.compile(r"[0-9a-f]{32}\.(?:" + "|".join(MEDIA_TYPES) + ")")
HEADERS = {
    "Cache-Control": "public, max-age=31536000, immutable",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'",
}
"""Of an answer that is a picture. It never changes under its name."""


@dataclass(frozen=True)
class Tried:
    """What became of asking for a picture: `name` of the local copy, or `detail` why there is none."""

    url: str
    name: str = ""
    detail: str = ""
    again: bool = False


def wanted(database: Database, now: datetime, most: int) -> list[str]:
    """The addresses of pictures that tracks name and that are to be asked for now."""
    with database.reading() as connection:
        rows = connection.execute(
            "SELECT DISTINCT artwork FROM tracks LEFT JOIN art ON url = artwork"
            " WHERE artwork <> '' AND (url IS NULL OR (name = '' AND again_at <= ?)) ORDER BY artwork LIMIT ?",
            [naive(now), most],
        ).fetchall()
    return [url for (url,) in rows]


def note_tried(connection: Connection, tried: Sequence[Tried], now: datetime) -> None:
    """Note what became of pictures, and when those that may still come are asked for again."""
    for one in tried:
        row = connection.execute("SELECT attempts FROM art WHERE url = ?", [one.url]).fetchone()
        attempts = 1 + (row[0] if row else 0)
        again = one.again and attempts < MOST_ATTEMPTS
        again_at = naive(now + FIRST_PAUSE * attempts**2) if again else None
        connection.execute(
            "INSERT OR REPLACE INTO art VALUES (?, ?, ?, ?, ?)", [one.url, one.name, attempts, again_at, one.detail]
        )


def with_local_art(connection: Connection, plays: Sequence[Play]) -> list[Play]:
    """`plays` whose artwork is the path of the local copy, or nothing."""
    tracks = tracks_with_local_art(connection, [play.track for play in plays])
    return [replace(play, track=track) for play, track in zip(plays, tracks, strict=True)]


def tracks_with_local_art(connection: Connection, tracks: Sequence[Track]) -> list[Track]:
    """The same of tracks."""
    urls = {track.artwork for track in tracks if track.artwork}
    names = _names(connection, urls) if urls else {}
    return [_showing(track, names.get(track.artwork, "")) for track in tracks]


def _names(connection: Connection, urls: Collection[str]) -> dict[str, str]:
    rows = connection.execute(
        "SELECT url, name FROM art WHERE name <> '' AND url IN (SELECT unnest(?))", [list(urls)]
    ).fetchall()
    return dict(rows)


def _showing(track: Track, name: str) -> Track:
    return replace(track, artwork=PATH + name if name else "")


def art_file(folder: Path, name: str) -> tuple[Path, str] | None:
    """The local copy called `name` and its media type; None for anything else, whatever lies in `folder`."""
    path = folder / name
    if not NAME.fullmatch(name) or not path.is_file():
        return None
    return path, MEDIA_TYPES[name.rpartition(".")[2]]
