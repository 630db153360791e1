"""A log as large as years of listening make it, written in bulk: for the benchmarks and the tests of pages.

What belongs here: rows by the million, made up by SQL, always the same. What does not: a day as the platform writes it
(`samples`). A million plays of 90 days take nine CPU-seconds and 200 MB.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from tagger_platform.store.database import Connection, Database
from tagger_platform.store.rows import naive
from tagger_platform_tests.samples import ARTISTS, HOP_S, PLACES, STREAMS, VERBS

MANY_STREAMS = {**STREAMS, **{f"fm-{number}": f"Station {number}" for number in range(1, 19)}}
"""The sample streams and 18 that were heard once and are configured no more."""
PROVIDERS = ("shazam", "catalogue")
LABELS = tuple(f"{verb.lower()} · {place.lower()}" for verb in VERBS for place in PLACES)
SPREAD = "(hash({of}) % 1000003 / 1000003.0)"
"""SQL: a number from 0 to 1 that depends on `of` alone."""


def _today() -> datetime:
    return datetime.now(UTC).replace(minute=0, second=0, microsecond=0)


@dataclass(frozen=True)
class Extent:
    """How much: `plays` of `tracks` on `streams`, up to `until`, `play_s` seconds from a play of a stream to its next.

    Windows at `offsets` of every slot with their recognitions go back `windows_for`.
    """

    plays: int = 1_000_000
    tracks: int = 100_000
    streams: Mapping[str, str] = field(default_factory=lambda: MANY_STREAMS)
    play_s: int = 179
    until: datetime = field(default_factory=_today)
    windows_for: timedelta = timedelta(days=30)
    offsets: Sequence[int] = (0,)

    @property
    def each(self) -> int:
        return self.plays // len(self.streams)

    @property
    def values(self) -> dict[str, object]:
        return {"until": naive(self.until), "streams": list(self.streams)}


def write_big_log(database: Database, extent: Extent | None = None) -> Extent:
    """The whole log: 90 days of 23 streams unless told otherwise. Tables are sorted by time, as a log that grows is."""
    extent = extent or Extent()
    with database.writing() as connection:
        track_ids = write_tracks(connection, extent.tracks)
        write_streams(connection, extent)
        write_plays(connection, extent, track_ids)
        write_evidence(connection, extent)
        write_windows(connection, extent)
        write_map(connection, extent)
        write_library(connection, extent)
    return extent


def write_tracks(connection: Connection, count: int) -> list[str]:
    """`count` tracks with names of a few words, by two providers; returns their ids."""
    connection.execute(
        "INSERT INTO tracks"
        " SELECT provider || ':' || i, provider, i, verb || ' ' || place || ' ' || i // 15, artist,"
        " 'Album ' || i // 12, CASE WHEN i % 3 = 0 THEN 'USABC' || lpad(i::VARCHAR, 7, '0') ELSE '' END, '', '', '',"
        " 150 + i % 120, 'music'"
        " FROM (SELECT i, $providers[i % 2 + 1] AS provider, $verbs[i % len($verbs) + 1] AS verb,"
        " $places[i // 5 % len($places) + 1] AS place, $artists[i % len($artists) + 1] || ' ' || i // 60 AS artist"
        " FROM range($count) t(i))",
        {"count": count, "providers": PROVIDERS, "verbs": VERBS, "places": PLACES, "artists": ARTISTS},
    )
    return [f"{PROVIDERS[number % 2]}:{number}" for number in range(count)]


def write_streams(connection: Connection, extent: Extent) -> None:
    since = naive(extent.until) - timedelta(seconds=extent.each * extent.play_s)
    connection.execute(
        "INSERT INTO streams SELECT unnest($names), unnest($titles), $since, NULL",
        {"names": list(extent.streams), "titles": list(extent.streams.values()), "since": since},
    )


def write_plays(connection: Connection, extent: Extent, track_ids: Sequence[str]) -> None:
    """Plays of these tracks, few of which are played often; one in seven is probable."""
    chance = SPREAD.format(of="s || i")
    connection.execute(
        "INSERT INTO plays SELECT 'play-' || s || '-' || i, s, start, start + to_seconds(110 + i % 60), 0.5,"
        " CASE WHEN i % 7 = 0 THEN 'probable' ELSE 'confirmed' END,"
        f" ($tracks)[1 + (len($tracks) * ({chance} ** 3))::BIGINT % len($tracks)],"
        " CASE WHEN i % 7 = 0 THEN 0.5 ELSE 0.75 + i % 25 / 100 END, 'catalogue_two_hit', false, ''"
        " FROM (SELECT s, i, $until - to_seconds($every * i) AS start"
        " FROM range($each, 0, -1) t(i), unnest($streams) u(s))",
        {**extent.values, "tracks": list(track_ids), "each": extent.each, "every": extent.play_s},
    )


def write_evidence(connection: Connection, extent: Extent) -> None:
    """Behind each play, the window that it began in and the next."""
    connection.execute(
        "INSERT INTO play_windows"
        " SELECT play_id, n, stream || '/' || strftime(slot, '%Y-%m-%dT%H:%M:%SZ') || '+0', slot"
        " FROM (SELECT play_id, stream, n, time_bucket(to_seconds($hop), started_at) + to_seconds($hop * n) AS slot"
        " FROM plays, range(2) t(n))",
        {"hop": HOP_S},
    )


def write_windows(connection: Connection, extent: Extent) -> None:
    """Expected windows, most of them heard, and what one provider said of each; every state there is, somewhere."""
    slots = int(extent.windows_for.total_seconds()) // HOP_S
    values = {**extent.values, "slots": slots, "hop": HOP_S, "offsets": list(extent.offsets)}
    ticks = "(SELECT $until - to_seconds($hop * i) AS slot, i FROM range($slots, 0, -1) t(i)), unnest($streams) u(s)"
    connection.execute(
        "INSERT INTO windows SELECT s || '/' || strftime(slot, '%Y-%m-%dT%H:%M:%SZ') || '+' || o, s, slot, o, 12,"
        " slot + to_seconds(o), slot + to_seconds(o + 12), CASE WHEN lost THEN 'reconnecting' ELSE 'captured' END,"
        " CASE WHEN lost THEN 'connection refused' ELSE '' END, CASE WHEN lost THEN NULL ELSE -14 - i % 9 END,"
        " NULL, 'capture', CASE WHEN lost THEN 'reconnecting' WHEN i % 97 = 0 THEN 'silent' ELSE 'heard' END"
        f" FROM (SELECT *, {SPREAD.format(of='s || i // 20')} < 0.02 AS lost FROM {ticks}), unnest($offsets) v(o)",
        values,
    )
    connection.execute(
        "INSERT INTO recognitions SELECT window_id, 'catalogue', CASE WHEN n % 400 = 0 THEN 'timeout'"
        " WHEN n % 3 = 0 THEN 'no_match' ELSE 'match' END, CASE WHEN n % 400 <> 0 AND n % 3 <> 0 THEN"
        " 'catalogue:' || (2 * (n % 20000) + 1) END, CASE WHEN n % 3 <> 0 THEN n % 150 END, [], 1.0,"
        " CASE WHEN n % 3 <> 0 THEN 0.9 END, 20 + n % 60, '', ended_at, started_at, NULL, NULL"
        " FROM (SELECT *, epoch(started_at)::BIGINT // $hop AS n FROM windows WHERE state = 'heard')",
        {"hop": HOP_S},
    )
    connection.execute(
        f"INSERT INTO expected_windows SELECT slot, 'capture', s, $hop, 12, $offsets FROM {ticks}",
        values,
    )


def write_map(connection: Connection, extent: Extent) -> None:
    """A sound map of every track, in as many clusters as there are labels; one track in twenty is in none."""
    across, up = SPREAD.format(of="track_id || 'x'"), SPREAD.format(of="track_id || 'y'")
    connection.execute(
        "INSERT INTO track_clusters SELECT $night, 'made-up', '1', track_id,"
        f" c % 5 * 3 + {across} + {up}, c // 5 * 3 + {up} - {across}, CASE WHEN alone THEN -1 ELSE c END,"
        " CASE WHEN alone THEN '' ELSE $labels[c + 1] END, ''"
        " FROM (SELECT track_id, (hash(track_id) % len($labels))::INTEGER AS c, hash(track_id) % 20 = 0 AS alone"
        " FROM tracks) ORDER BY track_id",
        {"night": naive(extent.until).date(), "labels": LABELS},
    )


def write_library(connection: Connection, extent: Extent) -> None:
    """Every track of the catalogue as an item of the library, one added a minute; one in fifty could not be read."""
    connection.execute(
        "INSERT INTO library_items BY NAME"
        " SELECT provider_track_id AS item_id, title || '.flac' AS path, title, artist, album, isrc, label, kind,"
        " duration_s, CASE WHEN lost THEN 'FAILED' ELSE 'READY' END AS status,"
        " CASE WHEN lost THEN 'not audio' ELSE '' END AS reason, 1 AS attempts,"
        " $until - to_minutes(provider_track_id::BIGINT) AS added_at, added_at AS changed_at"
        " FROM (SELECT *, hash(track_id) % 50 = 0 AS lost FROM tracks WHERE provider = 'catalogue') ORDER BY added_at",
        {"until": naive(extent.until)},
    )
